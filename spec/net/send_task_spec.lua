-- conn:send in a task: it waits while the connection is full.

local asked = require "spec.support.asked"
local receiving = require "spec.support.receiving"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local said, settle_asleep = receiving.said, receiving.settle_asleep

describe("conn:send", function()
  after_each(testing.finish)

  local small = "sndbuf = 4096, maxsends = 4, size = 1024,"

  -- Numbered lines, so that bytes in a wrong place are noticed.
  local function pattern(first, length)
    local lines = {}

    for i = 1, length // 8 do lines[i] = ("%s%06d\n"):format(first, i) end
    return table.concat(lines)
  end

  it("in a task waits while the connection is full", function()
    local program = receiving.program(small, [[
      for i = 1, 500000 // 8, 100 do
        local lines = {}
        for k = i, i + 99 do lines[#lines + 1] = ("a%06d\n"):format(k) end
        assert(conn:send(table.concat(lines)))
      end
      done = true]])
    local client = assert(program:connect { rcvbuf = 4096 })

    await(program, "conn and conn:stats().queued > 0")
    assert.equal("nil", ask(program, "done"))
    assert.is_true(pattern("a", 500000) == client:read(500000, 60))
    await(program, "done")
    settle(program, { client })
  end)

  it("in several tasks keeps the order of the calls", function()
    local program = receiving.program(small, [[
      for i = 1, 20 do
        fes.spawn(function()
          local data = string.char(64 + i):rep(i % 3 == 0 and 10 or 4000)
          assert(conn:send(data))
          done = (done or 0) + 1
        end)
      end
      fes.sleep(1000)]])
    local client = assert(program:connect { rcvbuf = 4096 })
    local expected = {}

    for i = 1, 20 do
      expected[i] = string.char(64 + i):rep(i % 3 == 0 and 10 or 4000)
    end
    expected = table.concat(expected)
    await(program, "conn and conn:stats().queued > 0")
    assert.is_true(ask(program, "done or 0") < 20)
    assert.is_true(expected == client:read(#expected))
    await(program, "done == 20")
    settle_asleep(program, { client })
  end)

  it("in a task returns nil and \"closed\" if that ends its wait", function()
    local program = receiving.program(small, [[
      for i = 1, 3 do
        fes.spawn(function()
          local ok, why
          repeat ok, why = conn:send(("x"):rep(4000)) until not ok
          got[#got + 1] = tostring(ok) .. " " .. why
        end)
      end
      fes.sleep(1000)]])

    for _, act in ipairs { "conn:close()", "conn:close(0)" } do
      local client = assert(program:connect { rcvbuf = 4096 })

      await(program, "conn and conn:stats().queued > 0")
      ask(program, act)
      said(program, "nil closed, nil closed, nil closed")
      client:close()
      await(program, "server:count() == 0 and #ended > 0")
      ask(program, "(function() got, ended, conn = {}, {}, nil end)()")
    end
    settle(program, {})
  end)

  it("in a task returns \"full\" in a function that C called", function()
    local program = receiving.program(small, [[
      local ok, why
      repeat
        table.sort({ 1, 2 }, function()
          ok, why = conn:send(("x"):rep(4000))
          return false
        end)
      until not ok
      got[1] = why
      fes.sleep(1000)]])
    local client = assert(program:connect { rcvbuf = 4096 })

    said(program, "full")
    settle_asleep(program, { client })
  end)

  it("outside of tasks returns \"full\" at once", function()
    local program = receiving.program(small, "fes.sleep(1000)")
    local client = assert(program:connect { rcvbuf = 4096 })

    await(program, "conn ~= nil")
    ask(program, "(function() local ok repeat "
      .. "ok, why = conn:send(('x'):rep(4000)) until not ok end)()")
    assert.equal("full", ask(program, "why"))
    settle_asleep(program, { client })
  end)
end)
