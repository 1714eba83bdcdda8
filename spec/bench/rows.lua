--- The rows of the bench: what is measured, and what it should come to.
--
-- A row has a `name`, perhaps a `target` and whether that is the `most` or the
-- `least` allowed, and either a `comparison`, see compare.lua, or a function
-- `figure`, see figures.lua.
--
-- @module spec.bench.rows

local figures = require "spec.bench.figures"
local instructions = require "spec.bench.instructions"
local reload = require "spec.bench.reload"

local rows = {}

local by_name = {}

local function add(row)
  rows[#rows + 1] = row
  by_name[row.name] = row
end

-- The client looks every so often instead of being woken: waking a process of
-- the same machine costs the server up to a third of a send, at random, and
-- real clients do not do that to it.
local nap_us = 200

-- Deliveries a second, where the pace is fixed.
local rate = 100000

local most = {
  ["fanout-1000-1"] = 1.06,
  ["fanout-10000-1"] = 1.10,
  ["fanout-1000-16"] = 1.12,
  ["paced-1000-1"] = 1.10,
}

local function fanout(name, connections, batch, server, shortest_ms)
  name = ("%s-%d-%d"):format(name, connections, batch)
  server.batch = batch
  add {
    name = name, target = most[name], bound = "most",
    comparison = {
      mode = "fanout", connections = connections, batch = batch,
      server = server, measure_ms = shortest_ms,
      load = { connections = connections, nap_us = nap_us },
    },
  }
end

-- A saturated turn of so many connections takes 60 ms and more.
local function saturated(connections, batch)
  fanout("fanout", connections, batch, {}, connections // 40)
end

-- An interval of some turns, few where they are long.
local function paced(connections, batch)
  local period_ms = 1000 * connections * batch // rate

  fanout("paced", connections, batch, { rate = rate }, 2 * period_ms)
end

for _, add_fanout in ipairs { saturated, paced } do
  for _, connections in ipairs { 100, 1000, 10000 } do
    for _, batch in ipairs { 1, 4, 16 } do add_fanout(connections, batch) end
  end
end

local function echo(name, target, script)
  add {
    name = name, target = target, bound = "most",
    comparison = {
      mode = "echo", script = script, connections = 100,
      load = { connections = 100, paused = 1 },
    },
  }
end

echo("echo", 1.12)
echo("echo-line", 1.2, "echo_line")
echo("echo-task", 1.4, "echo_task")
add {
  name = "accept", target = 1.15, bound = "most",
  comparison = { mode = "accept", load = { paused = 1 } },
}
add {
  name = "idle", target = 480, bound = "most", unit = " bytes",
  figure = figures.idle,
}
add {
  name = "tasks", target = 1600, bound = "most", unit = " bytes",
  figure = figures.tasks,
}
add {
  name = "flat", target = 100, bound = "most", unit = " KiB",
  figure = figures.flat,
}
add {
  name = "join", target = 10000, bound = "least", unit = " a second",
  figure = figures.join,
}
add {
  name = "fairness", target = 5, bound = "most", unit = " ms",
  figure = figures.fairness,
}
add { name = "latency", figure = figures.latency }
add {
  name = "reload", target = 100, bound = "most", unit = " ms",
  figure = reload.stall,
}
add {
  name = "guards", target = 10, bound = "most", unit = " instructions",
  figure = instructions.guards, possible = instructions.possible,
  needs = "valgrind",
}
add {
  name = "instructions", figure = instructions.count,
  possible = instructions.possible, needs = "valgrind",
}
add {
  name = "publish", target = 1.03, bound = "most",
  figure = instructions.publish,
  possible = instructions.possible, needs = "valgrind",
}

--- Find a row.
-- @tparam string name
-- @treturn table or nil
function rows.find(name) return by_name[name] end

return rows
