-- The option `coalesce`, which delays what is sent.

local asked = require "spec.support.asked"
local stalling = require "spec.support.stalling"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start = stalling.start

describe("coalesce", function()
  after_each(testing.finish)

  for what, call in pairs {
    send = "conns[1]:send(('x'):rep(1023))",
    broadcast = "server:broadcast(('x'):rep(1023))",
    publish = "topic:publish(('x'):rep(1023))",
  } do
    it("ends when the queue is full: " .. what, function()
      local program, client = start "coalesce = 60,"

      ask(program, call)
      assert.equal(("x"):rep(1023), client:line())
      settle(program, { client })
    end)
  end

  it("delays what is sent until the connection or server is flushed", function()
    local program, client = start "coalesce = 60,"

    ask(program, "topic:publish 'one'")
    ask(program, "conns[1]:send 'two'")
    assert.equal(8, ask(program, "server:stats().queued"))
    ask(program, "server:flush()")
    assert.equal("one", client:line())
    assert.equal("two", client:line())
    ask(program, "topic:publish 'three'")
    assert.equal("true", ask(program, "conns[1]:flush()"))
    assert.equal("three", client:line())
    settle(program, { client })
  end)

  it("ends after its time", function()
    local program, client = start "coalesce = 0.02,"

    ask(program, "topic:publish 'one'")
    assert.equal("one", client:line())
    ask(program, "server:broadcast 'two'")
    assert.equal("two", client:line())
    settle(program, { client })
  end)

  it("ends when the connection is closed", function()
    local program, client = start "coalesce = 60,"

    ask(program, "topic:publish 'last'")
    ask(program, "conns[1]:close()")
    assert.equal("last", client:line())
    settle(program, { client })
  end)

  it("delays what an outgoing connection sends", function()
    local program = asked.start [[
      server = fes.listen { port = 0 }
      fes.connect { port = server.port, coalesce = 60,
        on_connect = function(conn) out = conn conn:send "x" end }]]

    await(program, "out ~= nil and server:count() == 1")
    assert.equal(1, ask(program, "out:stats().queued"))
    assert.equal("true", ask(program, "out:flush()"))
    await(program, "server:stats().bytes_in == 1")
    ask(program, "out:close(0)")
    settle(program, {})
  end)
end)
