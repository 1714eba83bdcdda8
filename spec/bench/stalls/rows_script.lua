--- Rows about what a script holds: timers, tasks, listeners.
--
-- @module spec.bench.stalls.rows_script

local stand = require "spec.bench.stalls.stand"

local rows = {}

local function add(row) rows[#rows + 1] = row end

-- Very many of a kind are due at once, some time after they were made.
local function due_at_once(settings)
  local here = stand.open("timers", settings)

  here:probe()
  here:ask("begin", "set")

  local idle = here:watched(function() stand.pause(0.5) end)
  local seen = here:watched(function() here:expect "done" end)

  return seen.most, idle.most
end

add {
  name = "timers", what = "1,000,000 timers due at once: silence",
  unit = "ms", before = 429, target = 20,
  measure = function(scale)
    return due_at_once { count = scale(1000000), after = 8 }
  end,
}

add {
  name = "tasks", what = "20,000 tasks woken at once: silence",
  unit = "ms", before = 20, target = 10,
  measure = function(scale)
    return due_at_once { count = scale(20000), tasks = 1, after = 3 }
  end,
}

add {
  name = "stats", what = "fes.stats() with 1,000,000 timers",
  unit = "us", before = 14700, target = 20,
  measure = function(scale)
    local here = stand.open("timers", { count = scale(1000000), after = 1000 })
    local idle = here:ask("stats", "stats").us

    here:ask("begin", "set")
    return here:ask("stats", "stats").us, idle
  end,
}

local function listeners(scale)
  local here = stand.open("listeners", { listeners = scale(5000) })

  return here:ask "turns", here:ask "open", here:ask "turns"
end

add {
  name = "listeners-turn",
  what = "5,000 listeners opened and closed: an empty turn after it",
  unit = "us", before = 136, target = "idle", clients = 5000,
  measure = function(scale)
    local before, _, after = listeners(scale)

    return after.turn_us, before.turn_us
  end,
}

add {
  name = "listeners-memory",
  what = "5,000 listeners opened and closed: growth of the resident memory",
  unit = "MB", before = 14, target = 1, clients = 5000,
  measure = function(scale)
    local before, _, after = listeners(scale)

    return (after.resident - before.resident) / 1e6
  end,
}

add {
  name = "subscribe",
  what = "subscribe: the worst of 2,000,000 calls, CPU time",
  unit = "ms", before = 82, target = 2, clients = 1000,
  measure = function(scale)
    local connections, topics = scale(1000), 2000
    local here = stand.open("subscribe", { topics = topics })

    here:herd { connections = connections }

    local seen = here:ask "subscribe"

    if seen.calls ~= connections * topics then
      return nil, nil, ("%d calls"):format(seen.calls)
    end
    return seen.worst_ms, seen.mean_ms
  end,
}

return rows
