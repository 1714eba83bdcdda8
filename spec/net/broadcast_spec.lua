-- server:broadcast: which connections a message reaches, and in which order.

local asked = require "spec.support.asked"
local broadcasting = require "spec.support.broadcasting"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local connect, plain = broadcasting.connect, broadcasting.plain

describe("server:broadcast", function()
  after_each(testing.finish)

  it("keeps the order of sends and broadcasts", function()
    local program = asked.start(plain .. [[
function speak()
  for i = 1, 50 do
    for conn in server:connections() do conn:send("s" .. i .. ",") end
    server:broadcast("b" .. i .. ",")
    server:broadcast("c" .. i .. ",")
  end
end]])
    local clients = connect(program, 10)
    local expected = {}

    for i = 1, 50 do expected[i] = ("s%d,b%d,c%d,"):format(i, i, i) end
    expected = table.concat(expected)
    ask(program, "speak()")
    for _, client in ipairs(clients) do
      assert.equal(expected, client:read(#expected))
    end
    assert.equal(1500, ask(program, "server:stats().messages_out"))
    settle(program, clients)
  end)

  it("returns the number of receivers, and can exclude one", function()
    local program = asked.start(plain .. [[
other = fes.listen { port = 0, on_connect = function(c) foreign = c end }
]])
    local clients = connect(program, 2)
    local first, second = clients[1], clients[2]
    local third = connect(program, 1)[1]
    local stranger = assert(program:connect { port = program.ports[2] })

    await(program, "foreign ~= nil")
    assert.equal(3, ask(program, "server:broadcast 'all.'"))
    assert.equal(2, ask(program, "server:broadcast('but.', last)"))
    assert.equal(3, ask(program, "server:broadcast('for.', foreign)"))
    third:close()
    await(program, "server:count() == 2")
    assert.equal(2, ask(program, "server:broadcast('old.', last)"))

    assert.equal("all.but.for.old.", first:read(16))
    assert.equal("all.but.for.old.", second:read(16))
    stranger:close()
    settle(program, clients)
  end)

  it("excludes a connection from that message only", function()
    local program = asked.start(plain .. [[
function speak()
  last:send "a."
  server:broadcast("b.", last)
  last:send "c."
  server:broadcast "d."
end]])
    local client = connect(program, 1)[1]

    ask(program, "speak()")
    assert.equal("a.c.d.", client:read(6))
    settle(program, { client })
  end)

  it("reaches the connections that are open at the call", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_connect = function(conn) print("for", server:broadcast(conn.id .. ".")) end
}]]
    local clients = {}
    for i = 1, 5 do
      clients[i] = assert(program:connect())
      assert.equal(tostring(i), program:expect "for\t(%d+)\n")
    end
    for i, client in ipairs(clients) do
      local heard = client:read((6 - i) * 2)
      assert.equal(6 - i, select(2, heard:gsub("%d%.", "")))
    end
    assert.equal(15, ask(program, "server:stats().messages_out"))
    settle(program, clients)
  end)

  it("returns 0 when there are no connections", function()
    local program = asked.start(plain)

    assert.equal(0, ask(program, "server:broadcast 'x'"))
    assert.equal(0, ask(program, "server:broadcast ''"))
    settle(program, {})
  end)

  it("counts an empty message, and sends no bytes", function()
    local program = asked.start(plain)
    local client = connect(program, 1)[1]

    assert.equal(1, ask(program, "server:broadcast ''"))
    assert.equal(1, ask(program, "server:broadcast '!'"))
    assert.equal("!", client:read(1))
    assert.equal(2, ask(program, "server:stats().messages_out"))
    settle(program, { client })
  end)

  it("raises for a message that no queue can hold", function()
    local program = asked.start [[
server = fes.listen { port = 0, size = 64, maxsends = 2 }]]
    local client = connect(program, 1)[1]

    assert.equal(1, ask(program, "server:broadcast(('x'):rep(128))"))
    assert.error_matches(function()
      ask(program, "server:broadcast(('y'):rep(129))")
    end, "128")
    assert.equal(1, ask(program, "server:broadcast '.'"))
    assert.equal(("x"):rep(128) .. ".", client:read(129))
    settle(program, { client })
  end)

  it("returns \"full\", closing nothing, if the slab cannot hold it", function()
    local program = asked.start [[
server = fes.listen { port = 0, sndbuf = 4096, size = 1024, bockets = 8,
  maxsends = 16, on_connect = function(conn) last = conn end }
function fill()
  repeat until not last:send(("s"):rep(1024))
  return server:stats().bockets_free
end
function codes(ok, why) return tostring(ok) .. " " .. tostring(why) end
]]
    local slow = connect(program, 1, { rcvbuf = 4096 })[1]

    await(program, "fill() == 1")
    local reader = connect(program, 1)[1]
    for refused = 1, 3 do
      assert.equal("nil full",
        ask(program, "codes(server:broadcast(('x'):rep(8193)))"))
      assert.equal(refused, ask(program, "server:stats().refused"))
      assert.equal("nil full",
        ask(program, "codes(last:send(('x'):rep(8193)))"))
    end
    assert.equal(2, ask(program, "server:count()"))
    assert.equal(0, ask(program, "server:stats().missed"))
    assert.equal("true", ask(program, "last:send 'on'"))
    assert.equal("on", reader:read(2))
    settle(program, { slow, reader })
  end)

  -- A full queue is offered to the kernel before a message is refused.
  it("sends what is queued if the message would not fit behind it", function()
    local program = asked.start [[
server = fes.listen { port = 0, size = 1024, maxsends = 16,
  on_connect = function(conn) last = conn end }
function speak()
  last:send(("a"):rep(12000))
  server:broadcast(("b"):rep(8000))
  last:send(("c"):rep(10000))
  server:broadcast(("d"):rep(16384))
  return last:send "e"
end]]
    local client = connect(program, 1)[1]

    assert.equal("true", ask(program, "speak()"))
    local expected = ("a"):rep(12000) .. ("b"):rep(8000) .. ("c"):rep(10000)
      .. ("d"):rep(16384) .. "e"
    assert.is_true(expected == client:read(#expected))
    settle(program, { client })
  end)

  it("of over 64 KiB in one handler closes no client that reads", function()
    local program = asked.start(plain .. [[
function flood()
  local all = 0
  for i = 1, 100 do
    all = all + server:broadcast(("%07d\n"):format(i):rep(128))
  end
  return all
end]])
    local clients = connect(program, 20)
    local expected = {}

    for i = 1, 100 do expected[i] = ("%07d\n"):format(i):rep(128) end
    expected = table.concat(expected)
    assert.equal(2000, ask(program, "flood()"))
    for _, client in ipairs(clients) do
      assert.is_true(expected == client:read(#expected))
    end
    assert.equal(20, ask(program, "server:count()"))
    assert.equal(0, ask(program, "server:stats().missed"))
    settle(program, clients)
  end)
end)
