-- epoll_ctl() and epoll_wait() that fail.

local asked = require "spec.support.asked"
local faulty = require "spec.support.faulty"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, break_call, hits = faulty.start, faulty.break_call, faulty.hits
local echoes, connect = faulty.echoes, faulty.connect
local expect_end = faulty.expect_end

describe("epoll_ctl that fails with", function()
  after_each(testing.finish)

  local unwatched = "its socket cannot be watched"

  for _, error in ipairs { "ENOMEM", "ENOSPC" } do
    it(error .. " for a new connection closes that one only", function()
      local program = start()
      local other = connect(program, 1)[1]

      break_call(program, "epoll_ctl " .. error, 1) -- the next to be accepted
      local victim = assert(program:connect())
      assert.is_true((victim:closed()))
      expect_end(program, victim, "error", unwatched)
      assert.equal(1, hits(program, "epoll_ctl"))
      echoes(other, "still")
      settle(program, { other, connect(program, 1)[1] })
    end)

    it(error .. " for one that falls behind closes that one only", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      break_call(program, "send EAGAIN", 1, victim)
      break_call(program, "epoll_ctl " .. error, 1, victim)
      assert(victim:send "you 100")
      assert.is_true((victim:closed()))
      expect_end(program, victim, "error", unwatched)
      assert.equal(1, hits(program, "epoll_ctl"))
      echoes(other, "still")
      settle(program, { other })
    end)

    it(error .. " for one that is resumed closes that one only", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      ask(program, "all('pause')")
      break_call(program, "epoll_ctl " .. error, 1, victim, 1)
      ask(program, "all('resume')") -- the second call, to read again
      assert.is_true((victim:closed()))
      expect_end(program, victim, "error", unwatched)
      echoes(other, "still")
      settle(program, { other })
    end)

    it(error .. " for one that is paused is logged, and closes none", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      break_call(program, "epoll_ctl " .. error, 1, victim)
      ask(program, "all('pause')")
      program:expect("a paused connection cannot be watched: ", "stderr")
      assert.equal(1, hits(program, "epoll_ctl"))
      ask(program, "all('resume')")
      echoes(victim, "still")
      settle(program, { victim, other })
    end)

    it(error .. " for the listener pauses accepting for a while", function()
      local program = start()
      local first = connect(program, 1)[1]

      ask(program, "server:pause()")
      break_call(program, "epoll_ctl " .. error, 2)
      ask(program, "server:resume()")
      program:expect("accepting is paused: " .. unwatched .. "\n", "stderr")
      echoes(first, "still")
      local second = connect(program, 1)[1]
      assert.equal(2, hits(program, "epoll_ctl"))
      settle(program, { first, second })
    end)
  end
end)

describe("epoll_wait that fails with", function()
  after_each(testing.finish)

  it("EINTR is retried", function()
    local program = start()
    local client = connect(program, 1)[1]

    ask(program, "faults.set 'epoll_wait EINTR 100'")
    echoes(client, "still")
    await(program, "faults.hits 'epoll_wait' == 100")
    settle(program, { client })
  end)
end)
