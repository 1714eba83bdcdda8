--- A program that is busy, or stopped, for longer than its deadlines.
--
-- Add `absence.busy` to its script, and run it while `absence.pass` or
-- `absence.stop` lasts.

local asked = require "spec.support.asked"
local loop = require "fes.testing.loop"
local testing = require "fes.testing"
local uv = require "luv"

local absence = {}

local SECONDS = 1 -- longer than all deadlines of the specs

--- Code that defines busy(): it returns once the spec allows it, and `SECONDS`
-- have passed.
absence.busy = ([[
fes.limits { call_seconds = 0 }
function busy(path)
  local finish = fes.now() + %g
  io.open(path .. "/busy", "w"):close()
  local file
  repeat file = fes.now() >= finish and io.open(path .. "/go") until file
  file:close()
end
]]):format(SECONDS)

local function exists(path)
  return uv.fs_stat(path) ~= nil
end

--- Evaluate an expression in a program that is busy then; do something
-- meanwhile.
-- @param program  as from `asked.start`
-- @tparam function meanwhile
-- @tparam[opt] string statements  to run there; %q becomes the argument of busy
function absence.pass(program, meanwhile, statements)
  local path = program.directory
  local code = (statements or "busy(%q)"):gsub("\n", " "):format(path)

  assert(program.control:send("(function() " .. code .. " end)()\n"))
  testing.wait_until(function() return exists(path .. "/busy") end)
  meanwhile()
  testing.write(path .. "/go", "")

  local answer = assert(program.control:line())

  assert(not answer:find "^error", answer)
end

--- Stop the process; do something; let it go on after `SECONDS`.
function absence.stop(program, meanwhile)
  local finish = uv.hrtime() + SECONDS * 1e9

  program:signal "sigstop"
  meanwhile()
  loop.wait(function() return uv.hrtime() >= finish end, 2 * SECONDS)
  program:signal "sigcont"
  asked.ask(program, "true")
end

return absence
