-- serve_burst.lua - very many messages in one call, to all
--
-- "burst" broadcasts so many messages in one call of a timer; with topic=1 they
-- are published to a topic of all clients. Printed is how many it accepted.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { messages = 10000, topic = 0, maxsends = 512 }
local topic = settings.topic > 0 and fes.topic "all"
local server

server = fes.listen {
  port = 0, header = "\1", maxsends = settings.maxsends,
  on_connect = function(conn)
    if topic then assert(conn:subscribe(topic)) end
  end,
}

local function send()
  if topic then return topic:publish(orders.message) end
  return server:broadcast(orders.message)
end

local accepted, taken = 0, 0

local function burst()
  local from = fes.now()

  for _ = 1, settings.messages do
    accepted = accepted + (send() and 1 or 0)
    taken = fes.now() - from
  end
end

-- From a timer of its own: the watchdog may have ended the call.
local function tell()
  orders.say("burst", {
    accepted = accepted, call_us = taken / settings.messages * 1e6,
  })
end

orders.open {
  burst = function()
    fes.after(0, burst)
    fes.after(0, tell)
  end,
}
