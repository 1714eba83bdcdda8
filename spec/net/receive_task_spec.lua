-- conn:receive: which task may call it, with which arguments.

local asked = require "spec.support.asked"
local receiving = require "spec.support.receiving"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = receiving.start, receiving.said
local settle_asleep = receiving.settle_asleep

describe("conn:receive", function()
  after_each(testing.finish)

  it("raises while another task waits to receive", function()
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

  it("leaves no trace if the coroutine that called it is closed", function()
    local program, client = start("", [[
      local inner = coroutine.create(function()
        take(3, { timeout = 0.05 })
      end)
      fes.after(0, function() closed = coroutine.close(inner) end)
      coroutine.resume(inner)
      resumed = true
      take()]])

    await(program, "resumed") -- the timeout wakes the task
    assert.equal("true", ask(program, "closed"))
    assert.equal("", ask(program, "said()"))
    assert(client:send "one")
    said(program, '"one"')
    settle(program, { client })
  end)

  it("may be called by another task if the first one's coroutine is closed",
    function()
      local program, client = start("", [[
        inner = coroutine.create(function() take(3) end)
        coroutine.resume(inner)
        asleep = true
        fes.sleep(1000)]])

      await(program, "inner and coroutine.status(inner) == 'suspended'")
      assert.equal("true", ask(program, "coroutine.close(inner)"))
      assert(client:send "one") -- wakes the task, which sleeps then
      await(program, "asleep")
      ask(program, "fes.spawn(take)")
      said(program, '"one"')
      settle_asleep(program, { client })
    end)

  it("may be called by one task after another", function()
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

  it("raises for connections without a handler", function()
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

  it("raises for wrong arguments", function()
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
