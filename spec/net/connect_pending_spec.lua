-- What a script may do with an outgoing connection that is still connecting.

local asked = require "spec.support.asked"
local connecting = require "spec.support.connecting"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = connecting.start, connecting.said

describe("a connection that is still connecting", function()
  after_each(testing.finish)

  it("queues what it is sent, in order", function()
    local program = start("framing = 'line',")

    ask(program, "(function() connect { framing = 'line' } "
      .. "conn:send 'one' conn:send 'two' note = conn:stats().queued end)()")
    assert.equal(8, ask(program, "note"))
    await(program, "#seen == 4")
    ask(program, "conn:send 'three'")
    await(program, "#seen == 5")
    local order = ask(program, "said()"):gsub("connected, ", "")
    assert.equal("made, far hears one, far hears two, far hears three", order)
    ask(program, "conn:close()")
    await(program, "#seen == 7")
    settle(program, {})
  end)

  it("may subscribe to a topic", function()
    local program = start("framing = 'line',", [[
      function join(policy)
        topic = fes.topic("prices", { retain = true })
        topic:publish("old", "a")
        connect { framing = "line", maxsends = 1, overflow = policy }
        conn:send "first"
        assert(conn:subscribe(topic))
        for i = 1, 5 do topic:publish("new " .. i, "b") end
      end]])

    ask(program, "join()")
    await(program, "seen[#seen] == 'far hears new 5'")
    assert.equal("made, far hears first, far hears old, far hears new 5",
      (ask(program, "said()"):gsub("connected, ", "")))
    ask(program, "topic:publish('more', 'a')")
    await(program, "seen[#seen] == 'far hears more'")
    ask(program, "conn:close()")
    await(program, "seen[#seen]:find 'ends' ~= nil and #seen == 8")
    settle(program, {})
  end)

  it("is subject to the overflow policies", function()
    local program = start("backlog = 1,", [[
      server:pause()
      topic = fes.topic "prices"
      function join(policy)
        connect { maxsends = 1, overflow = policy }
        conn:subscribe(topic)
        for _ = 1, 10 do topic:publish(("x"):rep(1000)) end
      end]])

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "join 'close'")
    said(program, "made, ends overflow ")
    ask(program, "join 'drop'")
    assert.equal(6, ask(program, "conn:stats().missed"))
    ask(program, "server:resume()")
    await(program, "conn:stats().bytes_out == 4000")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("can be full, and drains once it is established", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "(function() connect { maxsends = 2, "
      .. "on_drain = function() drained = true end } "
      .. "ok = conn:send(('x'):rep(8000)) "
      .. "why = select(2, conn:send(('y'):rep(500))) end)()")
    assert.equal("true full", ask(program, "tostring(ok) .. ' ' .. why"))
    assert.equal("nil", ask(program, "drained"))
    ask(program, "server:resume()")
    await(program, "drained")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("sends what is queued although it is closed", function()
    local program = start()

    ask(program, "(function() connect() conn:send 'bye' ok = conn:close() "
      .. "why = select(2, conn:send 'x') again = conn:close() end)()")
    assert.equal("true closed nil", ask(program,
      "table.concat({ tostring(ok), why, tostring(again) }, ' ')"))
    await(program, "#seen == 4")
    assert.equal("made, far hears bye, far ends eof, ends local ",
      (ask(program, "said()"):gsub("ends local , far ends eof",
        "far ends eof, ends local ")))
    settle(program, {})
  end)

  it("discards what is queued if it is closed with a linger of 0", function()
    local program = start()

    ask(program, "(function() connect() conn:send 'bye' conn:close(0) end)()")
    await(program, "#seen >= 2")
    assert.equal("made, ends local ", (ask(program, "said()")
      :gsub(", far ends %l+", "")))
    settle(program, {})
  end)

  it("lingers no longer than conn:close says", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "(function() connect() conn:send 'bye' conn:close(0.1) "
      .. "end)()")
    said(program, "made, ends local ")
    ask(program, "server:resume()")
    settle(program, {})
  end)

  it("can be received from, and then runs its handler", function()
    local program = start("", [[
      function open()
        conn = fes.connect { port = server.port, handler = function(new)
          new:send "hello"
          while not early do fes.sleep(0.01) end
          new:send(new:receive "line")
        end }
        fes.spawn(function() early = conn:receive(3) end)
      end]])

    ask(program, "open()")
    said(program, "far hears hello")
    ask(program, [[far:send 'one']])
    await(program, "early == 'one'")
    ask(program, [[far:send 'line\n']])
    await(program, "#seen == 3")
    assert.equal("far hears hello, far hears line, far ends eof",
      ask(program, "said()"))
    settle(program, {})
  end)
end)
