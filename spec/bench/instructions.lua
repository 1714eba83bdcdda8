--- User instructions for each message, counted by callgrind: no noise.
--
-- A server runs twice, the second time with more messages. The difference is
-- what these cost; what the start costs is not in it.
--
-- @module spec.bench.instructions

local station = require "spec.bench.station"

local instructions = {}

local callgrind = {
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
      warmup_ms = 0, topics = topics, rate = rate,
    },
    load = { connections = connections },
    under = callgrind,
  })

  server:measure()
  return server:close().total.messages * connections, collected(server)
end

function run.echo(side, messages, guards)
  local server = station.open(side, "echo", {
    server = guards and { guards = guards }, under = callgrind,
  })

  server:await(server:join("echo", {
    connections = connections, messages = messages,
  }))
  return server:close().total.messages, collected(server)
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

--- What the watchdog and a limit for memory cost of each echo, which is one
-- call into the script.
-- @tparam table options
-- @treturn number instructions
-- @treturn string what was counted
function instructions.guards(options)
  local other = options.other or "fes"
  local without = slope(other, "echo", options.traced, 0)
  local with = slope(other, "echo", options.traced, 2)

  return with - without, ("echo: %.1f instructions with, %.1f without")
    :format(with, without), true
end

return instructions
