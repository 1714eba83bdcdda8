-- serve_outgoing.lua - very many outgoing connections
--
-- It makes them when it is loaded, to a server of another process, and again at
-- each reload. "up ..." is printed when all stand, "turns" tells what an empty
-- turn takes. With topic=1 all are subscribed to one, to which "publish" sends.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings {
  ports = "", connections = 100, turns = 2000, topic = 0,
}
local ports = {}
local all, up = fes.topic "all", 0

fes.limits { outgoing = 2 * settings.connections + 64 }

local function connected(conn)
  if settings.topic > 0 then assert(conn:subscribe(all)) end
  up = up + 1
  if up == settings.connections then orders.say("up", { connections = up }) end
end

for port in settings.ports:gmatch "%d+" do
  ports[#ports + 1] = math.tointeger(port)
end

local function dial(number)
  fes.connect {
    host = "127.0.0.1", port = ports[number % #ports + 1],
    on_connect = connected,
  }
end

local function measure_turns()
  local left, from, timer = settings.turns, os.clock(), nil

  timer = fes.every(0, function()
    left = left - 1
    if left > 0 then return end
    timer:stop()
    orders.say("done", {
      turn_us = (os.clock() - from) / settings.turns * 1e6,
    })
  end)
end

local function publish()
  orders.say("published", { receivers = all:publish(orders.message) })
end

orders.open { turns = measure_turns, publish = publish }
for number = 1, settings.connections do dial(number) end
