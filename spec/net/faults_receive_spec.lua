-- recv() that fails.

local asked = require "spec.support.asked"
local faulty = require "spec.support.faulty"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local start, break_call, hits = faulty.start, faulty.break_call, faulty.hits
local echoes, connect = faulty.echoes, faulty.connect
local expect_end = faulty.expect_end

describe("recv that fails with", function()
  after_each(testing.finish)

  for error, ending in pairs {
    ENOMEM = { "error", "Cannot allocate memory" },
    ETIMEDOUT = { "error", "Connection timed out" },
    EHOSTUNREACH = { "error", "No route to host" },
    ECONNRESET = { "reset" },
  } do
    it(error .. " closes that connection only", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      break_call(program, "recv " .. error, 1, victim)
      assert(victim:send "x")
      assert.is_true((victim:closed()))
      expect_end(program, victim, table.unpack(ending))
      echoes(other, "still")
      settle(program, { other })
    end)
  end

  for _, error in ipairs { "EINTR", "EAGAIN" } do
    it(error .. " is retried", function()
      local program = start()
      local victim = connect(program, 1)[1]

      break_call(program, "recv " .. error, 5, victim)
      echoes(victim, "on")
      assert.equal(5, hits(program, "recv"))
      settle(program, { victim })
    end)
  end

  it("ENOMEM on a closing connection ends it with its first reason", function()
    local program = start()
    local victim = connect(program, 1)[1]

    break_call(program, "recv ENOMEM", 1, victim)
    ask(program, "all('close')")
    assert.is_true((victim:closed()))
    assert(victim:send "x")
    expect_end(program, victim, "local")
    assert.equal(1, hits(program, "recv"))
    settle(program, {})
  end)
end)
