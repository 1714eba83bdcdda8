-- Calls with wrong arguments, and wrong options, that concern topics.

local asked = require "spec.support.asked"
local subscribing = require "spec.support.subscribing"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local start = subscribing.start

describe("a wrong argument or option", function()
  after_each(testing.finish)

  local wrong = {
    ["fes.topic()"] =
      "fes.topic: a name is a string of 1 to 255 bytes, got nothing",
    ["fes.topic ''"] = "a name is a string of 1 to 255 bytes",
    ["fes.topic(('x'):rep(256))"] = "a name is a string of 1 to 255 bytes",
    ["fes.topic '$sys'"] = "names that begin with '%$' are fes' own",
    ["fes.topic(7)"] = "a name is a string of 1 to 255 bytes, got 7",
    ["fes.topic('x', 3)"] = "takes a name and a table of options, got 3",
    ["fes.topic('x', { retian = true })"] =
      "unknown option \"retian\", did you mean 'retain'?",
    ["fes.topic('x', { retain = 1 })"] =
      "'retain' must be true or false, got 1",
    ["fes.topic('news', { retain = true })"] =
      "\"news\" is there already, with other options",
    ["topic:publish()"] = "topic:publish: data must be a string, got nothing",
    ["topic:publish({})"] =
      "topic:publish: data must be a string, got a table",
    ["topic:publish('x', {})"] =
      "topic:publish: a key is a string or an integer, got a table",
    ["topic:publish('x', 1.5)"] = "a key is a string or an integer, got 1.5",
    ["topic:publish('x', ('k'):rep(256))"] =
      "a key has at most 255 bytes, got 256",
    ["topic:publish('x', 'k', 3)"] =
      "topic:publish: a conn was expected, got 3",
    ["topic:publish(('x'):rep(70000))"] =
      "a message of 70000 bytes can never fit into the queue of any server",
    ["topic:set_overflow 'late'"] =
      "topic:set_overflow: a policy is \"close\", "
      .. "\"drop\" or \"latest\", got \"late\"",
    ["server:set_overflow(3)"] = "server:set_overflow: a policy is .*, got 3",
    ["conns[1]:set_overflow({})"] = "conn:set_overflow: a policy is .* a table",
    ["conns[1]:subscribe('news')"] =
      "conn:subscribe: a topic was expected, got \"news\"",
    ["fes.listen { port = 0, overflow = 'newest' }"] =
      "'overflow' must be \"close\", \"drop\" or \"latest\", "
      .. "got \"newest\"",
    ["fes.listen { port = 0, maxqueue = 0 }"] = "'maxqueue' must be an integer",
    ["fes.listen { port = 0, maxage = 0 }"] = "'maxage' must be a number",
    ["fes.listen { port = 0, coalesce = -1 }"] = "'coalesce' must be a number",
    ["fes.listen { port = 0, coalesce = 61 }"] =
      "'coalesce' must be a number of seconds, at most 60, got 61",
    ["fes.listen { port = 0, overflow = 'drop\\0' }"] =
      "'overflow' must be \"close\", \"drop\" or \"latest\"",
    ["fes.topic('x', { ['retain\\0'] = true })"] = "unknown option",
    ["fes.listen { port = 0, maxtopics = -1 }"] = "'maxtopics' must be an int",
  }

  for expression, pattern in pairs(wrong) do
    it("raises: " .. expression, function()
      local program, clients = start(1)

      assert.error_matches(function() ask(program, expression) end, pattern)
      settle(program, clients)
    end)
  end
end)
