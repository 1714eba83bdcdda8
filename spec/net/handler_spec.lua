-- The option `handler`: a task for each connection, from its beginning to its
-- end.

local asked = require "spec.support.asked"
local receiving = require "spec.support.receiving"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = receiving.start, receiving.said
local ends_with = receiving.ends_with

describe("a handler", function()
  after_each(testing.finish)

  it("may send after the peer's end until it returns", function()
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

  it("that returns closes its connection once all is sent", function()
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

  it("that raises keeps its connection if on_error returns true", function()
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
    local program, client = start("", "take() "
      .. "repeat fes.sleep(0) until #ended == 1 error 'no luck'")

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
    it("that waits gets nil when another task calls close(" .. linger .. ")",
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

  it("has the same API as callbacks", function()
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

  it("runs after on_connect, unless that closes the connection", function()
    local program, client = start("on_connect = function(new) "
      .. "new:send 'hello ' if closes then new:close() end end,",
      "conn:send 'you'")

    assert.same({ "hello you", "eof" }, { client:read_all() })
    ask(program, "(function() closes = true end)()")
    client = assert(program:connect())
    assert.same({ "hello ", "eof" }, { client:read_all() })
    settle(program, { client })
  end)

  it("that yields by itself stays open until fes.spawn resumes it", function()
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

  it("that coroutine.close ends closes its connection", function()
    local program, client = start("", "task = coroutine.running() take()")

    await(program, "task ~= nil")
    assert.equal("true", ask(program, "coroutine.close(task)"))
    assert.same({ "", "eof" }, { client:read_all() })
    assert.equal("", ask(program, "said()"))
    settle(program, { client })
  end)

  it("cannot be combined with on_receive", function()
    local status, _, err = testing.run { code = [[
      local fes = require "fes"
      fes.listen { port = 0, handler = print, on_receive = print }]] }

    assert.equal(1, status)
    assert.matches("script.lua:2: fes.listen: 'handler' goes without "
      .. "'on_receive'", err)
  end)

  it("keeps the order of its broadcasts and sends", function()
    local program, client = start("", "while take 'line' do "
      .. "server:broadcast('all\\n') conn:send 'you\\n' end")

    assert(client:send "1\n2\n")
    for _ = 1, 2 do
      assert.equal("all", client:line())
      assert.equal("you", client:line())
    end
    settle(program, { client })
  end)

  it("runs for each of 100 connections on its own", function()
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
