--- Code that must abort the process, run in a process of its own.

local dies = {}

--- Run code in a new process.
-- @tparam string code  on one line, without single quotes; it can use `core`
-- @treturn string  what the process wrote to standard error
-- @treturn string "exit" or "signal"
-- @treturn integer status or signal
function dies.run(code)
  local said = os.tmpname()
  local command = ([[ulimit -c 0; exec lua5.4 -e 'package.cpath = "%s"
local core = require "spec.support.core" %s' 2>%s]])
    :format(package.cpath, code, said)
  local _, how, number = os.execute(command)
  local file = assert(io.open(said))
  local text = file:read "a"

  file:close()
  os.remove(said)
  return text, how, number
end

return dies
