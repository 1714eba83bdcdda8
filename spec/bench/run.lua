--- Measure fes: one row of the bench, or all of them.
--
--     lua5.4 spec/bench/run.lua [ROW] [--quick] [--self]
--     lua5.4 spec/bench/run.lua stalls [ROW ...] [--quick] [--once]
--
-- --quick measures next to nothing, to see that it works. --self puts the
-- floor in the place of fes: a ratio that is not 1.00 then is the bench's own
-- error. FES_PROGRAM is the program, else fes in FES_BUILD; that is where the
-- bench's own programs are, else in build/release. How long things take never
-- makes it fail; lost bytes do. The bench of stalls is stalls/run.lua.

local root = arg[0]:match "^(.*)/spec/bench/[^/]*$" or "."

if arg[1] == "stalls" then
  table.remove(arg, 1)
  return dofile(root .. "/spec/bench/stalls/run.lua")
end

package.path = ("%s/?.lua;%s/lua/?.lua;"):format(root, root) .. package.path

local report = require "spec.bench.report"
local rows = require "spec.bench.rows"
local station = require "spec.bench.station"

local usual = {
  rounds = 8, slices = 13, warmup_ms = 20, measure_ms = 50, -- compare
  repeats = 5, receivers = 1000, long_ms = 4000,             -- figures
  idle = { 1000, 10000 }, crowd = 15000, joiners = 5000, traced = 1000,
  published = 1000000,
}

local quick = {
  rounds = 1, slices = 1, warmup_ms = 10, measure_ms = 50,
  repeats = 1, receivers = 100, long_ms = 500,
  idle = { 100, 1000 }, crowd = 1000, joiners = 200, traced = 50,
  published = 3200,
}

local function usage(problem)
  local names = {}

  for i, row in ipairs(rows) do names[i] = row.name end
  io.stderr:write(problem, "\nusage: run.lua [ROW] [--quick] [--self]\nrows: ",
    table.concat(names, " "), "\n")
  os.exit(2)
end

local options, chosen = usual, nil
local other

for _, word in ipairs(arg) do
  if word == "--quick" then
    options = quick
  elseif word == "--self" then
    other = "floor"
  elseif rows.find(word) and not chosen then
    chosen = rows.find(word)
  else
    usage("no row and no option: " .. word)
  end
end
options.other = other

local function run(row)
  local ok, complete = xpcall(report.row, debug.traceback, row, options)

  station.finish()
  if not ok then io.stderr:write(row.name, ": ", complete, "\n") end
  return ok and complete
end

local missing = station.missing(other)

if missing then
  io.stderr:write("there is no ", missing, "; build the release preset\n")
  os.exit(1)
end

local all_complete = true

report.machine(options)
for _, row in ipairs(chosen and { chosen } or rows) do
  all_complete = run(row) and all_complete
end
os.exit(all_complete, true)
