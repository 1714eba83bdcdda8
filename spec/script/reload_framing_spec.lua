-- Connections whose framing differs from that of their server, because a reload
-- has changed it.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload

describe("a connection from before its server's framing changed", function()
  after_each(testing.finish)

  local echo = [[
    local server = fes.listen { port = 0, framing = %s,
      on_receive = function(conn, data) conn:send("<" .. data .. ">") end }
    fes.on_reload(function() server:broadcast "all" end)
  ]]

  it("keeps its framing; new connections have the new one", function()
    local program = start(echo:format '"line"')
    local old = assert(program:connect())

    assert(old:send "one\n")
    assert.equal("<one>", old:line())
    reload(program, echo:format "{ length = 1 }")
    assert.equal("all", old:line())

    local new = assert(program:connect())

    assert(old:send "two\n")
    assert.equal("<two>", old:line())
    assert(new:send "\3two")
    assert.equal("\5<two>", new:read(6))
    reload(program, echo:format "'raw'")
    assert.equal("all", old:line())
    assert.equal("\3all", new:read(4))
    reload(program, echo:format '"line"')
    assert.equal("all", old:line())
    assert.equal("\3all", new:read(4))
    assert(old:send "th")
    reload(program, echo:format "{ length = 1 }")
    assert(old:send "ree\n")
    assert.equal("all", old:line())
    assert.equal("<three>", old:line())
    program:stop()
  end)

  it("uses its framing in conn:receive of a task", function()
    local code = [[
      fes.listen { port = 0, framing = %s, handler = function(conn)
        for data in function() return conn:receive() end do
          conn:send(data:upper())
        end
      end }
    ]]
    local program = start(code:format '"line"')
    local client = assert(program:connect())

    assert(client:send "one\ntw")
    assert.equal("ONE", client:line())
    reload(program, code:format "{ fixed = 2 }" .. "-- 2")
    assert(client:send "o\nx\n")
    assert.equal("TWO", client:line())
    assert.equal("X", client:line())
    program:stop()
  end)

  it("misses publications that its framing cannot carry", function()
    local program = start [[
      local topic = fes.topic "t"
      fes.listen { port = 0, framing = "line", on_connect = function(conn)
        conn:subscribe(topic)
        conn:send "in"
      end }
      fes.on_reload(function() return topic end)
    ]]
    local old = assert(program:connect())

    assert.equal("in", old:line())
    reload(program, [[
      local topic = fes.state()
      local server
      server = fes.listen { port = 0, framing = { length = 2 },
        on_connect = function(conn)
          conn:subscribe(topic)
          print(topic:publish(("x"):rep(9000)), topic:publish "two\nlines",
            topic:publish "", server:broadcast "last")
        end,
        on_receive = function()
          local stats = server:stats()
          print(stats.missed, stats.queued, stats.messages_out)
        end }
    ]])
    local new = assert(program:connect())

    assert.equal(("x"):rep(9000), old:line())
    assert.equal("", old:line())
    assert.equal("last", old:line())
    assert.equal("\35\40" .. ("x"):rep(9000) .. "\0\9two\nlines\0\0\0\4last",
      new:read(9002 + 11 + 2 + 6))
    assert(old:send "all is read\n")
    program:expect "2\t2\t2\t2\n1\t0\t8\n"
    program:stop()
  end)

  for _, policy in ipairs { "drop", "latest" } do
    it("gets whole messages when slow, with overflow " .. policy, function()
      local code = [[
        local server = fes.listen { port = 0, framing = %s, sndbuf = 4096,
          maxsends = 4, overflow = %q,
          on_lag = function(conn, missed) conn:send("missed " .. missed) end }
        local n = 0
        fes.every(0, function()
          n = n + 1
          if n == 500 then print "sent" end
          if n <= 500 then
            server:broadcast(n .. " " .. ("x"):rep(n * 7 %% 1000))
          elseif n > 500 and server:stats().queued == 0 then
            server:broadcast "end"
          end
        end)
      ]]
      local program = start "fes.listen { port = 0, framing = 'line' }"
      local client = assert(program:connect { rcvbuf = 4096 })

      reload(program, code:format("{ length = 4 }", policy))
      program:expect "sent\n"

      local last, missed = 0, 0

      for line in function() return client:line() end do
        if line == "end" and missed > 0 then break end

        local n, rest = line:match "^(%d+) (x*)$"

        if n then
          assert.equal(n * 7 % 1000, #rest)
          assert.is_true(tonumber(n) > last)
          last = tonumber(n)
        elseif line ~= "end" then
          missed = missed + assert(line:match "^missed (%d+)$", line)
        end
      end
      assert.is_true(missed > 0)
      program:stop()
    end)
  end

  it("counts toward the nine framings that a server may have", function()
    local fixed = [[
      fes.listen { port = 0, framing = { fixed = %d },
        on_receive = function(conn, data) conn:send(data) end,
        on_close = function() print "gone" end }
    ]]
    local program = start(fixed:format(1))
    local clients = {}

    for n = 1, 9 do
      clients[n] = assert(program:connect())
      assert(clients[n]:send(("x"):rep(n)))
      assert.equal(("x"):rep(n), clients[n]:read(n))
      if n < 9 then reload(program, fixed:format(n + 1)) end
    end
    reloading.fail(program, fixed:format(10), "framings")
    clients[3]:close()
    program:expect "gone\n"
    reload(program, fixed:format(10))
    for n, client in ipairs(clients) do
      if n ~= 3 then
        assert(client:send(("y"):rep(n)))
        assert.equal(("y"):rep(n), client:read(n))
      end
    end
    program:stop()
  end)
end)
