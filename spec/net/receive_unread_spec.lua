-- Buffered receive: bytes that no task has received yet are buffered up to a
-- limit, and then TCP holds the client back.

local asked = require "spec.support.asked"
local receiving = require "spec.support.receiving"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = receiving.start, receiving.said
local ends_with, has = receiving.ends_with, receiving.has
local settle_asleep, forever = receiving.settle_asleep, receiving.forever

describe("a connection that is not received from", function()
  after_each(testing.finish)

  it("is read up to maxreceives bockets, then TCP holds it back", function()
    local program = receiving.program(
      "size = 64, maxreceives = 4, rcvbuf = 4096,", "fes.sleep(1000)")
    local client = assert(program:connect { sndbuf = 4096 })
    local data = ("0123456789"):rep(10000)

    client:queue(data)
    has(program, 256)
    for _ = 1, 20 do
      assert.equal(256, ask(program, "server:stats().bytes_in"))
    end
    assert.is_true(client.handle:get_write_queue_size() > 0)
    ask(program, "fes.spawn(function() all = '' repeat "
      .. "all = all .. conn:receive() until #all == 100000 end)")
    await(program, "all == ('0123456789'):rep(10000)")
    settle_asleep(program, { client })
  end)

  it("may have whole messages waiting for longer than message_timeout",
    function()
    local program, client = start("framing = 'line', message_timeout = 0.05,",
      [[
      if first then return new:receive() end
      first = new
      repeat fes.sleep(0) until #ended == 1
      conn = first
      take() take()]])

    assert(client:send "one\ntwo\n")
    has(program, 8)
    local other = assert(program:connect()) -- its time is up later

    assert(other:send "part")
    ends_with(program, "idle: message incomplete")
    said(program, '"one", "two"')
    settle(program, { client, other })
  end)

  it("is closed by message_timeout if a message stays incomplete", function()
    local program, client = start("framing = 'line', message_timeout = 0.05,",
      forever)

    assert(client:send "one\ntwo")
    said(program, '"one", nil idle')
    ends_with(program, "idle: message incomplete")
    settle(program, { client })
  end)
end)
