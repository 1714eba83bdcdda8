-- Which policy applies: that of the connection, the topic or the server; and
-- what a script can do about a stall, in on_stall.

local asked = require "spec.support.asked"
local stalling = require "spec.support.stalling"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, stall, read_to = stalling.start, stalling.stall, stalling.read_to

describe("the policy of a connection", function()
  after_each(testing.finish)

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

  it("is a word: a function raises and says what to write", function()
    local program, client = start()

    for _, setter in ipairs { "server:set_overflow", "topic:set_overflow",
      "conns[1]:set_overflow", "overflowing" } do
      assert.matches("a policy is .close., .drop. or .latest., "
        .. "no longer a function: write on_stall = ", ask(program,
          ("select(2, pcall(function() %s(print) end))"):format(
            setter:gsub("overflowing", "relisten"))))
    end
    settle(program, { client })
  end)
end)

describe("on_stall", function()
  after_each(testing.finish)

  for _, policy in ipairs { "drop", "latest" } do
    for what, name in pairs { server = "*", topic = "t" } do
      it(("is called once for each stall: %s, %s"):format(policy, what),
        function()
          local program, client = start(("overflow = %q,"):format(policy))
          local last = stall(program, what, nil, 10)

          await(program, "#stalls == 1")
          ask(program, ("fill(%s, %d, %d)"):format(what, last + 1, last + 10))
          assert.equal(name .. " queued true", ask(program, "stalls[1]"))
          repeat until client:line():find "^lag "
          await(program, "server:stats().queued == 0")
          assert.equal(1, ask(program, "#stalls"))
          stall(program, what, nil, 0)
          await(program, "#stalls == 2")
          client:close()
          settle(program, {})
        end)
    end
  end

  it("is not called for the snapshot of a new subscriber", function()
    local program, client = start [[overflow = "latest",]]

    ask(program, "fill(kept, 1, 500, 500)")
    ask(program, "conns[1]:subscribe(kept)")
    read_to(client, 500)
    await(program, "server:stats().queued == 0")
    assert.equal(0, ask(program, "#stalls"))
    stall(program, "kept", 1, 0)
    await(program, "#stalls == 1")
    assert.matches("^kept ", ask(program, "stalls[1]"))
    client:close()
    settle(program, {})
  end)

  it("comes before the end of a stall, however short", function()
    local program, client = start [[overflow = "drop",]]

    stall(program, "topic", nil, 0)
    repeat until client:line():find "^lag "
    assert.equal("stall t, lag t", ask(program, "table.concat(order, ', ')"))
    settle(program, { client })
  end)

  for what, name in pairs { server = "*", topic = "t" } do
    it("closes at once by set_overflow 'close': " .. what, function()
      local program, client = start [[overflow = "drop",]]

      ask(program, "decide(function(conn) "
        .. "done = conn:set_overflow 'close' end)")
      stall(program, what, nil, 0)
      await(program, "#ended == 1")
      assert.matches("^overflow", ask(program, "ended[1]"))
      assert.equal("true", ask(program, "tostring(done)"))
      assert.equal(name .. " queued true", ask(program, "stalls[1]"))
      assert.equal(1, ask(program, "#stalls"))
      settle(program, { client })
    end)
  end

  it("leaves a new subscriber, who is sent the snapshot, alone", function()
    local program, client = start [[overflow = "drop",]]

    ask(program, "fill(kept, 1, 500, 500)")
    ask(program, "conns[1]:subscribe(kept)")
    ask(program, "conns[1]:set_overflow 'close'")
    read_to(client, 500)
    assert.equal(1, ask(program, "server:count()"))
    settle(program, { client })
  end)

  it("lets a stall run to its end under its own policy", function()
    local program, client = start [[overflow = "drop",]]

    ask(program, "decide(function(conn) conn:set_overflow 'latest' end)")
    stall(program, "topic", nil, 10)
    await(program, "#stalls == 1")
    assert.equal(0, ask(program, "server:stats().missed_by.latest"))
    assert.is_true(ask(program, "server:stats().missed_by.drop") > 10)
    repeat until client:line():find "^lag "
    await(program, "server:stats().queued == 0")
    stall(program, "topic", nil, 10)
    await(program, "#stalls == 2")
    assert.is_true(ask(program, "server:stats().missed_by.latest") > 10)
    client:close()
    settle(program, {})
  end)

  for doing, reason in pairs {
    ["conn:close(0)"] = "local", ["error 'no idea'"] = "script",
    ["conn:unsubscribe(topic) conn:close()"] = "local",
    ["conn:unsubscribe(topic) topic = nil forget() conn:close()"] = "local",
  } do
    it("may do anything: " .. doing, function()
      local program, client = start [[overflow = "drop",]]

      ask(program, ("decide(function(conn, _, topic) %s end)"):format(doing))
      stall(program, "topic", nil, 0)
      await(program, "server:count() == 0")
      client:close()
      await(program, "#ended == 1")
      assert.matches("^" .. reason, ask(program, "ended[1]"))
      settle(program, {}, true)
    end)
  end

  it("may publish", function()
    local program, client = start [[overflow = "drop",]]

    ask(program, "decide(function() topic:publish 'inside' end)")
    stall(program, "topic", nil, 0)
    await(program, "#stalls == 1")
    client:close()
    settle(program, {})
  end)
end)
