-- Time in which fes itself was busy or stopped is no silence of its clients:
-- what came meanwhile is looked at before a deadline is judged.

local absence = require "spec.support.absence"
local asked = require "spec.support.asked"
local connecting = require "spec.support.connecting"
local receiving = require "spec.support.receiving"
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local function start(options)
  return asked.start(absence.busy .. ([[
    seen = {}
    server = fes.listen { port = 0, %s
      on_receive = function(conn, data)
        conn.heard = true
        seen[#seen + 1] = "hears " .. data
      end,
      on_close = function(conn, reason)
        seen[#seen + 1] = (conn.heard and "" or "unheard ") .. reason
      end }]]):format(options))
end

local function connect(program, count)
  local clients = {}

  for i = 1, count do clients[i] = assert(program:connect()) end
  await(program, "server:count() == " .. count)
  return clients
end

local function saying(clients, what)
  return function()
    for _, client in ipairs(clients) do assert(client:send(what)) end
  end
end

-- All clients have been heard once, and were idle only after that.
local function all_heard(program, count)
  await(program, "server:count() == 0 and #seen == " .. 2 * count)
  assert.equal(0, ask(program, [[(function() local n = 0
    for _, what in ipairs(seen) do
      if what:find "unheard" then n = n + 1 end
    end return n end)()]]))
end

local ways = { busy = absence.pass, stopped = absence.stop }

for name, absent in pairs(ways) do
  describe("while fes is " .. name, function()
    after_each(testing.finish)

    it("a client that talks is not idle", function()
      local program = start "idle_timeout = 0.6,"
      local clients = connect(program, 1)

      absent(program, saying(clients, "x"))
      await(program, "#seen == 2")
      assert.equal("hears x, idle", ask(program, "table.concat(seen, ', ')"))
      settle(program, clients)
    end)

    it("clients that one poll does not report are not idle", function()
      local program = start "idle_timeout = 0.6,"
      local clients = connect(program, 100)

      absent(program, saying(clients, "x"))
      all_heard(program, 100)
      settle(program, clients)
    end)

    it("a message that is completed is not incomplete", function()
      local program = start "framing = 'line', message_timeout = 0.6,"
      local clients = connect(program, 1)

      assert(clients[1]:send "pa")
      await(program, "server:stats().bytes_in == 2")
      absent(program, saying(clients, "rt\n"))
      await(program, "#seen > 0")
      assert.equal("hears part", ask(program, "seen[1]"))
      settle(program, clients)
    end)

    it("a message that takes many reads is not incomplete", function()
      local program = start [[framing = "line", message_timeout = 0.6,
        size = 64, maxmessage = 20000, maxreceives = 400, rcvbuf = 65536,]]
      local clients = connect(program, 1)

      assert(clients[1]:send "x")
      await(program, "server:stats().bytes_in == 1")
      absent(program, saying(clients, ("x"):rep(15000) .. "\n"))
      await(program, "#seen > 0")
      assert.equal(15007, ask(program, "#seen[1]"))
      settle(program, clients)
    end)
  end)
end

describe("while fes does not read a connection", function()
  after_each(testing.finish)

  it("its message_timeout stands still", function()
    local program = start [[framing = "line", message_timeout = 1,
      on_connect = function(new)
        _G.fes = fes
        function pause_for(seconds)
          new:pause()
          fes.after(seconds, function() resumed = new:resume() end)
        end
      end,]]
    local client = assert(program:connect())

    assert(client:send "pa")
    await(program, "server:stats().bytes_in == 2")
    ask(program, "pause_for(0.8)")
    await(program, "resumed")
    ask(program, "(function() fes.after(0.5, "
      .. "function() passed = true end) end)()")
    await(program, "passed")
    assert(client:send "rt\n")
    await(program, "#seen > 0")
    assert.equal("hears part", ask(program, "seen[1]"))
    settle(program, { client })
  end)

  it("its message_timeout goes on afterwards", function()
    local program = start [[framing = "line", message_timeout = 0.2,
      on_connect = function(new) conn = new end,]]
    local client = assert(program:connect())

    assert(client:send "pa")
    await(program, "server:stats().bytes_in == 2")
    ask(program, "conn:pause()")
    ask(program, "conn:resume()")
    await(program, "#seen > 0")
    assert.equal("unheard idle", ask(program, "seen[1]"))
    settle(program, { client })
  end)
end)

describe("while fes is busy", function()
  after_each(testing.finish)

  it("a linger lasts", function()
    local program = start "sndbuf = 4096, maxsends = 100,"
    local client = assert(program:connect { rcvbuf = 4096 })

    await(program, "server:count() == 1")
    absence.pass(program, function() end, [[
      for conn in server:connections() do
        assert(conn:send(("x"):rep(300000)))
        conn:close(0.6)
      end
      busy(%q)]])
    local data, how = client:read_all()

    assert.same({ 300000, "eof" }, { #data, how })
    settle(program, { client })
  end)

  it("a connection that is established is not late", function()
    local program = connecting.start("", absence.busy)

    absence.pass(program, function() end,
      "connect { setup_timeout = 0.6 } busy(%q)")
    connecting.said(program, "made, connected")
    ask(program, "conn:close()")
    settle(program, {})
  end)

  it("a client that is talked to is not idle", function()
    local program = reloading.start([[
      fes.every(0.1, function() server:broadcast "old\n" end)
      server = fes.listen { port = 0, idle_timeout = 0.5 }]])
    local client = assert(program:connect())

    assert.equal("old", client:line())
    reloading.reload(program, [[
      local finish = fes.now() + 0.8
      repeat until fes.now() > finish
      fes.every(0.1, function() server:broadcast "new\n" end)
      server = fes.listen { port = 0, idle_timeout = 0.5 }]])
    testing.wait_until(function() return assert(client:line()) == "new" end)
    program:stop()
  end)
end)

describe("conn:receive with a timeout", function()
  after_each(testing.finish)

  local function begin(options, body)
    local program = receiving.program(options, body)

    ask(program, "(function() " .. absence.busy:gsub("\n", " ") .. " end)()")
    return program, assert(program:connect())
  end

  for name, absent in pairs(ways) do
    it("gets what comes while fes is " .. name, function()
      local program, client = begin("", "take(4, { timeout = 0.6 })")

      await(program, "conn ~= nil")
      absent(program, saying({ client }, "ping"))
      receiving.said(program, '"ping"')
      settle(program, { client })
    end)

    it("gets what takes many reads after fes was " .. name, function()
      local program, client = begin("size = 64, maxmessage = 20000, "
        .. "maxreceives = 400, rcvbuf = 65536,",
        "take(15000, { timeout = 0.6 })")

      await(program, "conn ~= nil")
      absent(program, saying({ client }, ("x"):rep(15000)))
      await(program, "#got == 1")
      assert.equal(15002, ask(program, "#got[1]"))
      settle(program, { client })
    end)

    it("times out after fes was " .. name .. " if nothing comes", function()
      local program, client = begin("", "take(4, { timeout = 0.6 })")

      await(program, "conn ~= nil")
      absent(program, function() end)
      receiving.said(program, "nil timeout")
      settle(program, { client })
    end)
  end

  it("gets the answer to what left only after fes was busy", function()
    local program, client = begin("",
      "again = function() conn:send 'ping' take(4, { timeout = 0.6 }) end "
      .. "fes.sleep(1000)")

    await(program, "again ~= nil")
    absence.pass(program, function() end,
      "fes.spawn(again) fes.spawn(busy, %q)")
    assert.equal("ping", client:read(4))
    assert(client:send "pong")
    receiving.said(program, '"pong"')
    receiving.settle_asleep(program, { client })
  end)

  it("does not wait for all that a client goes on sending", function()
    local program, client = begin("size = 64, maxreceives = 4096, "
      .. "maxmessage = 200000, rcvbuf = 4096,",
      "conn:receive(1) take(199999, { timeout = 0 })")

    await(program, "conn ~= nil")
    client:queue(("x"):rep(200000))
    receiving.said(program, "nil timeout")
    settle(program, { client })
  end)
end)
