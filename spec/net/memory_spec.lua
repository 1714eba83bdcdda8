-- Once it has started, fes moves data without calls of malloc(). A preloaded
-- library counts the calls, see spec/support/count_mallocs.c.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await = asked.ask, asked.await

local CLIENTS = 40

local script = [[
local message = ("m"):rep(1000)

server = fes.listen {
  port = 0, sndbuf = 8192, maxsends = 4, overflow = "drop", maxperip = 100,
  header = "hello",
  on_connect = function(conn) conn:send "who is there?" end,
  on_receive = function(conn, data) conn:send(data) end,
  on_drain = function() end,
  on_lag = function(conn, missed) lags = lags + 1 end,
  on_close = function() end,
}
lags = 0

function speak(times)
  for _ = 1, times do server:broadcast(message) end
end

-- So libev has had to change what it watches for all of them in one turn, which
-- its array of changes grows for.
function touch()
  for conn in server:connections() do conn:pause() conn:resume() end
end

topic = require("fes").topic("t", { retain = true })

function join()
  topic:set_overflow "latest"
  for conn in server:connections() do assert(conn:subscribe(topic)) end
end

function publish(times)
  for i = 1, times do assert(topic:publish(message, i % 50)) end
end
]]

local function start(path)
  return asked.start(script, {
    env = {
      LD_PRELOAD = os.getenv "FES_BUILD" .. "/spec/count_mallocs.so",
      FES_MALLOCS = path,
    },
  })
end

-- The number of calls of malloc() so far, and where the last one came from.
local function calls(path)
  local file = assert(io.open(path, "rb"))
  local number, who = file:read "a":match "^(%d+) ([^\n]*)"

  file:close()
  return math.tointeger(number) or 0, who
end

-- Run `fn` while the program is stopped, so that it sees all of it at once.
local function while_stopped(program, fn)
  program:signal "sigstop"
  fn()
  program:signal "sigcont"
end

-- Clients connect, send, and are sent more than they can take. Then they read,
-- and half of them end their stream while the others close.
local function work(program)
  local clients, lags = nil, ask(program, "lags")

  while_stopped(program, function()
    clients = assert(program:connect_all(CLIENTS, { rcvbuf = 4096 }))
    for _, client in ipairs(clients) do client:queue "I am" end
    for _, client in ipairs(clients) do assert(client:send ".") end
  end)
  await(program, ("server:count() == %d"):format(CLIENTS))
  ask(program, "touch()")
  ask(program, "speak(300)")
  for _, client in ipairs(clients) do assert(client:read(20000)) end
  await(program, ("lags - %d == %d"):format(lags, CLIENTS))
  while_stopped(program, function()
    for i, client in ipairs(clients) do
      if i % 2 == 0 then client:half_close() else client:close() end
    end
  end)
  for i, client in ipairs(clients) do
    if i % 2 == 0 then
      assert(client:read_all())
      client:close()
    end
  end
  await(program, "server:stats().connections == 0")
  await(program, "server:stats().bockets_free == server:stats().bockets")
end

describe("fes, after some use,", function()
  local program, path

  before_each(function() path = testing.directory() .. "/mallocs" end)
  after_each(testing.finish)

  local function counted()
    return not (os.getenv "LD_PRELOAD" or ""):find "asan"
  end

  it("does not call malloc() for connections and broadcasts", function()
    if not counted() then return pending "ASan replaces malloc()" end
    program = start(path)
    for _ = 1, 2 do work(program) end

    local before = calls(path)

    for _ = 1, 5 do work(program) end

    local after, who = calls(path)

    assert.equal(before, after, who)
    program:stop()
  end)

  it("does not call malloc() to publish", function()
    if not counted() then return pending "ASan replaces malloc()" end
    program = start(path)

    local clients = assert(program:connect_all(CLIENTS, { rcvbuf = 4096 }))

    await(program, ("server:count() == %d"):format(CLIENTS))
    ask(program, "join()")
    -- New keys appear, clients that do not read stall, some of them read again.
    local function publish_some()
      ask(program, "publish(1000)")
      for i = 1, CLIENTS // 2 do assert(clients[i]:read(20000)) end
      await(program, "server:stats().missed > 0")
    end

    for _ = 1, 2 do publish_some() end

    local before = calls(path)

    for _ = 1, 5 do publish_some() end

    local after, who = calls(path)

    assert.equal(before, after, who)
    program:stop()
  end)

  it("is seen to call malloc() for a new server", function()
    if not counted() then return pending "ASan replaces malloc()" end
    program = start(path)

    local before = calls(path)

    ask(program, "require('fes').listen { port = 0 }")

    local after, who = calls(path)

    assert.is_true(before > 0 and after > before)
    assert.truthy(who:find "^/.+%+0x%x+$", who)
    program:stop()
  end)
end)
