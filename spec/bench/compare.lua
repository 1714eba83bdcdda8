--- fes beside the floor: in turn, on the same core, with the same clients.
--
-- Both servers are there all the time, each with clients of its own, and one
-- of them works: floor, fes, floor, fes, ... floor. An interval is short, for
-- the speed of a machine changes from second to second. After a round both are
-- ended, every byte is accounted for, and another round begins with new
-- processes.
--
-- @module spec.bench.compare

local sample = require "spec.bench.sample"
local station = require "spec.bench.station"

local compare = {}

-- ------------------------------------------------------------ what is right

-- What the clients of each mode must have seen, when all has gone well.
local seen = {}

function seen.fanout(clients, total, row)
  local bytes = 1 + 128 * total

  return clients.clients == row.connections and clients.bad == 0
    and clients.refused == 0 and clients.resets == 0
    and clients.least == bytes and clients.most == bytes
end

function seen.echo(clients, total, row)
  return clients.clients == row.connections and clients.bad == 0
    and clients.lost == 0 and clients.messages == total
end

function seen.accept(clients, total)
  return clients.clients == total and clients.greeted == total
    and clients.bad == 0 and clients.refused == 0
end

-- Sends that are no greetings, and the bytes in them, as the mode says.
local due = {}

function due.fanout(total, row)
  local deliveries = total * row.connections

  return deliveries / row.batch, 128 * deliveries, row.connections
end

function due.echo(total, row) return total, 64 * total, row.connections end

function due.accept(total) return total, total, 0 end

-- Sends for each one that the mode says, or nil if bytes went another way.
local function sends_of(mode, result, row)
  local sends, bytes, greetings = due[mode](result.total.messages, row)
  local counted = result.counted

  if not counted or counted.bytes ~= bytes + greetings then return nil end
  return (counted.sends - greetings) / sends
end

-- ------------------------------------------------------------- measuring

-- Fewer intervals where they are long, but eight in all at least.
local function effort(row, options)
  local ms = row.measure_ms or 0

  if ms > 500 then
    return math.min(options.rounds, 2), math.min(options.slices, 4)
  end
  return options.rounds,
    ms > 100 and math.min(options.slices, 7) or options.slices
end

local function open(side, row, options)
  local server = {
    connections = row.connections, warmup_ms = options.warmup_ms,
    measure_ms = math.max(options.measure_ms, row.measure_ms or 0),
  }
  local load = {}

  for name, value in pairs(row.server or {}) do server[name] = value end
  for name, value in pairs(row.load or {}) do load[name] = value end
  return station.open(side, row.mode,
    { server = server, load = load, script = row.script })
end

-- CPU seconds of the server for each message and receiver.
local function cost(counts, row)
  local receivers = row.mode == "fanout" and row.connections or 1

  return counts.cpu / counts.messages / receivers
end

-- On a machine that is busy otherwise the clients may not get to run in an
-- interval at all; that one says nothing.
local function interval_of(server)
  for _ = 1, 20 do
    local counts = server:measure()

    if counts.messages > 0 then return counts end
  end
  error "twenty intervals without a message"
end

local function note(result, side, counts, row)
  local costs, rates = result[side].costs, result[side].rates

  costs[#costs + 1] = cost(counts, row)
  rates[#rates + 1] = counts.cpu / counts.wall / costs[#costs]
  if counts.kernel then
    result.kernel = result.kernel + counts.kernel
    result.cpu = result.cpu + counts.cpu
  end
end

local function account(result, side, closed, row)
  local total = closed.total.messages
  local sends = sends_of(row.mode, closed, row)

  if not seen[row.mode](closed.clients, total, row) then
    result.lost[#result.lost + 1] = side
  end
  result[side].sends[#result[side].sends + 1] = sends or 0
end

-- Who comes first gets other memory of the kernel, which at 10,000 connections
-- is worth up to two hundredths; so they take turns at it.
local function open_both(number, row, options)
  local other = options.other or "fes"

  if number % 2 == 1 then
    local floor = open("floor", row, options)

    return floor, open(other, row, options)
  end

  local fes = open(other, row, options)

  return open("floor", row, options), fes
end

local function round(result, number, row, options, slices)
  local floor, fes = open_both(number, row, options)
  local around, values = {}, {}

  for i = 1, slices + 1 do
    local before = interval_of(floor)

    note(result, "floor", before, row)
    around[i] = cost(before, row)
    if i <= slices then
      local counts = interval_of(fes)

      note(result, "fes", counts, row)
      values[i] = cost(counts, row)
    end
  end
  account(result, "floor", floor:close(), row)
  account(result, "fes", fes:close(), row)
  for _, ratio in ipairs(sample.ratios(values, around)) do
    result.ratios[#result.ratios + 1] = ratio
  end
end

local function side() return { costs = {}, rates = {}, sends = {} } end

-- Of the floor's CPU time, what it did not spend in the kernel, to one or two
-- hundredths. Where it does more than send and receive, or sleeps in between,
-- that says nothing.
local function user_share(result, row)
  local paced = row.server and row.server.rate
  local told = not paced and row.mode ~= "accept"

  return told and math.max(0, 1 - result.kernel / result.cpu) or nil
end

--- Compare both sides.
-- @tparam table row
-- @tparam string row.mode
-- @tparam[opt] string row.script  of fes, if it is not called like the mode
-- @tparam integer row.connections
-- @tparam[opt] integer row.batch  of a fan-out
-- @tparam[opt] table row.server  more arguments of the servers
-- @tparam[opt] table row.load  and of the clients
-- @tparam[opt] integer row.measure_ms  the shortest interval that makes sense
-- @tparam table options  `rounds`, `slices` of fes in a round, `warmup_ms`,
-- `measure_ms`; `other`: what stands in for fes
-- @treturn table `ratios`; `floor` and `fes`, each with `costs` (CPU seconds
-- of a message), `rates` (messages a second) and `sends` (for each one that
-- the mode says, 0 if unknown); `lost`: sides whose clients missed something;
-- `user_share`: of the floor's CPU time, nil where it isn't known
function compare.run(row, options)
  local result = {
    ratios = {}, floor = side(), fes = side(), lost = {}, kernel = 0, cpu = 0,
  }

  local rounds, slices = effort(row, options)

  for i = 1, rounds do round(result, i, row, options, slices) end
  result.user_share = user_share(result, row)
  return result
end

--- Does a result count? The floor must be a floor, and both must have sent as
-- often as the mode says.
-- @tparam table result
-- @treturn boolean
-- @treturn[2] nil
-- @treturn[2] string why not
function compare.valid(result)
  if #result.lost > 0 then
    return nil, "clients of " .. table.concat(result.lost, ", ")
      .. " did not get every byte"
  end
  for _, name in ipairs { "floor", "fes" } do
    for _, sends in ipairs(result[name].sends) do
      if sends == 0 then
        return nil, name .. " sent bytes that could not be counted"
      elseif sends < 0.98 or sends > 1.05 then
        return nil, ("%s made %.3f of the sends"):format(name, sends)
      end
    end
  end
  if (result.user_share or 0) > 0.1 then
    return nil, "the floor's user time is over a tenth"
  end
  return true
end

return compare
