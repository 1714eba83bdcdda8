--- The program, run as a process of its own.
--
-- Its standard output and error go to files, so it never blocks on them. The
-- files, and the script if it is given as text, are in a temporary directory,
-- `server.directory`. The kernel kills the program when the process that
-- started it ends.
--
-- @module fes.testing.server

local uv = require "luv"
local client = require "fes.testing.client"
local files = require "fes.testing.files"
local loop = require "fes.testing.loop"

local server = {}

local Server = {}
Server.__index = Server

local known = {
  args = true, code = true, cwd = true, env = true, files = true,
  options = true, prefix = true, program = true, ready = true, script = true,
  timeout = true,
}

-- The last line that the program prints on standard output before it serves.
local memory_line = "at most [^\n]* in the kernel\n"

local signal_names = {}
for name, number in pairs(uv.constants) do
  if name:find "^SIG" then signal_names[number] = name:lower() end
end

local crashes = {
  sigabrt = true, sigbus = true, sigfpe = true, sigill = true, sigsegv = true,
}

-- --------------------------------------------------------------- starting

local function tracing(options)
  for _, word in ipairs(options.prefix or {}) do
    if word:find "strace$" then return true end
  end
  return false
end

-- The environment of the program. LD_PRELOAD of this process is removed: Lua
-- needs the sanitizer's library preloaded to load modules built with it, the
-- program has it linked in. If this process has preloaded one, it must come
-- before a library that options.env preloads. Leaks are detected in the program
-- only, and not under strace: the leak detector traces the process, which only
-- one tracer can do.
local function environment(options)
  local env = uv.os_environ()
  local preloaded = env.LD_PRELOAD

  env.LD_PRELOAD = nil
  if env.ASAN_OPTIONS and not tracing(options) then
    env.ASAN_OPTIONS = env.ASAN_OPTIONS .. ":detect_leaks=1"
  end
  for name, value in pairs(options.env or {}) do env[name] = value end
  if env.LD_PRELOAD and preloaded then
    env.LD_PRELOAD = preloaded .. ":" .. env.LD_PRELOAD
  end

  local list = {}
  for name, value in pairs(env) do
    if value then list[#list + 1] = name .. "=" .. value end
  end
  return list
end

-- An absolute path, so that `options.cwd` does not matter. A name without a "/"
-- is left as it is: a program is looked up in $PATH.
local function absolute(path)
  return path:find "/" and uv.fs_realpath(path) or path
end

local function command(options, script)
  local program = options.program or os.getenv "FES_PROGRAM" or "fes"
  local words = { "--pdeathsig", "KILL", "--" }

  for _, list in ipairs {
    options.prefix or {}, { absolute(program) }, options.options or {},
    { script }, options.args or {},
  } do
    table.move(list, 1, #list, #words + 1, words)
  end
  return words
end

local function lay_out(options, directory)
  for name, text in pairs(options.files or {}) do
    files.write(directory .. "/" .. name, text)
  end
  if options.code then
    return files.write(directory .. "/script.lua", options.code)
  end
  return options.script and absolute(options.script)
end

local function check(options)
  for name in pairs(options) do
    if not known[name] then
      error("testing.start: unknown option '" .. name .. "'", 4)
    end
  end
  assert(not (options.script and options.code), "either 'script' or 'code'")
end

-- Start the program without waiting.
local function spawn(options)
  local directory = files.directory()
  local self = setmetatable({
    directory = directory,
    clients = {},
    outputs = {
      stdout = files.output(directory .. "/stdout"),
      stderr = files.output(directory .. "/stderr"),
    },
    timeout = options.timeout or loop.patience,
  }, Server)
  local out, err = self.outputs.stdout, self.outputs.stderr

  self.process, self.pid = uv.spawn("setpriv", {
    args = command(options, lay_out(options, directory)),
    env = environment(options),
    cwd = options.cwd,
    stdio = { nil, out.fd, err.fd },
  }, function(status, signal)
    self.status = signal == 0 and status or nil
    self.ended_by = signal ~= 0 and signal_names[signal] or nil
    self.exited = true
    self.process:close()
  end)
  out:started()
  err:started()
  assert(self.process, self.pid)
  return self
end

-- How the program ended and what it printed, for error messages.
local function story(self)
  local ending = "is still running"

  if self.exited then
    ending = self.status and "exited with status " .. self.status
      or "was ended by " .. self.ended_by
  end
  return ("the program %s\nstdout: %s\nstderr: %s"):format(ending,
    self:stdout(), self:stderr())
end

local function note_addresses(self)
  self.listening, self.ports, self.paths = {}, {}, {}

  for address in ("\n" .. self:stdout()):gmatch "\nlistening ([^\n]+)" do
    local path = address:match "^unix:(.*)"
    local list = path and self.paths or self.ports

    list[#list + 1] = path or math.tointeger(address:match ":(%d+)$")
    self.listening[#self.listening + 1] = address
  end
  self.port, self.path = self.ports[1], self.paths[1]
end

local function await_ready(self)
  local function ready()
    return self.exited or self:stdout():find(memory_line)
  end

  loop.wait(ready, self.timeout)
  if not self:stdout():find(memory_line) then
    local why = story(self)

    self:kill()
    error("not ready: " .. why, 0)
  end
  note_addresses(self)
end

--- Start the program.
-- @see fes.testing.start
-- @tparam table options
-- @treturn Server
function server.start(options)
  check(options)

  local self = spawn(options)

  if options.ready ~= false then await_ready(self) end
  return self
end

-- ----------------------------------------------------------------- output

--- What it has written to standard output so far.
-- @treturn string
function Server:stdout()
  return self.outputs.stdout:read()
end

--- What it has written to standard error so far.
-- @treturn string
function Server:stderr()
  return self.outputs.stderr:read()
end

--- Wait until a pattern matches what it prints, in whole lines, after the
-- previous match in that stream. Raises when the time is up, or when the
-- program has exited without a match.
-- @tparam string pattern  a Lua pattern
-- @tparam[opt="stdout"] string stream  "stdout" or "stderr"
-- @tparam[opt] number seconds
-- @return the captures, or the whole match
function Server:expect(pattern, stream, seconds)
  local output = self.outputs[stream or "stdout"]

  local function matched()
    local exited = self.exited -- read before the output: see all of it
    local found = table.pack(output:match(pattern, exited))

    if found[1] or exited then return found end
  end

  local found = loop.wait(matched, seconds or self.timeout)

  if not found or not found[1] then
    error(("no %q in %q: %s"):format(pattern, output:rest(), story(self)), 2)
  end
  return table.unpack(found, 1, found.n)
end

-- ----------------------------------------------------------------- ending

--- Is the program still running?
-- @treturn boolean
function Server:running()
  uv.run "nowait"
  return not self.exited
end

--- Send it a signal.
-- @tparam string name  "sigterm"
function Server:signal(name)
  local number = uv.constants[tostring(name):upper()]

  if not number then
    error(("no signal is called %q"):format(tostring(name)), 2)
  end
  assert(not self.exited, "the program has exited")
  assert(self.process:kill(number))
end

--- Wait until the program has exited. Raises when the time is up.
-- @tparam[opt] number seconds
-- @treturn integer its exit status
-- @treturn[2] nil
-- @treturn[2] string the signal that ended it: "sigkill"
function Server:wait(seconds)
  if not loop.wait(function() return self.exited end,
    seconds or self.timeout) then
    error("no exit: " .. story(self), 2)
  end
  self.awaited = true
  return self.status, self.ended_by
end

-- A sanitizer's report, or a crash that no call of wait() has returned.
local function complaint(self)
  local said = self:stderr()

  return said:find("Sanitizer: ", 1, true) or said:find ": runtime error: "
    or crashes[self.ended_by] and not self.awaited
end

--- Close its clients and stop it with SIGTERM. Raises unless it exits with
-- status 0 and no sanitizer has reported an error.
-- @tparam[opt] number seconds
function Server:stop(seconds)
  for _, each in ipairs(self.clients) do each:close() end
  if self:running() then self:signal "sigterm" end

  local status = self:wait(seconds)
  local right = status == 0 and not complaint(self)

  self:kill()
  if not right then error(story(self), 2) end
end

--- Close its clients, kill the program if it runs, remove its directory. Its
-- output can still be read. May be called more than once; never raises.
function Server:kill()
  for _, each in ipairs(self.clients) do each:close() end
  if not self.exited then
    self.process:kill "sigkill"
    loop.wait(function() return self.exited end)
  end
  self.outputs.stdout:close()
  self.outputs.stderr:close()
  files.remove(self.directory)
end

--- A crash that no call of `wait` has returned, or a sanitizer's report.
-- @treturn string how the program ended and what it printed; nil: no complaint
function Server:complaint()
  return complaint(self) and story(self) or nil
end

-- ---------------------------------------------------------------- clients

local function host_of(self, port)
  for _, address in ipairs(self.listening or {}) do
    local host, its = address:match "^%[?([^%]]*)%]?:(%d+)$"

    if math.tointeger(its) == port and host ~= "*" then return host end
  end
end

local function target(self, options)
  local to = {}

  for name, value in pairs(options or {}) do to[name] = value end
  if not (to.port or to.path) then
    to.port, to.path = self.port, not self.port and self.path or nil
  end
  to.host = to.host or host_of(self, to.port)
  if to.path and to.path:sub(1, 1) ~= "/" then
    to.path = self.directory .. "/" .. to.path
  end
  return to
end

--- Connect to the program, by default to the first server that it opened.
-- @see fes.testing.client.connect
-- @tparam[opt] table options  a relative `path` is relative to
-- `server.directory`
-- @treturn Client
-- @treturn[2] nil
-- @treturn[2] string why
function Server:connect(options)
  local new, why = client.connect(target(self, options))

  self.clients[#self.clients + 1] = new
  return new, why
end

--- Connect many clients at once.
-- @tparam integer count
-- @tparam[opt] table options  for each of them
-- @treturn {Client,...}
-- @treturn[2] nil
-- @treturn[2] string error of the first that failed; the others are closed
function Server:connect_all(count, options)
  local all, failure = {}, nil

  for i = 1, count do all[i] = client.begin(target(self, options)) end
  table.move(all, 1, count, #self.clients + 1, self.clients)
  for _, each in ipairs(all) do
    local _, why = client.await(each)

    failure = failure or why
  end
  if not failure then return all end
  for _, each in ipairs(all) do each:close() end
  return nil, failure
end

return server
