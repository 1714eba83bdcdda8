-- Which policy applies: that of the connection, the topic or the server, and
-- what a policy function answers.

local asked = require "spec.support.asked"
local stalling = require "spec.support.stalling"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, stall, read_to = stalling.start, stalling.stall, stalling.read_to

describe("the policy of a connection", function()
  after_each(testing.finish)

  it("is asked of its own function even if another has answered", function()
    local program, client = start [[overflow = function()
      asks[#asks + 1] = true
      return "drop"
    end,]]

    stall(program, "server", nil, 0)
    await(program, "#asks == 1")
    ask(program, "conns[1]:set_overflow(asking 'close')")
    ask(program, "fill(topic, 1, 1)")
    await(program, "#ended == 1")
    assert.equal(2, ask(program, "#asks"))
    settle(program, { client })
  end)

  for answer, counted in pairs { drop = "drop", latest = "latest" } do
    it(("may be a function, called once for each stall: %s"):format(answer),
      function()
        local program, client = start(("overflow = function(...) "
          .. "return policy(...) end,"))

        ask(program, ("(function() policy = asking '%s' end)()"):format(answer))
        local last = stall(program, "topic", nil, 10)

        await(program, "#asks == 1")
        assert.equal("true", ask(program, "asks[1]"))
        ask(program, ("fill(topic, %d, %d)"):format(last + 1, last + 10))
        assert.equal(1, ask(program, "#asks"))
        assert.is_true(ask(program, "server:stats().missed_by." .. counted) > 0)
        repeat until client:line():find "^lag "
        await(program, "server:stats().queued == 0")
        stall(program, "topic", nil, 0)
        await(program, "#asks == 2")
        client:close()
        settle(program, {})
      end)
  end

  for name, policy in pairs {
    ["answers 'close'"] = "asking 'close'",
    ["raises"] = "function() error 'no idea' end",
    ["returns a number"] = "function() return 42 end",
    ["returns nothing"] = "function() end",
    ["closes the conn"] = "function(conn) conn:close(0) return 'drop' end",
  } do
    it("closes it when a function " .. name, function()
      local program, client = start()

      ask(program, ("conns[1]:set_overflow(%s)"):format(policy))
      repeat ask(program, "fill(topic, 1, 1)") until
        ask(program, "server:count()") == 0
      await(program, "#ended == 1")
      assert.matches(name == "closes the conn" and "^local" or "^overflow",
        ask(program, "ended[1]"))
      assert.equal(name == "raises" and 1 or 0,
        select(2, program:stderr():gsub("no idea\n", "")))
      settle(program, { client }, true)
    end)
  end

  it("may be a function that publishes", function()
    local program, client = start()

    ask(program, "conns[1]:set_overflow(function() topic:publish 'inside' "
      .. "inside = true return 'drop' end)")
    stall(program, "topic", nil, 0)
    await(program, "inside == true")
    client:close()
    settle(program, {})
  end)

  it("is its own, else that of the topic, else that of the server", function()
    local program, client = start [[overflow = "close",]]

    ask(program, "topic:set_overflow 'drop'")
    stall(program, "topic", nil, 0)
    assert.is_true(ask(program, "server:stats().missed_by.drop") > 0)
    ask(program, "conns[1]:set_overflow 'latest'")
    ask(program, "fill(server, 5000, 5000)")
    assert.is_true(ask(program, "server:stats().missed_by.latest") > 0)
    assert.equal(1, ask(program, "server:count()"))
    read_to(client, 5000)
    await(program, "#lags == 1 and server:stats().queued == 0")
    ask(program, "conns[1]:set_overflow(nil)")
    ask(program, "topic:set_overflow(nil)")
    repeat ask(program, "fill(topic, 1, 1)") until
      ask(program, "server:count()") == 0
    await(program, "#ended == 1")
    assert.matches("^overflow", ask(program, "ended[1]"))
    settle(program, { client })
  end)
end)
