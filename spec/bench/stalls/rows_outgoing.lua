--- Rows about very many connections that fes makes itself.
--
-- Their other ends are of a second fes, on the clients' core.
--
-- @module spec.bench.stalls.rows_outgoing

local stand = require "spec.bench.stalls.stand"

local rows = {}

local function add(row)
  row.clients = 9000
  rows[#rows + 1] = row
end

local function open(connections, topic)
  local sink = stand.open("sink", { expect = connections }, {}, true)
  local here = stand.open("outgoing", {
    connections = connections, topic = topic,
    ports = table.concat(sink.ports, ",", 1, #sink.ports - 2),
  })

  here:expect "up"
  return here, sink
end

add {
  name = "outgoing-turn", what = "9,000 outgoing connections: an idle turn",
  unit = "us", before = 263, target = 10,
  measure = function(scale)
    return open(scale(9000)):ask "turns".turn_us
  end,
}

add {
  name = "outgoing-publish",
  what = "publish to 9,000 outgoing connections: silence",
  unit = "ms", before = 187, target = 10,
  measure = function(scale)
    local here, sink = open(scale(9000), 1)

    here:probe()

    local idle, seen = here:silence(function()
      here:ask("publish", "published")
      sink:expect "come"
    end)

    return seen.most, idle.most
  end,
}

add {
  name = "outgoing-reload",
  what = "reload with 9,000 outgoing connections: silence",
  unit = "ms", before = 403, target = 40,
  measure = function(scale)
    local here = open(scale(9000))

    here:probe()

    local idle, seen = here:silence(function()
      here.server:signal "sighup"
      here:expect "up"
    end)

    return seen.most, idle.most
  end,
}

return rows
