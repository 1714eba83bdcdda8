-- serve_ends.lua - connections that end, all at the same time
--
-- Until "hush" something is broadcast so often that nobody is idle; with
-- idle=SECONDS all are closed that long after it. "done ..." is printed when
-- all have ended.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { expect = 1, idle = 0 }
local ended, server = 0, nil

local function note()
  ended = ended + 1
  if ended == settings.expect then
    local closed = server:stats().closed

    orders.say("done", {
      eof = closed.eof, reset = closed.reset, idle = closed.idle,
    })
  end
end

server = fes.listen {
  port = 0, header = "\1",
  idle_timeout = settings.idle > 0 and settings.idle or nil,
  on_close = note,
}

local function broadcast() server:broadcast(orders.message) end

local timer = settings.idle > 0 and fes.every(0.5, broadcast)

orders.open {
  hush = function()
    timer:stop()
    broadcast()
  end,
}
