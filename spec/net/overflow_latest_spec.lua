-- The policy "latest": a stalled connection is sent the newest message of each
-- key.

local asked = require "spec.support.asked"
local stalling = require "spec.support.stalling"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local start, stall, read_to = stalling.start, stalling.stall, stalling.read_to
local ascends = stalling.ascends

describe("the policy 'latest'", function()
  after_each(testing.finish)

  it("sends the newest message of each key, in the order of last change",
    function()
      local program, client = start [[overflow = "latest",]]
      local last = stall(program, "topic", 5, 50)
      local numbers = read_to(client, last)

      assert.is_true(ascends(numbers))
      for i = 0, 4 do
        assert.equal(last - i, numbers[#numbers - i])
      end
      assert.is_true(numbers[#numbers - 5] < last - 5)
      assert.matches("^lag ", client:line())
      settle(program, { client })
    end)

  it("holds no bocket for withheld messages", function()
    local program, client = start [[overflow = "latest",]]

    stall(program, "topic", 5, 0)
    local held = ask(program, "conns[1]:stats().bockets")

    ask(program, "fill(topic, 1000, 1900, 50)")
    assert.is_true(ask(program, "conns[1]:stats().bockets") <= held)
    client:close()
    settle(program, {})
  end)

  it("returns \"full\" rather than drop a message that is still to be sent",
    function()
      local program, client = start
        [[overflow = "latest", size = 4096, maxsends = 16,]]

      ask(program, "fes.limits { retained = 65536 }")
      repeat ask(program, "fill(topic, 1, 1)")
      until ask(program, "conns[1]:stats().queued") > 0
      -- One handler publishes all: a connection stalls only at the flush.
      local kept = ask(program, [[(function()
        for i = 1, 5000 do
          if not topic:publish(1000 + i .. " ", i) then return i - 1 end
        end
      end)()]])

      assert.is_true(kept > 100)
      local numbers = read_to(client, 1000 + kept)

      for i = 1, kept do
        assert.equal(1000 + i, numbers[#numbers - kept + i])
      end
      assert.equal(1, numbers[#numbers - kept])
      settle(program, { client })
    end)

  it("sends a key once although it changes again", function()
    local program, client = start [[overflow = "latest", size = 256,]]

    stall(program, "topic", 1, 5)
    ask(program, "topic:publish(('9999 '):rep(40), 0)")
    local numbers = read_to(client, 9999)
    local seen = {}

    for _, n in ipairs(numbers) do
      assert.is_nil(seen[n])
      seen[n] = true
    end
    settle(program, { client })
  end)

  for of, call in pairs {
    ["a topic"] = "topic:publish(mark, 'key'); topic:set_overflow 'latest'",
    ["a connection"] =
      "topic:publish(mark, 'key'); conns[1]:set_overflow 'latest'",
    ["a server"] = "server:broadcast(mark); server:set_overflow 'latest'",
  } do
    it("set for " .. of .. " applies to later messages", function()
      local program, client = start [[overflow = "drop",]]

      repeat ask(program, "fill(topic, 1, 1, 1)")
      until ask(program, "conns[1]:stats().queued") > 0
      ask(program, "(function() local mark = '9999 '; " .. call .. " end)()")
      read_to(client, 9999)
      assert.equal(0, ask(program, "conns[1]:stats().missed"))
      settle(program, { client })
    end)
  end
end)
