-- Connections over a reload: their fields, their queues, partly received
-- messages, their place in the stream of broadcasts.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload
local answering, expect_answer = reloading.answering, reloading.expect_answer

describe("over a reload, a connection", function()
  after_each(testing.finish)

  it("keeps its id, peer and fields, and has conn.resumed set", function()
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

  it("calls on_close of the new script", function()
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
    it("keeps its queue if the new maxsends is " .. sends, function()
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

  it("keeps a queued message of one piece if maxsends grows", function()
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

  it("keeps the part of a message that it has received", function()
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

  it("receives each broadcast once and in order",
    function()
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
        fes.on_reload(function() return conn end)
      end }
    ]]
    local client = assert(program:connect())

    assert.equal("paused", client:read(6))
    assert(client:send "?")
    reload(program, [[
      local first = fes.state()
      fes.listen { port = 0, on_receive = function(conn)
        conn:send "heard"
        if conn == first then return end
        first:send "resuming "
        first:resume()
      end }
    ]])
    expect_answer(assert(program:connect()), "heard")
    assert.equal("resuming heard", client:read(14))
    program:stop()
  end)
end)
