-- Broadcasts to a connection whose queue is full.

local asked = require "spec.support.asked"
local broadcasting = require "spec.support.broadcasting"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local connect = broadcasting.connect

describe("a full connection", function()
  after_each(testing.finish)

  local slow = [[
server = fes.listen { port = 0, sndbuf = 4096, size = 1024, maxsends = 8,
  overflow = POLICY,
  on_lag = function(conn, missed, topic)
    print("lag", missed, topic, conn:stats().missed)
  end,
  on_close = function(conn, reason)
    print("closed", reason, conn:stats().missed)
  end,
}
sent = 0
function fill(n)
  for i = 1, n do
    sent = sent + 1
    server:broadcast(("%07d\n"):format(sent):rep(64))
  end
end]]

  local function start(policy)
    return asked.start((slow:gsub("POLICY", policy)))
  end

  -- Broadcast, while another client reads, until the condition holds.
  local function fill_until(program, reader, condition)
    for i = 1, 400 do
      ask(program, "fill(1)")
      assert.equal(("%07d\n"):format(i):rep(64), reader:read(512))
      if ask(program, condition) == "true" then return i end
    end
    error("never " .. condition)
  end

  it("is closed under the policy \"close\"", function()
    local program = start '"close"'
    local reader = connect(program, 1)[1]
    local lazy = connect(program, 1, { rcvbuf = 4096 })[1]

    fill_until(program, reader, "server:count() == 1")
    program:expect "closed\toverflow\t"
    assert.equal(1, ask(program, "server:stats().closed.overflow"))
    assert.is_true((lazy:closed()))
    settle(program, { reader, lazy })
  end)

  it("misses whole messages under \"drop\", and on_lag counts", function()
    local program = start '"drop"'
    local reader = connect(program, 1)[1]
    local lazy = connect(program, 1, { rcvbuf = 4096 })[1]
    local count = fill_until(program, reader, "server:stats().missed >= 5")

    assert.equal(2, ask(program, "server:count()"))
    local missed = ask(program, "server:stats().missed")
    assert.equal(missed, ask(program, "server:stats().missed_by.drop"))

    local heard = lazy:read((count - missed) * 512)
    for i = 1, count - missed do
      assert.equal(("%07d\n"):format(i):rep(64),
        heard:sub((i - 1) * 512 + 1, i * 512))
    end
    local told, topic, total = program:expect "lag\t(%d+)\t(%w+)\t(%d+)\n"
    assert.same({ tostring(missed), "nil", tostring(missed) },
      { told, topic, total })

    ask(program, "fill(1)")
    assert.equal(("%07d\n"):format(count + 1):rep(64), lazy:read(512))
    assert.is_nil(program:stdout():match "lag.*lag")
    settle(program, { reader, lazy })
  end)

  it("has the count of missed messages in on_close", function()
    local program = start '"drop"'
    local reader = connect(program, 1)[1]
    local lazy = connect(program, 1, { rcvbuf = 4096 })[1]

    fill_until(program, reader, "server:stats().missed == 3")
    lazy:reset()
    program:expect "closed\treset\t3\n"
    settle(program, { reader })
  end)
end)
