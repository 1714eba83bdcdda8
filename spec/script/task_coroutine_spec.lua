-- Coroutines that wait: inside a task, and where waiting is not possible.
local run_script = require "spec.support.run_script"
local testing = require "fes.testing"

local prints, fails = run_script.prints, run_script.fails

describe("a coroutine", function()
  after_each(testing.finish)

  it("in a task can wait like the task itself", function()
    assert.equal("1\n2\n3\nend\n", prints [[
      fes.spawn(function()
        local count = coroutine.wrap(function()
          for i = 1, 3 do
            fes.sleep(0.01)
            coroutine.yield(i)
          end
        end)
        for i in count do print(i) end
        print "end"
      end)
    ]])
  end)

  it("in a task returns to its caller only when it yields", function()
    assert.equal("true\ta\tb\ntrue\tc\nfalse\tcannot resume dead coroutine\n",
      prints [[
      fes.spawn(function()
        local co = coroutine.create(function(...)
          fes.sleep(0.01)
          local c = coroutine.yield(...)
          fes.sleep(0.01)
          return c
        end)
        print(coroutine.resume(co, "a", "b"))
        print(coroutine.resume(co, "c"))
        print(coroutine.resume(co))
      end)
    ]])
  end)

  it("nested in another can wait in a task, as can the outer", function()
    assert.equal("1\n2\n3\n4\n", prints [[
      local function count(from)
        return coroutine.wrap(function()
          for i = from, from + 1 do fes.sleep(0.01) coroutine.yield(i) end
        end)
      end
      fes.spawn(function()
        local all = coroutine.wrap(function()
          for _, from in ipairs { 1, 3 } do
            for i in count(from) do fes.sleep(0.01) coroutine.yield(i) end
          end
        end)
        for i in all do print(i) end
      end)
    ]])
  end)

  it("that raises after a wait raises in its caller", function()
    assert.equal("false\tno luck\nfalse\tno luck\ndead\n", (prints [[
      local function fail() fes.sleep(0.01) error("no luck", 0) end
      fes.spawn(function()
        local co = coroutine.create(fail)
        print(coroutine.resume(co))
        local ok, why = pcall(coroutine.wrap(fail))
        print(ok, why:match "no luck")
        print(coroutine.status(co))
      end)
    ]]))
  end)

  it("cannot wait in a function that C called", function()
    assert.equal("false\tcannot wait in a function that C called\n"
      .. "false\tcannot wait in a function that C called\non\n", (prints [[
      local function why(ok, message)
        print(ok, message:match "fes.sleep: (.*)")
      end
      local function sleep() fes.sleep(0) end
      fes.spawn(function()
        why(pcall(table.sort, { 1, 2 }, sleep))
        why(pcall(table.sort, { 1, 2 }, function()
          coroutine.wrap(sleep)()
        end))
        fes.sleep(0)
        print "on"
      end)
    ]]))
  end)

  it("that a handler resumes cannot wait", function()
    assert.equal("false\tonly a task can wait (see fes.spawn)\n", (prints [[
      fes.after(0, function()
        local ok, why = coroutine.resume(coroutine.create(fes.sleep), 1)
        print(ok, why:match "fes.sleep: (.*)")
      end)
    ]]))
  end)

  it("that waits fails if the script resumes it", function()
    assert.equal("a coroutine that waits was resumed by the script\n"
      .. "false\tcannot resume dead coroutine\n", (prints [[
      local inner = coroutine.create(function() fes.sleep(0.05) end)
      fes.spawn(function() print(coroutine.resume(inner)) end)
      fes.after(0.01, function()
        local _, why = coroutine.resume(inner)
        print(why:match ": (.*)")
      end)
    ]]))
  end)

  it("otherwise behaves as in stock Lua", function()
    assert.equal(table.concat({
      "true\t1\ttrue\t2\ttrue", "false\tno luck\tdead",
      "false\tcannot resume dead coroutine",
      "false\tcannot resume non-suspended coroutine",
      "closed\ttrue", "", }, "\n"), (prints [[
      local co = coroutine.create(function(a)
        local b = coroutine.yield(a)
        coroutine.yield(b)
      end)
      local a, b = select(2, coroutine.resume(co, 1)),
        select(2, coroutine.resume(co, 2))
      print(true, a, coroutine.resume(co) , b, coroutine.isyieldable(co) ~= nil)
      co = coroutine.create(error)
      local ok, why = coroutine.resume(co, "no luck")
      print(ok, why, coroutine.status(co))
      print(coroutine.resume(co))
      print(coroutine.resume((coroutine.running())))
      co = coroutine.create(function()
        local _ <close> = setmetatable({}, {
          __close = function() io.write "closed\t" end,
        })
        coroutine.yield()
      end)
      coroutine.resume(co)
      print(coroutine.close(co))
    ]]))
    assert.matches("bad argument #1 to 'resume' %(thread expected",
      fails "coroutine.resume(1)")
    assert.matches("bad argument #1 to 'wrap' %(function expected",
      fails "coroutine.wrap(1)")
  end)
end)
