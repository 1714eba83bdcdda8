--- Waiting, for all of fes.testing.
--
-- Waits for data, for the end of a process or for a line in a file all run the
-- same libuv loop here, and all of them end.
--
-- @module fes.testing.loop

local uv = require "luv"

local loop = {}

--- Default for the seconds that a wait lasts at most. It is long because only a
-- failing test waits so long, and sanitizers and busy machines are slow.
loop.patience = 20

-- A condition is checked at least this often, as no event may announce it.
local tick_ms = 5
local tick = uv.new_timer()

-- Without a handler, writing to a closed connection would end the process.
local sigpipe = uv.new_signal()
sigpipe:start("sigpipe", function() end)
sigpipe:unref()

-- The timer repeats because uv.run handles due timers first and then sleeps.
local function turn()
  tick:start(tick_ms, tick_ms, function() end)
  uv.run "once"
  tick:stop()
end

--- Run the loop until a condition holds.
-- @tparam function done  called after every event and every few milliseconds
-- @tparam[opt=loop.patience] number seconds
-- @return the results of `done`, once the first is true
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

--- As `loop.wait`, but raises when the time is up.
-- @tparam function done
-- @tparam[opt=loop.patience] number seconds
-- @tparam[opt] string what  name of the condition, for the error
-- @return the results of `done`
function loop.wait_until(done, seconds, what)
  local results = table.pack(loop.wait(done, seconds))

  if not results[1] then
    error(("waited %g s in vain for %s"):format(seconds or loop.patience,
      what or "a condition"), 2)
  end
  return table.unpack(results, 1, results.n)
end

return loop
