--- What is printed of a row.
--
-- @module spec.bench.report

local compare = require "spec.bench.compare"
local sample = require "spec.bench.sample"
local station = require "spec.bench.station"

local report = {}

local function say(format, ...)
  print(format:format(...))
  io.stdout:flush()
end

--- Say what it is that measures.
-- @tparam table options
function report.machine(options)
  local server, client = station.cores()
  local load = assert(io.open "/proc/loadavg"):read "n"

  say("servers on core %s, clients on core %s, load %.2f before", server,
    client, load)
  if load > 0.5 then say "the machine is not idle: figures are noisier" end
  if options.other then say("%s stands in for fes", options.other) end
end

-- Is the target reached? A figure of a machine is no more than that: nothing
-- fails.
local function verdict(row, figure)
  if not row.target then return "no target" end

  local unit = row.unit or ""
  local reached = figure >= row.target

  if row.bound == "most" then reached = figure <= row.target end
  return ("target at %s %g%s: %s"):format(row.bound, row.target, unit,
    reached and "reached" or "NOT REACHED")
end

local function range(values, format)
  local low = format:format(math.min(table.unpack(values)))
  local high = format:format(math.max(table.unpack(values)))

  return low == high and low or low .. " to " .. high
end

-- `sends` are parts of what the mode says: one for all messages of a turn.
local function side(name, result, batch)
  local sends = {}

  for i, value in ipairs(result.sends) do sends[i] = value / batch end
  return ("%-5s %.3f us and %s sends a message, %.0f a second"):format(name,
    sample.median(result.costs) * 1e6, range(sends, "%.4f"),
    sample.median(result.rates))
end

local function compared(row, options)
  local result = compare.run(row.comparison, options)
  local valid, why = compare.valid(result)
  local ratios = result.ratios
  local median = sample.median(ratios)
  local batch = row.comparison.batch or 1

  say("%-16s %.3f of the floor, %s in %d; %s", row.name, median,
    range(ratios, "%.3f"), #ratios,
    valid and verdict(row, median) or "it does not count")
  say("    %s", side("fes", result.fes, batch))
  say("    %s%s", side("floor", result.floor, batch), result.user_share
    and (", user time %.1f %%"):format(100 * result.user_share) or "")
  say("    %s", valid and "valid: every client got every byte"
    or "NOT VALID: " .. why)
  return #result.lost == 0
end

local function figured(row, options)
  local figure, text, complete = row.figure(options)

  say("%-16s %s", row.name,
    complete and verdict(row, figure) or "it does not count")
  say("    %s", (text:gsub("\n", "\n    ")))
  say("    %s", complete and "valid: every client got every byte"
    or "NOT VALID: a client did not get every byte")
  return complete
end

--- Measure a row and print it.
-- @tparam table row
-- @tparam table options
-- @treturn boolean did every client get every byte?
function report.row(row, options)
  if row.possible and not row.possible() then
    say("%-16s skipped: there is no %s", row.name, row.needs)
    return true
  end
  return (row.comparison and compared or figured)(row, options)
end

return report
