-- The options maxqueue and maxage, which make a queue full early, and the age
-- that conn:stats() reports.

local asked = require "spec.support.asked"
local stalling = require "spec.support.stalling"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, stall = stalling.start, stalling.stall

describe("maxqueue", function()
  after_each(testing.finish)

  it("limits the queue of a connection only while it is behind", function()
    local program, client = start
      [[overflow = "drop", maxqueue = 300, maxsends = 64,]]

    assert.equal("true", ask(program, "conns[1]:send(('x'):rep(5000))"))
    client:line()
    stall(program, "topic", nil, 0)
    assert.is_true(ask(program, "conns[1]:stats().queued") <= 300)
    assert.equal("full",
      ask(program, "select(2, conns[1]:send(('y'):rep(290)))"))
    settle(program, { client })
  end)
end)

-- Publish more than the buffers of the kernel can take.
local function pile_up(program)
  repeat ask(program, "fill(topic, 1, 100)") until
    ask(program, "server:stats().queued") > 100000
end

describe("maxage", function()
  after_each(testing.finish)

  it("closes a connection that takes no bytes, also without a new message",
    function()
      local program, client = start
        [[overflow = "close", maxage = 0.3, maxsends = 64, size = 4096,]]

      pile_up(program)
      await(program, "#ended == 1")
      assert.matches("^overflow", ask(program, "ended[1]"))
      settle(program, { client })
    end)

  it("stalls a slow connection, whose age is in conn:stats()", function()
    local program, client = start
      [[overflow = "drop", maxage = 0.3, maxsends = 64, size = 4096,]]

    pile_up(program)
    await(program, "conns[1]:stats().age >= 0.3")
    repeat ask(program, "fill(topic, 2, 2)") until
      ask(program, "server:stats().missed_by.drop") > 0
    settle(program, { client })
  end)
end)

describe("conn:stats().age", function()
  after_each(testing.finish)

  it("grows as long as nothing is sent, also if it is asked for", function()
    local program, client = start
      [[overflow = "drop", maxsends = 64, size = 4096,]]

    pile_up(program)
    await(program, "conns[1]:stats().age > 0.3") -- asked every few ms
    assert.equal("true",
      ask(program, "conns[1]:stats().age == conns[1]:stats().age"))
    settle(program, { client })
  end)

  it("is that of the oldest byte in the queue", function()
    local program, client = start
      [[overflow = "drop", maxsends = 64, size = 4096,]]

    pile_up(program)
    local before = ask(program, "conns[1]:stats().bytes_out "
      .. "+ conns[1]:stats().queued")
    local at = ask(program, "fes.now()")

    await(program, ("fes.now() > %f + 0.1"):format(at)) -- some ticks later
    ask(program, "fill(topic, 1000, 1600)")
    local since = ask(program, "fes.now()")

    await(program, ("fes.now() > %f + 0.5"):format(since))
    repeat assert(client:line())
    until ask(program, "conns[1]:stats().bytes_out") > before
    assert.is_true(ask(program, "conns[1]:stats().age") > 0.4)
    settle(program, { client })
  end)
end)
