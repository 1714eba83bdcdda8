--- A script that does everything at random, for spec/net/stress_spec.lua.
--
--     fes stress.lua SEED SECONDS
--
-- For so many seconds it opens and closes servers, connects to them, sends,
-- broadcasts, publishes, subscribes, pauses, changes policies and reloads
-- itself, also from inside its handlers. Then it closes everything and prints
-- what is left: nothing should be.

local fes = require "fes"

local state = fes.state()
  or { seed = tonumber(arg[1]), ends = fes.now() + tonumber(arg[2]), loads = 0 }
local policies = { "close", "drop", "latest" }
local servers, outgoing, topics = {}, {}, {}
local ending, depth = false, 0

state.loads = state.loads + 1
math.randomseed(state.seed, state.loads)

local random = math.random

local function chance(percent) return random(100) <= percent end
local function pick(list) return #list > 0 and list[random(#list)] or nil end

local function take(list)
  local at = random(math.max(1, #list))

  return table.remove(list, #list > 0 and at or nil)
end

for i = 1, 8 do
  topics[i] = fes.topic("t" .. i, { retain = i % 2 == 0 })
end

-- Any connection of any server, or an outgoing one.
local function any_conn()
  if chance(50) then return pick(outgoing) end

  local server = pick(servers)
  local skip = random(0, 5)

  for conn in (server or { connections = function() return next, {} end })
    :connections() do
    skip = skip - 1
    if skip < 0 then return conn end
  end
end

-- Data that every framing in use can carry, as long as `line` ones can.
local function data() return ("x"):rep(random(0, 400)) end

-- ---------------------------------------------------------------- what it does

local act

-- Half of the events do something too, but not for ever.
local function react()
  if depth > 0 or not chance(50) then return end
  depth = depth + 1
  act()
  depth = depth - 1
end

local function handlers(options)
  options.on_connect = function(conn)
    if chance(30) then conn:pause() end
    if chance(50) then conn:subscribe(pick(topics)) end
    react()
  end
  options.on_receive = react
  options.on_drain = react
  options.on_lag = function(_, missed)
    assert(missed > 0)
    react()
  end
  options.on_close = function(conn)
    for i, each in ipairs(outgoing) do
      if each == conn then table.remove(outgoing, i) break end
    end
    react()
  end
  return options
end

local function limits()
  return {
    maxsends = random(1, 6), sndbuf = 4096, rcvbuf = 4096,
    overflow = pick(policies), maxage = chance(30) and 0.05 or nil,
    coalesce = chance(20) and 0.01 or nil,
    maxqueue = chance(20) and 1024 or nil,
    idle_timeout = chance(20) and 0.3 or nil,
    message_timeout = 0.2,
  }
end

local function listen(port)
  local options = handlers(limits())

  options.port, options.size = port or 0, 512
  options.bockets = 64
  options.framing = chance(30) and "line" or "raw"
  options.header = chance(30) and "welcome" or nil
  servers[#servers + 1] = fes.listen(options)
end

local function connect()
  local server = pick(servers)

  if not server or #outgoing >= 60 then return end

  local options = handlers(limits())

  options.port, options.setup_timeout = server.port, 0.5
  outgoing[#outgoing + 1] = fes.connect(options)
end

local function task()
  fes.spawn(function()
    local server = pick(servers)
    local conn = server and fes.connect {
      port = server.port, setup_timeout = 0.2, sndbuf = 4096,
    }

    while conn and conn:receive(random(1, 300), { timeout = 0.05 }) do
      conn:send(data())
      fes.sleep(random() / 100)
    end
    if conn then conn:close(chance(50) and 0 or 0.05) end
  end)
end

local function broadcast()
  local server = pick(servers)

  if server then server:broadcast(data(), chance(20) and any_conn() or nil) end
end

local function publish()
  pick(topics):publish(data(), chance(50) and random(20) or nil,
    chance(20) and any_conn() or nil)
end

local function with_conn(fn)
  return function()
    local conn = any_conn()

    if conn then fn(conn) end
  end
end

local function set_overflow()
  local policy = chance(70) and pick(policies) or nil
  local which = random(3)

  if which == 1 then pick(topics):set_overflow(policy) return end

  local object = which == 2 and pick(servers) or any_conn()

  if object then object:set_overflow(policy) end
end

local function close_server()
  if #servers > 2 then take(servers):close(chance(50) and 0 or 0.05) end
end

-- How often in a thousand, and what.
local acts = {
  { 20, function() if #servers < 5 then listen() end end },
  { 6, close_server },
  { 120, connect },
  { 10, task },
  { 120, broadcast },
  { 160, publish },
  { 140, with_conn(function(conn) conn:send(data()) end) },
  { 90, with_conn(function(conn) conn:subscribe(pick(topics)) end) },
  { 60, with_conn(function(conn) conn:unsubscribe(pick(topics)) end) },
  { 40, with_conn(function(conn) conn:pause() end) },
  { 60, with_conn(function(conn) conn:resume() end) },
  { 50, with_conn(function(conn) conn:close(chance(50) and 0 or 0.05) end) },
  { 20, with_conn(function(conn) conn:flush() end) },
  { 10, with_conn(function(conn)
    for topic in conn:topics() do
      if chance(50) then conn:unsubscribe(topic) end
    end
  end) },
  { 40, set_overflow },
  { 10, function() pick(topics):clear(chance(50) and random(20) or nil) end },
  { 10, function() collectgarbage() end },
  { 2, fes.reload },
}

function act()
  local left = random(1000)

  for _, each in ipairs(acts) do
    left = left - each[1]
    if left <= 0 then
      if not ending then each[2]() end
      return
    end
  end
end

-- ---------------------------------------------------------------- to the end

local function left_behind()
  local stats, used = fes.stats(), 0

  for _, server in ipairs(servers) do
    local its = server:stats()

    used = used + its.bockets - its.bockets_free
  end
  return ("%d connections, %d bytes queued, %d bockets"):format(
    stats.connections, stats.queued, used)
end

local function finish()
  ending = true
  for _, conn in ipairs(table.move(outgoing, 1, #outgoing, 1, {})) do
    conn:close(0)
  end
  for _, server in ipairs(servers) do
    for conn in server:connections() do conn:close(0) end
  end
  for _, topic in ipairs(topics) do topic:clear() end
  if left_behind() ~= "0 connections, 0 bytes queued, 0 bockets"
    and fes.now() < state.ends + 5 then
    return
  end
  print("left: " .. left_behind())
  print("loads: " .. state.loads)
  fes.stop()
end

fes.on_reload(function() return state end)
for _ = 1, random(2, 4) do listen() end
fes.every(0.001, function()
  if fes.now() >= state.ends then return finish() end
  for _ = 1, random(20) do act() end
end)
