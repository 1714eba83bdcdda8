--- Measure fes and its peers, in one run and on the same work.
--
--     lua5.4 spec/bench/peers/run.lua [--quick] [PEER ...]
--
-- It writes peers.md and peers.svg into build/bench, or into FES_BENCH_OUT.
-- How long things take never makes it fail; lost bytes do, and a peer that
-- can't be started.

local root = arg[0]:match "^(.*)/spec/bench/peers/[^/]*$" or "."

package.path = ("%s/?.lua;%s/lua/?.lua;"):format(root, root) .. package.path

local chart = require "spec.bench.peers.chart"
local list = require "spec.bench.peers.list"
local measure = require "spec.bench.peers.measure"
local report = require "spec.bench.report"
local sample = require "spec.bench.sample"
local tables = require "spec.bench.peers.table"

-- `how` is for each number of connections; not every peer can do at 10,000 what
-- it does at 1,000. Where it is `paired`, fes is measured before and after each
-- of the others.
local usual = {
  connections = { 1000, 10000 }, batches = { 1, 4, 16 }, messages = 16,
  how = {
    { rate = 20000, repeats = 3, rounds = 3, warm = true, paired = true },
    { rate = 10000, repeats = 1, rounds = 1 },
  },
  pairs = 7, pair_rounds = 2, stalling = 6, stalled = 10, stalled_batch = 4,
}

local quick = {
  connections = { 60 }, batches = { 1, 4 }, messages = 16,
  how = { { rate = 20000, repeats = 1, rounds = 1, paired = true } },
  pairs = 1, pair_rounds = 1, stalling = 1, stalled = 3, stalled_batch = 4,
}

local function usage(problem)
  local names = {}

  for i, peer in ipairs(list) do names[i] = peer.name end
  io.stderr:write(problem, "\nusage: run.lua [--quick] [PEER ...]\npeers: ",
    table.concat(names, " "), "\n")
  os.exit(2)
end

local options, chosen = usual, {}

for _, word in ipairs(arg) do
  if word == "--quick" then
    options = quick
  elseif list.find(word) then
    chosen[#chosen + 1] = list.find(word)
  else
    usage("no peer and no option: " .. word)
  end
end

local results, complete = {}, true

for i, peer in ipairs(#chosen > 0 and chosen or list) do
  results[i] = { peer = peer }
end

local function say(format, ...)
  print(format:format(...))
  io.stdout:flush()
end

local function failed(peer, what, why)
  complete = false
  io.stderr:write(peer.label, ", ", what, ": ", why, "\n")
end

-- A measurement of a peer; nil if it failed.
local function attempt(result, connections, batch, how)
  local what = ("%d receivers, %d messages a turn"):format(connections, batch)
  local found, why = measure.throughput(result.peer, options, connections,
    batch, how)

  if not found then return failed(result.peer, what, why) end
  result[connections][batch] = result[connections][batch]
    or { founds = {}, ratios = {} }
  table.insert(result[connections][batch].founds, found)
  result.nagle = result.nagle or not found.nodelay
  say("%-14s %s: %s a CPU second, p99 %.1f ms%s", result.peer.label, what,
    tables.number(found.rate), found.latency_p99 / 1000,
    found.nodelay and "" or ", Nagle is on")
  return found
end

-- Those beside which the others are measured.
local function own_result()
  for _, result in ipairs(results) do
    if result.peer.name == "fes" then return result end
  end
end

-- Each of them once.
local function measure_all(connections, batch, how)
  local own = how.paired and own_result()
  local before = own and attempt(own, connections, batch, how)

  for _, result in ipairs(results) do
    if result ~= own then
      local found = attempt(result, connections, batch, how)
      local after = own and attempt(own, connections, batch, how)

      if found and before and after then
        table.insert(result[connections][batch].ratios,
          (before.rate + after.rate) / 2 / found.rate)
      end
      before = after
    end
  end
end

-- The median of each figure.
local function settle(measured)
  local all = {}

  for _, found in ipairs(measured.founds) do
    for name, value in pairs(found) do
      if type(value) == "number" then
        all[name] = all[name] or {}
        table.insert(all[name], value)
      end
    end
  end
  for name, values in pairs(all) do all[name] = sample.median(values) end
  if #measured.ratios > 0 then
    all.ratios, all.ratio = measured.ratios, sample.median(measured.ratios)
  end
  return all
end

local function measure_throughput(connections, how)
  for _, result in ipairs(results) do result[connections] = {} end
  for _ = 1, how.repeats do
    for _, batch in ipairs(options.batches) do
      how.memory = batch == options.batches[1]
      measure_all(connections, batch, how)
    end
  end
  for _, result in ipairs(results) do
    for batch, measured in pairs(result[connections]) do
      result[connections][batch] = settle(measured)
    end
  end
end

local function measure_stalled(connections)
  for _, result in ipairs(results) do
    if not result.peer.not_stalled then
      local found, why = measure.stalled(result.peer, options, connections,
        options.how[1].rate)

      result.stalled = found
      if found then
        say("%-14s %d stalled: p99 %.2f of that without, growth %s bytes",
          result.peer.label, options.stalled, found.ratio,
          tables.number(found.growth))
      else
        failed(result.peer, "stalled readers", why)
      end
    end
  end
end

local function write(name, text)
  local path = (os.getenv "FES_BENCH_OUT" or "build/bench") .. "/" .. name
  local file = assert(io.open(path, "w"))

  assert(file:write(text))
  file:close()
  say("%s", path)
end

report.machine {}
for i, connections in ipairs(options.connections) do
  measure_throughput(connections, options.how[i])
end
measure_stalled(options.connections[1])
write("peers.md", tables.render(results, options))
write("peers.svg", chart.render(results, options.connections[1],
  options.batches))
os.exit(complete, true)
