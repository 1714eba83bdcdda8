-- serve_snapshot.lua - a topic with very many keys, and a subscriber of it
--
-- "fill" retains a message for each key, "subscribe" subscribes every
-- connection, "cpu" tells the CPU time so far.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { keys = 1000 }

fes.limits { retained = 4 << 20 | settings.keys * 256 }

local topic = fes.topic("keys", { retain = true })
local server = fes.listen { port = 0, header = "\1" }
local data = orders.message:sub(1, 16)

local function subscribe()
  for conn in server:connections() do assert(conn:subscribe(topic)) end
end

local function fill()
  orders.in_slices(settings.keys,
    function(key) assert(topic:publish(data, key)) end,
    function() orders.say("filled", { keys = settings.keys }) end)
end

orders.open {
  fill = fill, subscribe = subscribe,
  cpu = function() orders.say("cpu", { seconds = os.clock() }) end,
}
