--- The one place where a test waits.
--
-- Whatever it waits for, bytes, the end of a process or a line in a file, a
-- libuv loop runs meanwhile, and the wait has an end.
--
-- @module fes.testing.loop

local uv = require "luv"

local loop = {}

--- Seconds that a wait lasts at most, unless it is told otherwise. Generous:
-- it is spent only by what fails, and sanitizers and busy machines are slow.
loop.patience = 20

-- A condition that no event of the loop announces is looked at this often.
local tick_ms = 5
local tick = uv.new_timer()

-- Writing to a peer that has gone is an error to be returned, not a signal.
local sigpipe = uv.new_signal()
sigpipe:start("sigpipe", function() end)
sigpipe:unref()

-- The timer repeats because a turn runs what is due first, then sleeps.
local function turn()
  tick:start(tick_ms, tick_ms, function() end)
  uv.run "once"
  tick:stop()
end

--- Run the loop until a condition holds.
-- @tparam function done  asked after every event, and some times in between
-- @tparam[opt=loop.patience] number seconds
-- @return what `done` returned, once that is true
-- @treturn[2] nil  when the time is up
function loop.wait(done, seconds)
  local deadline = uv.hrtime() + (seconds or loop.patience) * 1e9

  while true do
    local results = table.pack(done())

    if results[1] then return table.unpack(results, 1, results.n) end
    if uv.hrtime() > deadline then return nil end
    turn()
  end
end

--- The same, for a condition that has to hold: raises when the time is up.
-- @tparam function done
-- @tparam[opt=loop.patience] number seconds
-- @tparam[opt] string what  waited for, to be named in the error
-- @return what `done` returned
function loop.wait_until(done, seconds, what)
  local results = table.pack(loop.wait(done, seconds))

  if not results[1] then
    error(("waited %g s in vain for %s"):format(seconds or loop.patience,
      what or "a condition"), 2)
  end
  return table.unpack(results, 1, results.n)
end

return loop
