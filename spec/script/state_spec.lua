-- fes.on_reload and fes.state: the value that a script hands over to the next
-- one at a reload, and the fields of connections.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload

-- Reload a script whose on_reload runs `made`. Returns the value of the
-- expression `is` in the new script, where `value` is the value handed over.
local function carried(made, is)
  local program = start(([[
    fes.listen { port = 0 }
    fes.on_reload(function() %s end)
  ]]):format(made))

  reload(program, ([[
    fes.listen { port = 0 }
    local value = fes.state()
    print("carried", %s)
  ]]):format(is))

  local text = program:expect "carried\t([^\n]*)\n"

  program:stop()
  assert.not_matches("warn", program:stderr())
  return text
end

describe("fes.state()", function()
  after_each(testing.finish)

  it("is nil at a first start", function()
    local status, out = testing.run {
      code = "print(require('fes').state())",
    }

    assert.same({ 0, "nil\n" }, { status, out })
  end)

  it("is nil if on_reload returned nothing", function()
    assert.equal("nil", carried("", "value"))
  end)

  for made, is in pairs {
    ["true"] = "value == true", ["false"] = "value == false",
    ["42"] = "math.type(value) == 'integer' and value == 42",
    ["-1 << 63"] = "value == math.mininteger",
    ["1.5"] = "value == 1.5", ["2.0"] = "math.type(value) == 'float'",
    ["-0.0"] = "1 / value == -math.huge", ["0/0"] = "value ~= value",
    ["'a\\0b'"] = "value == 'a\\0b'",
    ["('x'):rep(1e6)"] = "value == ('x'):rep(1e6)",
    ["''"] = "value == ''", ["{}"] = "next(value) == nil",
    ["{ 1, nil, 3 }"] = "value[1] == 1 and value[3] == 3",
    ["{ a = { b = { c = 'd' } } }"] = "value.a.b.c == 'd'",
    ["{ [1] = 'i', [1.5] = 'f', [true] = 't' }"] =
      "value[1] == 'i' and value[1.5] == 'f' and value[true] == 't'",
  } do
    it("has the value that on_reload returned: " .. made, function()
      assert.equal("true", carried("return " .. made, is))
    end)
  end

  it("returns the same table each time", function()
    assert.equal("true", carried("return {}", "value == fes.state()"))
  end)

  it("keeps shared tables shared", function()
    assert.equal("true\ttrue", carried(
      "local t = {} return { t, { t }, [t] = t }",
      "value[1] == value[2][1], value[value[1]] == value[1]"))
  end)

  it("keeps cycles", function()
    assert.equal("true\ttrue", carried(
      "local a = {} a.a = a a.b = { a = a } a[a.b] = a.b return a",
      "value.a == value and value.b.a == value, value[value.b] == value.b"))
  end)

  it("can be nested to any depth", function()
    assert.equal("100000", carried([[
      local list
      for i = 1, 1e5 do list = { next = list } end
      return list
    ]], [[(function()
      local n = 0
      while value do n, value = n + 1, value.next end
      return n
    end)()]]))
  end)

  it("can contain servers, open and closed ones", function()
    local program = start [[
      local a, b = fes.listen { port = 0 }, fes.listen { port = 0 }
      local port = b.port
      b:close()
      fes.on_reload(function() return { a = a, b = b, port = port } end)
    ]]

    reload(program, [[
      local left = fes.state()
      local a = fes.listen { port = 0 }
      fes.after(0, function()
        print(a == left.a, left.b.port == left.port, left.b:count(),
          select(2, left.b:broadcast "x"))
      end)
    ]])
    program:expect "true\ttrue\t0\tclosed\n"
    program:stop()
  end)

  it("can contain connections, open and closed, also as keys", function()
    local program = start [[
      local gone
      local seen = {}
      fes.listen {
        port = 0, framing = "line",
        on_connect = function(conn) seen[conn] = conn.id end,
        on_close = function(conn) gone = conn print "gone" end,
      }
      fes.on_reload(function() return { seen = seen, gone = gone } end)
    ]]
    local first, second = assert(program:connect()), assert(program:connect())

    local name = first:name()

    first:close()
    program:expect "gone\n"
    reload(program, [[
      local left = fes.state()
      fes.listen { port = 0, framing = "line",
        on_receive = function(conn)
          print(left.seen[conn], left.seen[left.gone], left.gone.id,
            left.gone.peer, left.gone:stats().bytes_in,
            select(2, left.gone:send "x"), left.gone.server == conn.server)
        end }
    ]])
    assert(second:send "?\n")
    program:expect("2\t1\t1\t" .. name .. "\t0\tclosed\ttrue\n")
    program:stop()
  end)

  local not_plain = {
    ["print"] = "function", ["coroutine.create(print)"] = "thread",
    ["io.stdout"] = "userdata", ["setmetatable({}, {})"] = "metatable",
    ["{ { fn = print } }"] = 'function at "fn"',
    ["{ [print] = 1 }"] = "function", ["fes.pool(1, 16)"] = "userdata",
    ["(function() local t = {} t.t = t t[1] = { f = print } return t end)()"] =
      'function at "f"',
  }

  for made, what in pairs(not_plain) do
    it("cannot be " .. made, function()
      local program = start(([[
        fes.listen { port = 0, on_receive = function(c) c:send "old" end }
        fes.on_reload(function() return %s end)
      ]]):format(made))
      local client = assert(program:connect())

      reloading.fail(program, "fes.listen { port = 0 }",
        "fes.on_reload: what it gives must be plain data, got a[^\n]*" .. what)
      reloading.expect_answer(client, "old")
      program:stop()
    end)
  end
end)

describe("fes.on_reload", function()
  after_each(testing.finish)

  it("runs its function in the old script, also if the load fails", function()
    local program = start [[
      fes.listen { port = 0 }
      local calls = 0
      fes.on_reload(function() calls = calls + 1 print("call", calls) end)
    ]]

    reloading.fail(program, "error 'no'", "no")
    program:expect "call\t1\n"
    reload(program, "fes.listen { port = 0 }")
    program:expect "call\t2\n"
    program:stop()
  end)

  it("replaces the previous function; nil removes it", function()
    local program = start [[
      fes.listen { port = 0 }
      fes.on_reload(function() return 1 end)
      fes.on_reload(function() return 2 end)
    ]]

    reload(program, [[
      print(fes.state())
      fes.listen { port = 0 }
      fes.on_reload(function() return 3 end)
      fes.on_reload(nil)
    ]])
    program:expect "2\n"
    reload(program, "print(fes.state()) fes.listen { port = 0 }")
    program:expect "nil\n"
    program:stop()
  end)

  it("raises for a value that is not a function", function()
    local status, _, err = testing.run {
      code = "\nrequire('fes').on_reload 'x'",
    }

    assert.equal(1, status)
    assert.matches('script.lua:2: fes.on_reload: a function was expected, '
      .. 'got "x"', err)
  end)
end)

describe("fields of a connection", function()
  after_each(testing.finish)

  it("share their tables with the value of on_reload", function()
    local program = start [[
      local room = { name = "hall" }
      fes.listen { port = 0, on_connect = function(conn)
        conn.room = room
        room[conn] = true
        conn:send "in"
      end }
      fes.on_reload(function() return room end)
    ]]
    local client = assert(program:connect())

    assert.equal("in", client:read(2))
    reload(program, [[
      local room = fes.state()
      fes.listen { port = 0, on_receive = function(conn)
        print(conn.room == room, room[conn], room.name)
      end }
    ]])
    assert(client:send "?")
    program:expect "true\ttrue\thall\n"
    program:stop()
  end)

  it("are dropped with a warning for each name if not plain data", function()
    local program = start [[
      local shared = { "shared" }
      local bad = { shared = shared, fn = print }
      bad.me = bad
      fes.listen { port = 0, on_connect = function(conn)
        conn.fn, conn.bad, conn.deep = print, bad, { { { bad } } }
        conn.shared, conn.nick, conn[1] = shared, "ann", { conn = conn }
        conn:send "in"
      end }
    ]]
    local clients = assert(program:connect_all(3))

    for _, client in ipairs(clients) do assert.equal("in", client:read(2)) end
    reload(program, [[
      local first
      fes.listen { port = 0, on_receive = function(conn)
        first = first or conn.shared
        print(conn.fn, conn.bad, conn.deep, conn.shared == first, conn.nick,
          conn[1].conn == conn, conn.shared[1])
      end }
    ]])
    for _, client in ipairs(clients) do
      assert(client:send "?")
      program:expect "nil\tnil\tnil\ttrue\tann\ttrue\tshared\n"
    end
    for _, name in ipairs { "fn", "bad", "deep" } do
      assert.equal(1, select(2, program:stderr():gsub(
        'warn  reload: field "' .. name .. '" of a conn is not plain', "")))
    end
    program:stop()
  end)

  it("can be set while the new script loads", function()
    local program = start [[
      fes.listen { port = 0, on_connect = function(conn)
        conn.a, conn.b = "old", "old"
        conn:send "in"
      end }
    ]]
    local client = assert(program:connect())

    assert.equal("in", client:read(2))
    reload(program, [[
      local server = fes.listen { port = 0,
        on_receive = function(conn) print(conn.a, conn.b, conn.c) end }
      for conn in server:connections() do conn.b, conn.c = "new", "new" end
    ]])
    assert(client:send "?")
    program:expect "old\tnew\tnew\n"
    program:stop()
  end)
end)
