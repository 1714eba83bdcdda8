-- fes.stats: counters and times of the whole program; and the collector, which
-- fes runs while the program is idle.
local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local echo = [[
_G.fes = fes
server = fes.listen {
  port = 0,
  on_receive = function(conn, data)
    if data == "raise" then error "asked for" end
    conn:send(data)
  end,
}]]

-- A field of fes.stats(), which counts the control server of `asked` as well.
local function sum(program, field)
  return ask(program, "fes.stats()." .. field)
end

describe("fes.stats()", function()
  after_each(testing.finish)

  it("adds up all servers, including closed ones", function()
    local program = asked.start(echo .. [[
other = fes.listen { port = 0, on_connect = function(conn) conn:send "hi" end }
other_port = other.port]])
    local client = assert(program:connect())
    local before = sum(program, "bytes_out")

    assert(client:send "hello")
    assert.equal("hello", client:read(5))
    local second = assert(program:connect {
      port = ask(program, "other_port"),
    })

    assert.equal("hi", second:read(2))
    assert.is_true(sum(program, "bytes_out") >= before + 7)
    assert.equal(3, sum(program, "connections"))
    assert.equal(3, sum(program, "accepted"))
    ask(program, "other:close() or true")
    second:close()
    await(program, "fes.stats().connections == 2")
    assert.equal(3, sum(program, "accepted"))
    -- its slab is given back when the last connection is gone
    await(program, "fes.stats().bockets == server:stats().bockets + 64")
    settle(program, { client })
  end)

  it("counts bytes and messages: moved, queued and missed", function()
    local program = asked.start [[
_G.fes = fes
server = fes.listen {
  port = 0, framing = "line", overflow = "drop", maxsends = 1, sndbuf = 4096,
  on_receive = function(conn, line) conn:send(line) end,
}]]
    local client = assert(program:connect { rcvbuf = 4096 })

    -- What fes.stats() counts in addition is that of the control server.
    local function beyond(name)
      return ask(program, ("fes.stats().%s - server:stats().%s"):format(name,
        name))
    end

    assert(client:send "one\ntwo\n")
    for _, line in ipairs { "one", "two" } do
      assert.equal(line, client:line())
    end
    for name, count in pairs {
      bytes_in = 8, bytes_out = 8, messages_in = 2, messages_out = 2,
    } do
      assert.equal(count, ask(program, "server:stats()." .. name))
      assert.is_true(beyond(name) > 0)
      assert.is_true(beyond(name) < 10000)
    end
    ask(program, "(function() timer = fes.every(0, function() "
      .. "server:broadcast(('x'):rep(4000)) end) end)()")
    await(program, "fes.stats().missed > 10")
    ask(program, "timer:stop() or true")
    assert.equal("true", ask(program, "fes.stats().queued > 0"))
    assert.equal("true", ask(program,
      "fes.stats().bockets_free < fes.stats().bockets"))
    assert.equal("true", ask(program,
      "fes.stats().missed == server:stats().missed"))
    settle(program, { client })
  end)

  it("counts errors, tasks, timers and pauses of accepting", function()
    local program = asked.start [[
_G.fes = fes
server = fes.listen {
  port = 0, maxconnections = 1,
  on_receive = function(conn, data) error "asked for" end,
}]]
    local client = assert(program:connect())

    await(program, "fes.stats().accepts_paused == 1")
    assert.equal(1, ask(program, "server:stats().accepts_paused"))
    assert.equal(0, sum(program, "errors"))
    assert(client:send "raise")
    assert.is_true((client:closed()))
    await(program, "fes.stats().errors == 1")
    ask(program, "(function() timer = fes.every(1000, print) end)() or true")
    assert.equal(1, sum(program, "timers"))
    ask(program, "timer:stop() or true")
    assert.equal(0, sum(program, "timers"))
    ask(program, "(function() task = fes.spawn(fes.sleep, 1000) end)() or 1")
    assert.equal(1, sum(program, "tasks"))
    ask(program, "coroutine.close(task) or true")
    assert.equal(0, sum(program, "tasks"))
    settle(program, { client }, true)
  end)

  it("measures turns of the loop and the time in handlers", function()
    local program = asked.start [[
_G.fes = fes
server = fes.listen {
  port = 0,
  on_receive = function(conn, data)
    local start = fes.now()
    while fes.now() < start + 0.1 do end
    conn:send(data)
  end,
}]]
    local client = assert(program:connect())

    local turns = sum(program, "turns.count")

    for _ = 1, 2 do
      assert(client:send "slow")
      assert.equal("slow", client:read(4))
    end
    assert.is_true(sum(program, "turns.count") > turns)
    for _, name in ipairs { "turns", "handlers" } do
      assert.is_true(sum(program, name .. ".longest") >= 0.1)
      assert.is_true(sum(program, name .. ".total") >= 0.2)
      assert.is_true(sum(program, name .. ".last")
        <= sum(program, name .. ".longest"))
    end
    assert.is_true(sum(program, "turns.total") < sum(program, "uptime"))
    settle(program, { client })
  end)

  it("has the memory that the script uses", function()
    local program = asked.start(echo)

    assert.is_true(sum(program, "memory") < 1000000)
    ask(program, "rawset(_G, 'big', ('x'):rep(1000000)) and true")
    assert.is_true(sum(program, "memory") >= 1000000)
    assert.is_true(math.abs(ask(program,
      "(function() collectgarbage() return collectgarbage 'count' * 1024 "
      .. "- fes.stats().memory end)()")) < 10000)
    settle(program, {})
  end)
end)

describe("the collector", function()
  after_each(testing.finish)

  -- Makes garbage and waits. Returns how many times the collector ran, the
  -- memory in use divided by that before, and the turns in 0.2 s without work.
  local function garbage(setting)
    local status, out = testing.run { code = ([[
      local fes = require "fes"
      %s
      local live = {}
      for i = 1, 1e4 do live[i] = { i } end
      collectgarbage()
      local before = collectgarbage "count"
      fes.after(0.01, function()
        for i = 1, 1e4 do local t = { i, i, i } end
      end)
      fes.after(0.5, function()
        local busy = fes.stats()
        fes.after(0.2, function()
          local quiet = fes.stats()
          print(busy.collector.count, collectgarbage "count" / before,
            quiet.turns.count - busy.turns.count, #live)
        end)
      end)
    ]]):format(setting) }
    local count, share, turns = out:match "^(%d+)\t(%S+)\t(%d+)"

    assert.equal(0, status)
    return tonumber(count), tonumber(share), tonumber(turns)
  end

  it("collects while the program is idle, and then sleeps", function()
    local count, share, turns = garbage ""

    assert.is_true(count > 0)
    assert.is_true(share < 1.3, "there is " .. share .. " of what there was")
    assert.is_true(turns < 10)
  end)

  it("does nothing when the script has stopped it", function()
    local _, share, turns = garbage "collectgarbage 'stop'"

    assert.is_true(share > 1.5)
    assert.is_true(turns < 10)
  end)

  it("bounds the garbage of a program that is never idle", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local live, most, calls = {}, 0, 0
      for i = 1, 1e4 do live[i] = { i } end
      collectgarbage()
      local before = collectgarbage "count"
      local timer
      timer = fes.every(0, function()
        for i = 1, 100 do local t = { i, i, i } end
        most = math.max(most, collectgarbage "count")
        calls = calls + 1
        if calls < 5000 then return end
        timer:stop()
        print(most / before, fes.stats().collector.count)
      end)
    ]] }
    local share, count = out:match "^(%S+)\t(%d+)"

    assert.equal(0, status)
    assert.equal("0", count)
    assert.is_true(tonumber(share) < 4)
  end)

  it("is watched by the watchdog: a slow finalizer is logged", function()
    local status, _, err = testing.run { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.05 }
      setmetatable({}, { __gc = function()
        local start = fes.now()
        while fes.now() < start + 1 do end
      end })
      fes.after(0.01, function()
        for i = 1, 1e4 do local t = { i, i, i } end
      end)
      fes.after(2, function() end)
    ]] }

    assert.equal(0, status)
    assert.matches("warn  [^\n]*it has run for %d+ ms and cannot be inter", err)
  end)
end)
