--- One of the servers that are compared, with its receivers.
--
-- The server runs on one core, everything else on the other. What is published
-- goes out in rounds: so many messages, and then nothing until the next round
-- is asked for. So CPU time is read while nothing is under way.
--
-- @module spec.bench.peers.side

local uv = require "luv"
local process = require "spec.bench.process"
local station = require "spec.bench.station"
local testing = require "fes.testing"

local side = {}

local Side = {}
Side.__index = Side

local server_core, client_core = station.cores()

-- As many descriptors as there may be, but no more than the clients have.
local function descriptors()
  for line in io.lines "/proc/self/limits" do
    local hard = line:match "^Max open files%s+%S+%s+(%S+)"

    if hard then return math.min(tonumber(hard) or 20000, 20000) end
  end
end

-- Seconds that a wait lasts at most.
local patience = 60

local function free_port()
  local probe = uv.new_tcp()

  assert(probe:bind("127.0.0.1", 0))

  local port = probe:getsockname().port

  probe:close()
  return port
end

local function start(core, program, arguments)
  for i, word in ipairs(arguments) do arguments[i] = tostring(word) end
  return testing.start {
    program = program, args = arguments, ready = false,
    prefix = {
      "taskset", "-c", core, "prlimit", ("--nofile=%d:"):format(descriptors()),
    },
    timeout = patience,
  }
end

local function await_listening(self)
  testing.wait_until(function()
    local client = self.server:running()
      and testing.connect { port = self.port }

    if client then client:close() end
    return client or not self.server:running()
  end, patience, "its port")
  assert(self.server:running(), self.server:stderr())
end

local function start_outside(self)
  self.publisher = start(client_core, station.programs.load, {
    "publish", self.port, self.peer.protocol,
    "connections=" .. self.settings.connections,
    "batch=" .. self.settings.batch, "rate=" .. self.settings.rate,
    "messages=" .. self.settings.messages,
  })
  self.publisher:expect "ready"
end

local function find_control(self)
  self.port = tonumber((self.server:expect "listening 127.0.0.1:(%d+)"))

  local control = self.server:expect "listening 127.0.0.1:(%d+)"

  self.control = assert(testing.connect { port = tonumber(control) })
end

--- Start a server.
-- @tparam table peer  of list.lua
-- @tparam table settings  `connections`, `batch`, `rate`, `messages`, as in
-- pace.lua
-- @treturn Side
function side.start(peer, settings)
  local self = setmetatable({
    peer = peer, settings = settings, loads = {}, rounds = 0,
    port = free_port(),
  }, Side)
  local program, arguments = peer.command(self.port, testing.directory(),
    settings)

  self.server = start(server_core, program, arguments)
  if peer.outside then
    await_listening(self)
    start_outside(self)
  else
    find_control(self)
  end
  return self
end

--- Receivers come; wait until all are in.
-- @tparam integer connections
-- @tparam[opt=false] boolean stalled  they read nothing then
-- @treturn table what `leave` takes
function Side:join(connections, stalled)
  local load = start(client_core, station.programs.load, {
    "receive", self.port, self.peer.protocol, "connections=" .. connections,
    "messages=" .. self.settings.messages, "stalled=" .. (stalled and 1 or 0),
    "nap_us=200", -- see README.md: to be woken costs the server
  })

  load:expect "ready"
  if not stalled then self.receivers = load end
  return load
end

--- Receivers leave.
-- @treturn {[string]=number} what they had
function Side.leave(_, load)
  load:signal "sigterm"

  local received = station.expect(load, "received")

  load:wait()
  load:kill()
  return received
end

--- Publish a round; wait until all that read have all of it.
-- @treturn {[string]=number} the times that the messages took, in microseconds
function Side:round()
  if self.publisher then
    self.publisher:signal "sigusr1"
  else
    assert(self.control:send "go\n")
  end
  self.rounds = self.rounds + 1

  local times = station.expect(self.receivers, "round")

  if self.peer.says then self.server:expect(self.peer.says .. " ") end
  return times
end

--- CPU seconds of the server until now.
function Side:cpu() return process.cpu(self.server.pid) end

--- Its resident bytes, when they have come to rest.
function Side:settled()
  return process.settled(self.server.pid, station.pause)
end

--- And at this moment.
function Side:resident() return process.resident(self.server.pid) end

--- Is Nagle's algorithm off at all its connections, less one that publishes?
-- @treturn boolean
function Side:nodelay()
  local status, out = testing.run {
    program = station.programs.load,
    args = { "nodelay", tostring(self.server.pid) },
  }

  assert(status == 0, "nodelay")

  local found = station.figures(out)

  return found.on >= found.connections - 1
end

--- End it all. Every receiver that reads must have had every byte.
-- @treturn boolean
function Side:close()
  local received = self:leave(self.receivers)
  local due = self.rounds * self.settings.messages

  if self.control then self.control:close() end
  if self.publisher then self.publisher:kill() end
  self.server:kill()
  return received.bad == 0 and received.refused == 0 and received.gone == 0
    and received.least == due and received.most == due
end

return side
