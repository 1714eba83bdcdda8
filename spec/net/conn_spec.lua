-- Connections as a script sees them: their fields, their counts, and the
-- messages that they send and receive.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- `conn` is the connection that came last; `kept` has all of them, by id.
local script = [[
kept = {}
server = fes.listen { port = 0, sndbuf = 4096, size = 256, maxsends = 4,
  on_connect = function(new) conn, kept[new.id] = new, new end,
  on_receive = function(from, data) from.heard = (from.heard or "") .. data end,
}]]

local function connect(program, options)
  local count = ask(program, "server:count()")
  local client = assert(program:connect(options))

  await(program, ("server:count() == %d"):format(count + 1))
  return client
end

local function start()
  local program = asked.start(script)

  return program, connect(program)
end

local function raises(program, expression, pattern)
  assert.error_matches(function() ask(program, expression) end, pattern)
end

describe("a connection", function()
  after_each(testing.finish)

  it("has a peer, a server and a unique id", function()
    local program, first = start()

    assert.equal(first:name(), ask(program, "conn.peer"))
    assert.equal("true", ask(program, "conn.server == server"))
    assert.equal("integer", ask(program, "math.type(conn.id)"))
    local id = ask(program, "conn.id")

    first:close()
    await(program, "server:stats().connections == 0")
    local second = connect(program)
    assert.is_true(ask(program, "conn.id") > id)
    assert.equal(second:name(), ask(program, "conn.peer"))
    settle(program, { second })
  end)

  it("takes fields that the script sets", function()
    local program, client = start()

    assert.equal("nil", ask(program, "conn.nick"))
    assert.equal("ann", ask(program,
      "(function() conn.nick = 'ann' return conn.nick end)()"))
    assert.equal("two", ask(program,
      "(function() conn[2] = 'two' return conn[2] end)()"))
    local other = connect(program)
    assert.equal("nil", ask(program, "conn.nick"))
    settle(program, { client, other })
  end)

  it("refuses to set fields with the names of the API", function()
    local program, client = start()

    for _, name in ipairs { "send", "close", "pause", "resume", "id", "peer",
      "server", "stats" } do
      raises(program, ("(function() conn.%s = 1 end)()"):format(name), name)
    end
    assert.equal("true", ask(program, "conn:send 'still'"))
    assert.equal("still", client:read(5))
    settle(program, { client })
  end)

  it("shows its peer in tostring", function()
    local program, client = start()
    local said = ask(program, "conn")

    assert.is_truthy(said:find(client:name(), 1, true), said)
    settle(program, { client })
  end)

  it("counts its bytes and messages", function()
    local program, client = start()

    assert(client:send "12345")
    await(program, "conn.heard == '12345'")
    assert.equal("true", ask(program, "conn:send 'abc'"))
    assert.equal(1, ask(program, "server:broadcast 'defg'"))
    assert.equal("abcdefg", client:read(7))
    await(program, "conn:stats().bytes_out == 7")

    for name, value in pairs { bytes_in = 5, messages_in = 1,
      messages_out = 2, queued = 0, bockets = 0, age = 0, missed = 0 } do
      assert.equal(value, ask(program, "conn:stats()." .. name), name)
    end
    settle(program, { client })
  end)

  it("is not read while paused", function()
    local program, client = start()

    ask(program, "conn:pause()")
    assert(client:send "later")
    for _ = 1, 20 do assert.equal("nil", ask(program, "conn.heard")) end
    ask(program, "conn:resume()")
    await(program, "conn.heard == 'later'")
    settle(program, { client })
  end)

  it("that on_receive pauses receives nothing until it is resumed", function()
    local program = asked.start [[
pieces, bytes = 0, 0
server = fes.listen { port = 0, size = 64,
  on_receive = function(from, data)
    conn, pieces, bytes = from, pieces + 1, bytes + #data
    if bytes < 5000 then from:pause() end
  end }]]
    local client = connect(program)

    assert(client:send(("x"):rep(5000)))
    await(program, "pieces == 1")
    for _ = 1, 20 do assert.equal(1, ask(program, "pieces")) end
    testing.wait_until(function()
      ask(program, "conn:resume()")
      return ask(program, "bytes") == 5000
    end)
    settle(program, { client })
  end)

  it("can send to a client that has ended its stream", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_receive = function(from, data) from:send("<" .. data .. ">") end,
  on_close = function(_, reason) print("closed", reason) end }]]
    local command = ("printf x | nc -N 127.0.0.1 %d"):format(program.port)
    local pipe = assert(io.popen(command))

    assert.equal("<x>", pipe:read "a")
    pipe:close()
    program:expect "closed\teof\n"
    settle(program, {})
  end)
end)

describe("a message", function()
  after_each(testing.finish)

  it("may have any length that fits the queue", function()
    local program, client = start()

    for _, length in ipairs { 1, 255, 256, 257, 511, 512, 513, 1023, 1024 } do
      await(program, "server:stats().queued == 0")
      assert.equal("true", ask(program,
        ("conn:send(('x'):rep(%d - 1) .. '.')"):format(length)))
      assert.equal(("x"):rep(length - 1) .. ".", client:read(length))
    end
    raises(program, "conn:send(('x'):rep(1025))", "1024")
    assert.equal("true", ask(program, "conn:send 'on'"))
    assert.equal("on", client:read(2))
    settle(program, { client })
  end)

  it("may be empty", function()
    local program, client = start()

    assert.equal("true", ask(program, "conn:send ''"))
    assert.equal("true", ask(program, "conn:send '.'"))
    assert.equal(".", client:read(1))
    assert.equal(2, ask(program, "conn:stats().messages_out"))
    settle(program, { client })
  end)

  it("may contain any bytes", function()
    local program, client = start()
    local all = {}

    for i = 0, 255 do all[i + 1] = string.char(i) end
    all = table.concat(all)
    assert(client:send(all))
    await(program, "#(conn.heard or '') == 256")
    assert.equal("true", ask(program, "conn:send(conn.heard)"))
    assert.equal(all, client:read(256))
    settle(program, { client })
  end)

  it("must be a string", function()
    local program, client = start()

    for _, wrong in ipairs { "nil", "{}", "true", "print" } do
      raises(program, ("conn:send(%s)"):format(wrong), "string")
    end
    settle(program, { client })
  end)

  it("is queued whole or not at all", function()
    local program = asked.start(script .. [[

function fill()
  local taken = {}
  for i = 1, 999 do
    local length = 40 + i % 7 * 40
    if conn:send(("%03d"):format(i):rep(length)) then
      taken[#taken + 1] = i
    end
  end
  return table.concat(taken, " ")
end]])
    local client = connect(program, { rcvbuf = 4096 })
    local taken, count = ask(program, "fill()"), 0

    if type(taken) == "number" then taken = tostring(taken) end
    for i in taken:gmatch "%d+" do
      local whole = ("%03d"):format(tonumber(i)):rep(40 + i % 7 * 40)

      assert.equal(whole, client:read(#whole))
      count = count + 1
    end
    assert.is_true(count > 0 and count < 999)
    assert.equal("true", ask(program, "conn:send '.'"))
    assert.equal(".", client:read(1))
    settle(program, { client })
  end)
end)

describe("a header", function()
  after_each(testing.finish)

  it("is sent before anything else", function()
    local program = asked.start [[
server = fes.listen { port = 0, header = "\0head",
  on_connect = function(conn) conn:send "first" end }]]
    local clients = assert(program:connect_all(20))

    for _, client in ipairs(clients) do
      assert.equal("\0headfirst", client:read(10))
    end
    settle(program, clients)
  end)
end)

describe("a conn whose connection has closed", function()
  after_each(testing.finish)

  it("refuses commands, and its fields can be read", function()
    local program, client = start()
    local name = client:name()

    assert(client:send "four")
    await(program, "conn.heard == 'four'")
    client:close()
    await(program, "server:stats().connections == 0")
    local second = connect(program)

    ask(program, "(function() for _, each in pairs(kept) do "
      .. "if each ~= conn and each.heard then old = each end end end)()")
    for _, call in ipairs { "send 'x'", "close()", "close(0)", "pause()",
      "resume()" } do
      assert.equal("nil closed", ask(program,
        "(function(a, b) return tostring(a) .. ' ' .. tostring(b) end)"
        .. ("(old:%s)"):format(call)))
    end
    assert.equal(name, ask(program, "old.peer"))
    assert.equal("true", ask(program, "old.server == server"))
    assert.equal("four", ask(program, "old.heard"))
    assert.equal(4, ask(program, "old:stats().bytes_in"))
    assert.equal(0, ask(program, "old:stats().queued"))
    assert.equal(1, ask(program, "server:broadcast('y', old)"))
    assert.equal("y", second:read(1))
    settle(program, { second })
  end)
end)
