-- How long a topic lives: it is forgotten once nothing needs it.

local asked = require "spec.support.asked"
local subscribing = require "spec.support.subscribing"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local start, reads = subscribing.start, subscribing.reads

describe("a topic", function()
  after_each(testing.finish)

  it("is forgotten once nothing uses it, even among 100,000", function()
    local program, clients = start(1)

    assert.equal(100000, ask(program, "(function() local list = {} for i = 1, "
      .. "100000 do list[i] = fes.topic('t' .. i) end many = list "
      .. "return #list end)()"))
    assert.equal(0, ask(program, "many[99999]:publish 'x'"))
    ask(program, "(function() conns[1]:subscribe(many[77]) many = nil "
      .. "collectgarbage() collectgarbage() end)()")
    assert.equal(1, ask(program, "fes.topic('t77'):publish 'x'"))
    reads(clients[1], "x")
    -- A topic that exists cannot be made with other options.
    assert.error_matches(function()
      ask(program, "fes.topic('t77', { retain = true })")
    end, "is there already")
    for _, name in ipairs { "t1", "t50000", "t100000" } do
      assert.equal("topic (" .. name .. ")", ask(program,
        ("fes.topic('%s', { retain = true })"):format(name)))
    end
    settle(program, clients)
  end)

  it("that nothing uses remains until its messages are sent", function()
    local program, clients = start(1, "coalesce = 0.02,")

    ask(program, [[(function()
      for _, name in ipairs { "a", "b", "c" } do
        join(1, name)
        fes.topic(name):publish(name)
        conns[1]:unsubscribe(fes.topic(name))
      end
      collectgarbage()
    end)()]])
    reads(clients[1], "abc")
    ask(program, "collectgarbage()")
    settle(program, clients)
  end)

  -- The topic is younger than the object that holds it: it is collected first.
  it("that has been collected raises in a finalizer that held it", function()
    local program = start(0)

    ask(program, [[(function()
      local holder = setmetatable({}, { __gc = function(it)
        saved = it.topic
        print("finalized", pcall(saved.publish, saved, "x"))
      end })
      holder.topic = fes.topic "held by garbage"
    end)()]])
    ask(program, "collectgarbage()")
    program:expect "finalized\tfalse\t[^\n]*topic:publish: the topic has been"
    assert.equal("topic (collected)", ask(program, "tostring(saved)"))
    assert.equal("false",
      ask(program, "pcall(function() return saved.name end)"))
    assert.equal(0, ask(program, "fes.topic('held by garbage'):publish 'x'"))
    settle(program, {})
  end)
end)
