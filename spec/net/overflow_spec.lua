-- The option `overflow`: what a connection with a full queue misses, and how
-- that is reported.

local asked = require "spec.support.asked"
local stalling = require "spec.support.stalling"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, stall, read_to = stalling.start, stalling.stall, stalling.read_to
local ascends, missed_in = stalling.ascends, stalling.missed_in

describe("the policy", function()
  after_each(testing.finish)

  for _, what in ipairs { "server", "topic" } do
    it(("'close' closes a full connection (%s)"):format(what), function()
      local program, client = start()

      stall(program, what, nil, 0)
      await(program, "#ended == 1")
      assert.equal("overflow 1", ask(program, "ended[1]"))
      assert.equal(1, ask(program, "server:stats().missed_by.close"))
      settle(program, { client })
    end)

    it(("'drop' withholds messages until half of the queue is free (%s)")
      :format(what), function()
      local program, client = start [[overflow = "drop",]]
      local last = stall(program, what, nil, 20)
      local more = last + 1

      local numbers = {}

      for line in function() return assert(client:line()) end do
        if line:find "^lag " then break end -- the stall is over
        numbers[#numbers + 1] = math.tointeger(tonumber(line:match "^%d+"))
      end
      assert.same({ #numbers, 0 },
        { numbers[#numbers], missed_in(numbers) }) -- the first ones
      ask(program, ("fill(%s, %d, %d)"):format(what, more, more))
      assert.same({ { more }, {} }, { read_to(client, more) })
      assert.equal(last - #numbers,
        ask(program, "server:stats().missed_by.drop"))
      assert.equal((what == "topic" and "t" or "*") .. last - #numbers,
        ask(program, "lags[1]"))
      settle(program, { client })
    end)

    it(("'latest' continues with the newest message (%s)")
      :format(what), function()
      local program, client = start [[overflow = "latest",]]
      local last = stall(program, what, nil, 20)
      local numbers, others = read_to(client, last)

      assert.is_true(ascends(numbers))
      assert.is_true(numbers[#numbers - 1] < last - 1, "none was left out")
      await(program, "#lags == 1")
      assert.same({}, others)
      assert.equal("lag " .. missed_in(numbers), client:line())
      assert.equal(missed_in(numbers),
        ask(program, "server:stats().missed_by.latest"))
      ask(program, ("fill(%s, %d, %d)"):format(what, last + 1, last + 1))
      assert.same({ last + 1 }, (read_to(client, last + 1)))
      settle(program, { client })
    end)
  end

  it("'drop' ends a stall at once if half of the queue is free", function()
    local program, client = start [[overflow = "drop",]]

    repeat ask(program, "fill(topic, 1, 1)")
    until ask(program, "conns[1]:stats().queued") > 0
    ask(program, "topic:publish(('x'):rep(1000))") -- it does not fit
    await(program, "#lags == 1")
    ask(program, "topic:publish '2 goes on'")
    assert.same({ "t1" }, { ask(program, "lags[1]") })
    read_to(client, 2)
    settle(program, { client })
  end)
end)

describe("a full connection", function()
  after_each(testing.finish)

  it("has its on_drain if a broadcast has filled its queue", function()
    local program, client = start [[overflow = "drop",
      on_drain = function() drained = true end,]]

    repeat ask(program, "fill(topic, 1, 1)")
    until ask(program, "conns[1]:stats().queued") > 0
    ask(program, "server:broadcast(('x'):rep(4 * 256 - 1 "
      .. "- conns[1]:stats().queued))")
    assert.equal(4 * 256, ask(program, "conns[1]:stats().queued"))
    assert.equal("nil", ask(program, "drained"))
    repeat client:line(0.01) until ask(program, "drained") == "true"
    assert.equal(0, ask(program, "server:stats().missed"))
    settle(program, { client })
  end)

  it("that is closed agrees with its server in messages_out", function()
    local program, client = start [[overflow = "drop",]]

    stall(program, "topic", nil, 0)
    ask(program, [[(function()
      fill(topic, 1, 3)
      conns[1]:send(""); conns[1]:close(0)
    end)()]])
    await(program, "#ended == 1")
    assert.equal(ask(program, "server:stats().messages_out"),
      ask(program, "conns[1]:stats().messages_out"))
    settle(program, { client })
  end)

  it("is not sent a message that excluded it after its stall", function()
    local program, client = start [[overflow = "latest",]]
    local last = stall(program, "topic", nil, 3)

    ask(program, "topic:publish('not for you', 'mine', conns[1])")
    read_to(client, last)
    assert.matches("^lag ", client:line())
    ask(program, "conns[1]:send 'end'")
    assert.equal("end", client:line())
    settle(program, { client })
  end)

  it("has the count of missed messages if it ends in a stall", function()
    local program, client = start [[overflow = "drop",]]

    stall(program, "topic", nil, 7)
    local missed = ask(program, "server:stats().missed")

    client:close()
    await(program, "#ended == 1")
    assert.matches(" " .. missed .. "$", ask(program, "ended[1]"))
    settle(program, {})
  end)

  it("does not affect a connection that reads", function()
    local program, client = start [[overflow = "drop",]]
    local reader = assert(program:connect { path = program.path })

    await(program, "#conns == 2")
    local last = stall(program, "topic", nil, 0, reader)

    for i = last + 1, last + 200 do
      ask(program, ("fill(topic, %d, %d)"):format(i, i))
      assert.same({ i }, (read_to(reader, i)))
    end
    assert.equal(0, ask(program, "conns[2]:stats().missed"))
    settle(program, { client, reader })
  end)
end)
