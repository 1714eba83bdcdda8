-- Nothing is walked that has nothing to do: what a turn, or a call, costs does
-- not grow with servers that are idle or closed, with connections, timers, or
-- topics. Counted in instructions, by callgrind, so that it does not depend on
-- how fast or busy the machine is.
local testing = require "fes.testing"

-- Begins each script. go(act) calls act() in `turns` turns, then ends.
local head = [[
local fes = require "fes"
fes.limits { call_seconds = 60 }
local turns = %d
local function go(act)
  fes.every(0, function()
    if turns == 0 then os.exit(0) end
    turns = turns - 1
    act()
  end)
end
local function nothing() end
local function listen() return fes.listen { port = 0, bockets = 8 } end
local server = listen()
]]

local closed = "for _ = 1, 300 do listen():close() end\n"
local timers = "for _ = 1, 5000 do fes.after(1000, nothing) end\n"
local outgoing = [[
local left, topic = %d, fes.topic "topic"
local last, subscribed
for _ = 1, left do
  fes.connect {
    port = server.port, host = "127.0.0.1", maxsends = 2,
    on_connect = function(conn)
      conn:subscribe(topic)
      last, subscribed = conn, true
      left = left - 1
      if left == 0 then go(%s) end
    end,
  }
end]]

-- Every other turn ends without a subscriber of the topic at that server.
local come_and_go = [[function()
  if subscribed then last:unsubscribe(topic) else last:subscribe(topic) end
  subscribed = not subscribed
end]]

-- The store is full of what `slow`, which does not read, has missed.
local topics = [[
fes.limits { retained = 1024 * 1024 }
local large = ("z"):rep(5000)
local slow, fill
local connected = 0
local function begin()
  connected = connected + 1
  if connected == 2 then fill(%d) end -- at both ends
end
local slow_server = fes.listen {
  port = 0, overflow = "latest", maxtopics = 2000, sndbuf = 4096, maxsends = 2,
  bockets = 64, on_connect = function(conn)
    slow = conn
    begin()
  end,
}
function fill(count)
  local topics = {}
  for i = 1, count do
    topics[i] = fes.topic("topic " .. i)
    assert(slow:subscribe(topics[i]))
  end
  while slow:send(("x"):rep(500)) do end -- then it is behind
  for i = 1, count do topics[i]:publish("first", "key") end
  fes.after(0, function() -- and stalled on all topics
    local n = 0
    repeat n = n + 1
    until not topics[1 + n %% count]:publish(("z"):rep(500), n)
    go(function()
      for _ = 1, 10 do assert(not topics[1]:publish(large, "other")) end
    end)
  end)
end
fes.connect {
  port = slow_server.port, host = "127.0.0.1", rcvbuf = 4096,
  on_connect = function(conn)
    conn:pause()
    begin()
  end,
}]]

local reload = [[
for _ = 2, %d do listen() end
turns = fes.state() or turns
fes.on_reload(function() return turns - 1 end)
fes.after(0, turns == 0 and os.exit or fes.reload)
]]

-- valgrind cannot run a program that has sanitizers.
local function possible()
  return os.execute(("valgrind --tool=none '%s' -v >/dev/null 2>&1"):format(
    os.getenv "FES_PROGRAM" or "fes")) == true
end

local function begin(code, turns)
  return testing.start {
    code = head:format(turns) .. code,
    ready = false,
    timeout = 60,
    prefix = {
      "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
    },
  }
end

local function collected(program)
  assert.equal(0, program:wait())
  return tonumber(program:stderr():match "Collected : (%d+)")
end

-- Instructions of one turn. What comes before the turns is not in it.
local function cost(code, turns)
  turns = turns or 100
  local few, many = begin(code, turns), begin(code, 6 * turns)

  return (collected(many) - collected(few)) / (5 * turns)
end

describe("what is not concerned costs nothing:", function()
  after_each(testing.finish)

  if not possible() then
    pending "needs valgrind, and a program that it can run"
    return
  end

  -- Each setting costs the same as the one that it is compared with.
  local function it_costs_the_same(name, code, with)
    it(name, function()
      local before, after = cost(with), cost(code)

      assert.is_true(after < 2 * before,
        ("%.0f instructions instead of %.0f"):format(after, before))
    end)
  end

  local idle = "go(nothing)"

  it_costs_the_same("closed servers in a turn", closed .. idle, idle)
  it_costs_the_same("idle servers in a turn",
    closed:gsub(":close%(%)", "") .. idle, idle)
  it_costs_the_same("outgoing connections in a turn",
    outgoing:format(100, "nothing"), idle)
  it_costs_the_same("other subscribers of a topic when one comes and goes",
    outgoing:format(1000, come_and_go), outgoing:format(4, come_and_go))
  it_costs_the_same("timers in a turn", timers .. idle, idle)
  it_costs_the_same("timers in fes.stats()",
    timers .. "go(fes.stats)", "go(fes.stats)")
  it_costs_the_same("topics of which nothing may be evicted in a publish",
    topics:format(400), topics:format(4))

  it("other servers when one is handed over in a reload", function()
    local few, many = cost(reload:format(200), 2), cost(reload:format(1000), 2)

    assert.is_true(many < 5 * few,
      ("%.0f instructions for 5 times as many, not %.0f"):format(many, few))
  end)
end)
