local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- A Unix socket holds what it holds: who does not read stays stalled, while TCP
-- goes on taking some for a while. `lags` lists what on_lag was told, `asks`
-- what policy functions were.
local script = [[
_G.fes, lags, asks, conns, ended = fes, {}, {}, {}, {}
server = fes.listen { path = "slow.sock", size = 256, maxsends = 4,
  sndbuf = 4096, bockets = 4096, framing = "line", %s
  on_connect = function(new)
    conns[#conns + 1] = new
    new:subscribe(fes.topic "t")
  end,
  on_lag = function(conn, missed, topic)
    lags[#lags + 1] = (topic and topic.name or "*") .. missed
    conn:send("lag " .. missed)
  end,
  on_close = function(conn, reason)
    ended[#ended + 1] = reason .. " " .. conn:stats().missed
  end,
}
function asking(answer)
  return function(conn, queued)
    asks[#asks + 1] = math.type(queued) == "integer" and queued > 0
    return answer
  end
end
topic = fes.topic "t"
function fill(what, from, to, keys)
  for i = from, to do
    local data = ("%%d "):format(i):rep(40)
    if what == server then server:broadcast(data)
    else what:publish(data, keys and i %% keys) end
  end
end]]

local function start(options)
  local program = asked.start(script:format(options or ""))
  local client = assert(program:connect { path = program.path })

  await(program, "#conns == 1")
  return program, client
end

-- Publish, one message a turn, until some are withheld; then `more` of them.
-- Meanwhile `reader`, if there is one, reads.
local function stall(program, what, keys, more, reader)
  local n, before = 0, ask(program, "server:stats().missed")

  repeat
    n = n + 1
    ask(program, ("fill(%s, %d, %d, %s)"):format(what, n, n, keys))
    if reader then assert(reader:line()) end
  until ask(program, "server:stats().missed") > before
  ask(program, ("fill(%s, %d, %d, %s)"):format(what, n + 1, n + more, keys))
  return n + more
end

-- The numbers of the messages that come, until `n`; and the lines between.
local function read_to(client, n)
  local numbers, others = {}, {}

  repeat
    local line = assert(client:line())
    local number = math.tointeger(tonumber(line:match "^(%d+) "))

    if number then
      numbers[#numbers + 1] = number
    else
      others[#others + 1] = line
    end
  until number == n
  return numbers, others
end

local function ascends(numbers)
  for i = 2, #numbers do
    if numbers[i] <= numbers[i - 1] then return false end
  end
  return true
end

local function missed_in(numbers)
  return numbers[#numbers] - #numbers
end

describe("overflow", function()
  after_each(testing.finish)

  for _, what in ipairs { "server", "topic" } do
    it(("'close' closes who is full (%s)"):format(what), function()
      local program, client = start()

      stall(program, what, nil, 0)
      await(program, "#ended == 1")
      assert.equal("overflow 1", ask(program, "ended[1]"))
      assert.equal(1, ask(program, "server:stats().missed_by.close"))
      settle(program, { client })
    end)

    it(("'drop' withholds until half is free (%s)"):format(what), function()
      local program, client = start [[overflow = "drop",]]
      local last = stall(program, what, nil, 20)
      local more = last + 1

      local got = {}

      repeat -- messages come again as soon as the stall is over
        local line = client:line(0.05)

        if line then got[#got + 1] = line end
      until not line
      await(program, "#lags == 1")
      ask(program, ("fill(%s, %d, %d)"):format(what, more, more))
      local numbers = { table.unpack(got) }
      local _, others = read_to(client, more)

      assert.same({}, others)
      assert.matches("^lag ", numbers[#numbers])
      assert.equal(last - (#numbers - 1),
        ask(program, "server:stats().missed_by.drop"))
      assert.equal((what == "topic" and "t" or "*") .. last - (#numbers - 1),
        ask(program, "lags[1]"))
      settle(program, { client })
    end)

    it(("'latest' goes on with the newest (%s)"):format(what), function()
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

  it("'latest' sends the newest of each key, the longest unchanged first",
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

  it("'latest' holds no bocket for what it withholds", function()
    local program, client = start [[overflow = "latest",]]

    stall(program, "topic", 5, 0)
    local held = ask(program, "conns[1]:stats().bockets")

    ask(program, "fill(topic, 1000, 1900, 50)")
    assert.is_true(ask(program, "conns[1]:stats().bockets") <= held)
    client:close()
    settle(program, {})
  end)

  it("'latest' says \"full\" sooner than to forget what is still to be sent",
    function()
      local program, client = start
        [[overflow = "latest", size = 4096, maxsends = 16,]]

      ask(program, "fes.limits { retained = 65536 }")
      repeat ask(program, "fill(topic, 1, 1)")
      until ask(program, "conns[1]:stats().queued") > 0
      -- All in one handler: who is behind is seen only when it is flushed.
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

  it("'latest' sends a key that changes again once", function()
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

  it("'drop' ends at once if half of the queue is free", function()
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

  it("by a broadcast that fills the queue has its on_drain", function()
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

  it("asks a connection's own function, whatever another has said", function()
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

  it("counts what a connection that is closed was still to get", function()
    local program, client = start [[overflow = "drop",]]

    stall(program, "topic", nil, 0)
    ask(program, [[(function()
      fill(topic, 1, 3)
      conns[1]:send(""); conns[1]:close(0)
    end)()]])
    await(program, "#ended == 1")
    assert.equal(ask(program, "server:stats().messages_out"),
      ask(program, "conns[1]:stats().messages_out")
      + ask(program, "#lags"))
    settle(program, { client })
  end)

  for of, call in pairs {
    ["a topic"] = "topic:publish(mark, 'key'); topic:set_overflow 'latest'",
    ["a connection"] =
      "topic:publish(mark, 'key'); conns[1]:set_overflow 'latest'",
    ["a server"] = "server:broadcast(mark); server:set_overflow 'latest'",
  } do
    it("'latest', set for " .. of .. ", is for what comes after", function()
      local program, client = start [[overflow = "drop",]]

      repeat ask(program, "fill(topic, 1, 1, 1)")
      until ask(program, "conns[1]:stats().queued") > 0
      ask(program, "(function() local mark = '9999 '; " .. call .. " end)()")
      read_to(client, 9999)
      assert.equal(0, ask(program, "conns[1]:stats().missed"))
      settle(program, { client })
    end)
  end

  it("leaves out who was to be left out, also later", function()
    local program, client = start [[overflow = "latest",]]
    local last = stall(program, "topic", nil, 3)

    ask(program, "topic:publish('not for you', 'mine', conns[1])")
    read_to(client, last)
    assert.matches("^lag ", client:line())
    ask(program, "conns[1]:send 'end'")
    assert.equal("end", client:line())
    settle(program, { client })
  end)

  for answer, counted in pairs { drop = "drop", latest = "latest" } do
    it(("may be a function, asked once for each stall: %s"):format(answer),
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
        repeat until not client:line(0.05)
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
    ["returns rubbish"] = "function() return 42 end",
    ["returns nothing"] = "function() end",
    ["closes the conn"] = "function(conn) conn:close(0) return 'drop' end",
  } do
    it("closes when a function " .. name, function()
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

  it("lets a function publish", function()
    local program, client = start()

    ask(program, "conns[1]:set_overflow(function() topic:publish 'inside' "
      .. "inside = true return 'drop' end)")
    stall(program, "topic", nil, 0)
    await(program, "inside == true")
    client:close()
    settle(program, {})
  end)

  it("is the connection's, else the topic's, else the server's", function()
    local program, client = start [[overflow = "close",]]

    ask(program, "topic:set_overflow 'drop'")
    stall(program, "topic", nil, 0)
    assert.is_true(ask(program, "server:stats().missed_by.drop") > 0)
    ask(program, "conns[1]:set_overflow 'latest'")
    ask(program, "fill(server, 1, 1)")
    assert.is_true(ask(program, "server:stats().missed_by.latest") > 0)
    assert.equal(1, ask(program, "server:count()"))
    repeat until not client:line(0.05)
    await(program, "server:stats().queued == 0")
    ask(program, "conns[1]:set_overflow(nil)")
    ask(program, "topic:set_overflow(nil)")
    repeat ask(program, "fill(topic, 1, 1)") until
      ask(program, "server:count()") == 0
    await(program, "#ended == 1")
    assert.matches("^overflow", ask(program, "ended[1]"))
    settle(program, { client })
  end)

  it("tells a connection's missed messages when it ends in a stall", function()
    local program, client = start [[overflow = "drop",]]

    stall(program, "topic", nil, 7)
    local missed = ask(program, "server:stats().missed")

    client:close()
    await(program, "#ended == 1")
    assert.matches(" " .. missed .. "$", ask(program, "ended[1]"))
    settle(program, {})
  end)

  it("harms nobody who reads", function()
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

describe("maxqueue", function()
  after_each(testing.finish)

  it("makes full earlier, and only who is behind", function()
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

-- More than the kernel and the client's own can take.
local function pile_up(program)
  repeat ask(program, "fill(topic, 1, 100)") until
    ask(program, "server:stats().queued") > 100000
end

describe("maxage", function()
  after_each(testing.finish)

  it("closes who has not taken a byte for so long, with nothing sent",
    function()
      local program, client = start
        [[overflow = "close", maxage = 0.3, maxsends = 64, size = 4096,]]

      pile_up(program)
      await(program, "#ended == 1")
      assert.matches("^overflow", ask(program, "ended[1]"))
      settle(program, { client })
    end)

  it("stalls who is slow, and tells the age", function()
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

  it("is that of the oldest byte, whoever has asked before", function()
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

describe("coalesce", function()
  after_each(testing.finish)

  for what, call in pairs {
    send = "conns[1]:send(('x'):rep(1023))",
    broadcast = "server:broadcast(('x'):rep(1023))",
    publish = "topic:publish(('x'):rep(1023))",
  } do
    it("ends with a queue that is full: " .. what, function()
      local program, client = start "coalesce = 60,"

      ask(program, call)
      assert.equal(("x"):rep(1023), client:line())
      settle(program, { client })
    end)
  end

  it("holds what is sent until somebody flushes", function()
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

  it("ends when its time is over", function()
    local program, client = start "coalesce = 0.02,"

    ask(program, "topic:publish 'one'")
    assert.equal("one", client:line())
    ask(program, "server:broadcast 'two'")
    assert.equal("two", client:line())
    settle(program, { client })
  end)

  it("ends at a close", function()
    local program, client = start "coalesce = 60,"

    ask(program, "topic:publish 'last'")
    ask(program, "conns[1]:close()")
    assert.equal("last", client:line())
    settle(program, { client })
  end)
end)
