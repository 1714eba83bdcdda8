-- serve_tasks.lua - so many tasks that are asleep, and nothing else
--
--     $ fes spec/bench/serve_tasks.lua tasks=10000

local fes = require "fes"

local tasks = tonumber((arg[1] or "tasks=10000"):match "^tasks=(%d+)$")
local function sleep() fes.sleep(1e6) end

fes.listen { port = 0 }
for _ = 1, tasks do fes.spawn(sleep) end
fes.after(0.1, function() print "asleep" end)
