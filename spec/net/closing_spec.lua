-- How connections are closed, with which reason they end, and handlers that
-- close their connection.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local closed = [[

closes = 0
function closed(conn, reason, detail)
  closes = closes + 1
  print("closed", conn.id, reason, detail, conn.server:count())
end
]]

local function start(options, before)
  return asked.start(closed .. (before or "") .. ([[

server = fes.listen { port = 0, sndbuf = 4096, size = 1024, maxsends = 8,
  on_connect = function(new) conn = new end,
  on_close = closed, %s }]]):format(options or ""))
end

local function connect(program, options)
  local count = ask(program, "server:stats().accepted")
  local client = assert(program:connect(options))

  await(program, ("server:stats().accepted == %d and server:count() > 0")
    :format(count + 1))
  return client
end

-- Wait for the next on_close; returns its reason.
local function reason(program)
  return (program:expect "closed\t%d+\t(%w+)\t")
end

local fill = "(function() local n = 0 "
  .. "while conn:send(('x'):rep(1000)) do n = n + 1 end return n end)()"

describe("a connection", function()
  after_each(testing.finish)

  it("that its peer closes ends with \"eof\"", function()
    local program = start()
    local client = connect(program)

    client:close()
    assert.equal("eof", reason(program))
    assert.equal(1, ask(program, "server:stats().closed.eof"))
    settle(program, {})
  end)

  it("that its peer resets ends with \"reset\"", function()
    local program = start()
    local client = connect(program)

    client:reset()
    assert.equal("reset", reason(program))
    assert.equal(1, ask(program, "server:stats().closed.reset"))
    settle(program, {})
  end)

  it("that the script closes ends with \"local\", once", function()
    local program = start()
    local client = connect(program)

    assert.equal("true", ask(program, "conn:close()"))
    assert.equal(0, ask(program, "server:count()"))
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    assert.equal("local", reason(program))
    assert.equal("nil", ask(program, "(conn:close())"))
    settle(program, {})
    assert.is_nil(program:stdout():match "closed.*closed")
  end)

  it("that is closed sends what is queued first", function()
    local program = start()
    local client = connect(program, { rcvbuf = 4096 })
    local count = ask(program, fill)

    ask(program, "conn:close(20)")
    assert.equal("nil closed", ask(program,
      "(function(a, b) return tostring(a) .. ' ' .. b end)(conn:send 'y')"))
    assert.same({ ("x"):rep(count * 1000), "eof" }, { client:read_all() })
    client:close()
    assert.equal("local", reason(program))
    settle(program, {})
  end)

  it("that is closed ends after the linger if nothing is read", function()
    local program = start()
    local client = connect(program, { rcvbuf = 4096 })

    ask(program, fill)
    ask(program, "conn:close(0.2)")
    assert.equal("local", reason(program))
    settle(program, { client })
  end)

  it("that is closed again lingers for the shortest of the times", function()
    for _, call in ipairs { "conn:close(0.1)", "server:close(0.1)" } do
      local program = start()
      local client = connect(program, { rcvbuf = 4096 })

      ask(program, fill)
      ask(program, "conn:close(1000)")
      ask(program, "conn:close(2000)")
      ask(program, call)
      assert.equal("local", reason(program))
      settle(program, { client })
    end
  end)

  it("that is closed discards what its peer still sends", function()
    local program = start "on_receive = function() print 'heard' end,"
    local client = connect(program)

    ask(program, "conn:close(20)")
    assert(client:send(("x"):rep(1000000)))
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    assert.equal("local", reason(program))
    assert.is_nil(program:stdout():match "heard")
    settle(program, {})
  end)

  it("that is closed with a linger of 0 is reset at once", function()
    local program = start()
    local client = connect(program, { rcvbuf = 4096 })

    ask(program, fill)
    ask(program, "conn:close(0)")
    assert.equal("local", reason(program))
    assert.same({ true, "reset" }, { client:closed() })
    settle(program, {})
  end)

  it("stays open if conn:close raises for a wrong linger", function()
    local program = start()
    local client = connect(program)

    for _, wrong in ipairs { "'x'", "-1", "0/0", "1/0" } do
      assert.error_matches(function()
        ask(program, ("conn:close(%s)"):format(wrong))
      end, "close")
    end
    assert.equal(1, ask(program, "server:count()"))
    settle(program, { client })
  end)

  it("that is silent for idle_timeout ends with \"idle\"", function()
    local program = start "idle_timeout = 0.2,"
    local client = connect(program)

    assert.is_true((client:closed()))
    assert.equal("idle", reason(program))
    settle(program, {})
  end)

  it("ends with \"shutdown\" when its server is closed", function()
    local program = start()
    local client = connect(program)

    ask(program, "conn:send 'last'")
    ask(program, "server:close()")
    assert.same({ "last", "eof" }, { client:read_all() })
    client:close()
    assert.equal("shutdown", reason(program))
    assert.same({ nil, "ECONNREFUSED" }, { program:connect() })
    assert.equal("nil closed", ask(program, "(function(a, b) return "
      .. "tostring(a) .. ' ' .. b end)(server:broadcast 'x')"))
    program:stop()
  end)

  it("ends with \"shutdown\" when fes stops, once all is sent", function()
    local program = start()
    local client = connect(program)

    ask(program, "conn:send 'last'")
    program:signal "sigterm"
    assert.same({ "last", "eof" }, { client:read_all() })
    client:close()
    program.control:close()
    assert.equal("shutdown", reason(program))
    assert.equal(0, (program:wait()))
  end)

  it("that is full ends with \"overflow\" at a broadcast", function()
    local program = start()
    local client = connect(program, { rcvbuf = 4096 })

    ask(program, fill)
    ask(program, "server:broadcast(('b'):rep(1000))")
    assert.equal("overflow", reason(program))
    assert.is_true((client:closed()))
    settle(program, { client })
  end)

  it("beyond maxperip ends with \"perip\", without on_close", function()
    local program = start "maxperip = 1, header = 'head',"
    local first = connect(program)
    local second = assert(program:connect())
    local other = assert(program:connect { from = "127.0.0.2" })

    assert.equal("", (second:read_all()))
    assert.equal("head", other:read(4))
    await(program, "server:stats().closed.perip == 1")
    assert.equal(2, ask(program, "server:count()"))
    assert.equal("nil", program:stdout():match "closed" or "nil")
    settle(program, { first, other })
  end)
end)

describe("an answer to the last data before the peer's end", function()
  after_each(testing.finish)

  it("is still sent whole", function()
    local program = start [[
  on_receive = function(from, data)
    from.size = (from.size or 0) + #data
    if from.size == 3000 then
      for i = 1, 7 do assert(from:send(tostring(i):rep(1000))) end
    end
  end,]]
    local client = connect(program, { rcvbuf = 4096 })
    local expected = {}

    for i = 1, 7 do expected[i] = tostring(i):rep(1000) end
    assert(client:send(("q"):rep(3000)))
    assert(client:half_close())
    assert.same({ table.concat(expected), "eof" }, { client:read_all() })
    assert.equal("eof", reason(program))
    settle(program, {})
  end)
end)

describe("a handler that closes its connection", function()
  after_each(testing.finish)

  for _, how in ipairs { "", "0" } do
    local call = ("close(%s)"):format(how)

    it(("in on_connect with %s gets no data, only on_close"):format(call),
      function()
        local program = asked.start(closed .. ([[
server = fes.listen { port = 0, on_close = closed,
  on_connect = function(conn) conn:%s print "connect" end,
  on_receive = function() print "heard" end }]]):format(call))

        for _ = 1, 20 do
          local client, why = program:connect()

          if client then
            client:queue "words"
            assert.is_true((client:closed()))
            client:close()
          else
            assert.equal("ECONNRESET", why) -- it was reset before that
          end
        end
        await(program, "closes == 20")
        assert.is_nil(program:stdout():match "heard")
        settle(program, {})
      end)

    it(("in on_receive with %s receives nothing more"):format(call), function()
      local program = start(([[
  on_receive = function(from, data) print "heard" from:%s end,]])
        :format(call))
      local client = connect(program)

      assert(client:send(("w"):rep(100000)))
      assert.is_true((client:closed()))
      client:close()
      assert.equal("local", reason(program))
      assert.is_nil(program:stdout():match "heard.*heard")
      settle(program, {})
    end)

    it(("in on_drain with %s ends it with \"local\""):format(call), function()
      local program = start(([[
  on_drain = function(from) print "drain" from:%s end,]]):format(call))
      local client = connect(program, { rcvbuf = 4096 })

      ask(program, fill)
      assert.is_true(#client:read_all() > 0)
      client:close()
      assert.equal("local", reason(program))
      assert.is_nil(program:stdout():match "drain.*drain")
      settle(program, {})
    end)

    it(("in on_lag with %s ends it with \"local\""):format(call), function()
      local program = start(([[ overflow = "drop",
  on_lag = function(from) print "lag" from:%s end,]]):format(call))
      local client = connect(program, { rcvbuf = 4096 })

      ask(program, fill)
      ask(program, "server:broadcast(('b'):rep(1000))")
      assert.equal(1, ask(program, "server:stats().missed"))
      client:read_all()
      client:close()
      program:expect "lag\n"
      assert.equal("local", reason(program))
      settle(program, {})
    end)

    it(("in on_close with %s gets nil and \"closed\""):format(call), function()
      local program = asked.start(([[
server = fes.listen { port = 0, on_close = function(conn)
  print("closed", conn:%s)
  print("send", conn:send "x")
end }]]):format(call))

      assert(program:connect()):close()
      program:expect "closed\tnil\tclosed\n"
      program:expect "send\tnil\tclosed\n"
      settle(program, {})
    end)

    it(("in on_error with %s ends it with \"local\""):format(call), function()
      local program = start(([[
  on_receive = function() error "oops" end,
  on_error = function(from) from:%s return true end,]]):format(call))
      local client = connect(program)

      assert(client:send "x")
      assert.is_true((client:closed()))
      client:close()
      assert.equal("local", reason(program))
      settle(program, {}, true)
    end)
  end
end)
