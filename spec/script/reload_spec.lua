local reloading = require "spec.support.reloading"
local testing = require "fes.testing"
local uv = require "luv"

local start, reload = reloading.start, reloading.reload
local expect_answer = reloading.expect_answer

-- Answers every question with a word.
local function answering(word, options)
  return ([[
    server = fes.listen {
      port = 0, %s
      on_receive = function(conn) conn:send %q end,
    }
  ]]):format(options or "", word)
end

describe("a reload", function()
  after_each(testing.finish)

  it("by SIGHUP serves connections with the new script", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    reload(program, answering "new")
    expect_answer(client, "new")
    expect_answer(assert(program:connect()), "new")
    program:stop()
  end)

  it("by SIGHUP while the script loads for the first time comes after that",
    function()
      local program = start [[
        local pid = io.open "/proc/self/stat":read "n"
        local reloads = fes.stats().reloads

        if reloads == 0 then os.execute("kill -HUP " .. pid) end
        print("loaded", reloads)
        fes.listen { port = 0 }
      ]]

      program:expect "loaded\t0\n"
      program:expect "loaded\t1\n"
      program:stop()
    end)

  it("by fes.reload in a handler comes after it", function()
    local program = start [[
      fes.listen { port = 0, on_receive = function(conn)
        fes.reload()
        fes.reload()
        conn:send "still old "
        print "returned"
      end }
    ]]
    local client = assert(program:connect())

    reloading.write(program, [[
      print "loading"
      fes.listen { port = 0, on_receive = function(conn)
        conn:send(("%d reload"):format(fes.stats().reloads))
      end }
    ]])
    expect_answer(client, "still old ")
    program:expect "returned\nloading\n"
    expect_answer(client, "1 reload")
    program:stop()
  end)

  it("by fes.reload in a timer comes after it, and ends timers", function()
    local program = start [[
      fes.listen { port = 0, on_receive = function(conn) conn:send "old" end }
      fes.every(0.005, function() print "old timer" end)
      fes.after(0.05, function() fes.reload() print "returned" end)
    ]]

    reloading.write(program, answering "new"
      .. "fes.after(0.1, function() print 'end' end) print 'loading'")
    program:expect "returned\nloading\n"
    program:expect "end\n"
    assert.is_nil(program:stdout():match("loading\n.*old timer"))
    expect_answer(assert(program:connect()), "new")
    program:stop()
  end)

  it("is asked for in vain while a script loads", function()
    local status, _, err = testing.run {
      code = "\nrequire('fes').reload()",
    }

    assert.equal(1, status)
    assert.matches("script.lua:2: fes.reload: the script is still loading",
      err)
  end)

  it("of -e runs the same code again", function()
    local program = testing.start { options = { "-e", [[
      local fes = require "fes"
      local n = (fes.state() or 0) + 1
      fes.on_reload(function() return n end)
      fes.listen { port = 0, on_receive = function(conn) conn:send(n) end }
    ]] } }
    local client = assert(program:connect())

    expect_answer(client, "1")
    program:signal "sighup"
    program:expect("info  reloaded\n", "stderr")
    expect_answer(client, "2")
    program:stop()
  end)

  it("keeps the slab of outgoing connections as it is", function()
    local code = [[
      fes.limits { outgoing = 16 }
      local server = fes.listen { port = 0 }
      fes.connect { port = server.port, on_connect = print }
    ]]
    local program = start(code)

    program:expect "conn %d+"
    reloading.fail(program, (code:gsub("16", "17")),
      "'outgoing' cannot change")
    reload(program, code)
    program:expect "conn %d+"
    program:stop()
  end)

  it("runs finalizers of the old script", function()
    local program = start(answering "old" .. [[
      setmetatable({}, { __gc = function() print "finalized" end })
    ]])

    reload(program, answering "new")
    program:expect "finalized\n"
    program:stop()
  end)

  it("ends a script that has nothing to wait for any more", function()
    local program = start(answering "old")

    reload(program, "")
    assert.same({ 0 }, { program:wait() })
  end)
end)

describe("a connection that is kept", function()
  after_each(testing.finish)

  it("keeps its id, its peer and its fields, and is told apart", function()
    local program = start [[
      fes.listen { port = 0,
        on_connect = function(conn) conn.nick = "ann" print(conn.resumed) end }
    ]]
    local client = assert(program:connect())

    program:expect "false\n"
    reload(program, [[
      local server
      server = fes.listen { port = 0,
        on_connect = function(conn) print("connect", conn.resumed) end,
        on_receive = function(conn)
          print(conn.id, conn.peer, conn.nick, conn.resumed,
            conn.server == server, conn.server:count())
        end }
      for conn in server:connections() do print(conn.id, conn.nick) end
    ]])
    program:expect "1\tann\n"
    assert(client:send "?")
    program:expect("1\t" .. client:name() .. "\tann\ttrue\ttrue\t1\n")
    assert(program:connect())
    program:expect "^connect\tfalse\n"
    assert.is_nil(program:stdout():find "connect\ttrue")
    program:stop()
  end)

  it("has its on_close in the new script", function()
    local program = start(answering("old", [[
      on_close = function() print "old close" end,]]))
    local client = assert(program:connect())

    expect_answer(client, "old")
    reload(program, answering("new", [[
      on_close = function(conn, reason) print(conn.id, reason) end,]]))
    client:close()
    program:expect "1\teof\n"
    assert.is_nil(program:stdout():find "old close")
    program:stop()
  end)

  for _, sends in ipairs { 256, 512, 1024 } do
    it("loses nothing that is queued, with maxsends = " .. sends, function()
      local backlog = [[
        local server = fes.listen {
          port = 0, maxsends = %d, sndbuf = 4096, framing = "line",
          on_receive = function(conn, line)
            if line == "more" then conn:send "last" end
          end,
        }
        if not fes.state() then
          fes.on_reload(function() return "again" end)
          server:resume()
        end
      ]]
      local fill = [[
        fes.every(0.01, function()
          if done or server:count() < 2 then return end
          done = true
          for conn in server:connections() do
            for i = 1, 40 do assert(conn:send(("%04d"):format(i):rep(2500))) end
          end
          for i = 41, 80 do
            assert(server:broadcast(("%04d"):format(i):rep(2500)))
          end
          print "filled"
        end)
      ]]
      local program = start("local done\n" .. backlog:format(512) .. fill)
      local clients = assert(program:connect_all(2, { rcvbuf = 4096 }))

      program:expect "filled\n"
      reload(program, backlog:format(sends))
      assert.equal(("0001"):rep(2500), clients[1]:line())
      reload(program, backlog:format(128))
      reload(program, backlog:format(512))
      reload(program, backlog:format(128))
      reload(program, backlog:format(sends))
      for n, client in ipairs(clients) do
        for i = n == 1 and 2 or 1, 80 do
          assert.equal(("%04d"):format(i):rep(2500), client:line())
        end
        assert(client:send "more\n")
        assert.equal("last", client:line())
      end
      program:stop()
    end)
  end

  it("loses nothing that lies in one piece, with more maxsends", function()
    local backlog = [[
      local server = fes.listen {
        port = 0, maxsends = %d, size = 65536, bockets = 1024, sndbuf = 4096,
        on_receive = function(conn, data) conn:send(data) end,
      }
    ]]
    local fill = [[fes.every(0.01, function()
        if server:count() < 2 or done then return end
        done = server:broadcast(("0123456789"):rep(6000))
        print "filled"
      end)]]
    local program = start("local done\n" .. backlog:format(1) .. fill)
    local clients = assert(program:connect_all(2, { rcvbuf = 4096 }))

    program:expect "filled\n"
    for _, sends in ipairs { 2, 3, 4 } do
      reload(program, backlog:format(sends))
    end
    for _, client in ipairs(clients) do
      assert.is_true(("0123456789"):rep(6000) == client:read(60000))
      assert(client:send "last")
      assert.equal("last", client:read(4))
    end
    program:stop()
  end)

  it("keeps the half of a message that has come", function()
    local function listening(word)
      return ([[
        fes.listen { port = 0, framing = { length = 2 },
          on_receive = function(conn, data) print(%q, data) end }
      ]]):format(word)
    end
    local program = start(listening "old")
    local client = assert(program:connect())

    assert(client:send "\0\4both\0\11one and ")
    program:expect "old\tboth\n"
    reload(program, listening "new")
    assert(client:send "two")
    program:expect "new\tone and two\n"
    program:stop()
  end)

  it("is where it was in the stream of broadcasts, in ten reloads",
    function()
      -- Everybody hears every number, once and in order.
      local code = [[
        local n = fes.state() or 0
        local server = fes.listen { port = 0, framing = "line" }
        fes.on_reload(function() return n end)
        fes.every(0.001, function()
          for _ = 1, 5 do
            n = n + 1
            server:broadcast(tostring(n))
          end
        end)
      ]]
      local program = start(code)
      local clients = assert(program:connect_all(20))
      local last = {}

      for i, client in ipairs(clients) do
        last[i] = tonumber(client:line())
      end
      for round = 1, 10 do
        reload(program, code .. "-- " .. round)
        for i, client in ipairs(clients) do
          for _ = 1, 50 do
            local n = tonumber(client:line())

            assert.equal(last[i] + 1, n)
            last[i] = n
          end
        end
      end
      program:stop()
    end)

  it("stays paused", function()
    local program = start [[
      fes.listen { port = 0, on_connect = function(conn)
        conn:pause()
        conn:send "paused"
      end }
    ]]
    local client = assert(program:connect())

    assert.equal("paused", client:read(6))
    assert(client:send "?")
    reload(program, [[
      local server = fes.listen { port = 0,
        on_receive = function(conn) conn:send "heard" end }
      fes.after(0.1, function()
        for conn in server:connections() do
          conn:send "resuming "
          conn:resume()
        end
      end)
    ]])
    assert.equal("resuming heard", client:read(14))
    program:stop()
  end)
end)

describe("a task of the old script", function()
  after_each(testing.finish)

  it("ends: what it waits in raises", function()
    local program = start [[
      fes.listen { port = 0, handler = function(conn)
        print("data", pcall(conn.receive, conn))
      end }
      fes.spawn(function()
        local last <close> = setmetatable({}, {
          __close = function() print "closed" end })
        print("asleep", pcall(coroutine.wrap(function() fes.sleep(1000) end)))
        print("again", pcall(fes.sleep, 1000))
        print("spawn", pcall(fes.spawn, print))
        print("listen", pcall(fes.listen, { port = 0 }))
        fes.sleep(0)
        print "never"
      end)
      fes.spawn(function() while true do pcall(fes.sleep, 1000) end end)
      fes.limits { call_seconds = 0.1 }
    ]]
    local client = assert(program:connect())

    testing.wait_until(function() return #program:stdout() > 0 end)
    reload(program, [[
      fes.listen { port = 0, on_receive = function(conn) conn:send "new" end }
    ]])
    expect_answer(client, "new")

    local out = program:stdout()

    for _, what in ipairs { "data", "asleep" } do
      assert.matches(what .. "\tfalse\t[^\n]*the script is loaded anew, and "
        .. "this task ends\n", out)
    end
    for _, what in ipairs { "again", "spawn", "listen" } do
      assert.matches(what .. "\tfalse\t[^\n]*the script has ended", out)
    end
    assert.matches("closed\n", out)
    assert.not_matches("never", out)
    assert.not_matches("error", program:stderr())
    program:stop()
  end)

  it("has one of the new script in its place, for a connection", function()
    local handler = [[
      fes.listen { port = 0,
        handler = function(conn)
          conn:send(%q .. tostring(conn.resumed) .. "\n")
          for line in function() return conn:receive "line" end do
            conn:send(%q .. line .. "\n")
          end
        end,
        on_close = function(conn, reason) print(conn.id, reason) end }
    ]]
    local program = start(handler:format("old ", "old "))
    local client = assert(program:connect())

    assert.equal("old false", client:line())
    assert(client:send "half ")
    reload(program, handler:format("new ", "new "))
    assert.equal("new true", client:line())
    assert(client:send "and half\n")
    assert.equal("new half and half", client:line())
    assert(client:half_close())
    program:expect "1\teof\n"
    program:stop()
  end)

  it("leaves what it did not receive to an on_receive, also at the end",
    function()
      local program = start [[
        local server = fes.listen { port = 0,
          handler = function() fes.sleep(1000) end }
        local timer
        timer = fes.every(0.001, function()
          if server:stats().bytes_in == 10 then
            print "it has come"
            timer:stop()
          end
        end)
      ]]
      local client = assert(program:connect())

      assert(client:send "last words")
      assert(client:half_close())
      program:expect "it has come\n"
      reload(program, [[fes.listen { port = 0,
        on_receive = function(conn, data) conn:send(data) end }]])
      assert.same({ "last words", "eof" }, { client:read_all() })
      program:stop()
    end)

  for name, scripts in pairs {
    ["handler gives way to on_receive"] = {
      "handler = function(conn) fes.sleep(1000) end",
      "on_receive = function(conn, data) conn:send(data) end",
    },
    ["on_receive gives way to a handler"] = {
      "on_connect = function(conn) conn:pause() end, on_receive = print",
      [[handler = function(conn)
        conn:resume()
        conn:send(conn:receive(5))
      end]],
    },
  } do
    it("may be of another kind: " .. name, function()
      local program = start("fes.listen { port = 0, framing = 'raw', "
        .. scripts[1] .. " }")
      local client = assert(program:connect())

      assert(client:send "hello")
      reload(program, "fes.listen { port = 0, " .. scripts[2] .. " }")
      assert.equal("hello", client:read(5))
      program:stop()
    end)
  end
end)

describe("what is not of one connection", function()
  after_each(testing.finish)

  it("lives on: topics, subscriptions and retained messages", function()
    local program = start [[
      local prices = fes.topic("prices", { retain = true })
      fes.listen { port = 0, framing = "line",
        on_receive = function(conn, line)
          conn:subscribe(prices)
          conn.prices = prices
        end }
      prices:publish("one", "a")
      fes.on_reload(function() return prices end)
    ]]
    local client = assert(program:connect())

    assert(client:send "!\n")
    assert.equal("one", client:line())
    reload(program, [[
      local prices = fes.state()
      print(prices == fes.topic "prices", prices:last "a", prices:count())
      local server = fes.listen { port = 0, framing = "line" }
      for conn in server:connections() do print(conn.prices == prices) end
      fes.after(0, function() prices:publish("two", "a") end)
    ]])
    program:expect "true\tone\t1\ntrue\n"
    assert.equal("two", client:line())
    reload(program, [[fes.listen { port = 0, framing = "line" }]])
    reload(program, [[
      fes.listen { port = 0, framing = "line" }
      fes.after(0, function()
        print(fes.topic("prices", { retain = true }):last "a")
      end)
    ]])
    program:expect "two\n"
    program:stop()
  end)

  it("is let go: a topic that only the old script held", function()
    local program = start [[
      topic = fes.topic("t", { retain = true })
      fes.listen { port = 0 }
    ]]

    reloading.fail(program, [[
      topic = fes.topic("u", { retain = true })
      other = fes.topic "t"
      error "no"
    ]], "no")
    reload(program, [[
      fes.listen { port = 0 }
      fes.after(0.05, function()
        print(pcall(fes.topic, "t", { retain = false }))
        print(pcall(fes.topic, "u", { retain = false }))
      end)
    ]])
    program:expect "true\t[^\n]*\ntrue\t[^\n]*\n"
    program:stop()
  end)

  it("ends: connections of fes.connect, to be made again", function()
    local program = start [[
      local feed
      fes.listen { port = 0, on_connect = function(conn)
        if not feed then feed = fes.connect { port = conn.server.port,
          on_connect = function() print "old stands" end,
          on_close = print } end
      end }
      fes.on_reload(function() return feed end)
    ]]

    assert(program:connect())
    program:expect "old stands\n"
    reload(program, [[
      local feed = fes.state()
      local server = fes.listen { port = 0,
        on_close = function(conn, reason) print(conn.id, reason) end }
      fes.connect { port = server.port,
        on_connect = function(conn) print("new", conn.resumed) end }
      fes.after(0.05, function() print(feed:send "x") end)
    ]])
    program:expect "new\tfalse\n"
    testing.wait_until(function()
      return program:stdout():find "3\teof\n"
        and program:stdout():find "nil\tclosed\n"
    end)
    program:stop()
  end)

  it("is taken back: policies that are functions", function()
    local program = start [[
      local function ask() print "old asked" return "drop" end
      topic = fes.topic "t"
      topic:set_overflow(ask)
      fes.listen { port = 0, sndbuf = 4096, maxsends = 1, overflow = ask,
        on_connect = function(conn)
          conn:set_overflow(ask)
          conn:subscribe(topic)
          conn:send "in"
        end }
      fes.on_reload(function() return topic end)
    ]]
    local clients = assert(program:connect_all(2, { rcvbuf = 4096 }))

    for _, client in ipairs(clients) do assert.equal("in", client:read(2)) end
    reload(program, [[
      local topic = fes.state()
      local server
      server = fes.listen { port = 0, sndbuf = 4096, maxsends = 1,
        overflow = "close",
        on_close = function(conn, reason) print(conn.id, reason) end }
      fes.every(0.001, function()
        topic:publish(("x"):rep(2000))
        server:broadcast(("x"):rep(2000))
      end)
    ]])
    testing.wait_until(function()
      return program:stdout():find "1\toverflow\n"
        and program:stdout():find "2\toverflow\n"
    end)
    assert.not_matches("old asked", program:stdout())
    program:stop()
  end)

  it("may be used by finalizers, but nothing begins there", function()
    local code = [[
      local server = fes.listen { port = 0 }
      last = setmetatable({}, { __gc = function()
        for conn in server:connections() do conn:send "bye" end
        print(server:count(), server:broadcast "!", fes.topic "t")
        print(pcall(fes.after, 0, print))
        print(pcall(fes.listen, { port = 0 }))
        print(pcall(fes.pool, 1000, 4096))
      end })
    ]]
    local program = start(code)
    local client = assert(program:connect())

    for _ = 1, 2 do
      reload(program, code)
      assert.equal("bye!", client:read(4))
      program:expect("1\t1\ttopic %(t%)\nfalse\t[^\n]*has ended\n"
        .. "false\t[^\n]*has ended\nfalse\t[^\n]*has ended\n")
    end
    program:signal "sigterm"
    client:close()
    assert.same({ 0 }, { program:wait() })
  end)
end)

describe("options of a new script", function()
  after_each(testing.finish)

  it("that limit time count at once", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    reload(program, answering("new", [[idle_timeout = 0.1,
      on_close = function(_, reason) print(reason) end,]]))
    assert.same({ true, "eof" }, { client:closed() })
    program:expect "idle\n"
    program:stop()
  end)

  it("that limit time may be lifted", function()
    local program = start(answering("old", "idle_timeout = 0.5,"))
    local client = assert(program:connect())

    reload(program, answering "new")
    assert.is_false((client:closed(1)))
    expect_answer(client, "new")
    program:stop()
  end)

  it("that limit connections count those that are there", function()
    local program = start(answering "old")
    local clients = assert(program:connect_all(2))

    for _, client in ipairs(clients) do expect_answer(client, "old") end
    reload(program, answering("new", "maxperip = 2,"))

    local third = assert(program:connect())

    assert.is_true((third:closed()))
    clients[1]:close()
    testing.wait_until(function()
      local another = assert(program:connect())

      another:send "?"
      return another:read(3, 0.2) == "new"
    end)
    program:stop()
  end)

  it("that limit what waits count at once", function()
    local program = start [[
      fes.listen { port = 0, maxsends = 4, size = 1024 }
    ]]
    local client = assert(program:connect())

    reload(program, [[
      fes.listen { port = 0, maxsends = 8, size = 1024,
        on_receive = function(conn)
          conn:send(("x"):rep(8192))
          print(pcall(conn.send, conn, ("x"):rep(8193)))
        end }
    ]])
    assert(client:send "?")
    program:expect "false\t[^\n]*8193 bytes can never fit[^\n]*8192\n"
    assert.equal(8192, #client:read(8192))
    program:stop()
  end)

  it("that greet are for those that come", function()
    local program = start [[fes.listen { port = 0, header = "old" }]]
    local client = assert(program:connect())

    assert.equal("old", client:read(3))
    reload(program, [[
      fes.listen { port = 0, header = "newer",
        on_receive = function(conn) conn:send "!" end }
    ]])
    expect_answer(client, "!")
    assert.equal("newer", assert(program:connect()):read(5))
    program:stop()
  end)

  it("of the kernel's buffers are for those that come", function()
    local filling = [[
      fes.listen { port = 0, sndbuf = %d, on_receive = function(conn)
        while conn:send(("x"):rep(4000)) do end
        print("taken", conn:stats().bytes_out)
      end }
    ]]
    local function taken(program, client)
      assert(client:send "?")
      return tonumber((program:expect "taken\t(%d+)\n"))
    end
    local program = start(filling:format(4096))
    local old = assert(program:connect { rcvbuf = 4096 })

    reload(program, filling:format(262144))
    local new = assert(program:connect { rcvbuf = 4096 })
    assert.is_true(4 * taken(program, old) < taken(program, new))
    program:stop()
  end)

  it("of overflow count at once", function()
    local program = start [[
      fes.listen { port = 0, maxsends = 1, sndbuf = 4096, overflow = "drop" }
    ]]
    local client = assert(program:connect { rcvbuf = 4096 })

    reload(program, [[
      local server
      server = fes.listen { port = 0, maxsends = 1, sndbuf = 4096,
        overflow = "close",
        on_close = function(_, reason) print(reason) end }
      fes.every(0.001, function() server:broadcast(("x"):rep(4000)) end)
    ]])
    program:expect "overflow\n"
    assert.is_true(#client:read_all() > 0)
    program:stop()
  end)

  it("start accepting again, if the old script had paused it", function()
    local program = start(answering "old" .. "server:pause()")
    local client = assert(program:connect())

    assert(client:send "?")
    reload(program, answering "new")
    assert.equal("new", client:read(3))
    program:stop()
  end)
end)

describe("listeners are matched", function()
  after_each(testing.finish)

  it("by address, and keep their connections", function()
    local program = start [[
      fes.listen { host = "127.0.0.2", port = 0 }
      fes.listen { host = "::1", port = 0 }
    ]]
    local clients = {
      assert(program:connect { port = program.ports[1] }),
      assert(program:connect { port = program.ports[2], host = "::1" }),
    }

    reload(program, ([[
      fes.listen { host = "::1", port = %d,
        on_receive = function(conn) conn:send "six" end }
      fes.listen { host = "127.0.0.2", port = 0,
        on_receive = function(conn) conn:send "four" end }
    ]]):format(program.ports[2]))
    expect_answer(clients[1], "four")
    expect_answer(clients[2], "six")
    program:stop()
  end)

  it("by the order of the calls when they asked for any port", function()
    local program = start [[
      for i = 1, 3 do fes.listen { port = 0 } end
    ]]
    local clients = {}

    for i = 1, 3 do
      clients[i] = assert(program:connect { port = program.ports[i] })
    end
    reload(program, [[
      for _, word in ipairs { "one", "two", "three" } do
        local server = fes.listen { port = 0,
          on_receive = function(conn) conn:send(word) end }
        print(server.port)
      end
    ]])
    program:expect(table.concat(program.ports, "\n") .. "\n")
    for i, word in ipairs { "one", "two", "three" } do
      expect_answer(clients[i], word)
    end
    program:stop()
  end)

  it("by their path, which is removed in the end", function()
    local code = [[
      fes.listen { path = "a.sock", mode = %q,
        on_receive = function(conn) conn:send %q end }
    ]]
    local program = start(code:format("0600", "old"))
    local client = assert(program:connect { path = "a.sock" })
    local path = program.directory .. "/a.sock"

    expect_answer(client, "old")
    reload(program, code:format("0660", "new"))
    expect_answer(client, "new")
    expect_answer(assert(program:connect { path = "a.sock" }), "new")
    assert.equal(tonumber("660", 8), assert(uv.fs_stat(path)).mode & 511)
    client:close()
    program:signal "sigterm"
    program:wait()
    assert.is_nil(uv.fs_stat(path))
  end)

  it("by their path, and a file that took it is left alone", function()
    local code = [[
      fes.listen { path = "a.sock", mode = %q,
        on_receive = function(conn) conn:send %q end }
    ]]
    local program = start(code:format("0600", "old"))
    local client = assert(program:connect { path = "a.sock" })
    local path = program.directory .. "/a.sock"

    assert(os.remove(path))
    testing.write(path, "not ours")
    assert(uv.fs_chmod(path, tonumber("600", 8)))
    reload(program, code:format("0666", "new"))
    expect_answer(client, "new")
    assert.matches("warn  nobody can connect to [^\n]*a.sock: another file",
      program:stderr())
    assert.equal(tonumber("600", 8), assert(uv.fs_stat(path)).mode & 511)
    program:stop()
  end)

  it("and those that are not asked for are closed", function()
    local program = start [[
      fes.listen { port = 0 }
      fes.listen { port = 0 }
    ]]
    local first = assert(program:connect())
    local second = assert(program:connect { port = program.ports[2] })

    reload(program, ([[
      fes.listen { port = %d, on_receive = function(conn) conn:send "in" end,
        on_close = function(_, reason) print(reason) end }
    ]]):format(program.ports[2]))
    assert.same({ "", "eof" }, { first:read_all() })
    expect_answer(second, "in")
    testing.wait_until(function()
      return select(2, program:connect()) == "ECONNREFUSED"
    end)
    program:stop()
  end)

  it("and others are opened, which the log tells", function()
    local program = start [[fes.listen { port = 0 }]]

    reload(program, [[
      fes.listen { host = "127.0.0.2", port = 0,
        on_receive = function(conn) conn:send "here" end }
    ]])
    local port = program:stderr():match "listening 127.0.0.2:(%d+)\n"

    expect_answer(assert(program:connect {
      host = "127.0.0.2", port = tonumber(port),
    }), "here")
    program:stop()
  end)

  it("once: a second server at the same place is an error", function()
    local program = start [[fes.listen { port = 0 }]]

    reloading.fail(program, ([[
      fes.listen { port = %d }
      fes.listen { port = %d }
    ]]):format(program.port, program.port), "Address already in use")
    program:stop()
  end)
end)

describe("what a script does to connections while it loads", function()
  after_each(testing.finish)

  local acting = [[
    local server = fes.listen { port = 0, framing = "line",
      on_receive = function(conn) conn:send "new" end }
    local topic = fes.topic "t"
    local send
    for conn in server:connections() do
      print(conn:send "one", conn:subscribe(topic))
      send = conn.send
    end
    print(server:broadcast "two", topic:publish "three")
    for conn in server:connections() do send(conn, "four") end
    for conn in server:connections() do
      if conn.id == 2 then print(conn:close()) end
    end
    server:pause()
    server:broadcast "a\nb"
  ]]

  local function start_acting()
    local program = start [[
      topic = fes.topic "t"
      fes.listen { port = 0, framing = "line", on_connect = function(conn)
        conn:subscribe(topic)
        conn:send "in"
      end, on_receive = function(conn) conn:send "old" end }
    ]]
    local clients = assert(program:connect_all(2))

    for _, client in ipairs(clients) do assert.equal("in", client:line()) end
    return program, clients
  end

  it("is done when it has taken over", function()
    local program, clients = start_acting()

    reload(program, acting)
    program:expect "true\ttrue\ntrue\ttrue\n2\t2\ntrue\n"
    for _, client in ipairs(clients) do
      for _, word in ipairs { "one", "two", "three", "four" } do
        assert.equal(word, client:line())
      end
    end
    assert.same({ "", "eof" }, { clients[2]:read_all() })
    assert(clients[1]:send "?\n")
    assert.equal("new", clients[1]:line())
    assert.matches("error reload: [^\n]*a line cannot hold", program:stderr())
    program:stop()
  end)

  it("is not done when it fails to load", function()
    local program, clients = start_acting()

    reloading.fail(program, acting .. "error 'no'", "no")
    for _, client in ipairs(clients) do
      assert(client:send "?\n")
      assert.equal("old", client:line())
    end
    assert(program:connect())
    program:stop()
  end)

  it("is done at once to what it has made itself", function()
    local program = start(answering "old")

    reload(program, answering "new" .. [[
      local other = fes.listen { port = 0, host = "127.0.0.2" }
      local port = other.port
      other:close()
      print(pcall(fes.listen, { port = port, host = "127.0.0.2" }))
    ]])
    program:expect "true\tserver"
    program:stop()
  end)
end)

describe("a reload that fails", function()
  after_each(testing.finish)

  local function assert_unchanged(program, client)
    expect_answer(client, "old")
    expect_answer(assert(program:connect()), "old")
    program:stop()
  end

  local wrong = {
    ["has wrong syntax"] = { "x = = 1", "script.lua:2: unexpected symbol" },
    ["raises"] = { answering "new" .. "error 'no good'", "no good" },
    ["is missing a module"] = { "require 'nowhere'", "'nowhere' not found" },
    ["changes the number of bockets"] = { answering("new", "bockets = 99,"),
      "'bockets' cannot change in a running server: it is 16384, got 99" },
    ["changes the size of bockets"] = { answering("new", "size = 8192,"),
      "'size' cannot change in a running server: it is 4096, got 8192" },
    ["has a wrong option"] = { answering("new", "maxsends = -1,"),
      "'maxsends' must be" },
    ["eats memory"] = { [[
      fes.limits { memory = 1e6 }
      local list = {}
      while true do list[#list + 1] = ("x"):rep(1000) .. #list end]],
      "not enough memory" },
  }

  for what, case in pairs(wrong) do
    it("because the script " .. what .. " changes nothing", function()
      local program = start(answering "old")
      local client = assert(program:connect())

      reloading.fail(program, case[1], case[2])
      assert_unchanged(program, client)
    end)
  end

  it("tells where, with a traceback", function()
    local program = start(answering "old")

    reloading.fail(program, "\nlocal function f() error 'deep' end\nf()",
      "script.lua:3: deep")
    assert.matches("script.lua:3: in local 'f'", program:stderr())
    program:stop()
  end)

  it("because of on_reload changes nothing", function()
    local program = start(answering "old"
      .. "fes.on_reload(function() error 'not now' end)")
    local client = assert(program:connect())

    reloading.fail(program, answering "new", "on_reload: [^\n]*not now")
    assert_unchanged(program, client)
  end)

  it("closes what it has opened, and keeps the port of others", function()
    local busy = start(answering "busy")
    local program = start(answering "old")
    local client = assert(program:connect())
    local path = program.directory .. "/new.sock"

    reloading.fail(program, ([[
      fes.listen { path = "new.sock" }
      local other = fes.listen { port = 0, host = "127.0.0.2" }
      io.open(arg[0] .. ".port", "w"):write(other.port):close()
      fes.every(0.001, function() error "alive" end)
      fes.listen { port = %d }
    ]]):format(busy.port), "Address already in use")

    local port = io.open(program.directory .. "/script.lua.port"):read "n"

    assert.is_nil(uv.fs_stat(path))
    assert.equal("ECONNREFUSED", select(2, program:connect {
      host = "127.0.0.2", port = port,
    }))
    assert_unchanged(program, client)
    assert.not_matches("alive", program:stderr())
  end)

  it("closes connections that it has made, and that have failed", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    reloading.fail(program, [[
      fes.connect { path = "nowhere.sock", on_close = print }
      fes.connect { path = "nowhere.sock", on_close = print }
      error "no"
    ]], "no")
    assert_unchanged(program, client)
    assert.not_matches("conn %d", program:stdout())
  end)

  it("leaves the store of kept messages as it is", function()
    local keeping = [[
      fes.limits { retained = %d }
      local kept = fes.topic("kept", { retain = true })
      fes.listen { port = 0, on_receive = function(conn)
        local _, why = kept:publish(("x"):rep(100))
        kept:clear()
        conn:send(why or "kept")
      end } %s
    ]]
    local program = start(keeping:format(4096, ""))
    local client = assert(program:connect())

    reloading.fail(program, keeping:format(64, "error 'no'"), "no")
    expect_answer(client, "kept")
    reload(program, keeping:format(64, ""))
    expect_answer(client, "full")
    program:stop()
  end)

  it("can be followed by one that does not", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    for i = 1, 3 do
      reloading.fail(program, "error 'no " .. i .. "'", "no " .. i)
    end
    reload(program, answering "new")
    expect_answer(client, "new")
    program:stop()
  end)
end)
