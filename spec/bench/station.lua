--- A server of the bench on one core, and its clients on the other.
--
-- Two sides can stand at a station: "floor", the C program, and "fes", the
-- program with the handler script of the same mode. Both take the same
-- arguments, print the same lines, and get the same clients.
--
-- @module spec.bench.station

local uv = require "luv"
local testing = require "fes.testing"

local station = {}

local Station = {}
Station.__index = Station

--- Seconds that a wait lasts at most.
station.patience = 120

-- --------------------------------------------------------------- programs

local build = os.getenv "FES_BUILD" or "build/release"
local here = debug.getinfo(1, "S").source:match "^@(.-)[^/]*$"

--- Where the programs are.
station.programs = {
  fes = os.getenv "FES_PROGRAM" or build .. "/fes",
  floor = build .. "/spec/bench_floor",
  load = build .. "/spec/bench_load",
  sends = build .. "/spec/bench_sends.so",
  time = build .. "/spec/bench_time.so",
}

--- The cores of this machine that may be used, the servers' and the clients'.
-- With only one, both are the same, and no figure means much.
-- @treturn string
-- @treturn string
function station.cores()
  for line in io.lines "/proc/self/status" do
    local list = line:match "^Cpus_allowed_list:%s*(.*)"

    if list then return list:match "^%d+", list:match "%d+$" end
  end
end

local server_core, client_core = station.cores()

--- Is there a program that isn't built?
-- @tparam[opt] string other  what stands in for fes
-- @treturn string its path, or nil
function station.missing(other)
  for name, path in pairs(station.programs) do
    local file = (name ~= "fes" or other ~= "floor") and io.open(path)

    if file then
      file:close()
    elseif file == nil then
      return path
    end
  end
end

local function absolute(path)
  if path:sub(1, 1) == "/" then return path end
  return assert(uv.cwd()) .. "/" .. path
end

local function words_of(settings)
  local words = {}

  for name, value in pairs(settings or {}) do
    words[#words + 1] = ("%s=%d"):format(name, value)
  end
  table.sort(words)
  return words
end

-- Run one of the programs on a core.
local function start(core, program, options)
  local prefix = { "taskset", "-c", core }

  for _, word in ipairs(options.under or {}) do prefix[#prefix + 1] = word end
  return testing.start {
    program = program,
    script = options.script,
    prefix = prefix,
    args = options.args,
    env = options.env,
    ready = false,
    timeout = station.patience,
  }
end

-- ---------------------------------------------------------------- figures

--- The figures of a line "word name=number ...".
-- @tparam string line
-- @treturn {[string]=number}
function station.figures(line)
  local figures = {}

  for name, value in line:gmatch "([%w_]+)=([%d.]+)" do
    figures[name] = tonumber(value)
  end
  return figures
end

local function expect(process, word)
  return station.figures(process:expect(word .. " ([^\n]*)"))
end

-- ----------------------------------------------------------------- server

local function start_server(self, side, mode, options)
  local args, script = words_of(options.server), nil

  if side == "floor" then
    table.insert(args, 1, mode)
  else
    script = here .. "serve_" .. (options.script or mode) .. ".lua"
  end
  self.sends_file = not options.under
    and testing.directory() .. "/sends" or nil
  self.server = start(server_core, station.programs[side], {
    script = script,
    args = args,
    under = options.under,
    env = self.sends_file and {
      LD_PRELOAD = absolute(station.programs.sends),
      FES_BENCH_SENDS = self.sends_file,
    },
  })
end

--- Start a server, and clients of it if any are given, and wait until those
-- are all there.
-- @tparam string side  "floor" or "fes"
-- @tparam string mode  "fanout", "echo" or "accept", of both
-- @tparam table options
-- @tparam[opt] table options.server  its arguments
-- @tparam[opt=mode] string options.script  the handler script serve_*.lua
-- @tparam[opt] table options.load  those of its clients
-- @tparam[opt] {string,...} options.under  a command to run it under; its
-- sends are not counted then
-- @treturn Station
function station.open(side, mode, options)
  local self = setmetatable({ loads = {} }, Station)

  start_server(self, side, mode, options)
  self.port = self.server:expect "listening 127.0.0.1:(%d+)"

  local control = self.server:expect "listening 127.0.0.1:(%d+)"

  self.control = assert(testing.connect { port = tonumber(control) })
  if options.load then self:join(mode, options.load) end
  return self
end

--- Only clients, of any server of this machine: `join` and `await` work.
-- @tparam integer port
-- @treturn Station
function station.clients(port)
  return setmetatable({ loads = {}, port = port }, Station)
end

--- Run the load client against it, and wait until its connections stand.
-- @tparam string mode  one of bench_load's
-- @tparam table settings
-- @treturn table what `await` takes
function Station:join(mode, settings)
  local args = words_of(settings)

  table.insert(args, 1, mode)
  table.insert(args, 2, self.port)

  local load = {
    mode = mode,
    process = start(client_core, station.programs.load, { args = args }),
  }

  self.loads[#self.loads + 1] = load
  load.process:expect "ready"
  return load
end

local results = { fanout = "received", echo = "echoed", accept = "accepted" }

--- Wait until a load client has done its work.
-- @tparam table load
-- @treturn {[string]=number} its figures
function Station.await(_, load)
  load.figures = expect(load.process, results[load.mode])
  load.process:wait()
  load.process:kill()
  return load.figures
end

--- The figures of the next line of a process that begins with a word.
-- @tparam Server process
-- @tparam string word
-- @treturn {[string]=number}
station.expect = expect

--- Begin an interval.
function Station:go()
  assert(self.control:send "go\n")
end

-- Clients that wait for no message ask for work, until they are told to stop.
local function asking(self)
  local list = {}

  for _, load in ipairs(self.loads) do
    if load.mode ~= "fanout" and not load.figures then
      list[#list + 1] = load
    end
  end
  return list
end

--- Measure one interval. Clients that ask for work do so only meanwhile.
-- @treturn {[string]=number} the server's counts
function Station:measure()
  for _, load in ipairs(asking(self)) do load.process:signal "sigusr1" end
  self:go()

  local counts = expect(self.server, "measured")

  for _, load in ipairs(asking(self)) do load.process:signal "sigusr2" end
  return counts
end

-- What the preloaded counter saw; nil if the server ended without a word.
local function counted(self)
  local file = self.sends_file and io.open(self.sends_file)
  local line = file and file:read "a"

  if file then file:close() end
  return line and line ~= "" and station.figures(line) or nil
end

--- End it all: first the clients that ask, then the server, whose end the
-- others have waited for.
-- @treturn table figures: `total` of the server, `clients` of the first load
-- client, `counted` by the preloaded counter
function Station:close()
  local result = {}

  for _, load in ipairs(asking(self)) do
    load.process:signal "sigterm"
    self:await(load)
  end
  self.control:close()
  self.server:signal "sigterm"
  result.total = expect(self.server, "total")
  for _, load in ipairs(self.loads) do
    if not load.figures then self:await(load) end
  end
  result.clients = self.loads[1] and self.loads[1].figures
  self.server:wait()
  self.server:kill()
  result.counted = counted(self)
  return result
end

--- Let some time pass.
-- @tparam number seconds
function station.pause(seconds)
  local timer, over = uv.new_timer(), false

  timer:start(math.ceil(seconds * 1000), 0, function() over = true end)
  while not over do uv.run "once" end
  timer:close()
end

--- End whatever still runs, at whichever station.
function station.finish()
  testing.finish()
end

return station
