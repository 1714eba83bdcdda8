local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local function connect(program, count, options)
  local before = ask(program, "server:count()")
  local clients = assert(program:connect_all(count, options))

  await(program, ("server:count() == %d"):format(before + count))
  return clients
end

local plain = [[
last = nil
server = fes.listen { port = 0, on_connect = function(conn) last = conn end }
]]

describe("broadcast", function()
  after_each(testing.finish)

  it("keeps the order of the calls", function()
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

  it("tells for how many it is, and leaves one out", function()
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

  it("leaves out the one, not what it was sent itself", function()
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

  it("reaches who is there when it is called", function()
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

  it("to nobody is for nobody", function()
    local program = asked.start(plain)

    assert.equal(0, ask(program, "server:broadcast 'x'"))
    assert.equal(0, ask(program, "server:broadcast ''"))
    settle(program, {})
  end)

  it("of nothing counts, and sends no bytes", function()
    local program = asked.start(plain)
    local client = connect(program, 1)[1]

    assert.equal(1, ask(program, "server:broadcast ''"))
    assert.equal(1, ask(program, "server:broadcast '!'"))
    assert.equal("!", client:read(1))
    assert.equal(2, ask(program, "server:stats().messages_out"))
    settle(program, { client })
  end)

  it("that fits no queue raises", function()
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

  it("that the slab has no bocket for is full, and closes nobody", function()
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

  -- Each send that is refused asks the kernel first.
  it("waits behind what is longer than would fit with it", function()
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

  it("from inside on_close reaches those who stay", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_receive = function(conn, data) server:broadcast(data) end,
  on_close = function() server:broadcast "-" end }]]
    local clients = connect(program, 100)

    for i = 1, 50 do
      if i % 5 == 0 then clients[i]:send "+" end
      if i % 2 == 0 then clients[i]:reset() else clients[i]:close() end
    end
    for i = 51, 100 do
      local heard = ""

      repeat
        heard = heard .. assert(clients[i]:read(1))
        local _, left = heard:gsub("-", "")
      until left == 50
    end
    assert.equal(50, ask(program, "server:count()"))
    settle(program, { table.unpack(clients, 51) })
  end)

  -- So many that one lap takes more than the millisecond of a slice.
  it("to thousands goes on while they leave in the middle of it", function()
    local program = asked.start [[
all = {}
server = fes.listen { port = 0, bockets = 64,
  on_connect = function(conn) all[#all + 1] = conn end }

-- A number to all in every turn; who is not to stay leaves in between.
function speak(stay, times)
  local n, behind = 0, 0
  local timer
  timer = fes.every(0, function()
    n = n + 1
    if n > 1 and server:stats().queued > 0 then behind = behind + 1 end
    server:broadcast(("%07d\n"):format(n))
    for i = n, #all, times do
      if i % stay ~= 0 then all[i]:close(0) end
    end
    if n == times then
      timer:stop()
      print("in the middle", behind)
    end
  end)
end]]
    local clients = connect(program, 2000)
    local expected = {}

    for i = 1, 20 do expected[i] = ("%07d\n"):format(i) end
    expected = table.concat(expected)
    ask(program, "speak(10, 20)")
    assert.is_true(tonumber(program:expect "in the middle\t(%d+)\n") > 0)
    await(program, "server:stats().queued == 0")
    assert.equal(200, ask(program, "server:count()"))

    local whole = 0
    for _, client in ipairs(clients) do
      local heard, _, part = client:read(#expected)

      if heard then whole = whole + 1 else heard = part end
      assert.is_true(expected:sub(1, #heard) == heard)
    end
    assert.equal(200, whole)
    settle(program, clients)
  end)

  it("in one handler with a send ends who is full, before that", function()
    local program = asked.start [[
server = fes.listen { port = 0, sndbuf = 4096, size = 1024, maxsends = 4,
  on_connect = function(conn) last = conn end,
  on_close = function(_, reason) print("closed", reason) end }
function speak()
  repeat until not last:send(("s"):rep(1000))
  server:broadcast(("b"):rep(4096))
  local ok, why = last:send "more"
  return tostring(ok) .. " " .. tostring(why)
end
function close()
  repeat until not last:send(("s"):rep(1000))
  server:broadcast(("b"):rep(4096))
  local ok, why = last:close()
  return tostring(ok) .. " " .. tostring(why)
end]]
    local reader = connect(program, 1)[1]
    local slow = connect(program, 1, { rcvbuf = 4096 })[1]

    assert.equal("nil closed", ask(program, "speak()"))
    program:expect "closed\toverflow\n"
    assert.equal(("b"):rep(4096), reader:read(4096))

    slow:close()
    slow = connect(program, 1, { rcvbuf = 4096 })[1]
    ask(program, "close()")
    program:expect "closed\toverflow\n"
    assert.equal(("b"):rep(4096), reader:read(4096))
    settle(program, { reader, slow })
  end)

  it("goes past those that close meanwhile", function()
    local program = asked.start(plain .. [[
function cull()
  local n = 0
  local told = {}
  for conn in server:connections() do
    n = n + 1
    told[#told + 1] = server:broadcast(n .. ".")
    if n % 2 == 0 then conn:close() end
  end
  return table.concat(told, " ")
end]])
    local clients = connect(program, 20)
    local expected, all = {}, {}

    for i = 1, 20 do
      expected[i] = tostring(20 - (i - 1) // 2)
      all[i] = i .. "."
    end
    all = table.concat(all)
    assert.equal(table.concat(expected, " "), ask(program, "cull()"))

    local ended = 0
    for _, client in ipairs(clients) do
      local heard, why = client:read(#all, 20)
      if not heard then
        assert.equal("eof", why)
        ended = ended + 1
        client:close()
      else
        assert.equal(all, heard)
      end
    end
    assert.is_true(ended >= 9)
    await(program, "server:count() == 10")
    await(program, "server:stats().closed['local'] == 10")
    settle(program, clients)
  end)

  it("of more than 64 KiB in one handler closes nobody who reads", function()
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

describe("connections", function()
  after_each(testing.finish)

  it("survives closes of any of them", function()
    local program = asked.start(plain .. [[
function sweep()
  local all = {}
  for conn in server:connections() do all[#all + 1] = conn end
  local visited = 0
  for conn in server:connections() do
    visited = visited + 1
    for i, each in ipairs(all) do
      if each == conn then
        conn:close(0)
        if all[i + 1] then all[i + 1]:close(0) end
      end
    end
  end
  return visited
end]])
    local clients = connect(program, 10)

    assert.equal(5, ask(program, "sweep()"))
    assert.equal(0, ask(program, "server:count()"))
    settle(program, clients)
  end)
end)

describe("a connection that is full", function()
  after_each(testing.finish)

  local slow = [[
server = fes.listen { port = 0, sndbuf = 4096, size = 1024, maxsends = 8,
  overflow = POLICY,
  on_lag = function(conn, missed, topic)
    print("lag", missed, topic, conn:stats().missed)
  end,
  on_close = function(conn, reason)
    print("closed", reason, conn:stats().missed)
  end,
}
sent = 0
function fill(n)
  for i = 1, n do
    sent = sent + 1
    server:broadcast(("%07d\n"):format(sent):rep(64))
  end
end]]

  local function start(policy)
    return asked.start((slow:gsub("POLICY", policy)))
  end

  -- Broadcasts that a reader gets, until the condition holds.
  local function fill_until(program, reader, condition)
    for i = 1, 400 do
      ask(program, "fill(1)")
      assert.equal(("%07d\n"):format(i):rep(64), reader:read(512))
      if ask(program, condition) == "true" then return i end
    end
    error("never " .. condition)
  end

  it("is closed by the policy close", function()
    local program = start '"close"'
    local reader = connect(program, 1)[1]
    local lazy = connect(program, 1, { rcvbuf = 4096 })[1]

    fill_until(program, reader, "server:count() == 1")
    program:expect "closed\toverflow\t"
    assert.equal(1, ask(program, "server:stats().closed.overflow"))
    assert.is_true((lazy:closed()))
    settle(program, { reader, lazy })
  end)

  it("misses whole messages under drop, and is told", function()
    local program = start '"drop"'
    local reader = connect(program, 1)[1]
    local lazy = connect(program, 1, { rcvbuf = 4096 })[1]
    local count = fill_until(program, reader, "server:stats().missed >= 5")

    assert.equal(2, ask(program, "server:count()"))
    local missed = ask(program, "server:stats().missed")
    assert.equal(missed, ask(program, "server:stats().missed_by.drop"))

    local heard = lazy:read((count - missed) * 512)
    for i = 1, count - missed do
      assert.equal(("%07d\n"):format(i):rep(64),
        heard:sub((i - 1) * 512 + 1, i * 512))
    end
    local told, topic, total = program:expect "lag\t(%d+)\t(%w+)\t(%d+)\n"
    assert.same({ tostring(missed), "nil", tostring(missed) },
      { told, topic, total })

    ask(program, "fill(1)")
    assert.equal(("%07d\n"):format(count + 1):rep(64), lazy:read(512))
    assert.is_nil(program:stdout():match "lag.*lag")
    settle(program, { reader, lazy })
  end)

  it("has a last count of what it missed", function()
    local program = start '"drop"'
    local reader = connect(program, 1)[1]
    local lazy = connect(program, 1, { rcvbuf = 4096 })[1]

    fill_until(program, reader, "server:stats().missed == 3")
    lazy:reset()
    program:expect "closed\treset\t3\n"
    settle(program, { reader })
  end)
end)

describe("who is served first", function()
  after_each(testing.finish)

  for _, what in ipairs { "server:broadcast", "topic:publish" } do
    it("is who was served last: " .. what, function()
      local trace = testing.directory() .. "/trace"
      local program = asked.start([[
        topic = fes.topic "t"
        server = fes.listen { port = 0,
          on_connect = function(conn) conn:subscribe(topic) end,
        }]], {
          prefix = { "strace", "-D", "-o", trace, "-e", "trace=sendto" },
        })
      local clients = {}

      for i = 1, 3 do
        clients[i] = assert(program:connect())
        await(program, "server:count() == " .. i)
      end
      for i = 1, 6 do
        ask(program, ("%s 'round %d'"):format(what, i))
        for _, client in ipairs(clients) do assert(client:read(7)) end
      end
      settle(program, clients)

      local orders = {}

      for line in io.lines(trace) do
        local fd, round = line:match '^sendto%((%d+), "round (%d+)"'

        if fd then
          orders[round] = orders[round] or {}
          table.insert(orders[round], fd)
        end
      end

      local order = orders["1"]

      for i = 1, 6 do
        assert.same(order, orders[tostring(i)])
        order = { order[3], order[1], order[2] }
      end
    end)
  end
end)
