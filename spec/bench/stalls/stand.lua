--- A server that will stall, its clients, and a probe that notices.
--
-- The server is on one core; its clients are on the other, and so is the probe.
-- Server and probe run at nice -20 where this is permitted, so that neither the
-- clients nor other programs are taken for the server's silence. The clients
-- are load_herd.c, the probe is load_probe.c.
--
-- @module spec.bench.stalls.stand

local testing = require "fes.testing"
local station = require "spec.bench.station"

local stand = {}

local Stand = {}
Stand.__index = Stand

local here = debug.getinfo(1, "S").source:match "^@(.-)[^/]*$"
local server_core, client_core = station.cores()

local function words_of(settings)
  local words = {}

  for name, value in pairs(settings or {}) do
    words[#words + 1] = name .. "=" .. tostring(value)
  end
  table.sort(words)
  return words
end

local first = { "nice", "-n", "-20" }

local function prefix_of(core, under)
  return table.move(under, 1, #under, 4, { "taskset", "-c", core })
end

--- Start a server.
-- @tparam string name  of its script serve_NAME.lua
-- @tparam[opt] table settings  the script's arguments
-- @tparam[opt] {string,...} under  a command to run it under, instead of nice
-- @tparam[opt=false] boolean beside  run it on the clients' core, as one
-- @treturn Stand
function stand.open(name, settings, under, beside)
  local self = setmetatable({}, Stand)

  self.server = testing.start {
    program = station.programs.fes,
    script = here .. "serve_" .. name .. ".lua",
    args = words_of(settings),
    prefix = prefix_of(beside and client_core or server_core, under or first),
    timeout = station.patience,
  }
  self.ports = self.server.ports
  self.control = assert(testing.connect { port = self.ports[#self.ports] })
  return self
end

-- A mode of bench_load, once it is ready.
local function client(mode, port, settings, under)
  local args = words_of(settings)

  table.insert(args, 1, mode)
  table.insert(args, 2, port)

  local process = testing.start {
    program = station.programs.load,
    args = args,
    prefix = prefix_of(client_core, under or {}),
    ready = false,
    timeout = station.patience,
  }

  process:expect "ready\n"
  return process
end

--- Let clients come, and wait until they are all there.
-- @tparam[opt] table settings  of load_herd.c
-- @tparam[opt=1] integer which  the server's port, by number
-- @treturn Server the process; SIGUSR1 is the word
function Stand:herd(settings, which)
  return client("herd", self.ports[which or 1], settings)
end

--- Start the probe.
-- @tparam[opt] table settings  of load_probe.c
-- @tparam[opt] integer which  the server's port, by number; the echo
function Stand:probe(settings, which)
  local port = self.ports[which or #self.ports - 1]

  self.watch = client("probe", port, settings, first)
end

--- What the probe sees while something happens.
-- @tparam function event  returns when it is over
-- @treturn {[string]=number} milliseconds: `p50`, `p99`, `most`; and `bad`
function Stand:watched(event)
  self.watch:signal "sigusr1"
  event()
  self.watch:signal "sigusr2"

  local seen = station.figures(self.watch:expect "silence ([^\n]*)")

  return {
    p50 = seen.us_p50 / 1000, p99 = seen.us_p99 / 1000,
    most = seen.us_most / 1000, bad = seen.bad, count = seen.count,
  }
end

--- What the probe sees while nothing happens, and then while something does.
-- @tparam function event
-- @treturn {[string]=number} idle
-- @treturn {[string]=number} meanwhile
function Stand:silence(event)
  local idle = self:watched(function() station.pause(1) end)

  return idle, self:watched(event)
end

--- Give the server an order.
-- @tparam string word
function Stand:order(word) assert(self.control:send(word .. "\n")) end

--- Wait for a line of the server.
-- @tparam string word  with which it begins
-- @treturn {[string]=number} its figures
function Stand:expect(word)
  return station.figures(self.server:expect(word .. " ([^\n]*)"))
end

--- Give an order and wait for the answer.
-- @tparam string order
-- @tparam[opt="done"] string word
-- @treturn {[string]=number} the figures of the line that begins with the word
function Stand:ask(order, word)
  self:order(order)
  return self:expect(word or "done")
end

--- Give clients the word.
-- @tparam Server herd
function stand.go(herd) herd:signal "sigusr1" end

--- Wait until each client of a herd has had all its bytes.
-- @tparam Server herd
-- @treturn {[string]=number} `bad`, `gone`, `least`, `most`
function stand.arrived(herd)
  return station.figures(herd:expect "arrived ([^\n]*)")
end

--- End clients.
-- @tparam Server herd
-- @treturn {[string]=number} as of `arrived`
function stand.ended(herd)
  herd:signal "sigterm"

  local seen = station.figures(herd:expect "ended ([^\n]*)")

  herd:wait()
  return seen
end

--- Let some time pass.
-- @function stand.pause
-- @tparam number seconds
stand.pause = station.pause

return stand
