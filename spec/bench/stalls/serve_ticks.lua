-- serve_ticks.lua - all topics are published in a tick
--
-- Each connection is subscribed to `each` topics, the next ones by turns.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { topics = 400, each = 9, ticks = 1 }
local topics, next_topic = {}, 0

for i = 1, settings.topics do topics[i] = fes.topic("topic " .. i) end

local server = fes.listen {
  port = 0, header = "\1",
  on_connect = function(conn)
    for _ = 1, settings.each do
      assert(conn:subscribe(topics[next_topic % #topics + 1]))
      next_topic = next_topic + 1
    end
  end,
}

-- The next tick comes when nothing is queued any more.
local function tick()
  local left = settings.ticks

  orders.each_turn(function()
    if server:stats().queued > 0 then return false end
    for _, topic in ipairs(topics) do assert(topic:publish(orders.message)) end
    left = left - 1
    return left == 0
  end)
end

orders.open { tick = tick }
