-- serve_listeners.lua - listeners that come and go
--
-- "turns" tells what an empty turn takes, and the resident memory; "open" opens
-- so many listeners and closes them.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { listeners = 5000, turns = 20000 }

local function resident()
  for line in io.lines "/proc/self/smaps_rollup" do
    local kilobytes = line:match "^Rss:%s*(%d+) kB"

    if kilobytes then return tonumber(kilobytes) * 1024 end
  end
end

local function measure_turns()
  collectgarbage()

  local left, from, timer = settings.turns, os.clock(), nil

  timer = fes.every(0, function()
    left = left - 1
    if left > 0 then return end
    timer:stop()
    orders.say("done", {
      turn_us = (os.clock() - from) / settings.turns * 1e6,
      resident = resident(),
    })
  end)
end

local function open_and_close()
  orders.in_slices(settings.listeners,
    function() fes.listen({ port = 0, bockets = 16 }):close() end,
    function() orders.say("done", { closed = settings.listeners }) end, 1)
end

orders.open { turns = measure_turns, open = open_and_close }
