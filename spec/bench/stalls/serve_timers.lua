-- serve_timers.lua - very many timers, or tasks, that are due at once
--
-- "begin" makes them; "set ..." is printed when they are all there, some time
-- before they are due, and "done ..." when all have run. "stats" says what a
-- call of fes.stats() takes.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { count = 1000, after = 5, tasks = 0 }
local ran, due = 0, nil

local function run()
  ran = ran + 1
  if ran == settings.count then orders.say("done", { ran = ran }) end
end

local function make_timer() fes.after(due - fes.now(), run) end

local function make_task()
  fes.spawn(function()
    fes.sleep(due - fes.now())
    run()
  end)
end

local function begin()
  due = fes.now() + settings.after
  orders.in_slices(settings.count,
    settings.tasks > 0 and make_task or make_timer,
    function() orders.say("set", { left = due - fes.now() }) end)
end

local function stats()
  local calls, from = 20, os.clock()

  for _ = 1, calls do fes.stats() end
  orders.say("stats", { us = (os.clock() - from) / calls * 1e6 })
end

orders.open { begin = begin, stats = stats }
