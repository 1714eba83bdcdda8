-- fes.connect in a task: the call waits until the connection is established or
-- has failed.

local asked = require "spec.support.asked"
local connecting = require "spec.support.connecting"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = connecting.start, connecting.said
local closed_port = connecting.closed_port

describe("fes.connect in a task", function()
  after_each(testing.finish)

  it("waits, and returns a conn that can be received from", function()
    local program = start("", [[
      function after(new)
        new:send "hello"
        got = new:receive "line"
        new:close()
      end]])

    ask(program, "_G.await {}")
    said(program, "gets conn nil nil, far hears hello")
    ask(program, [[far:send 'you\n']])
    await(program, "got == 'you'")
    await(program, "#seen == 3")
    settle(program, {})
  end)

  it("returns nil, the reason and the detail of a failure", function()
    local program = start()

    ask(program, "_G.await { port = " .. closed_port() .. " }")
    said(program, "gets nil error Connection refused")
    ask(program, "_G.await { path = '/nonexistent/x' }")
    said(program, "gets nil error Connection refused, "
      .. "gets nil error No such file or directory")
    settle(program, {})
  end)

  it("returns nil and \"setup\" after setup_timeout", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "_G.await { setup_timeout = 0.1 }")
    said(program, "gets nil setup nil")
    ask(program, "server:resume()")
    settle(program, {})
  end)

  it("leaves the data to on_receive if there is one", function()
    local program = start("",
      "function after(new) got = select(2, pcall(new.receive, new)) end")

    ask(program, "_G.await { on_receive = function(_, data) heard = data end }")
    await(program, "got ~= nil and far ~= nil")
    assert.matches("conn:receive: only what has a 'handler'", ask(program,
      "got"))
    ask(program, "far:send 'you'")
    await(program, "heard == 'you'")
    ask(program, "conn:close()")
    await(program, "#seen == 2")
    settle(program, {})
  end)

  it("does not wait if there is an on_connect", function()
    local program = start("", [[
      function go()
        fes.spawn(function()
          local new = fes.connect { port = server.port,
            on_connect = function() seen[#seen + 1] = "connected" end }
          seen[#seen + 1] = "returned"
          conn = new
        end)
      end]])

    ask(program, "go()")
    said(program, "returned, connected")
    ask(program, "conn:close()")
    await(program, "#seen == 3")
    settle(program, {})
  end)

  it("leaves the data to the handler if there is one", function()
    local program = start()

    ask(program, "_G.await { handler = function(new) got = new:receive() end }")
    said(program, "gets conn nil nil")
    ask(program, "far:send 'you'")
    await(program, "got == 'you'")
    await(program, "#seen == 2")
    settle(program, {})
  end)

  it("closes the connection if coroutine.close ends the task", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "(function() task = fes.spawn(fes.connect, { port = "
      .. "server.port, on_close = function(_, why) closed = why end }) end)()")
    ask(program, "fes.spawn(function() ended = coroutine.close(task) end)")
    await(program, "ended")
    await(program, "closed == 'local'")
    ask(program, "server:resume()")
    settle(program, {})
  end)
end)
