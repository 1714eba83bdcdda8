--- User instructions of a server, counted by callgrind.
--
-- @module spec.bench.stalls.counting

local station = require "spec.bench.station"

local counting = {}

--- The command to run a server under; see instructions.lua.
counting.under = {
  "setarch", "-R", "env", "LD_PRELOAD=" .. station.programs.time,
  "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
}

--- Why nothing can be counted here, or nil.
function counting.impossible()
  if not os.execute "command -v valgrind >/dev/null" then
    return "skipped: there is no valgrind"
  end
end

--- End a server and tell what it took from its beginning.
-- @tparam Stand here
-- @treturn integer instructions
function counting.collected(here)
  here.server:signal "sigterm"
  here.server:wait()
  return tonumber(here.server:stderr():match "Collected : (%d+)")
end

return counting
