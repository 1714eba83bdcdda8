--- Rows about what waits for slow clients, and for fast ones.
--
-- @module spec.bench.stalls.rows_queues

local counting = require "spec.bench.stalls.counting"
local stand = require "spec.bench.stalls.stand"

local rows = {}

local function add(row) rows[#rows + 1] = row end

-- What a herd has had is not what it should have.
local function lacking(seen, bytes)
  if seen.bad > 0 or seen.gone > 0 or seen.least ~= bytes
    or seen.most ~= bytes then
    return ("clients had %d to %d of %d bytes; %d bad, %d gone"):format(
      seen.least, seen.most, bytes, seen.bad, seen.gone)
  end
end

-- ------------------------------------------------------------ a burst to all

local function burst(settings)
  local bytes = settings.messages * 128
  local here = stand.open("burst", {
    messages = settings.messages, topic = settings.topic,
  })
  local herd = here:herd { connections = settings.clients, bytes = bytes }
  local sent

  here:probe()

  local idle, seen = here:silence(function()
    sent = here:ask("burst", "burst")
    if sent.accepted == settings.messages then stand.arrived(herd) end
  end)
  local why = lacking(stand.ended(herd), bytes)

  if sent.accepted < settings.messages then
    why = ("%d of %d messages accepted"):format(sent.accepted,
      settings.messages)
  end
  return { most = seen.most, call_us = sent.call_us }, idle, why
end

add {
  name = "burst",
  what = "10,000 messages broadcast in one call to 5,000: silence",
  unit = "ms", before = "killed", target = 30, clients = 5000,
  measure = function(scale)
    local seen, idle, why = burst {
      clients = scale(5000), messages = scale(10000), topic = 0,
    }

    return seen.most, idle.most, why
  end,
}

add {
  name = "publish-call",
  what = "publish to a topic of 10,000 subscribers: the call",
  unit = "us", before = 0.5, target = 1, clients = 10000,
  measure = function(scale)
    local seen, _, why = burst {
      clients = scale(10000), messages = 100, topic = 1,
    }

    return seen.call_us, nil, why
  end,
}

add {
  name = "publish-burst",
  what = "1,000 publishes in one call to 10,000 subscribers: silence",
  unit = "ms", before = "-", target = 20, clients = 10000,
  measure = function(scale)
    local seen, idle, why = burst {
      clients = scale(10000), messages = scale(1000), topic = 1,
    }

    return seen.most, idle.most, why
  end,
}

-- --------------------------------------------------------- very many wake up

local function waking(overflow, clients)
  local here = stand.open("stalled", { expect = clients, overflow = overflow })
  local herd = here:herd { connections = clients, stalled = 1, rcvbuf = 1 }
  local told, stalled

  here:probe()
  stalled = here:ask("stall", "stalled")

  local idle, seen = here:silence(function()
    stand.go(herd)
    told = here:expect "done"
  end)
  local ended = stand.ended(herd)

  if told.lags ~= clients or ended.bad > 0 or ended.gone > 0 then
    return nil, nil, ("%d told, %d bad, %d gone"):format(told.lags, ended.bad,
      ended.gone)
  end
  if stalled.queued < 30000 * clients then
    return nil, nil, ("only %d bytes queued"):format(stalled.queued)
  end
  return seen.most, idle.most
end

for _, case in ipairs { { "drop", 349 }, { "latest", 222 } } do
  local overflow, before = table.unpack(case)

  add {
    name = "wake-" .. overflow,
    what = ("10,000 stalled clients wake up together (%s): silence")
      :format(overflow),
    unit = "ms", before = before, target = 20, clients = 10000,
    measure = function(scale) return waking(overflow, scale(10000)) end,
  }
end

-- --------------------------------------------- one connection, 16 MB waiting

add {
  name = "long-queue",
  what = "one connection with 16 MB waiting: user instructions",
  unit = "M", before = 136, target = 3, impossible = counting.impossible,
  measure = function(scale)
    local bockets = scale(4096)

    local function run(queued)
      local here = stand.open("queue", { bockets = bockets }, counting.under)
      local herd = here:herd {
        connections = 1, stalled = 1, bytes = queued * 4096,
      }

      if queued > 0 then
        here:ask("queue", "queued")
        stand.go(herd)
        stand.arrived(herd)
      end

      local why = lacking(stand.ended(herd), queued * 4096)

      return counting.collected(here), why
    end
    local empty = run(0)
    local full, why = run(bockets)

    return (full - empty) / 1e6, nil, why
  end,
}

return rows
