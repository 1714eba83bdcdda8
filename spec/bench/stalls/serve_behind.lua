-- serve_behind.lua - one connection is behind on very many topics
--
-- "stall" subscribes it to all and lets it fall behind on all; "done ..." is
-- printed when it was told of each. "fill" publishes to one topic more until
-- the store is full, "publish" then to another one.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { topics = 1000, retained = 64 << 20 }

fes.limits { retained = settings.retained }

local topics, lags = {}, 0
local server = fes.listen {
  port = 0, header = "\1", sndbuf = 4096, overflow = "latest",
  maxtopics = settings.topics + 2,
  on_lag = function()
    lags = lags + 1
    if lags == settings.topics then orders.say("done", { lags = lags }) end
  end,
}

for i = 1, settings.topics do topics[i] = fes.topic("topic " .. i) end

local function each_connection(act)
  for conn in server:connections() do act(conn) end
end

local function publish_twice(done)
  orders.in_slices(2 * #topics, function(i)
    topics[(i - 1) % #topics + 1]:publish(orders.message)
  end, done, 1000)
end

-- Behind is whose kernel takes nothing more: so much first.
local function stall()
  each_connection(function(conn)
    orders.in_slices(#topics, function(i) assert(conn:subscribe(topics[i])) end,
      function()
        while conn:send(orders.message:rep(8)) do conn:flush() end
        publish_twice(function()
          orders.say("stalled", { topics = #topics })
        end)
      end, 1000)
  end)
end

local function subscribe(topic)
  each_connection(function(conn) assert(conn:subscribe(topic)) end)
end

local function fill()
  local topic, key = fes.topic "filler", 0

  subscribe(topic)
  orders.each_turn(function()
    for _ = 1, 1000 do
      if not topic:publish(orders.message, key) then
        orders.say("filled", { keys = key })
        return true
      end
      key = key + 1
    end
  end)
end

local function publish()
  local other, calls, refused = fes.topic "other", 200, 0

  subscribe(other)

  local from = fes.now()

  for _ = 1, calls do
    if not other:publish(orders.message) then refused = refused + 1 end
  end
  orders.say("published", {
    call_us = (fes.now() - from) / calls * 1e6, refused = refused,
  })
end

orders.open {
  stall = stall, fill = fill, publish = publish,
  cpu = function() orders.say("cpu", { seconds = os.clock() }) end,
}
