--- Rows about what very many clients do at the same time.
--
-- @module spec.bench.stalls.rows_clients

local stand = require "spec.bench.stalls.stand"

local rows = {}

local function add(row) rows[#rows + 1] = row end

-- --------------------------------------------------- lines, one behind another

-- Only while all of them have lines to send: short silences are many, and
-- would hide those. `seconds` is less than the lines can take.
local function pipelining(settings)
  local here = stand.open("lines", {
    handler_us = settings.handler_us,
    expect = settings.clients * settings.lines,
  })
  local herd = here:herd {
    connections = settings.clients,
    lines = settings.lines, length = settings.length,
  }

  here:probe()

  local idle = here:watched(function() stand.pause(1) end)

  stand.go(herd)
  stand.pause(settings.seconds / 10)

  local seen = here:watched(function() stand.pause(settings.seconds) end)
  local early = here.server:stdout():find "done"

  here:expect "done"
  return idle, seen, early and "the lines did not last" or nil
end

add {
  name = "pipeline",
  what = "100 clients pipelining 20-byte lines, 20 us handler: silence p50",
  unit = "ms", before = 5800, target = 12, clients = 100,
  measure = function(scale)
    local idle, seen, why = pipelining {
      clients = 100, lines = scale(7500), length = 20, handler_us = 20,
      seconds = scale(1200) / 100,
    }

    return seen.p50, idle.p50, why
  end,
}

add {
  name = "empty-lines", what = "20 clients sending empty lines: silence p99",
  unit = "ms", before = 263, target = 10, clients = 20,
  measure = function(scale)
    local idle, seen, why = pipelining {
      clients = 20, lines = scale(2000000), length = 1, handler_us = 0,
      seconds = scale(500) / 100,
    }

    return seen.p99, idle.p99, why
  end,
}

-- --------------------------------------------------------- a line of each

-- Both figures are milliseconds. The probe reads the times that the second
-- server sends at each tick of the timer.
local function at_once(clients)
  local here = stand.open("lines", { expect = clients, answer = 1 })
  local herd = here:herd { connections = clients, lines = 1 }
  local timer

  here:probe({ listen = 1 }, 2)
  here:ask("late", "late")

  local idle_flush = here:watched(function() stand.pause(1) end)
  local idle_timer = here:ask("late", "late").late_ms
  local flush = here:watched(function()
    stand.go(herd)
    timer = here:expect("done").late_ms
    stand.pause(0.2)
  end)

  timer = math.max(timer, here:ask("late", "late").late_ms)
  return { timer = timer, flush = flush.most },
    { timer = idle_timer, flush = idle_flush.most }
end

for _, case in ipairs { { 5000, 25, 12 }, { 19000, 151, 35 } } do
  for _, what in ipairs { "timer", "flush" } do
    add {
      name = ("lines-%s-%d"):format(what, case[1]),
      what = ("%d clients send a line at once: lateness of %s"):format(case[1],
        what == "timer" and "a 10 ms timer" or "the flush of another server"),
      unit = "ms", before = case[2], target = case[3], clients = case[1],
      measure = function(scale)
        local seen, idle = at_once(scale(case[1]))

        return seen[what], idle[what]
      end,
    }
  end
end

-- ------------------------------------------------------------- all of them end

local ends = {
  { word = "close", reason = "eof", herd = { leave = 1 } },
  { word = "reset", reason = "reset", herd = { leave = 2 } },
  { word = "idle-close", reason = "idle", herd = {}, idle = 3 },
}

local function ending(case, clients)
  local here = stand.open("ends", { expect = clients, idle = case.idle })
  local herd, closed

  case.herd.connections = clients
  herd = here:herd(case.herd)
  here:probe()

  local idle, seen = here:silence(function()
    if case.idle then here:order "hush" else stand.go(herd) end
    closed = here:expect "done"
  end)

  if closed[case.reason] ~= clients then
    return nil, nil, ("%d of %d ended as %q"):format(closed[case.reason],
      clients, case.reason)
  end
  return seen.most, idle.most
end

for _, case in ipairs(ends) do
  add {
    name = case.word .. "-19000",
    what = ("%s of 19,000: silence"):format(case.word),
    unit = "ms", before = 70, target = 35, clients = 19000,
    measure = function(scale) return ending(case, scale(19000)) end,
  }
end

-- ------------------------------------------------------------------- a reload

add {
  name = "reload-19000",
  what = "reload with 19,000 connections with three fields each: silence",
  unit = "ms", before = 40, target = 40, clients = 19000,
  measure = function(scale)
    local here = stand.open "fields"
    local clients = scale(19000)
    local kept

    here:herd { connections = clients }
    here:probe()

    local idle, seen = here:silence(function()
      here.server:signal "sighup"
      kept = here:expect "kept"
    end)

    if kept.connections ~= clients or kept.fields ~= 3 * clients then
      return nil, nil, ("%d connections and %d fields kept")
        :format(kept.connections, kept.fields)
    end
    return seen.most, idle.most
  end,
}

return rows
