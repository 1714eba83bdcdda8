--- How long a reload makes everybody wait.
--
-- @module spec.bench.reload

local station = require "spec.bench.station"
local testing = require "fes.testing"

local reload = {}

local here = debug.getinfo(1, "S").source:match "^@(.-)[^/]*$"
local rate = 20 -- broadcasts a second
local nap_us = 200 -- the client looks so often, instead of being woken

local function start(core, options)
  options.prefix = { "taskset", "-c", core }
  options.timeout = station.patience
  return testing.start(options)
end

--- The longest time between two messages at any of very many clients, beyond
-- the period, while the script is loaded anew some times.
-- @tparam table options
-- @treturn number milliseconds
-- @treturn string what was seen
-- @treturn boolean every client has had every message, and is still there
function reload.stall(options)
  local server_core, client_core = station.cores()
  local connections = math.min(options.crowd, 10000)
  local server = start(server_core, {
    program = station.programs.fes, script = here .. "serve_reload.lua",
    args = { "rate=" .. rate },
  })
  local load = start(client_core, {
    program = station.programs.load, ready = false,
    args = { "gaps", server.port, "connections=" .. connections,
      "nap_us=" .. nap_us },
  })

  local function gaps(signal)
    load:signal(signal)
    return station.figures(load:expect "gaps ([^\n]*)")
  end

  load:expect "ready"
  station.pause(options.repeats * 10 / rate)

  local quiet = gaps "sigusr2"

  for _ = 1, options.repeats do
    server:signal "sighup"
    server:expect("info  reloaded\n", "stderr")
    station.pause(10 / rate)
  end

  local seen = gaps "sigterm"

  load:wait()
  server:signal "sigterm"
  server:wait()

  local stall = math.max(0, seen.longest_us / 1000 - 1000 / rate)
  local text = ("%d reloads, %d clients, %d messages; longest gap %.1f ms, "
    .. "%.1f ms without reloads, period %d ms"):format(options.repeats,
    connections, seen.messages, seen.longest_us / 1000,
    quiet.longest_us / 1000, 1000 // rate)

  return stall, text, seen.bad == 0 and seen.gone == 0
    and seen.clients == connections
end

return reload
