-- What a reload does to topics, outgoing connections and overflow policies, and
-- what finalizers of the old script may do with such objects.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload

describe("a reload", function()
  after_each(testing.finish)

  it("keeps topics, subscriptions and retained messages", function()
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

  it("frees a topic that only the old script references", function()
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
      fes.every(0.001, function()
        if pcall(fes.topic, "t", { retain = false })
          and pcall(fes.topic, "u", { retain = false }) then
          print "free"
        end
      end)
    ]])
    program:expect "free\n"
    program:stop()
  end)

  it("closes connections of fes.connect; new ones can be made", function()
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
        on_close = function(conn, reason)
          print(conn.id, reason, feed:send "x")
        end }
      fes.connect { port = server.port,
        on_connect = function(conn) print("new", conn.resumed) end }
    ]])
    testing.wait_until(function()
      return program:stdout():find "new\tfalse\n"
        and program:stdout():find "3\teof\tnil\tclosed\n"
    end)
    program:stop()
  end)

  it("lets finalizers use the old objects but create no new ones", function()
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
