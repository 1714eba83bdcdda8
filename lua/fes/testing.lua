--- Test a handler script through its connections.
--
-- Start the program with the script on a free port, connect to it as a client,
-- and compare what the client receives. With busted:
--
--     local testing = require "fes.testing"
--
--     describe("echo.lua", function()
--       after_each(testing.finish)
--
--       it("returns what it receives", function()
--         local server = testing.start { script = "echo.lua", args = { "0" } }
--         local client = assert(server:connect())
--
--         assert(client:send "hello")
--         assert.equal("hello", client:read(5))
--         server:stop()
--       end)
--     end)
--
-- Every wait ends, by default after 20 seconds, so a test fails instead of
-- hanging. Needs luv (Debian: lua-luv).
--
-- @module fes.testing

local client = require "fes.testing.client"
local files = require "fes.testing.files"
local loop = require "fes.testing.loop"
local server = require "fes.testing.server"

local testing = {}

local servers, clients, directories = {}, {}, {}

--- Start the program. Raises, with everything that it printed, if it does not
-- get ready. Fields of the server: `pid`, `directory`, and from the ready lines
-- `listening` (the addresses), `ports` and `paths`, with `port` and `path` the
-- first of these. Its methods are in @{fes.testing.server}.
-- @tparam table options
-- @tparam[opt] string options.script  file name of the handler script
-- @tparam[opt] string options.code  its text, instead of a file
-- @tparam[opt] {[string]=string} options.files  name to text of files to write
-- into `server.directory`, where a script given as `code` is too
-- @tparam[opt] {string,...} options.args  arguments of the script
-- @tparam[opt] {string,...} options.options  options of the program,
-- { "-l", "debug" }
-- @tparam[opt] {[string]=string} options.env  variables to set (false: unset)
-- @tparam[opt] {string,...} options.prefix  a command to run it under:
-- { "prlimit", "--nofile=64" }, { "strace", "-D", ... }
-- @tparam[opt] string options.program  default: $FES_PROGRAM, else "fes"
-- @tparam[opt] string options.cwd  working directory
-- @tparam[opt=true] boolean options.ready  wait until it serves
-- @tparam[opt=20] number options.timeout  seconds that each wait for it lasts
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
-- @treturn integer its exit status; nil if a signal ended it
-- @treturn string its standard output
-- @treturn string its standard error
function testing.run(options)
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  copy.ready = false

  local run = testing.start(copy)
  local status = run:wait()

  run:kill()
  return status, run:stdout(), run:stderr()
end

--- Connect to any listening socket.
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
-- @treturn string its path. `testing.finish` removes the directory
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

--- Wait until a condition holds. Raises if it does not hold in time.
-- @function testing.wait_until
-- @tparam function done
-- @tparam[opt=20] number seconds
-- @tparam[opt] string what  name of the condition, for the error
-- @return the results of `done`
testing.wait_until = loop.wait_until

--- For after_each: close all clients, end all programs, remove all directories
-- that this module made. Then raises if a program crashed and no call of
-- `server:wait` returned that, or if a sanitizer reported an error.
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
