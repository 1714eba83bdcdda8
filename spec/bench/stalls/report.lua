--- What the bench of stalls prints: one line for each row.
--
-- @module spec.bench.stalls.report

local sample = require "spec.bench.sample"
local station = require "spec.bench.station"
local testing = require "fes.testing"

local report = {}

local columns = "%-18s %12s %12s %12s %12s  %s"

local function say(...)
  print(columns:format(...))
  io.stdout:flush()
end

local function value(number, unit)
  if type(number) ~= "number" then return number or "-" end

  local digits = number >= 100 and "%.0f" or number >= 10 and "%.1f" or "%.2f"

  return digits:format(number) .. " " .. unit
end

local function descriptors()
  for line in io.lines "/proc/self/limits" do
    local hard = line:match "^Max open files%s+%S+%s+(%S+)"

    if hard then return tonumber(hard) or math.huge end
  end
end

-- Programs have a few descriptors besides those of their clients.
local spare = 64

-- Why the row can't be measured here, or nil.
local function impossible(row, scale)
  local needed = scale(row.clients or 0) + spare

  if needed > descriptors() then
    return ("skipped: needs %d descriptors, the hard limit is %d")
      :format(needed, descriptors())
  end
  return row.impossible and row.impossible()
end

local function verdict(row, figure, idle)
  local target = row.target == "idle" and 1.5 * idle or row.target

  return figure <= target and "reached" or "NOT REACHED"
end

local function print_row(row, figures, idles)
  local idle = idles[1] and sample.median(idles)
  local figure = sample.median(figures)
  local range = #figures > 1 and ("; %s to %s in %d"):format(
    value(math.min(table.unpack(figures)), row.unit),
    value(math.max(table.unpack(figures)), row.unit), #figures) or ""

  say(row.name, value(row.before, row.unit), value(figure, row.unit),
    value(idle, row.unit), value(row.target, row.unit),
    verdict(row, figure, idle) .. range)
end

local function once(row, scale)
  local ok, figure, idle, why = xpcall(row.measure, debug.traceback, scale)
  local ended, complaint = pcall(testing.finish)

  if not ok then return nil, nil, figure end
  return figure, idle, why or (not ended and complaint) or nil
end

--- Print the head of the table.
-- @tparam table options
function report.head(options)
  local server, client = station.cores()
  local load = assert(io.open "/proc/loadavg"):read "n"

  print(("servers on core %s, clients on core %s, load %.2f before; "
    .. "medians of %d"):format(server, client, load, options.repeats))
  if load > 0.5 then print "the machine is not idle: figures are noisier" end
  if not os.execute "! nice -n -20 true 2>&1 | grep -q ." then
    print "no right to nice -20: silences include waits for the cores"
  end
  say("row", "before", "now", "idle", "target", "")
end

--- Measure a row some times and print it.
-- @tparam table row
-- @tparam table options
-- @treturn boolean was all the work done?
function report.row(row, options)
  local figures, idles = {}, {}
  local reason = impossible(row, options.scale)

  if reason then
    say(row.name, value(row.before, row.unit), "-", "-",
      value(row.target, row.unit), reason)
    return true
  end
  for i = 1, options.repeats do
    local figure, idle, why = once(row, options.scale)

    if why then
      say(row.name, value(row.before, row.unit), "-", value(idle, row.unit),
        value(row.target, row.unit), "NOT DONE: " .. why)
      return false
    end
    figures[i], idles[i] = figure, idle
  end
  print_row(row, figures, idles)
  return true
end

return report
