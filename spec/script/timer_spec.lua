-- Timers (fes.after, fes.every) and their clock (fes.now).
local run_script = require "spec.support.run_script"
local testing = require "fes.testing"

local prints, fails = run_script.prints, run_script.fails

-- Values that are not valid times.
local wrong_times = {
  "-1", "-1e-9", "0/0", "math.huge", "-math.huge", "'soon'", "'1'", "nil",
  "{}", "true",
}

describe("a timer", function()
  after_each(testing.finish)

  describe("of fes.after", function()
    it("fires once and then no longer keeps fes running", function()
      assert.equal("fired\n", prints
        "fes.after(0.01, function() print 'fired' end)")
    end)

    it("fires in the order of the times", function()
      assert.equal("1\n2\n3\n", prints [[
        fes.after(0.15, function() print(3) end)
        fes.after(0.02, function() print(1) end)
        fes.after(0.08, function() print(2) end)
      ]])
    end)

    it("never fires early, measured by fes.now()", function()
      assert.equal("200\t0\n", prints [[
        local fired, early = 0, 0
        for i = 1, 200 do
          local seconds = i * 0.00137
          local start = fes.now()
          fes.after(seconds, function()
            fired = fired + 1
            if fes.now() - start < seconds then early = early + 1 end
          end)
        end
        fes.after(0.5, function() print(fired, early) end)
      ]])
    end)

    it("does not fire early after a long turn", function()
      assert.equal("in time\n", prints [[
        fes.after(0, function()
          local start = fes.now()
          while fes.now() < start + 0.2 do end
          local called = fes.now()
          fes.after(0.1, function()
            print(fes.now() - called >= 0.1 and "in time" or "early")
          end)
        end)
      ]])
    end)

    it("measures from the call, not from the end of the turn", function()
      assert.equal("1\n2\n", prints [[
        local start = fes.now()
        fes.after(0.1, function() print(1) end)
        while fes.now() < start + 0.15 do end
        fes.after(0.02, function() print(2) end)
      ]])
    end)

    it("with 0 fires in a later turn, not inside the call", function()
      assert.equal("called\nfired\n", prints [[
        fes.after(0, function() print "fired" end)
        print "called"
      ]])
    end)

    it("with 0 inside a timer fires in a later turn", function()
      -- In the same turn this chain would never let the client be served.
      local server = testing.start { code = [[
        local fes = require "fes"
        local inside = false
        local function again()
          assert(not inside)
          inside = true
          fes.after(0, again)
          inside = false
        end
        fes.listen {
          port = 0,
          on_receive = function(conn, data) conn:send(data) end,
        }
        again()
      ]] }
      local client = assert(server:connect())

      assert(client:send "ping")
      assert.equal("ping", client:read(4))
      server:stop()
      assert.not_matches("error", server:stderr())
    end)
  end)

  describe("of fes.every", function()
    it("fires repeatedly until it is stopped", function()
      assert.equal("3\n", prints [[
        local n = 0
        local timer
        timer = fes.every(0.01, function()
          n = n + 1
          if n == 3 then timer:stop() end
        end)
        fes.after(0.2, function() print(n) end)
      ]])
    end)

    it("fires at start + n * seconds, never early, without drift", function()
      assert.equal("ok\n", prints [[
        local before = fes.now()
        local last, timer = 0, nil
        timer = fes.every(0.02, function()
          local now = fes.now()
          local n = (now - before) // 0.02 -- ticks that have been due
          if n <= last then error "early" end
          last = n
          if n >= 20 then
            timer:stop()
            print "ok"
          end
        end)
      ]])
    end)

    it("skips ticks that a late turn missed and keeps its phase", function()
      local out = prints [[
        local before = fes.now()
        local calls, timer = 0, nil
        timer = fes.every(0.1, function()
          calls = calls + 1
          if calls == 1 then -- ticks 2, 3 and 4 pass meanwhile
            while fes.now() < before + 0.47 do end
            return
          end
          timer:stop()
          local due = (fes.now() - before) // 0.1
          print(calls, timer.skipped, due - timer.skipped - calls)
        end)
        print(timer.skipped)
      ]]
      local skipped, off = out:match "^0\n2\t(%d+)\t(%-?%d+)"

      assert.is_truthy(skipped)
      assert.is_true(tonumber(skipped) >= 2)
      assert.is_true(tonumber(off) >= 0)
    end)

    it("with 0 fires once a turn while clients are served", function()
      local server = testing.start { code = [[
        local fes = require "fes"
        local turns = 0
        fes.every(0, function() turns = turns + 1 end)
        fes.listen {
          port = 0,
          on_connect = function(conn) conn.at = -1 end,
          on_receive = function(conn, data)
            conn:send(data .. (turns - conn.at > 0 and "+" or "-"))
            conn.at = turns
          end,
        }
      ]] }
      local client = assert(server:connect())

      for _ = 1, 20 do
        assert(client:send "ping")
        assert.equal("ping+", client:read(5))
      end
      assert(server:connect())
      server:stop()
    end)

    it("with 0 skips nothing and can be stopped", function()
      assert.equal("5\t0\n", prints [[
        local n, timer = 0, nil
        timer = fes.every(0, function()
          n = n + 1
          if n == 5 then timer:stop() print(n, timer.skipped) end
        end)
      ]])
    end)
  end)

  describe("stopped", function()
    it("does not fire", function()
      assert.equal("", prints
        "fes.after(0.01, function() print 'fired' end):stop()")
    end)

    it("by another that is due in the same turn does not fire", function()
      assert.equal("first\n", prints [[
        local start, second = fes.now(), nil
        fes.after(0.01, function() print "first" second:stop() end)
        second = fes.after(0.02, function() print "second" end)
        while fes.now() < start + 0.1 do end
      ]])
    end)

    it("twice, or after it has fired, is no error", function()
      assert.equal("ok\n", prints [[
        local timer = fes.after(0, function() end)
        fes.after(0.02, function()
          timer:stop()
          timer:stop()
          print "ok"
        end)
      ]])
    end)

    it("frees what its function references", function()
      assert.equal("true\n", prints [[
        local weak = setmetatable({}, { __mode = "k" })
        do
          local held = {}
          weak[held] = true
          fes.after(1000, function() return held end):stop()
        end
        collectgarbage()
        collectgarbage()
        print(next(weak) == nil)
      ]])
    end)
  end)

  it("fires even if the script has no reference to it", function()
    assert.equal("fired\n", prints [[
      fes.after(0.05, function() print "fired" end)
      collectgarbage()
      collectgarbage()
    ]])
  end)

  it("can start others and stop itself", function()
    assert.equal("a\nb\nc\n", prints [[
      fes.after(0, function()
        print "a"
        local timer
        timer = fes.every(0.01, function()
          print "b"
          timer:stop()
          fes.after(0.01, function() print "c" end)
        end)
      end)
    ]])
  end)

  it("that raises an error fires again", function()
    local out, err = prints [[
      local n, timer = 0, nil
      timer = fes.every(0.01, function()
        n = n + 1
        if n == 3 then
          timer:stop()
          print "third"
        else
          error("call " .. n)
        end
      end)
    ]]

    assert.equal("third\n", out)
    assert.matches("error .*script.lua:9: call 1", err)
    assert.matches("error .*script.lua:9: call 2", err)
    assert.matches("stack traceback:", err)
  end)

  it("can be one of 40000", function()
    assert.equal("20000\n", prints [[
      local fired = 0
      for i = 1, 20000 do
        fes.after(i % 100 / 1000, function() fired = fired + 1 end)
      end
      local stopped = {}
      for i = 1, 20000 do
        stopped[i] = fes.after(0.05, function() fired = fired + 1 end)
      end
      for _, timer in ipairs(stopped) do timer:stop() end
      local function look()
        if fired < 20000 then return fes.after(0.05, look) end
        fes.after(0.2, function() print(fired) end)
      end
      look()
    ]])
  end)

  for _, name in ipairs { "after", "every" } do
    it("of fes." .. name .. " raises for an invalid time", function()
      for _, seconds in ipairs(wrong_times) do
        assert.matches("fes." .. name .. ": seconds must be a number",
          fails(("fes.%s(%s, print)"):format(name, seconds)))
      end
    end)

    it("of fes." .. name .. " raises for a non-function", function()
      for _, fn in ipairs { "nil", "'print'", "{}" } do
        assert.matches("fes." .. name .. ": a function was expected",
          fails(("fes.%s(1, %s)"):format(name, fn)))
      end
    end)
  end

  it("can be due in the far future", function()
    assert.equal("ok\n", prints [[
      local far = fes.after(1e300, function() print "fired" end)
      local ever = fes.every(1.7e308, function() print "fired" end)
      fes.after(0.05, function() print "ok" far:stop() ever:stop() end)
    ]])
  end)

  for _, seconds in ipairs { "1e-9", "1e-12", "1e-300" } do
    it("of fes.every with " .. seconds .. " s does not block other timers",
      function()
        local out = prints(([[
          local n, timer = 0, nil
          timer = fes.every(%s, function() n = n + 1 end)
          fes.after(0.02, function()
            timer:stop()
            print(n > 0 and timer.skipped >= 0 and "ok" or timer.skipped)
          end)
        ]]):format(seconds))

        assert.equal("ok\n", out)
      end)
  end
end)

describe("fes.now", function()
  after_each(testing.finish)

  it("advances within a turn", function()
    assert.equal("true\n", prints [[
      local start = fes.now()
      local turns = 0
      while fes.now() == start and turns < 1e7 do turns = turns + 1 end
      print(fes.now() > start)
    ]])
  end)

  it("is the system's monotonic clock", function()
    local uv = require "luv"
    local before = uv.hrtime() / 1e9
    local now = tonumber((prints "print(('%.9f'):format(fes.now()))"))

    assert.is_true(before <= now and now <= uv.hrtime() / 1e9)
  end)
end)
