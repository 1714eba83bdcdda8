--- Rows about topics: what they retain, who is subscribed, who is behind.
--
-- @module spec.bench.stalls.rows_topics

local counting = require "spec.bench.stalls.counting"
local stand = require "spec.bench.stalls.stand"

local rows = {}

local function add(row) rows[#rows + 1] = row end

-- -------------------------------------------------------- retained snapshots

local short = 16 -- bytes of a message

local function filled(keys, herd)
  local here = stand.open("snapshot", { keys = keys })

  herd.connections, herd.period, herd.bytes = 1, short, keys * short
  here:ask("fill", "filled")
  return here, here:herd(herd)
end

local function lacking(herd, bytes)
  local seen = stand.ended(herd)

  if seen.bad > 0 or seen.least ~= bytes then
    return ("it had %d of %d bytes, %d bad"):format(seen.least, bytes, seen.bad)
  end
end

add {
  name = "snapshot-fast",
  what = "snapshot of 100,000 keys to a fast subscriber: silence",
  unit = "ms", before = 75, target = 10,
  measure = function(scale)
    local keys = scale(100000)
    local here, herd = filled(keys, { nap_us = 0 })

    here:probe()

    local idle, seen = here:silence(function()
      here:order "subscribe"
      stand.arrived(herd)
    end)

    return seen.most, idle.most, lacking(herd, keys * short)
  end,
}

add {
  name = "snapshot-slow",
  what = "snapshot of 1,000,000 keys to a slow subscriber: CPU time a key",
  unit = "us", before = 12.7, target = 0.7,
  measure = function(scale)
    local keys = scale(1000000)
    local here, herd = filled(keys, { sip = 4096, nap_us = 500, rcvbuf = 4096 })
    local before = here:ask("cpu", "cpu").seconds

    here:order "subscribe"
    stand.go(herd)
    stand.arrived(herd)

    local seconds = here:ask("cpu", "cpu").seconds - before

    return seconds / keys * 1e6, nil, lacking(herd, keys * short)
  end,
}

-- --------------------------------------------------- one client, many topics

local function behind_on(topics, retained)
  local here = stand.open("behind", { topics = topics, retained = retained })
  local herd = here:herd { connections = 1, stalled = 1, rcvbuf = 1 }

  here:ask("stall", "stalled")
  return here, herd
end

add {
  name = "stall-end",
  what = "the end of a stall of one connection on 30,000 topics: CPU time",
  unit = "ms", before = 4500, target = 60,
  measure = function(scale)
    local topics = scale(30000)
    local here, herd = behind_on(topics)
    local before = here:ask("cpu", "cpu").seconds

    stand.go(herd)

    local told = here:expect "done"
    local seconds = here:ask("cpu", "cpu").seconds - before

    if told.lags ~= topics then
      return nil, nil, ("told of %d topics"):format(told.lags)
    end
    return seconds * 1e3
  end,
}

add {
  name = "full-store",
  what = "publish with a full store, 50,000 pinned topics: the call",
  unit = "us", before = 1460, target = 2,
  measure = function(scale)
    local topics = scale(50000)
    local here = behind_on(topics, topics * 512)

    here:ask("fill", "filled")

    local seen = here:ask("publish", "published")

    if seen.refused == 0 then return nil, nil, "the store is not full" end
    return seen.call_us
  end,
}

-- -------------------------------------------------------------- instructions

-- Of a delivered message: the difference of two runs.
local function slope(settings, clients, each)
  local function run(ticks)
    settings.ticks = ticks

    local here = stand.open("ticks", settings, counting.under)
    local bytes = ticks * each * 128
    local herd = here:herd { connections = clients, bytes = bytes }
    local why

    here:order "tick"
    stand.arrived(herd)
    why = lacking(herd, bytes)
    return counting.collected(here), why
  end

  local few = run(1)
  local many, why = run(4)

  return (many - few) / (3 * clients * each), nil, why
end

local function instructions(row)
  row.unit, row.impossible = "", counting.impossible
  add(row)
end

instructions {
  name = "many-topics",
  what = "400 topics, 9 for each of 1,000: user instructions a message",
  before = 763, target = 120, clients = 1000,
  measure = function(scale)
    return slope({ topics = 400, each = 9 }, scale(1000), 9)
  end,
}

instructions {
  name = "own-topics",
  what = "a topic for each of 10,000: user instructions a message",
  before = 7300, target = 2400, clients = 10000,
  measure = function(scale)
    local clients = scale(10000)

    return slope({ topics = clients, each = 1 }, clients, 1)
  end,
}

return rows
