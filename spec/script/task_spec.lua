-- Tasks: fes.spawn, fes.sleep, and how tasks wait, fail and end.
local run_script = require "spec.support.run_script"
local testing = require "fes.testing"

local prints, fails = run_script.prints, run_script.fails

describe("fes.spawn", function()
  after_each(testing.finish)

  it("calls the function later, with its arguments", function()
    assert.equal("loaded\n1\tnil\tthree\n", prints [[
      fes.spawn(function(...) print(...) end, 1, nil, "three")
      print "loaded"
    ]])
  end)

  it("runs tasks in the order of the calls, not inside one another", function()
    assert.equal("1 begins\n1 ends\n2\n3\n", prints [[
      fes.spawn(function()
        print "1 begins"
        fes.spawn(print, 3)
        print "1 ends"
      end)
      fes.spawn(function() print(2) end)
    ]])
  end)

  it("returns the coroutine", function()
    assert.equal("suspended\nrunning\tfalse\ndead\n", prints [[
      local task
      task = fes.spawn(function()
        local running, main = coroutine.running()
        print(running == task and coroutine.status(task), main)
      end)
      print(coroutine.status(task))
      fes.after(0.01, function() print(coroutine.status(task)) end)
    ]])
  end)

  it("resumes a suspended coroutine as a task", function()
    assert.equal("1\n2\n3\tdone\n", prints [[
      local co = coroutine.create(function(first)
        print(first)
        print(coroutine.yield())
        fes.sleep(0.01)
        print(3, "done")
      end)
      coroutine.resume(co, 1)
      fes.spawn(co, 2)
    ]])
  end)

  it("raises for a value that cannot be run", function()
    for given, complaint in pairs {
      ["nil"] = "a function was expected, got nothing",
      ["'print'"] = 'a function was expected, got "print"',
      ["{}"] = "a function was expected, got a table",
      ["coroutine.running()"] = "the coroutine is not suspended",
      ["(function(co) coroutine.resume(co) return co end)"
        .. "(coroutine.create(print))"] = "the coroutine is not suspended",
      ["fes.spawn(print)"] = "the coroutine is not suspended",
    } do
      local err = fails("fes.spawn(" .. given .. ")")

      assert(err:find("fes.spawn: " .. complaint, 1, true), err)
    end
  end)
end)

describe("fes.sleep", function()
  after_each(testing.finish)

  it("waits for the given time while other tasks run", function()
    assert.equal("1\n2\n3\n", prints [[
      for _, i in ipairs { 3, 1, 2 } do
        fes.spawn(function()
          local start = fes.now()
          fes.sleep(i * 0.05)
          print(fes.now() - start >= i * 0.05 and i or "early")
        end)
      end
    ]])
  end)

  it("with 0 returns in a later turn", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen {
        port = 0,
        on_receive = function(conn, data) conn:send(data) end,
      }
      fes.spawn(function() while true do fes.sleep(0) end end)
    ]] }
    local client = assert(server:connect())

    assert(client:send "ping")
    assert.equal("ping", client:read(4))
    server:stop()
  end)

  it("raises outside of a task", function()
    assert.matches("fes.sleep: only a task can wait", fails "fes.sleep(1)")
    assert.equal("false\tonly a task can wait (see fes.spawn)\n", prints [[
      fes.after(0, function()
        local ok, why = pcall(fes.sleep, 1)
        print(ok, why:match "fes.sleep: (.*)")
      end)
    ]])
  end)

  it("raises for an invalid time", function()
    for _, time in ipairs { "-1", "0/0", "math.huge", "'1'", "nil" } do
      assert.matches("fes.sleep: seconds must be a number, 0 or more, got ",
        fails("fes.sleep(" .. time .. ")"))
    end
  end)
end)

describe("a task", function()
  after_each(testing.finish)

  it("keeps fes running only as long as it sleeps", function()
    local out, err = prints [[
      fes.spawn(function() fes.sleep(0.1) print "awake" end)
    ]]

    assert.equal("awake\n", out)
    assert.matches("no listener, connection, timer or task is left", err)
  end)

  it("does not prevent a stop", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen { port = 0 }
      fes.spawn(function() fes.sleep(1000) end)
    ]] }

    server:stop()
  end)

  it("can run while fes stops", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen { port = 0 }
      fes.on_stop(function()
        fes.spawn(function() fes.sleep(0.01) print "still there" end)
      end)
    ]] }

    assert(server:connect()) -- does not close, so fes lingers
    server:signal "sigterm"
    server:expect "still there\n"
    assert.equal(0, server:wait())
  end)

  it("that raises is logged with its own traceback", function()
    local out, err = prints [[
      local function deep() error "no luck" end
      fes.spawn(function() fes.sleep(0.01) deep() end)
      fes.after(0.05, function() print "on" end)
    ]]

    assert.equal("on\n", out)
    assert.matches("error task: [^\n]*script.lua:2: no luck\n", err)
    assert.matches("stack traceback:.*in upvalue 'deep'", err)
    assert.matches("script.lua:3: in function", err)
  end)

  it("that raises closes its to-be-closed variables", function()
    assert.equal("closed\n", (prints [[
      fes.spawn(function()
        local _ <close> = setmetatable({}, {
          __close = function() print "closed" end,
        })
        fes.sleep(0.01)
        error "no luck"
      end)
    ]]))
  end)

  it("that raises a value other than a string is logged", function()
    local _, err = prints [[
      fes.spawn(error, setmetatable({}, {
        __tostring = function() return "my error" end,
      }))
      fes.spawn(error, setmetatable({}, { __tostring = error }))
      fes.spawn(error)
    ]]

    assert.matches("task: my error\n", err)
    assert.matches("task: %(error object is a table value%)\n", err)
    assert.matches("task: nil\n", err)
  end)

  it("can catch errors across waits", function()
    assert.equal("false\tno luck\ntrue\t1\tnil\n", prints [[
      fes.spawn(function()
        print(pcall(function() fes.sleep(0.01) error("no luck", 0) end))
        print(xpcall(function() fes.sleep(0.01) return 1, nil end, print))
      end)
    ]])
  end)

  it("cannot be resumed by the script", function()
    assert.equal("false\tcannot resume a task\ncannot resume a task\nawake\n",
      prints [[
      local task = fes.spawn(function() fes.sleep(0.05) print "awake" end)
      fes.after(0.01, function()
        print(coroutine.resume(task))
      end)
      fes.after(0.02, function()
        local wrapped = coroutine.wrap(function()
          return select(2, coroutine.resume(task))
        end)
        print(wrapped())
      end)
    ]])
  end)

  it("is ended by coroutine.close", function()
    assert.equal("closed\ntrue\ndead\n", prints [[
      local task = fes.spawn(function()
        local _ <close> = setmetatable({}, {
          __close = function() print "closed" end,
        })
        fes.sleep(1000)
        print "awake"
      end)
      fes.after(0.01, function()
        print(coroutine.close(task))
        print(coroutine.status(task))
      end)
    ]])
  end)

  it("is ended by coroutine.close before it has begun", function()
    assert.equal("true\n", prints [[
      print(coroutine.close(fes.spawn(print, "never")))
    ]])
  end)

  it("cannot close itself", function()
    assert.equal("false\tcannot close a running coroutine\non\n", prints [[
      fes.spawn(function()
        print(pcall(coroutine.close, coroutine.running()))
        fes.sleep(0.01)
        print "on"
      end)
    ]])
  end)

  it("is collected if it yields and has no reference", function()
    local out, err = prints [[
      local seen = setmetatable({}, { __mode = "k" })
      seen[fes.spawn(function() coroutine.yield() print "never" end)] = true
      fes.after(0.01, function()
        collectgarbage()
        collectgarbage()
        print(next(seen))
      end)
    ]]

    assert.equal("nil\n", out)
    assert.matches("no listener, connection, timer or task is left", err)
  end)

  it("that has yielded can be spawned again", function()
    assert.equal("waits\nhello\tagain\n", prints [[
      local waiter
      fes.spawn(function()
        waiter = coroutine.running()
        print "waits"
        print("hello", coroutine.yield())
      end)
      fes.after(0.01, function() fes.spawn(waiter, "again") end)
    ]])
  end)

  it("needs at most 1600 bytes while it sleeps", function()
    local bytes = tonumber((prints [[
      local function used()
        collectgarbage()
        collectgarbage()
        return collectgarbage "count" * 1024
      end
      fes.spawn(function()
        local before = used()
        for _ = 1, 10000 do
          fes.spawn(function() fes.sleep(0.5) end)
        end
        fes.sleep(0)
        print((used() - before) // 10000)
      end)
    ]]))

    assert.is_true(bytes > 500 and bytes <= 1600, bytes)
  end)

  it("leaves no memory behind when it ends", function()
    local grown = tonumber((prints [[
      local function used()
        collectgarbage()
        collectgarbage()
        return collectgarbage "count" * 1024
      end
      local ended
      local function sleep() fes.sleep(0) ended = ended + 1 end
      local function yield() ended = ended + 1 coroutine.yield() end
      local function some()
        ended = 0
        for _ = 1, 1000 do
          fes.spawn(sleep)
          fes.spawn(yield)
        end
        repeat fes.sleep(0) until ended == 2000
      end
      fes.spawn(function()
        for _ = 1, 3 do some() end
        local before = used()
        for _ = 1, 10 do some() end
        print((used() - before) // 1)
      end)
    ]]))

    assert.is_true(grown < 60000, grown) -- 3 bytes a task: tables may grow
  end)
end)
