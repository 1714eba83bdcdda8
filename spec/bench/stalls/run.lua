--- Measure how long fes keeps everybody waiting, and what grows faster than its
-- work: all rows of the bench of stalls, or some.
--
--     ./scripts/dev bench stalls [ROW ...] [--quick] [--once]
--
-- --quick is only to see that it works, --once takes no medians. It fails when
-- work was not done, never because of a figure.

local root = arg[0]:match "^(.*)/spec/bench/[^/]*$" or "."

package.path = ("%s/?.lua;%s/lua/?.lua;"):format(root, root) .. package.path

local report = require "spec.bench.stalls.report"
local rows = require "spec.bench.stalls.rows"
local station = require "spec.bench.station"

local function full(number) return number end
local function scaled_down(number) return math.max(1, number // 100) end

local options = { repeats = 5, scale = full }

local function usage(problem)
  io.stderr:write(problem,
    "\nusage: bench stalls [ROW ...] [--quick] [--once]\n")
  for _, row in ipairs(rows) do
    io.stderr:write(("%-18s %s\n"):format(row.name, row.what))
  end
  os.exit(2)
end

local chosen = {}

for _, word in ipairs(arg) do
  if word == "--quick" then
    options.repeats, options.scale = 1, scaled_down
  elseif word == "--once" then
    options.repeats = 1
  elseif rows.find(word) then
    chosen[#chosen + 1] = rows.find(word)
  else
    usage("no row and no option: " .. word)
  end
end

local missing = station.missing()

if missing then
  io.stderr:write("there is no ", missing, "; build the release preset\n")
  os.exit(1)
end

local all_done = true

report.head(options)
for _, row in ipairs(chosen[1] and chosen or rows) do
  all_done = report.row(row, options) and all_done
end
os.exit(all_done)
