-- serve_queue.lua - very much waits for one connection
--
-- "queue" broadcasts a message of so many bockets, all that a queue can hold.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { bockets = 4096 }
local server = fes.listen {
  port = 0, header = "\1", maxsends = settings.bockets,
}

orders.open {
  queue = function()
    assert(server:broadcast(orders.message:rep(32 * settings.bockets)))
    orders.say("queued", { bockets = settings.bockets })
  end,
}
