--- Scripts that call fes.listen once, in their second line.

local assert = require "luassert"
local testing = require "fes.testing"

local listening = {}

--- The code of a script that listens; its local `server` is the server.
-- @tparam string options  of fes.listen, as code
function listening.code(options)
  return "local fes = require 'fes'\nlocal server = fes.listen " .. options
end

--- Run a script whose fes.listen must raise, at the line of the call.
-- @tparam string options  of fes.listen, as code
-- @treturn string what the program writes to stderr
function listening.fails(options)
  local status, out, err = testing.run { code = listening.code(options) }

  assert.same({ 1, "" }, { status, out })
  assert.matches("script.lua:2: fes.listen: ", err)
  return err
end

--- Start a script that listens.
-- @tparam string options  of fes.listen, as code
-- @tparam[opt] string code  of the script from its third line on
-- @return the program, as from `testing.start`
function listening.start(options, code)
  return testing.start {
    code = listening.code(options) .. "\n" .. (code or ""),
  }
end

return listening
