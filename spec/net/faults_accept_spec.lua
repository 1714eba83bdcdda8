-- accept4() that fails: which errors pause accepting, and which are retried.

local asked = require "spec.support.asked"
local faulty = require "spec.support.faulty"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local start, break_call, hits = faulty.start, faulty.break_call, faulty.hits
local echoes, connect = faulty.echoes, faulty.connect

describe("accept4 that fails with", function()
  after_each(testing.finish)

  for error, text in pairs {
    EMFILE = "Too many open files", ENFILE = "Too many open files in system",
    ENOBUFS = "No buffer space available", ENOMEM = "Cannot allocate memory",
  } do
    it(error .. " pauses accepting for a while", function()
      local program = start()
      local first = connect(program, 1)[1]

      break_call(program, "accept4 " .. error, 3)
      local second = assert(program:connect())
      second:queue "?"
      program:expect("accepting is paused: " .. text .. "\n", "stderr")
      echoes(first, "still")
      assert.equal("?", second:read(1))
      assert.equal(3, hits(program, "accept4"))
      assert.equal(2, ask(program, "server:stats().accepted"))
      settle(program, { first, second })
    end)
  end

  for _, error in ipairs { "ECONNABORTED", "EINTR", "EPROTO", "EPERM" } do
    it(error .. " is retried", function()
      local program = start()
      local first = connect(program, 1)[1]

      break_call(program, "accept4 " .. error, 3)
      local second = connect(program, 1)[1]
      assert.equal(3, hits(program, "accept4"))
      echoes(first, "still")
      settle(program, { first, second })
    end)
  end
end)
