--- Scripts that run to their end.

local assert = require "luassert"
local testing = require "fes.testing"

local run_script = {}

local head = "local fes = require 'fes'\n"

--- Run a script that ends with exit status 0.
-- @tparam string code  of the script from its second line on; it can use `fes`
-- @param ...  options of the program
-- @treturn string what it writes to stdout
-- @treturn string what it writes to stderr
function run_script.prints(code, ...)
  local status, out, err = testing.run {
    code = head .. code, options = { ... },
  }

  assert(status == 0, err)
  return out, err
end

--- Run a script that must raise while it loads, in its second line.
-- @tparam string code  of the script from its second line on; it can use `fes`
-- @treturn string what it writes to stderr
function run_script.fails(code)
  local status, _, err = testing.run { code = head .. code }

  assert.equal(1, status)
  assert.matches("script.lua:2: ", err) -- the line of the call, not of C
  return err
end

return run_script
