-- Wrong values of the options framing, maxmessage and message_timeout.

local testing = require "fes.testing"

describe("fes.listen", function()
  after_each(testing.finish)

  local range = "'maxreceives' %* 'size', which is 65536"
  local wrong = {
    [ [[framing = "lines"]] ] =
      "'framing' must be \"raw\", \"line\", .*, got \"lines\"",
    [ [[framing = 3]] ] =
      "'framing' must be .*, got 3",
    [ [[framing = {}]] ] =
      "'framing' must be .*, got a table",
    [ [[framing = { fixed = 0 }]] ] =
      "'framing.fixed' must be a number of bytes above 0, got 0",
    [ [[framing = { fixed = "9" }]] ] =
      "'framing.fixed' must be .*, got \"9\"",
    [ [[framing = { length = 3 }]] ] =
      "'framing.length' must be 1, 2, 4 or 8, got 3",
    [ [[framing = { length = 2.5 }]] ] =
      "'framing.length' must be 1, 2, 4 or 8, got 2.5",
    [ [[framing = { length = 2, endian = "middle" }]] ] =
      "'framing.endian' must be \"big\" or \"little\", got \"middle\"",
    [ [[framing = { endian = "big" }]] ] =
      "'framing' must be",
    [ [[framing = { fixed = 9, endian = "big" }]] ] =
      "'framing' must be",
    [ [[framing = { fixed = 9, length = 2 }]] ] =
      "'framing' has either 'fixed' or 'length'",
    [ [[framing = { width = 2 }]] ] =
      "'framing' must be .*, got \"width\" in the table",
    [ [[maxmessage = 0]] ] =
      "'maxmessage' must be an integer in 1",
    [ [[maxmessage = 65537]] ] =
      "'maxmessage' must be at most " .. range .. ", got 65537",
    [ [[framing = { fixed = 65537 }]] ] =
      "'framing.fixed' must be at most " .. range,
    [ [[framing = { fixed = 9 }, maxmessage = 8]] ] =
      "'framing.fixed' must be at most 'maxmessage', which is 8, got 9",
    [ [[message_timeout = 0]] ] =
      "'message_timeout' must be a number of seconds above 0, got 0",
  }

  for options, pattern in pairs(wrong) do
    it("raises for " .. options, function()
      local status, _, errors = testing.run {
        code = ('require("fes").listen { port = 0, %s }'):format(options),
      }

      assert.equal(1, status)
      assert.matches("script.lua:1: fes.listen: " .. pattern, errors)
    end)
  end
end)
