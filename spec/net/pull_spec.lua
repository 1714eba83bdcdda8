local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- The body of a handler; what is received with `take` is in `got`, as texts.
local script = [[
got, ended, _G.fes = {}, {}, fes
local function text(value)
  return type(value) == "string" and ("%%q"):format(value) or tostring(value)
end
function take(...)
  local data, why = conn:receive(...)
  got[#got + 1] = text(data) .. (why and " " .. why or "")
  return data, why
end
function said() return table.concat(got, ", ") end
server = fes.listen { port = 0, %s
  handler = function(new)
    conn = new
    %s
  end,
  on_close = function(_, reason, detail)
    ended[#ended + 1] = reason .. (detail and ": " .. detail or "")
  end,
}]]

local function start(options, body)
  local program = asked.start(script:format(options, body))

  return program, assert(program:connect())
end

local function said(program, text)
  local _, count = text:gsub("[^,]+", "")

  await(program, "#got >= " .. count)
  assert.equal(text, ask(program, "said()"))
end

local function ends_with(program, reason)
  await(program, "#ended == 1")
  assert.equal(reason, ask(program, "ended[1]"))
end

-- Once the program has this many bytes of the client.
local function has(program, bytes)
  await(program, "server:stats().bytes_in == " .. bytes)
end

-- A handler that sleeps does not see its client leave.
local function settle_asleep(program, clients)
  ask(program, "conn:close(0)")
  settle(program, clients)
end

local forever = "while take() do end"

describe("conn:receive", function()
  after_each(testing.finish)

  it("gives what has come", function()
    local program, client = start("", forever)

    assert(client:send "one")
    said(program, '"one"')
    assert(client:send "two")
    said(program, '"one", "two"')
    assert(client:half_close())
    said(program, '"one", "two", nil eof')
    ends_with(program, "eof")
    settle(program, { client })
  end)

  it("gives so many bytes, whatever pieces they come in", function()
    local program, client = start("",
      "take(3) take(0) take(5) take(1) take(1)")

    assert(client:send "on")
    has(program, 2)
    assert(client:send "etwo")
    has(program, 6)
    said(program, '"one", ""')
    assert(client:send "34567")
    said(program, '"one", "", "two34", "5", "6"')
    ends_with(program, "local")
    settle(program, { client })
  end)

  it("gives lines without their ends", function()
    local program, client = start("",
      "for i = 1, 4 do take 'line' end")

    assert(client:send "one\r\n\nthr")
    said(program, '"one", ""')
    assert(client:send "ee\nfour\r")
    said(program, '"one", "", "three"')
    assert(client:send "\n")
    said(program, '"one", "", "three", "four"')
    settle(program, { client })
  end)

  it("gives the last line although its end is missing", function()
    local program, client = start("", "while take 'line' do end")

    assert(client:send "one\ntwo")
    assert(client:half_close())
    said(program, '"one", "two", nil eof')
    ends_with(program, "eof")
    settle(program, { client })
  end)

  it("gives all up to the peer's end", function()
    local program, client = start("size = 64, bockets = 4096,",
      "take(1) take 'all' take 'all' take()")
    local data = ("0123456789"):rep(90)

    for i = 1, #data, 90 do assert(client:send(data:sub(i, i + 89))) end
    has(program, #data)
    assert.equal('"0"', ask(program, "said()"))
    assert(client:half_close())
    said(program, ('"0", %q, "", nil eof'):format(data:sub(2)))
    settle(program, { client })
  end)

  it("leaves what is too short at the end for another call", function()
    local program, client = start("", "take(10) take(3) take(10) take()")

    assert(client:send "12345")
    assert(client:half_close())
    said(program, 'nil eof, "123", nil eof, "45"')
    settle(program, { client })
  end)

  it("mixes all of them", function()
    local program, client = start("size = 16, maxreceives = 8,", [[
      take "line" take(20) take "line" take() take "all"]])

    assert(client:send("head\n" .. ("x"):rep(20) .. "\r\nrest"))
    said(program, ('"head", %q, "", "rest"'):format(("x"):rep(20)))
    assert(client:send "end")
    assert(client:half_close())
    await(program, "#got == 5")
    assert.matches('"end"$', ask(program, "said()"))
    settle(program, { client })
  end)

  for _, framing in ipairs {
    { '"line"', "one\r\n", "two\n", "thr" }, { "{ fixed = 3 }", "one", "two",
      "th" }, { "{ length = 2 }", "\0\3one", "\0\3two", "\0\5thr" },
  } do
    local options, one, two, part = table.unpack(framing)

    it("gives one message under framing = " .. options, function()
      local program, client = start("framing = " .. options .. ",", forever)

      assert(client:send(one .. two .. part))
      said(program, '"one", "two"')
      assert.equal(2, ask(program, "server:stats().messages_in"))
      assert(client:half_close())
      said(program, '"one", "two", nil eof')
      ends_with(program, "eof: message incomplete")
      settle(program, { client })
    end)
  end

  it("waits as long as it was told to", function()
    local program, client = start("", [[
      local start = fes.now()
      take(3, { timeout = 0.05 })
      got[#got + 1] = fes.now() - start >= 0.05 and "late" or "early"
      take(nil, { timeout = 0 })
      take(nil, { timeout = 0 })
      take(nil, {})]])

    assert(client:send "12")
    said(program, 'nil timeout, late, "12", nil timeout')
    assert(client:send "3")
    said(program, 'nil timeout, late, "12", nil timeout, "3"')
    settle(program, { client })
  end)

  it("with a timeout of 0 lets others in, again and again", function()
    local program, client = start("",
      "while take('line', { timeout = 0 }) == nil do got[1] = nil end")

    await(program, "conn ~= nil")
    for _ = 1, 5 do assert.equal("", ask(program, "said()")) end
    assert(client:send "line\n")
    said(program, '"line"')
    settle(program, { client })
  end)

  it("gives nil and the reason once the connection has ended", function()
    for act, reason in pairs {
      ["conn:close()"] = "local", ["conn:close(0)"] = "local",
      ["server:close()"] = "shutdown",
    } do
      local program, client = start("", "take() take() take(3)")

      await(program, "conn ~= nil")
      ask(program, act)
      said(program, ("nil R, nil R, nil R"):gsub("R", reason))
      client:close()
      ends_with(program, reason)
      settle(program, { client })
    end
  end)

  it("tells of a reset", function()
    local program, client = start("", forever)

    await(program, "conn ~= nil")
    client:reset()
    said(program, "nil reset")
    ends_with(program, "reset")
    settle(program, { client })
  end)

  it("closes on what is longer than maxmessage", function()
    for call, bytes in pairs {
      ["take 'line'"] = ("x"):rep(41), ["take 'all'"] = ("x"):rep(41),
    } do
      local program, client = start("maxmessage = 40,", call)

      assert(client:send(bytes))
      said(program, "nil toolong")
      ends_with(program, "toolong")
      settle(program, { client })
    end
  end)

  it("gives what is as long as maxmessage, wherever it begins", function()
    for call, rest in pairs { ["take 'line'"] = "\r\n", ["take(64)"] = "",
      ["take 'all'"] = "" } do
      local program, client = start(
        "size = 16, maxreceives = 4, maxmessage = 64,", "take(5) " .. call)

      assert(client:send("12345" .. ("x"):rep(64) .. rest))
      assert(client:half_close())
      said(program, ('"12345", %q'):format(("x"):rep(64)))
      settle(program, { client })
    end
  end)

  it("takes nothing while the connection is paused", function()
    local program, client = start("", "conn:pause() take() take()")

    await(program, "conn ~= nil")
    assert(client:send "one")
    for _ = 1, 10 do assert.equal("", ask(program, "said()")) end
    ask(program, "conn:resume()")
    said(program, '"one"')
    settle(program, { client })
  end)

  it("hands out what came before it was called", function()
    local program, client = start("",
      "fes.sleep(0.05) take 'line' take() take()")

    assert(client:send "one\ntwo")
    assert(client:half_close())
    said(program, '"one", "two", nil eof')
    settle(program, { client })
  end)

  it("raises where another task waits already", function()
    local program, client = start("", "take() take()")

    await(program, "conn ~= nil")
    ask(program, "fes.spawn(function() why = select(2, "
      .. "pcall(conn.receive, conn)) end)")
    await(program, "why ~= nil")
    assert.matches("conn:receive: another task waits to receive from it",
      ask(program, "why"))
    assert(client:send "one")
    said(program, '"one"')
    settle(program, { client })
  end)

  it("that was given up with an inner coroutine leaves no trace", function()
    local program, client = start("", [[
      inner = coroutine.create(function() take(3, { timeout = 0.1 }) end)
      pcall(coroutine.resume, inner)
      fes.sleep(0.2)
      take()]])

    await(program, "inner and coroutine.status(inner) == 'suspended'")
    assert.equal("true", ask(program, "coroutine.close(inner)"))
    assert(client:send "one") -- wakes it: there is nobody inside
    said(program, '"one"')
    settle(program, { client })
  end)

  it("may be called by one task after the other", function()
    local program, client = start("", "take(1) fes.sleep(1000)")

    assert(client:send "12")
    said(program, '"1"')
    ask(program, "fes.spawn(take)")
    said(program, '"1", "2"')
    settle_asleep(program, { client })
  end)

  it("raises outside of a task", function()
    local program, client = start("", "fes.sleep(1000)")

    await(program, "conn ~= nil")
    assert.error_matches(function() ask(program, "conn:receive()") end,
      "conn:receive: only a task can wait %(see fes.spawn%)")
    settle_asleep(program, { client })
  end)

  it("raises where on_receive has what comes, or nobody", function()
    for _, options in ipairs { "", "on_receive = print," } do
      local program = asked.start(([[
        server = fes.listen { port = 0, %s
          on_connect = function(conn)
            fes.spawn(function()
              why = select(2, pcall(conn.receive, conn))
            end)
          end,
        }]]):format(options))
      local client = assert(program:connect())

      await(program, "why ~= nil")
      assert.matches("conn:receive: only what has a 'handler'",
        ask(program, "why"))
      settle(program, { client })
    end
  end)

  it("raises for what cannot be asked for", function()
    local program, client = start("maxmessage = 1000,", "fes.sleep(1000)")
    local framed = [["line", { timeout = 1 }]]

    ask(program, "(function() function try(...) local args = { ... } "
      .. "why = nil fes.spawn(function() why = select(2, "
      .. "pcall(conn.receive, conn, table.unpack(args, 1, 2))) end) end end)()")
    await(program, "conn ~= nil")
    for args, complaint in pairs {
      ["-1"] = [[a number of bytes in 0..1000, "line" or "all" was expected]]
        .. ", got %-1",
      ["1001"] = "in 0..1000, .* got 1001", ["1.5"] = "got 1.5",
      ["'lines'"] = 'got "lines"', ["'3'"] = 'got "3"', ["{}"] = "got a table",
      ["3, 1"] = "a table of options was expected, got 1",
      ["3, { timeout = -1 }"] =
        "'timeout' must be a number of seconds, 0 or more, got %-1",
      ["3, { timeout = 'x' }"] = "0 or more, got \"x\"",
      ["3, { time = 1 }"] = "the only option is 'timeout', got \"time\"",
    } do
      ask(program, "try(" .. args .. ")")
      await(program, "why ~= nil")
      assert.matches("^conn:receive: .*" .. complaint, ask(program, "why"))
    end
    settle_asleep(program, { client })

    program, client = start("framing = 'line',", "pcall(take) "
      .. "why = select(2, pcall(conn.receive, conn, " .. framed .. "))")
    assert(client:send "x\n")
    await(program, "why ~= nil")
    assert.matches("takes whole messages under this framing, not \"line\"",
      ask(program, "why"))
    settle_asleep(program, { client })
  end)
end)

describe("a connection that is not received from", function()
  after_each(testing.finish)

  it("is read up to maxreceives bockets, then TCP pushes back", function()
    local program = asked.start(script:format(
      "size = 64, maxreceives = 4, rcvbuf = 4096,", "fes.sleep(1000)"))
    local client = assert(program:connect { sndbuf = 4096 })
    local data = ("0123456789"):rep(10000)

    client:queue(data)
    has(program, 256)
    for _ = 1, 20 do
      assert.equal(256, ask(program, "server:stats().bytes_in"))
    end
    assert.is_true(client.handle:get_write_queue_size() > 0)
    ask(program, "fes.spawn(function() all = '' repeat "
      .. "all = all .. conn:receive() until #all == 100000 end)")
    await(program, "all == ('0123456789'):rep(10000)")
    settle_asleep(program, { client })
  end)

  it("may have a line begun for longer than message_timeout if it is not "
    .. "its fault", function()
    local program, client = start("framing = 'line', message_timeout = 0.05,",
      "fes.sleep(0.3) take() take()")

    assert(client:send "one\ntwo\n")
    said(program, '"one", "two"')
    settle(program, { client })
  end)

  it("is cut when the rest of a message does not come", function()
    local program, client = start("framing = 'line', message_timeout = 0.05,",
      forever)

    assert(client:send "one\ntwo")
    said(program, '"one", nil idle')
    ends_with(program, "idle: message incomplete")
    settle(program, { client })
  end)
end)

describe("a handler", function()
  after_each(testing.finish)

  it("may send after the peer's end, until it returns", function()
    local program, client = start("", [[
      take() take()
      fes.sleep(0.05)
      conn:send "good"
      fes.sleep(0.05)
      conn:send "bye"]])

    assert(client:send "hello")
    assert(client:half_close())
    assert.same({ "goodbye", "eof" }, { client:read_all() })
    ends_with(program, "eof")
    settle(program, { client })
  end)

  it("that returns closes its connection, once all is sent", function()
    local program, client = start("", "conn:send(('x'):rep(60000))")

    assert.same({ ("x"):rep(60000), "eof" }, { client:read_all() })
    client:close()
    ends_with(program, "local")
    settle(program, { client })
  end)

  it("that raises closes its connection with \"script\"", function()
    local program, client = start("", "take() error 'no luck'")

    assert(client:send "hello")
    assert.is_true((client:closed()))
    ends_with(program, "script")
    program:expect("error handler: [^\n]*no luck\n", "stderr")
    program:expect("\tin handler of conn %d+ %(127.0.0.1:%d+%)\n", "stderr")
    settle(program, { client }, "raised")
  end)

  it("that raises leaves it open if on_error says so", function()
    local program, client = start(
      "on_error = function(_, why) message = why return true end,",
      "take() error('no luck', 0)")

    assert(client:send "hello")
    await(program, "message == 'no luck'")
    assert.equal("true", ask(program, "conn:send 'sorry'"))
    assert.equal("sorry", client:read(5))
    assert(client:half_close())
    ends_with(program, "eof")
    settle(program, { client }, "raised")
  end)

  it("that raises after the end of its connection is logged", function()
    local program, client = start("", "take() fes.sleep(0.1) error 'no luck'")

    await(program, "conn ~= nil")
    ask(program, "conn:close(0)")
    ends_with(program, "local")
    program:expect("error handler: [^\n]*no luck\n", "stderr")
    program:expect("\tin handler of a connection that has gone\n", "stderr")
    settle(program, { client }, "raised")
  end)

  it("may close its own connection", function()
    local program, client = start("",
      "conn:send 'bye' conn:close() take() got[2] = tostring(conn:send 'x')")

    assert.same({ "bye", "eof" }, { client:read_all() })
    said(program, "nil local, nil")
    client:close()
    ends_with(program, "local")
    settle(program, { client })
  end)

  for _, linger in ipairs { "", "0" } do
    it("that waits hears it when another task closes: close(" .. linger .. ")",
      function()
        local program, client = start("", "take()")

        await(program, "conn ~= nil")
        ask(program, "fes.spawn(function() fes.sleep(0) answer = conn:close("
          .. linger .. ") end)")
        said(program, "nil local")
        assert.equal("true", ask(program, "answer"))
        client:close()
        ends_with(program, "local")
        settle(program, { client })
      end)
  end

  it("has the same API as callbacks have", function()
    local program = testing.start { code = [[
      local fes = require "fes"
      local topic = fes.topic "t"
      local function use(conn)
        local said = {}
        local function note(...)
          for i = 1, select("#", ...) do
            local value = select(i, ...)
            said[#said + 1] = math.type(value) == "integer" and "n"
              or tostring(value)
          end
        end

        conn.nick = "ann"
        note(conn.nick, conn.id, conn.peer ~= nil, conn.server ~= nil,
          conn.resumed, pcall(function() conn.send = 1 end))
        note(conn:send "x", conn:pause(), conn:resume(), conn:flush())
        note(conn:subscribe(topic), conn:topics()() == topic)
        note(conn:unsubscribe(topic), conn:topics()())
        note(conn:set_overflow "drop", conn:stats().messages_out)
        note(pcall(conn.send, conn, {}))
        note(conn:close(), conn:close())
        for _, name in ipairs { "send", "pause", "resume", "flush" } do
          note(conn[name](conn, "x"))
        end
        note(conn:subscribe(topic))
        note(conn:unsubscribe(topic))
        print(table.concat(said, " "))
      end
      fes.listen { port = 0, on_connect = use }
      fes.listen { port = 0, handler = use }
    ]] }
    local told = {}

    for i = 1, 2 do
      assert.same({ "x", "eof" }, {
        assert(program:connect { port = program.ports[i] }):read_all(),
      })
      told[i] = program:expect "(ann [^\n]*)\n"
    end
    assert.matches("^ann n true true false false [^\n]*'send' is a name of the "
      .. "API" .. (" true"):rep(8) .. " n false [^\n]* true"
      .. (" nil closed"):rep(7) .. "$", told[1])
    assert.equal(told[1], told[2])
    program:stop()
  end)

  it("runs after on_connect, and not if that closes", function()
    local program, client = start("on_connect = function(new) "
      .. "new:send 'hello ' if closes then new:close() end end,",
      "conn:send 'you'")

    assert.same({ "hello you", "eof" }, { client:read_all() })
    ask(program, "(function() closes = true end)()")
    client = assert(program:connect())
    assert.same({ "hello ", "eof" }, { client:read_all() })
    settle(program, { client })
  end)

  it("that yields itself is resumed by fes.spawn, and closes then", function()
    local program, client = start("", "got[1] = coroutine.yield()")

    await(program, "conn ~= nil")
    ask(program, "collectgarbage()")
    assert.equal("true", ask(program, "conn:send 'hello'"))
    assert.equal("hello", client:read(5))
    ask(program, "conn:close()")
    settle(program, { client })

    program, client = start("", "task = coroutine.running() "
      .. "got[1] = coroutine.yield()")
    await(program, "task ~= nil")
    ask(program, "fes.spawn(task, 'again')")
    said(program, "again")
    assert.same({ "", "eof" }, { client:read_all() })
    settle(program, { client })
  end)

  it("that is closed as a coroutine closes its connection", function()
    local program, client = start("", "task = coroutine.running() take()")

    await(program, "task ~= nil")
    assert.equal("true", ask(program, "coroutine.close(task)"))
    assert.same({ "", "eof" }, { client:read_all() })
    assert.equal("", ask(program, "said()"))
    settle(program, { client })
  end)

  it("goes without on_receive", function()
    local status, _, err = testing.run { code = [[
      local fes = require "fes"
      fes.listen { port = 0, handler = print, on_receive = print }]] }

    assert.equal(1, status)
    assert.matches("script.lua:2: fes.listen: 'handler' goes without "
      .. "'on_receive'", err)
  end)

  it("hears what comes among broadcasts", function()
    local program, client = start("", "while take 'line' do "
      .. "server:broadcast('all\\n') conn:send 'you\\n' end")

    assert(client:send "1\n2\n")
    for _ = 1, 2 do
      assert.equal("all", client:line())
      assert.equal("you", client:line())
    end
    settle(program, { client })
  end)

  it("of each of many clients echoes on its own", function()
    local program, client = start("", [[
      local own = new
      local line = own:receive "line"
      while line do
        own:send(line .. "\n")
        line = own:receive "line"
      end]])
    local clients = assert(program:connect_all(100))

    for round = 1, 3 do
      for i, each in ipairs(clients) do
        assert(each:send(i .. "." .. round .. "\n"))
      end
      for i, each in ipairs(clients) do
        assert.equal(i .. "." .. round, each:line())
      end
    end
    table.insert(clients, client)
    settle(program, clients)
  end)
end)

describe("conn:send in a task", function()
  after_each(testing.finish)

  local small = "sndbuf = 4096, maxsends = 4, size = 1024,"

  -- Bytes of which no two stretches are alike.
  local function pattern(first, length)
    local lines = {}

    for i = 1, length // 8 do lines[i] = ("%s%06d\n"):format(first, i) end
    return table.concat(lines)
  end

  it("waits while the connection is full", function()
    local program = asked.start(script:format(small, [[
      for i = 1, 500000 // 8, 100 do
        local lines = {}
        for k = i, i + 99 do lines[#lines + 1] = ("a%06d\n"):format(k) end
        assert(conn:send(table.concat(lines)))
      end
      done = true]]))
    local client = assert(program:connect { rcvbuf = 4096 })

    await(program, "conn and conn:stats().queued > 0")
    assert.equal("nil", ask(program, "done"))
    assert.is_true(pattern("a", 500000) == client:read(500000, 60))
    await(program, "done")
    settle(program, { client })
  end)

  it("keeps the order of those that wait", function()
    local program = asked.start(script:format(small, [[
      for i = 1, 20 do
        fes.spawn(function()
          local data = string.char(64 + i):rep(i % 3 == 0 and 10 or 4000)
          assert(conn:send(data))
          done = (done or 0) + 1
        end)
      end
      fes.sleep(1000)]]))
    local client = assert(program:connect { rcvbuf = 4096 })
    local expected = {}

    for i = 1, 20 do
      expected[i] = string.char(64 + i):rep(i % 3 == 0 and 10 or 4000)
    end
    expected = table.concat(expected)
    await(program, "conn and conn:stats().queued > 0")
    assert.is_true(ask(program, "done or 0") < 20)
    assert.is_true(expected == client:read(#expected))
    await(program, "done == 20")
    settle_asleep(program, { client })
  end)

  it("gives nil and \"closed\" when that ends its wait", function()
    local program = asked.start(script:format(small, [[
      for i = 1, 3 do
        fes.spawn(function()
          local ok, why
          repeat ok, why = conn:send(("x"):rep(4000)) until not ok
          got[#got + 1] = tostring(ok) .. " " .. why
        end)
      end
      fes.sleep(1000)]]))

    for _, act in ipairs { "conn:close()", "conn:close(0)" } do
      local client = assert(program:connect { rcvbuf = 4096 })

      await(program, "conn and conn:stats().queued > 0")
      ask(program, act)
      said(program, "nil closed, nil closed, nil closed")
      client:close()
      await(program, "server:count() == 0 and #ended > 0")
      ask(program, "(function() got, ended, conn = {}, {}, nil end)()")
    end
    settle(program, {})
  end)

  it("says \"full\" in a function that C called", function()
    local program = asked.start(script:format(small, [[
      local ok, why
      repeat
        table.sort({ 1, 2 }, function()
          ok, why = conn:send(("x"):rep(4000))
          return false
        end)
      until not ok
      got[1] = why
      fes.sleep(1000)]]))
    local client = assert(program:connect { rcvbuf = 4096 })

    said(program, "full")
    settle_asleep(program, { client })
  end)

  it("says \"full\" in a handler still", function()
    local program = asked.start(script:format(small, "fes.sleep(1000)"))
    local client = assert(program:connect { rcvbuf = 4096 })

    await(program, "conn ~= nil")
    ask(program, "(function() local ok repeat "
      .. "ok, why = conn:send(('x'):rep(4000)) until not ok end)()")
    assert.equal("full", ask(program, "why"))
    settle_asleep(program, { client })
  end)
end)
