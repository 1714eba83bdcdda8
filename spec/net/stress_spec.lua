-- Servers, connections, topics and stalls begin and end at random, with reloads
-- between (spec/support/stress.lua). Under the sanitizers this finds what
-- outlives its owner; at the end nothing may be left.

local first = require "spec.support.seed"
local testing = require "fes.testing"

local SECONDS = 6 -- a run, which ends sooner or later within as many more
local RUNS = 5

describe("after everything was done at random", function()
  after_each(testing.finish)

  for run = 1, RUNS do
    local seed = first + run

    it("nothing is left (seed " .. seed .. ")", function()
      local status, stdout, stderr = testing.run {
        script = "spec/support/stress.lua",
        args = { tostring(seed), tostring(SECONDS) },
        options = { "-l", "warn" }, timeout = 6 * SECONDS,
      }

      assert.equal(0, status, stderr)
      assert.matches("left: 0 connections, 0 bytes queued, 0 bockets\n", stdout)
      assert.equal("", stderr)

      local loads = tonumber(stdout:match "loads: (%d+)")

      assert.is_true(loads > 3, loads .. " loads")
    end)
  end
end)
