-- Outgoing connections as a group: the buffers they share, the counts they
-- appear in, and what becomes of them when fes stops.

local asked = require "spec.support.asked"
local connecting = require "spec.support.connecting"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start = connecting.start

describe("outgoing connections", function()
  after_each(testing.finish)

  it("share one slab, and slow ones are closed to reclaim memory", function()
    -- 80 * 16 bockets are more than the 1024 of the slab.
    local program = start("backlog = 1,", [[
      server:pause()
      function fill()
        full, ended, all = 0, {}, {}
        for i = 1, 80 do
          all[i] = fes.connect { port = server.port,
            on_close = function(_, reason) ended[#ended + 1] = reason end,
          }
          if not all[i]:send(("x"):rep(65536)) then full = full + 1 end
        end
      end]])

    for _ = 1, 2 do ask(program, "fes.connect { port = server.port }") end
    ask(program, "fill()")
    await(program, "#ended + full > 0")
    assert.equal("overflow", ask(program, "ended[1] or 'none'"))
    assert.is_true(ask(program, "#ended + full") >= 16)
    assert.is_true(ask(program, "#ended + full") < 40)
    ask(program, "(function() for _, each in ipairs(all) do each:close(0) end "
      .. "for c in server:connections() do c:close(0) end server:resume() "
      .. "end)()")
    await(program, "#ended == 80")
    ask(program, "(function() for c in server:connections() do c:close(0) end "
      .. "seen = {} connect() conn:send(('y'):rep(65536)) end)()")
    await(program, "#table.concat(seen) > 65536")
    ask(program, "(function() for c in server:connections() do c:close(0) end "
      .. "end)()")
    settle(program, {})
  end)

  it("have as many bockets as fes.limits says", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      fes.limits { outgoing = 16 }
      local server = fes.listen { port = 0, bockets = 64 }
      print(fes.stats().bockets)
      local conn = fes.connect { port = server.port }
      print(conn:send(("x"):rep(60000)))
      print(fes.stats().bockets, fes.stats().bockets_free)
      fes.limits { outgoing = 16 }
      print(pcall(fes.limits, { outgoing = 17 }))
      fes.after(0, fes.stop)]] }

    assert.equal(0, status)
    assert.matches("^64\ntrue\n80\t65\nfalse\t[^\n]*fes.limits: 'outgoing' "
      .. "cannot change once fes.connect has been called\n", out)
    assert.matches("at most 0.3 MiB of buffers", out)
  end)

  it("count in fes.stats(), also once they have closed", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local server = fes.listen { port = 0 }
      local gone = 0
      local function count() gone = gone + 1 end
      fes.spawn(function()
        for _ = 1, 3 do
          local conn = fes.connect { port = server.port, on_close = count }
          conn:send "12345"
          conn:close()
        end
        while gone < 3 or server:count() > 0 do fes.sleep(0) end
        print(fes.stats().bytes_out, fes.stats().connections)
        fes.stop()
      end)]] }

    assert.equal(0, status)
    assert.matches("\n15\t0\n$", out)
  end)

  it("count against the limit of descriptors", function()
    local program = start("", "", { prefix = { "prlimit", "--nofile=48" } })

    ask(program, "(function() local other = fes.listen { port = 0, "
      .. "on_connect = function() end } other:pause() other_port = other.port "
      .. "made, failed = 0, {} "
      .. "for _ = 1, 40 do fes.connect { port = other_port, "
      .. "on_connect = function() made = made + 1 end, "
      .. "on_close = function(_, why, what) failed[#failed + 1] = "
      .. "why .. ' ' .. (what or '') end } end end)()")
    await(program, "made + #failed == 40")
    assert.equal(15, ask(program, "made")) -- 48 - 32, less the control's
    for _, i in ipairs { 1, 25 } do
      assert.equal("error Too many open files", ask(program, "failed[" .. i
        .. "]"))
    end
    program:signal "sigterm"
    assert.equal(0, program:wait())
  end)

  it("keep fes running, and count in the memory line", function()
    local far = testing.start { code = [[
      require("fes").listen { port = 0, header = "bye",
        on_connect = function(conn) conn:close() end }]] }
    local status, out, err = testing.run { args = { tostring(far.port) },
      code = [[
      local fes = require "fes"
      fes.connect { port = tonumber(arg[1]),
        on_receive = function(_, data) print(data) end,
        on_close = function(_, reason) print(reason) end }]] }

    assert.equal(0, status)
    assert.equal("at most 4.0 MiB of buffers, 1 connections, 256 KiB each in "
      .. "the kernel\nbye\neof\n", out)
    assert.matches("no listener, connection, timer or task is left", err)
  end)

  it("are closed when fes stops", function()
    local program = start("", "fes.connect { port = server.port, "
      .. "on_close = function(_, reason) print('closed ' .. reason) end }")

    await(program, "server:count() == 1")
    program:signal "sigterm"
    program:expect "closed shutdown\n"
    assert.equal(0, program:wait())
  end)

  it("cannot be made any more when fes stops", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local server = fes.listen { port = 0 }
      fes.on_stop(function() print(fes.connect { port = server.port }) end)
      fes.after(0, fes.stop)]] }

    assert.equal(0, status)
    assert.matches("\nnil\tshutdown\n$", out)
  end)

  it("leave no Lua memory in use once they have closed", function()
    local program = start("", [[
      function some()
        fes.spawn(function()
          for _ = 1, 500 do
            local new = assert(fes.connect { port = server.port })
            new:send "hi"
            new:close()
          end
          collectgarbage()
          collectgarbage()
          used = collectgarbage "count" * 1024
          seen = {}
        end)
      end]])
    local function use()
      ask(program, "(function() used = nil some() end)()")
      await(program, "used ~= nil and server:count() == 0")
      return ask(program, "used")
    end

    use()
    local before = use()

    use()
    assert.is_true(use() - before < 20000)
    settle(program, {})
  end)
end)
