-- Receivers that take almost nothing, or nothing, and slabs that are used up:
-- what other connections get meanwhile, and what the receivers get in the end.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local script = [[
conns, lags, topic, number = {}, {}, fes.topic "t", 0
other = fes.topic "other"
server = fes.listen { port = 0, size = 256, maxsends = 4, sndbuf = 4096,
  framing = "line", %s
  on_connect = function(new)
    conns[#conns + 1] = new
    new:subscribe(topic)
  end,
  on_lag = function(conn, missed) lags[conn.id] = missed end,
}
function publish(times)
  local receivers
  for _ = 1, times do
    number = number + 1
    receivers = topic:publish((number .. " "):rep(20))
  end
  return receivers
end
function mix(times)
  for _ = 1, times do topic:publish "tick"; other:publish "-" end
  number = number + times
end
function used()
  local stats = server:stats()
  return stats.bockets - stats.bockets_free
end]]

local function start(options, clients)
  local program = asked.start(script:format(options))
  local all = {}

  for i = 1, clients do
    all[i] = assert(program:connect { rcvbuf = 4096 })
    await(program, "#conns == " .. i)
  end
  return program, all
end

-- The numbers of the lines, each of which must be whole.
local function numbers_of(text)
  local numbers = {}

  for line in text:gmatch "([^\n]*)\n" do
    local number = line:match "^(%d+) "

    assert.equal((number .. " "):rep(20), line)
    numbers[#numbers + 1] = math.tointeger(tonumber(number))
  end
  assert.equal("\n", text:sub(-1))
  for i = 2, #numbers do assert.is_true(numbers[i] > numbers[i - 1]) end
  return numbers
end

-- Read until the stall is over and a message after it has come.
local function wake(program, client, i, before)
  local heard = { before }

  repeat
    local line = client:line(0.05)

    if line then heard[#heard + 1] = line .. "\n" end
  until ask(program, ("lags[conns[%d].id] ~= nil"):format(i)) == "true"
    and ask(program, ("conns[%d]:stats().queued"):format(i)) == 0
  ask(program, "publish(1)")

  local last = ask(program, "number")

  repeat
    heard[#heard + 1] = assert(client:line()) .. "\n"
  until heard[#heard]:find("^" .. last .. " ")
  return table.concat(heard)
end

describe("a receiver that takes a byte for each message", function()
  after_each(testing.finish)

  for _, policy in ipairs { "drop", "latest" } do
    it("misses whole messages, which are counted, under " .. policy, function()
      local program, clients = start(("overflow = %q,"):format(policy), 2)
      local slow, reader = clients[1], clients[2]
      local bytes = {}

      for i = 1, 400 do
        assert.equal(2, ask(program, "publish(1)"))
        assert.equal((i .. " "):rep(20), reader:line())
        bytes[i] = slow:read(1)
      end
      assert.is_true(ask(program, "conns[1]:stats().missed") > 0)

      local numbers = numbers_of(wake(program, slow, 1, table.concat(bytes)))

      assert.equal(401, #numbers + ask(program, "conns[1]:stats().missed"))
      assert.equal(0, ask(program, "conns[2]:stats().missed"))
      settle(program, clients)
    end)
  end

  it("is closed under close, and no other is", function()
    local program, clients = start('overflow = "close",', 2)
    local slow, reader = clients[1], clients[2]

    for i = 1, 400 do
      assert.is_true(ask(program, "publish(1)") >= 1)
      assert.equal((i .. " "):rep(20), reader:line())
      slow:read(1)
    end
    assert.equal(1, ask(program, "server:count()"))
    assert.equal(1, ask(program, "server:stats().closed.overflow"))
    settle(program, clients)
  end)
end)

describe("a turn in which every other message is for another client", function()
  after_each(testing.finish)

  for _, policy in ipairs { "drop", "latest" } do
    it("is queued in no more pieces than a queue has: " .. policy, function()
      local program, clients = start(("overflow = %q,"):format(policy), 2)

      ask(program, "conns[2]:unsubscribe(topic)")
      ask(program, "conns[2]:subscribe(other)")
      repeat
        ask(program, "mix(60)")
        assert.is_true(ask(program, "conns[1]:stats().queued") <= 4 * 256)
        -- Short messages are copied into bockets of their own.
        assert.is_true(ask(program, "conns[1]:stats().bockets") <= 4 + 2)
      until ask(program, "conns[1]:stats().missed") > 200

      local heard = 0

      repeat
        local line = clients[1]:line(0.05)

        assert.equal("tick", line or "tick")
        heard = heard + (line and 1 or 0)
      until heard == ask(program, "number")
        - ask(program, "conns[1]:stats().missed")
      settle(program, clients)
    end)
  end
end)

describe("when all receivers are stalled", function()
  after_each(testing.finish)

  for _, policy in ipairs { "drop", "latest" } do
    it("publishing goes on, and they can receive again: " .. policy, function()
      local program, clients = start(("overflow = %q,"):format(policy), 12)

      repeat ask(program, "publish(1)") until ask(program,
        "(function() for i = 1, 12 do if conns[i]:stats().missed == 0 then "
        .. "return false end end return true end)()") == "true"
      for _ = 1, 20 do assert.equal(12, ask(program, "publish(100)")) end
      assert.is_true(ask(program, "used()") <= 12 * 4) -- maxsends of each

      local new = assert(program:connect())

      await(program, "#conns == 13")
      assert.equal(13, ask(program, "publish(1)"))
      local number = ask(program, "number")

      assert.equal((number .. " "):rep(20), new:line())
      for i, client in ipairs(clients) do
        local numbers = numbers_of(wake(program, client, i, ""))

        assert.equal(ask(program, "number"),
          #numbers + ask(program, ("conns[%d]:stats().missed"):format(i)))
      end
      clients[13] = new
      settle(program, clients)
    end)
  end
end)

describe("a message that excludes a receiver that is behind", function()
  after_each(testing.finish)

  -- Earlier messages are queued for that receiver first, which takes bockets.
  for what, call in pairs {
    broadcast = "server:broadcast(%s)",
    publish = "topic:publish(%s)",
  } do
    it("may use all bockets that are left: " .. what, function()
      local message = call:format [[("m"):rep(20)]]
      local long = call:format([[("M"):rep(64 * (free - 2)), %s conns[1] ]])
        :format(what == "publish" and "nil," or "")
      local program = asked.start(([[
        conns, topic = {}, fes.topic "t"
        server = fes.listen { port = 0, size = 64, bockets = 64, maxsends = 64,
          sndbuf = 4096, overflow = "drop",
          on_connect = function(conn)
            conns[#conns + 1] = conn
            conn:subscribe(topic)
          end }
        function test()
          repeat
            conns[1]:send(("s"):rep(60))
            server:flush()
          until conns[1]:stats().queued > 100
          for _ = 1, 30 do %s end
          free = server:stats().bockets_free
          return %s
        end]]):format(message, long))
      local slow = assert(program:connect { rcvbuf = 4096 })

      await(program, "#conns == 1")
      local reader = assert(program:connect())

      await(program, "#conns == 2")
      assert.equal(1, ask(program, "test()"))
      assert.equal(("m"):rep(600)
        .. ("M"):rep(64 * (ask(program, "free") - 2)),
        reader:read(600 + 64 * (ask(program, "free") - 2)))
      settle(program, { slow, reader })
    end)
  end
end)

describe("when clients that do not read hold the slab", function()
  after_each(testing.finish)

  -- The clients use a Unix socket, whose buffer does not grow.
  local function start_stuck(options, clients)
    local program = asked.start(([[
      conns, topic = {}, fes.topic("t", { retain = true })
      server = fes.listen { path = "slow.sock", sndbuf = 4096,
        overflow = "drop", %s
        on_connect = function(conn) conns[#conns + 1] = conn end }
      function stick(i)
        repeat
          conns[i]:send(("s"):rep(60))
          conns[i]:flush()
        until conns[i]:stats().queued > 100
      end
      function free() return server:stats().bockets_free end
      function long(publish)
        publish(("m"):rep(24))
        local last = free()
        return publish(("M"):rep(64 * (last + 1) + 20))
      end]]):format(options))
    local all = {}

    for i = 1, clients do
      all[i] = assert(program:connect { path = program.path })
      await(program, "#conns == " .. i)
      ask(program, ("stick(%d)"):format(i))
    end
    all[clients + 1] = assert(program:connect { path = program.path })
    await(program, ("#conns == %d"):format(clients + 1))
    return program, all
  end

  for what, call in pairs {
    broadcast = "function(m) return server:broadcast(m) end",
    publish = "function(m) return topic:publish(m) end",
  } do
    it("a long message gets bockets that others have held: " .. what, function()
      local program, clients = start_stuck(
        "size = 64, maxsends = 16, bockets = 16,", 1)

      ask(program, "conns[2]:subscribe(topic)")
      assert.equal(1, ask(program, ("long(%s)"):format(call)))
      local text = clients[2]:read(24 + 64 + 20)

      assert.equal(("m"):rep(24) .. ("M"):rep(64 + 20), text)
      settle(program, clients)
    end)
  end

  it("a closing connection that is reclaimed ends with \"overflow\"", function()
    local program, clients = start_stuck([[
      size = 256, maxsends = 2, bockets = 8,
      on_close = function(_, reason) print("closed", reason) end,]], 8)

    ask(program, "conns[1]:close(60)")
    ask(program, "conns[9]:send 'out'")
    assert.equal("out", clients[9]:read(3))
    program:expect "closed\toverflow\n"
    settle(program, clients)
  end)

  it("a connection that needs too much does not block the next one", function()
    local program = asked.start [[
      conns, drained = {}, {}
      server = fes.listen { path = "slow.sock", sndbuf = 4096, framing = "line",
        size = 1024, bockets = 16, maxsends = 16,
        on_connect = function(conn) conns[#conns + 1] = conn end,
        on_receive = function() end,
        on_drain = function(conn) drained[conn.id] = true end }
      function fill(i)
        repeat until not conns[i]:send(("s"):rep(1000))
      end]]
    local half = assert(program:connect { path = program.path })

    assert(half:send "half a line")
    await(program, "#conns == 1 and server:stats().bockets_free == 15")
    assert.equal(1, ask(program, "conns[1]:stats().bockets"))
    local other = assert(program:connect { path = program.path })

    await(program, "#conns == 2")
    -- More than a connection may have that holds a bocket already.
    assert.equal("nil", ask(program, "conns[1]:send(('x'):rep(15 * 1024))"))
    ask(program, "fill(2)")
    repeat other:line(0.01) until ask(program, "drained[conns[2].id]") == "true"
    assert.equal("nil", ask(program, "drained[conns[1].id]"))
    assert(half:send "\n")
    await(program, "drained[conns[1].id]")
    settle(program, { half, other })
  end)

  it("a new subscriber still gets what is retained", function()
    local program, clients = start_stuck(
      "size = 256, maxsends = 2, bockets = 8,", 8)

    assert.equal(0, ask(program, "free()"))
    ask(program, "topic:publish 'retained'")
    ask(program, "conns[9]:subscribe(topic)")
    assert.equal("retained", clients[9]:read(8))
    assert.equal(1, ask(program, "server:stats().closed.overflow"))
    settle(program, clients)
  end)
end)

describe("a publish that one slab has no bocket for", function()
  after_each(testing.finish)

  it("is missed there, and sent to subscribers elsewhere", function()
    local program = asked.start [[
      conns, lags, topic = {}, {}, fes.topic "t"
      local function add(conn)
        conns[#conns + 1] = conn
        conn:subscribe(topic)
      end
      local function note(conn, missed, of) lags[#lags + 1] = missed end
      server = fes.listen { port = 0, sndbuf = 4096, size = 1024, bockets = 8,
        maxsends = 16, on_connect = add, on_lag = note, overflow = "close" }
      other = fes.listen { port = 0, on_connect = add }
      function fill()
        repeat until not conns[1]:send(("s"):rep(1024))
        return server:stats().bockets_free
      end]]
    local slow = assert(program:connect { port = program.ports[1],
      rcvbuf = 4096 })

    await(program, "#conns == 1")
    await(program, "fill() == 1")
    local here = assert(program:connect { port = program.ports[1] })

    await(program, "#conns == 2")
    local there = assert(program:connect { port = program.ports[2] })

    await(program, "#conns == 3")
    assert.equal(3, ask(program, "topic:publish(('x'):rep(8193))"))
    assert.equal(("x"):rep(8193), there:read(8193))
    assert.equal(1, ask(program, "server:stats().refused"))
    assert.equal(2, ask(program, "server:stats().missed"))
    assert.equal(2, ask(program, "server:count()"))
    await(program, "lags[1] == 1") -- at once if nothing is queued
    assert.equal(3, ask(program, "topic:publish 'on'"))
    assert.equal("on", here:read(2))
    assert.equal("on", there:read(2))
    settle(program, { slow, here, there })
  end)
end)
