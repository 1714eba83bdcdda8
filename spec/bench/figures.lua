--- The rows that are no ratio of costs.
--
-- Each function takes the options of a run and returns the figure that the
-- row's target is about, a text that says more, and whether every byte came.
--
-- @module spec.bench.figures

local process = require "spec.bench.process"
local sample = require "spec.bench.sample"
local station = require "spec.bench.station"
local testing = require "fes.testing"

local figures = {}

local here = debug.getinfo(1, "S").source:match "^@(.-)[^/]*$"

-- All clients of a fan-out, whose server has ended, saw what it sent.
local function complete(clients, total)
  local bytes = 1 + 128 * total.messages

  return clients.bad == 0 and clients.refused == 0 and clients.resets == 0
    and clients.least == bytes and clients.most == bytes
end

-- Do something with the floor and with fes, some times in turn; the results of
-- each. What stands in for fes has to answer to that name here too.
local function in_turn(options, measure)
  local results = { floor = {}, fes = {} }

  for i = 1, options.repeats do
    results.floor[i] = measure "floor"
    results.fes[i] = measure(options.other or "fes")
  end
  return results
end

local function median_of(results, name)
  local values = {}

  for i, result in ipairs(results) do values[i] = result[name] end
  return sample.median(values)
end

local function all(results, name)
  for _, list in pairs(results) do
    for _, result in ipairs(list) do
      if not result[name] then return false end
    end
  end
  return true
end

-- ----------------------------------------------------------------- memory

--- Resident bytes of an idle connection: the slope between some and many, so
-- that what the program takes once is not in it.
function figures.idle(options)
  local few, many = options.idle[1], options.idle[2]
  local server = station.open(options.other or "fes", "echo", {})
  local empty = process.settled(server.server.pid, station.pause)

  server:join("fanout", { connections = few })

  local before = process.settled(server.server.pid, station.pause)
  local others = server:join("fanout", { connections = many - few })
  local after = process.settled(server.server.pid, station.pause)
  local closed = server:close()
  local bytes = (after - before) / (many - few)
  local text = ("%.0f bytes from %d to %d connections, %.0f from none, and "
    .. "%.1f MiB then"):format(bytes, few, many, (after - empty) / many,
    empty / 2 ^ 20)

  return bytes, text, complete(closed.clients, { messages = 0 })
    and complete(others.figures, { messages = 0 })
end

-- Resident bytes of a program with so many tasks, and the CPU seconds that it
-- takes while nothing is to be done.
local function asleep(tasks, options)
  local server_core = station.cores()
  local program = testing.start {
    program = station.programs.fes, script = here .. "serve_tasks.lua",
    prefix = { "taskset", "-c", server_core }, args = { "tasks=" .. tasks },
    timeout = station.patience,
  }

  program:expect "asleep\n"

  local resident = process.settled(program.pid, station.pause)
  local before = process.cpu(program.pid)

  station.pause(options.long_ms / 1000)

  local cpu = process.cpu(program.pid) - before

  program:stop()
  return resident, cpu
end

--- Resident bytes of a task that is asleep: the slope between some and many.
-- Asleep, they must take no CPU time at all.
function figures.tasks(options)
  local few, many = options.idle[1], options.idle[2]
  local before = asleep(few, options)
  local after, cpu = asleep(many, options)
  local bytes = (after - before) / (many - few)

  return bytes, ("%.0f bytes from %d to %d tasks; %.6f s of CPU time in %g s "
    .. "asleep"):format(bytes, few, many, cpu, options.long_ms / 1000),
    cpu == 0
end

--- What publishing grows the program by, from the first hundredth of the
-- messages on; they go 16 a turn to 100 subscribers of a topic.
function figures.flat(options)
  local connections = 100
  local server = station.open(options.other or "fes", "fanout", {
    server = {
      connections = connections, batch = 16, topics = 1,
      messages = options.published // 100, warmup_ms = 0,
    },
    load = { connections = connections },
  })
  local before, after

  server:measure()
  before = process.resident(server.server.pid)
  for _ = 2, 100 do server:measure() end
  after = process.resident(server.server.pid)

  local closed = server:close()

  return (after - before) / 1024, ("%d messages to %d: %.0f KiB resident after "
    .. "a hundredth of them, %.0f KiB in the end"):format(
    closed.total.messages, connections, before / 1024, after / 1024),
    complete(closed.clients, closed.total)
end

-- ---------------------------------------------------------------- latency

local function latency_of(side, options)
  local connections = options.receivers
  local server = station.open(side, "fanout", {
    server = {
      connections = connections, rate = 100000, stamp = 1, warmup_ms = 0,
      measure_ms = options.long_ms,
    },
    load = {
      connections = connections, stamp = 1, warmup_ms = options.long_ms // 8,
    },
  })

  server:measure()

  local closed = server:close()

  closed.clients.complete = complete(closed.clients, closed.total)
  return closed.clients
end

local function percentiles(results, name)
  return ("%.0f / %.0f / %.0f us"):format(median_of(results, name .. "_p50"),
    median_of(results, name .. "_p99"), median_of(results, name .. "_p999"))
end

--- From the call that sends a message to each receiver that has it, at a
-- hundred thousand deliveries a second.
function figures.latency(options)
  local results = in_turn(options, function(side)
    return latency_of(side, options)
  end)
  local text = ("p50 / p99 / p99.9: fes %s, floor %s\n"
    .. "first to last receiver: fes %s, floor %s"):format(
    percentiles(results.fes, "latency"), percentiles(results.floor, "latency"),
    percentiles(results.fes, "spread"), percentiles(results.floor, "spread"))

  return median_of(results.fes, "latency_p99"), text, all(results, "complete")
end

-- --------------------------------------------------------------- fairness

local function echo_beside(server, options)
  return server:await(server:join("echo", {
    connections = 10, among = 1, realtime = 1, warmup_ms = 200,
    measure_ms = options.long_ms,
  }))
end

local function echoes_are_right(echoes)
  return echoes.bad == 0 and echoes.lost == 0 and echoes.messages > 0
end

--- How long an echo takes on a server that broadcasts without a pause.
function figures.fairness(options)
  local connections = options.crowd
  local server = station.open(options.other or "fes", "fanout", {
    server = { connections = connections, stamp = 1, measure_ms = 600000 },
    load = { connections = connections, stamp = 1 },
  })
  local alone = echo_beside(server, options)

  server:go()

  local beside = echo_beside(server, options)
  local closed = server:close()
  local text = ("echo p99 %.2f ms, %.2f ms without the broadcast to %d\n"
    .. "first to last receiver p50 %.1f ms, p99 %.1f ms; delivery p99 %.1f ms")
    :format(beside.latency_p99 / 1000, alone.latency_p99 / 1000, connections,
      closed.clients.spread_p50 / 1000, closed.clients.spread_p99 / 1000,
      closed.clients.latency_p99 / 1000)

  return beside.latency_p99 / 1000, text,
    complete(closed.clients, closed.total) and echoes_are_right(alone)
    and echoes_are_right(beside)
end

-- ------------------------------------------------------------------- join

-- Those who came later have less, but whole messages, and not none.
local function joined_well(clients, total)
  return clients.bad == 0 and clients.refused == 0 and clients.resets == 0
    and clients.most == 1 + 128 * total.messages
    and clients.least > 128 and clients.least % 128 == 1
end

local function join_rate(side, options)
  local connections = options.receivers
  local server = station.open(side, "fanout", {
    server = { connections = connections, measure_ms = 600000 },
    load = { connections = connections, joiners = options.joiners },
  })

  server:go()

  local joined = station.expect(server.loads[1].process, "joined")
  local closed = server:close()

  return {
    rate = joined.clients / joined.seconds,
    complete = joined_well(closed.clients, closed.total),
  }
end

--- New connections a second that become receivers of a saturated fan-out.
function figures.join(options)
  local results = in_turn(options, function(side)
    return join_rate(side, options)
  end)
  local rate = median_of(results.fes, "rate")
  local text = ("fes %.0f a second, floor %.0f; %d join %d"):format(rate,
    median_of(results.floor, "rate"), options.joiners, options.receivers)

  return rate, text, all(results, "complete")
end

return figures
