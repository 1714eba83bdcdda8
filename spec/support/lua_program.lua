--- Programs in Lua that behave like fes, to test fes.testing with.

local testing = require "fes.testing"

local lua_program = {}

--- Code that prints the last of the ready lines.
lua_program.ready = [[
print "at most 1.0 MiB of buffers, 10 connections, 256 KiB each in the kernel"
io.stdout:flush()
]]

--- Start a program in Lua.
-- @tparam table options  as for `testing.start`
-- @return the program
function lua_program.start(options)
  options.program = "lua5.4"
  return testing.start(options)
end

--- Start spec/support/echo_server.lua.
-- @param ...  its addresses
function lua_program.start_echo(...)
  return lua_program.start {
    script = "spec/support/echo_server.lua",
    args = { ... },
  }
end

--- Start a program that runs until it is killed.
-- @tparam string code  that it runs first
function lua_program.start_code(code)
  return lua_program.start { code = code .. "\nrequire('luv').new_timer()"
    .. ":start(1e6, 0, print) require('luv').run()" }
end

return lua_program
