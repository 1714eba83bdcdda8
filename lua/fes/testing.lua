--- Test a handler script from outside, as its clients see it.
--
-- Start the program on a free port, connect, look. With busted:
--
--     local testing = require "fes.testing"
--
--     describe("echo.lua", function()
--       after_each(testing.finish)
--
--       it("says what it hears", function()
--         local server = testing.start { script = "echo.lua" }
--         local client = assert(server:connect())
--
--         assert(client:send "hello")
--         assert.equal("hello", client:read(5))
--         server:stop()
--       end)
--     end)
--
-- Every wait is bounded: what doesn't come makes a test fail, not hang. Needs
-- luv (Debian: lua-luv).
--
-- @module fes.testing

local client = require "fes.testing.client"
local files = require "fes.testing.files"
local loop = require "fes.testing.loop"
local server = require "fes.testing.server"

local testing = {}

local servers, clients, directories = {}, {}, {}

--- Start the program. Raises, with all that it printed, when it doesn't get
-- ready. The server knows its `pid`, its `directory`, and from the ready lines
-- `listening` (the addresses), `ports` and `paths`; `port` and `path` are the
-- first of them. See @{fes.testing.server} for what it can do.
-- @tparam table options
-- @tparam[opt] string options.script  the handler script: a file
-- @tparam[opt] string options.code  or its text
-- @tparam[opt] {[string]=string} options.files  what is to stand beside it
-- @tparam[opt] {string,...} options.args  of the script
-- @tparam[opt] {string,...} options.options  of the program, { "-l", "debug" }
-- @tparam[opt] {[string]=string} options.env  variables to set (false: unset)
-- @tparam[opt] {string,...} options.prefix  a command to run it under:
-- { "prlimit", "--nofile=64" }, { "strace", "-D", ... }
-- @tparam[opt] string options.program  else $FES_PROGRAM, else "fes"
-- @tparam[opt] string options.cwd  directory to run it in
-- @tparam[opt=true] boolean options.ready  wait until it serves
-- @tparam[opt=20] number options.timeout  seconds, of every wait for it
-- @treturn Server
function testing.start(options)
  if type(options) ~= "table" then
    error("testing.start takes a table of options, got "
      .. type(options), 2)
  end

  local new = server.start(options)

  servers[#servers + 1] = new
  return new
end

--- Run the program to its end.
-- @tparam table options  as for `testing.start`
-- @treturn integer its exit status, nil if a signal ended it
-- @treturn string what it wrote to standard output
-- @treturn string and to standard error
function testing.run(options)
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  copy.ready = false

  local run = testing.start(copy)
  local status = run:wait()

  run:kill()
  return status, run:stdout(), run:stderr()
end

--- Connect to anything that listens.
-- @see fes.testing.client.connect
-- @tparam table options
-- @treturn Client
-- @treturn[2] nil
-- @treturn[2] string why
function testing.connect(options)
  local new, why = client.connect(options)

  clients[#clients + 1] = new
  return new, why
end

--- Make a temporary directory.
-- @treturn string its path; `testing.finish` removes it
function testing.directory()
  local path = files.directory()

  directories[#directories + 1] = path
  return path
end

--- Write a file.
-- @function testing.write
-- @tparam string path
-- @tparam string text
-- @treturn string the path
testing.write = files.write

--- Wait until a condition holds; raises when the time is up.
-- @function testing.wait_until
-- @tparam function done
-- @tparam[opt=20] number seconds
-- @tparam[opt] string what  is waited for, to be named in the error
-- @return what `done` returned, once that is true
testing.wait_until = loop.wait_until

--- End and remove all that is left of what was started here; for after_each.
-- Raises, that done, if a program crashed and nobody saw it, or a sanitizer
-- has complained.
function testing.finish()
  local complaints = {}

  for _, each in ipairs(clients) do each:close() end
  for _, each in ipairs(servers) do
    each:kill()
    complaints[#complaints + 1] = each:complaint()
  end
  for _, path in ipairs(directories) do files.remove(path) end
  servers, clients, directories = {}, {}, {}
  if complaints[1] then error(table.concat(complaints, "\n"), 2) end
end

return testing
