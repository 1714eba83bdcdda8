-- A server that was closed and has lost its last connection retires: its object
-- still answers for as long as the script holds it, and nothing else is kept.
local asked = require "spec.support.asked"
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local script = [[
_G.fes = fes
server = fes.listen { port = 0 }
other = fes.listen {
  port = 0,
  on_connect = function(conn) last = conn end,
  on_receive = function(conn, data) conn:send(data) end,
}
other_port = other.port
seen = setmetatable({ other }, { __mode = "v" })
function open_and_close(n)
  for _ = 1, n do fes.listen { port = 0, bockets = 8 }:close() end
  return n
end
function collect() collectgarbage() collectgarbage() return true end]]

-- Serve one client at `other`, then close that server.
local function retire(program)
  local client = assert(program:connect { port = ask(program, "other_port") })

  assert(client:send "hello")
  assert.equal("hello", client:read(5))
  ask(program, "other:close(0) or true")
  client:close()
  await(program, "last.id == 2 and not last:send ''")
  await(program, "fes.stats().connections == 1")
end

describe("a closed server without connections", function()
  after_each(testing.finish)

  it("still answers what the script asks", function()
    local program = asked.start(script)

    retire(program)
    ask(program, "collect()")
    assert.equal(1, ask(program, "other:stats().accepted"))
    assert.equal(5, ask(program, "other:stats().bytes_out"))
    assert.equal(ask(program, "other:stats().bockets"),
      ask(program, "other:stats().bockets_free"))
    assert.equal(0, ask(program, "other:count()"))
    assert.equal("nil", ask(program, "other:connections()()"))
    assert.equal(ask(program, "other_port"), ask(program, "other.port"))
    assert.matches("^server %(.*%d%)$", ask(program, "tostring(other)"))
    assert.equal("closed", ask(program, "select(2, other:broadcast 'x')"))
    for _, call in ipairs { "pause", "resume", "flush", "close",
      "set_overflow" } do
      assert.equal("true", ask(program,
        ("other:%s(%s) or true"):format(call,
          call == "set_overflow" and "'drop'" or "")))
    end
    assert.equal("true", ask(program, "last.server == other"))
    settle(program, {})
  end)

  it("is kept by the conns of its connections alone", function()
    local program = asked.start(script)

    retire(program)
    ask(program, "(function() other = nil; return true end)()")
    ask(program, "collect()")
    assert.equal("true", ask(program, "seen[1] ~= nil"))
    assert.equal(1, ask(program, "last.server:stats().accepted"))
    ask(program, "(function() last = nil; return true end)()")
    ask(program, "collect()")
    assert.equal("nil", ask(program, "seen[1]"))
    settle(program, {})
  end)

  it("is counted by fes.stats() before and after it is collected", function()
    local program = asked.start(script)

    retire(program)
    assert.equal(2, ask(program, "fes.stats().accepted"))
    ask(program, "(function() other, last = nil, nil; return true end)()")
    ask(program, "collect()")
    assert.equal("nil", ask(program, "seen[1]"))
    assert.equal(2, ask(program, "fes.stats().accepted"))
    assert.equal(1, ask(program, "fes.stats().connections"))
    settle(program, {})
  end)

  it("gives back its memory, of fes and of Lua", function()
    if (os.getenv "LD_PRELOAD" or ""):find "asan" then
      return pending "ASan keeps what is freed"
    end
    local program = asked.start(script)
    local resident = [[(function()
      for line in io.lines "/proc/self/status" do
        local kilobytes = line:match "^VmRSS:%s+(%d+)"
        if kilobytes then return tonumber(kilobytes) end
      end
    end)()]]
    local function open_and_close(times)
      for _ = 1, times do
        ask(program, "open_and_close(50)")
        ask(program, "collect()")
      end
    end

    open_and_close(5)
    local before = ask(program, resident)

    open_and_close(40)
    -- Records alone would be 2.8 KB each.
    local more = ask(program, resident) - before

    assert.is_true(more < 1000, more .. " KB for 2,000 servers")
    settle(program, {})
  end)

  it("may be used by a finalizer that is run after its own", function()
    local program = asked.start(script)

    ask(program, [[(function()
      local one = fes.listen { port = 0 }
      setmetatable({}, { __gc = function() kept = one end })
      one:close()
      return true
    end)()]])
    ask(program, "true") -- the turn in which it retired is over
    ask(program, "collect()")
    assert.equal("true", ask(program, "kept ~= nil"))
    assert.equal("false", ask(program, "pcall(function() kept:stats() end)"))
    settle(program, {})
  end)

  it("outlives a reload with a script that still holds it", function()
    local program = reloading.start [[
      local server = fes.listen { port = 0 }
      local other = fes.listen { port = 0 }
      other:close()
      fes.on_reload(function() return { other, other } end)
      fes.after(0, function() print("closed " .. tostring(other)) end)
    ]]
    local name = program:expect "closed (server %(.-%))\n"

    reloading.fail(program, [[
      local server = fes.listen { port = 0 }
      print("meanwhile " .. tostring(fes.state()[1]))
      error "on purpose"
    ]], "on purpose")
    assert.equal(name, program:expect "meanwhile (server %(.-%))\n")
    reloading.reload(program, [[
      local state = fes.state()
      local server = fes.listen { port = 0 }
      local seen = setmetatable({ state[1] }, { __mode = "v" })
      assert(state[1] == state[2])
      fes.after(0, function()
        collectgarbage()
        print("then " .. tostring(state[1]), state[1]:stats().accepted)
        state = nil
        fes.state = nil
        collectgarbage()
        collectgarbage()
        print("seen", seen[1])
      end)
      fes.on_reload(function() return state end)
    ]])
    local line = program:expect "then ([^\n]*)\n"

    assert.equal(name .. "\t0", line)
    reloading.reload(program, [[fes.listen { port = 0 }]])
    program:stop()
  end)
end)
