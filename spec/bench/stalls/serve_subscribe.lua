-- serve_subscribe.lua - each connection subscribes to each of many topics
--
-- "done ..." tells the longest and the mean CPU time of a call.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { topics = 1000 }
local topics = {}
local calls, worst, total = 0, 0, 0
local server = fes.listen {
  port = 0, header = "\1", maxtopics = settings.topics,
}

for i = 1, settings.topics do topics[i] = fes.topic("topic " .. i) end

local function subscribe(conn, topic)
  local from = os.clock()

  assert(conn:subscribe(topic))

  local taken = os.clock() - from

  calls, total, worst = calls + 1, total + taken, math.max(worst, taken)
end

local function subscribe_all()
  local conns = {}

  for conn in server:connections() do conns[#conns + 1] = conn end
  orders.each_turn(function()
    local conn = table.remove(conns)

    for _, topic in ipairs(conn and topics or {}) do subscribe(conn, topic) end
    if conn then return false end
    orders.say("done", {
      calls = calls, worst_ms = worst * 1e3, mean_ms = total / calls * 1e3,
    })
    return true
  end)
end

orders.open { subscribe = subscribe_all }
