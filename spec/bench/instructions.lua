--- User instructions for each message, counted by callgrind: no noise.
--
-- A server runs twice, the second time with more messages. The difference is
-- what these cost; what the start costs is not in it.
--
-- @module spec.bench.instructions

local sample = require "spec.bench.sample"
local station = require "spec.bench.station"

local instructions = {}

-- Lua seeds its tables from the time and from addresses: both stand still.
local callgrind = {
  "setarch", "-R", "env", "LD_PRELOAD=" .. station.programs.time,
  "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
}

local connections = 100

--- Can it be counted here?
-- @treturn boolean
function instructions.possible()
  return os.execute "command -v valgrind >/dev/null" == true
end

local function collected(server)
  return tonumber(server.server:stderr():match "Collected : (%d+)")
end

local run = {}

function run.fanout(side, messages, batch, topics, rate)
  local server = station.open(side, "fanout", {
    server = {
      connections = connections, batch = batch, messages = messages,
      warmup_ms = 0, topics = topics, rate = rate, ask = rate and 0,
    },
    load = { connections = connections },
    under = callgrind,
  })

  server:measure()
  return server:close().total.messages * connections, collected(server)
end

local function echo(side, messages, clients, guards)
  local server = station.open(side, "echo", {
    server = guards and { guards = guards }, under = callgrind,
  })

  server:await(server:join("echo", {
    connections = clients, messages = messages,
  }))
  return server:close().total.messages, collected(server)
end

function run.echo(side, messages)
  return echo(side, messages, connections)
end

-- One client, so that each echo has a turn of its own: how many share one
-- changes from run to run, and the guards cost less than that.
function run.guarded(side, messages, guards)
  return echo(side, messages, 1, guards)
end

-- Instructions for each message and receiver; the rest is for the run.
local function slope(side, mode, messages, ...)
  local few, before = run[mode](side, messages // 10, ...)
  local many, after = run[mode](side, messages, ...)

  return (after - before) / (many - few)
end

--- Count them for the fan-out and for echo, on both sides.
-- @tparam table options
-- @treturn nil  there is no target
-- @treturn string what was counted
function instructions.count(options)
  local lines = {}
  local other = options.other or "fes"

  local function both(...)
    return slope(other, ...), slope("floor", ...)
  end

  for _, case in ipairs {
    { "fan-out, 1 message a turn", "fanout", options.traced, 1 },
    { "fan-out, 16 messages a turn", "fanout", options.traced * 16, 16 },
    { "echo", "echo", options.traced },
  } do
    lines[#lines + 1] = ("%s: fes %.1f, floor %.1f"):format(case[1],
      both(table.unpack(case, 2)))
  end
  return nil, table.concat(lines, "\n"), true
end

-- So slow that each turn has ended before the next one begins: how often a
-- script would have to ask whether it has would be chance.
local turns_a_second = 50

--- Count what a publish costs beside a broadcast to the same receivers.
-- @tparam table options
-- @treturn number how many times as much, at most
-- @treturn string what was counted
function instructions.publish(options)
  local lines, most = {}, 0

  for _, batch in ipairs { 1, 16 } do
    local function cost(topics)
      return slope("fes", "fanout", options.traced // 2 * batch, batch, topics,
        turns_a_second * batch * connections)
    end
    local broadcast, publish = cost(), cost(1)

    most = math.max(most, publish / broadcast)
    lines[#lines + 1] = ("%d a turn: publish %.1f, broadcast %.1f, ratio %.3f")
      :format(batch, publish, broadcast, publish / broadcast)
    if batch > 1 then
      lines[#lines + 1] = ("%d a turn, a topic for each: %.1f"):format(batch,
        cost(batch))
    end
  end
  return most, table.concat(lines, "\n"), true
end

--- What it costs of each echo, which is one call into the script, to switch
-- the watchdog on and to set a limit for memory. Its ticks depend on how long a
-- run takes, so the medians of several runs.
-- @tparam table options
-- @treturn number instructions
-- @treturn string what was counted
function instructions.guards(options)
  local other = options.other or "fes"
  local echoes = options.traced * 20
  local counts = { [0] = {}, [2] = {} }

  for i = 1, options.repeats do
    for guards, list in pairs(counts) do
      list[i] = slope(other, "guarded", echoes, guards)
    end
  end

  local without, with = sample.median(counts[0]), sample.median(counts[2])

  return with - without, ("echo: %.1f instructions with, %.1f without")
    :format(with, without), true
end

return instructions
