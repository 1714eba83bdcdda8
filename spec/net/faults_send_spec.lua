-- send() and sendmsg() that fail, or take nothing for a while.

local asked = require "spec.support.asked"
local faulty = require "spec.support.faulty"
local shim = require "spec.support.shim"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, break_call, hits = faulty.start, faulty.break_call, faulty.hits
local echoes, connect = faulty.echoes, faulty.connect
local expect_end = faulty.expect_end

-- Which call sends a message: from the queue of one connection ("you") or from
-- the stream of broadcasts ("all"), in one piece or in several.
local ways = {
  { call = "send", to = "you", length = 100 },
  { call = "sendmsg", to = "you", length = 700 },
  { call = "send", to = "all", length = 100 },
  { call = "sendmsg", to = "all", length = 700 },
}

for _, way in ipairs(ways) do
  local order = ("%s %d"):format(way.to, way.length)
  local bytes = ("x"):rep(way.length)

  local function expect_bytes(clients)
    if way.to == "you" then clients = { clients[1] } end
    for _, each in ipairs(clients) do
      assert.equal(bytes, each:read(#bytes))
    end
  end

  local what = way.to == "all" and "broadcast" or "message"

  describe(("%s of a %s that fails with"):format(way.call, what), function()
    after_each(testing.finish)

    for error, ending in pairs {
      ENOMEM = { "error", "Cannot allocate memory" },
      ENOBUFS = { "error", "No buffer space available" },
      ETIMEDOUT = { "error", "Connection timed out" },
      EPIPE = { "reset" },
      ECONNRESET = { "reset" },
    } do
      it(error .. " closes that connection only", function()
        local program = start()
        local victim, other, last = table.unpack(connect(program, 3))

        break_call(program, way.call .. " " .. error, 1, victim)
        assert(victim:send(order))
        assert.is_true((victim:closed()))
        expect_end(program, victim, table.unpack(ending))
        assert.equal(1, hits(program, way.call))
        assert.equal(1, ask(program,
          ("server:stats().closed[%q]"):format(ending[1])))
        if way.to == "all" then expect_bytes { other, last } end
        echoes(other, "still")
        settle(program, { other, last })
      end)
    end

    for _, error in ipairs { "EINTR", "EAGAIN", "SHORT" } do
      it(error .. " loses no bytes", function()
        local program = start()
        local clients = connect(program, 3)

        break_call(program, way.call .. " " .. error, 2, clients[1])
        assert(clients[1]:send(order))
        expect_bytes(clients)
        assert.is_true(hits(program, way.call) >= 1)
        echoes(clients[1], "on")
        settle(program, clients)
      end)
    end
  end)
end

describe("a send that fails", function()
  after_each(testing.finish)

  it("inside conn:send makes that return \"closed\"", function()
    local program = start()
    local victim, other = table.unpack(connect(program, 2))

    -- fill() sends more than the queue takes: the kernel is asked to take that
    -- before conn:send returns "full".
    break_call(program, "sendmsg ENOMEM", 1, victim)
    local said = ask(program, ("fill %q"):format(victim:name()))
    assert.equal("4 closed", said)
    expect_end(program, victim, "error", "Cannot allocate memory")
    assert.is_true((victim:closed()))
    echoes(other, "still")
    settle(program, { other })
  end)

  -- A header is sent before on_connect only if the broadcasts of a turn are
  -- longer than the queue.
  it("during set-up closes the connection without any event", function()
    local program = asked.start(shim.code .. [[
events = ""
server = fes.listen { port = 0, size = 256, maxsends = 2, header = "h",
  maxaccepts = 1, maxperip = 3,
  on_connect = function() events = events .. "+" end,
  on_close = function() events = events .. "-" end }
fes.every(0, function()
  if armed and server:stats().accepted > armed then
    armed = nil
    faults.set("send EPIPE 1 0 " .. server.port)
    for i = 1, 3 do server:broadcast(("b"):rep(300)) end
  end
end)]], { env = shim.env })
    local other = assert(program:connect())

    assert.equal("h", other:read(1))
    ask(program, "(function() armed = server:stats().accepted end)()")
    local victim = assert(program:connect())
    assert.same({ "", "eof" }, { victim:read_all() })
    assert.equal(("b"):rep(900), other:read(900))
    assert.equal(1, ask(program, "server:stats().closed.reset"))
    assert.equal("+", ask(program, "events"))

    -- It does not count for maxaccepts and maxperip any more.
    local more = assert(program:connect_all(2))
    for _, each in ipairs(more) do assert.equal("h", each:read(1)) end
    assert.equal("+++", ask(program, "events"))
    settle(program, { other, more[1], more[2] })
  end)
end)

describe("a queue that the kernel does not take for a while", function()
  after_each(testing.finish)

  for what, case in pairs {
    broadcasts = { "",
      "for _ = 1, 4 do server:broadcast(('x'):rep(1024)) end" },
    ["sends up to maxqueue"] = { "maxqueue = 2048,", [[
      local conn = server:connections()()
      conn:send(('x'):rep(1024)) conn:flush()
      conn:send(('x'):rep(1024)) ]] },
  } do
    it("has one on_drain after it is filled by " .. what, function()
      local options, fill = table.unpack(case)
      local program = asked.start(shim.code .. ([[
        drains = 0
        server = fes.listen { port = 0, size = 1024, maxsends = 4, %s
          overflow = "drop",
          on_drain = function() drains = drains + 1 end }
        function fill() %s end]]):format(options, fill), { env = shim.env })
      local client = assert(program:connect())

      await(program, "server:count() == 1")
      break_call(program, "send EAGAIN", 3, client)
      ask(program, ("faults.set 'sendmsg EAGAIN 3 0 %d'")
        :format(client:name():match "%d+$"))
      ask(program, "fill()")
      await(program, "drains == 1")
      await(program, "server:stats().queued == 0")
      assert.equal(1, ask(program, "drains"))
      assert.equal(0, ask(program, "server:stats().missed"))
      settle(program, { client })
    end)
  end
end)
