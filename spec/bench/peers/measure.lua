--- What is measured of each peer.
--
-- @module spec.bench.peers.measure

local sample = require "spec.bench.sample"
local side = require "spec.bench.peers.side"
local station = require "spec.bench.station"

local measure = {}

local points = { "latency_p50", "latency_p99", "latency_p999" }

local function text_of(message) return tostring(message) end

local function settings_of(options, connections, batch, rate)
  return {
    connections = connections, batch = batch, rate = rate,
    messages = options.messages,
  }
end

local function median_times(rounds)
  local times = {}

  for _, point in ipairs(points) do
    local values = {}

    for i, round in ipairs(rounds) do values[i] = round[point] end
    times[point] = sample.median(values)
  end
  return times
end

-- Start a peer, do something with it, end it; what came out.
local function with(peer, settings, fn)
  local ok, result = xpcall(function()
    local it = side.start(peer, settings)
    local found = fn(it)

    assert(it:close(), "a receiver did not get every byte")
    return found
  end, text_of)

  pcall(station.finish)
  if ok then return result end
  return nil, result
end

--- Messages for each CPU second, latency, and memory.
-- @tparam table peer
-- @tparam table options  `messages`, in a round
-- @tparam integer connections
-- @tparam integer batch  messages in a turn
-- @tparam table how  `rate`, messages a second to all receivers together;
-- `rounds`; `warm`: one more before them that doesn't count; `memory`: also of
-- idle connections
-- @treturn table `rate`, `latency_p50` and so on, `nodelay`, `memory` (resident
-- bytes of a connection)
-- @treturn[2] nil
-- @treturn[2] string why not
function measure.throughput(peer, options, connections, batch, how)
  local settings = settings_of(options, connections, batch, how.rate)

  return with(peer, settings, function(it)
    local empty = how.memory and it:settled()

    it:join(connections)

    local found = { nodelay = it:nodelay() }

    if how.memory then
      found.memory = (it:settled() - empty) / connections
    end
    if how.warm then it:round() end

    local rounds, before = {}, it:cpu()

    for i = 1, how.rounds do rounds[i] = it:round() end
    found.rate = how.rounds * options.messages * connections
      / (it:cpu() - before)
    for point, value in pairs(median_times(rounds)) do found[point] = value end
    return found
  end)
end

local function rounds_of(it, number)
  local rounds = {}

  for i = 1, number do rounds[i] = it:round() end
  return median_times(rounds).latency_p99
end

-- Without those that don't read, and then with them, once what the kernel has
-- for them is full.
local function pair(it, options)
  local without = rounds_of(it, options.pair_rounds)
  local before = it:resident()
  local stalled = it:join(options.stalled, true)

  rounds_of(it, options.stalling)

  local p99 = rounds_of(it, options.pair_rounds)
  local growth = it:resident() - before

  it:leave(stalled)
  return p99 / without, growth
end

--- What readers do to the others that take nothing, one in a hundred.
-- @tparam table peer
-- @tparam table options  `stalled`, `pairs`, `pair_rounds`, `stalling`, ...
-- @tparam integer connections
-- @tparam integer rate
-- @treturn table `ratio`, of p99 with them to that without, the `ratios` it is
-- the median of, and `growth`, resident bytes that they cost
-- @treturn[2] nil
-- @treturn[2] string why not
function measure.stalled(peer, options, connections, rate)
  local settings = settings_of(options, connections, options.stalled_batch,
    rate)

  settings.sndbuf = 16384
  return with(peer, settings, function(it)
    local ratios, growths = {}, {}

    it:join(connections)
    it:round()
    for i = 1, options.pairs do ratios[i], growths[i] = pair(it, options) end
    return {
      ratios = ratios, ratio = sample.median(ratios),
      growth = sample.median(growths),
    }
  end)
end

return measure
