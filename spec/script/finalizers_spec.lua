-- Finalizers of a script. Lua's collector can run them whenever memory is
-- allocated: in the middle of an API function, or before a handler is called.
local testing = require "fes.testing"

-- `trigger(fn)` makes garbage whose finalizer calls fn at the next allocation:
-- the collector then runs a whole cycle in one step.
local head = [[
local fes = require "fes"
local conns, topic = {}, fes.topic("t", { retain = true })
local function trigger(fn)
  setmetatable({}, { __gc = fn })
  collectgarbage "restart"
end
local function run()
  collectgarbage("incremental", 100, 1000, 40)
  collectgarbage "stop"
  %s
  print "done"
end
fes.limits { call_seconds = 60 }
fes.listen { port = 0, on_connect = function(conn)
  conns[#conns + 1] = conn
  if #conns == %d then run() end
end }
]]

local function start(code, clients)
  local program = testing.start { code = head:format(code, clients) }

  for _ = 1, clients do assert(program:connect()) end
  return program
end

describe("a finalizer may", function()
  after_each(testing.finish)

  it("close a pool while a bocket is checked out, or written", function()
    local program = start([[
      for _, use in ipairs {
        function(pool) return pool:checkout() end,
        function(_, bocket) return bocket:write(0.5) end,
      } do
        local pool = fes.pool(4, 64)
        local bocket = pool:checkout()

        trigger(function() pool:close() end)
        print("used", pcall(use, pool, bocket))
        collectgarbage "stop"
      end]], 1)

    program:expect "used\tfalse\t[^\n]*closed"
    program:expect "used\tfalse\t[^\n]*closed"
    program:expect "done"
    program:stop()
  end)

  it("subscribe while subscribers are listed", function()
    local program = start([[
      local listed = 0

      trigger(function()
        for _, conn in ipairs(conns) do conn:subscribe(topic) end
      end)
      for conn in topic:subscribers() do listed = listed + 1 end
      assert(listed == 100)
    ]], 100)

    program:expect "done\n"
    program:stop()
  end)

  it("unsubscribe while topics are listed", function()
    local program = start([[
      local conn = conns[1]
      local function all(method)
        for i = 1, 100 do conn[method](conn, fes.topic("topic " .. i)) end
      end
      for size = 5, 13 do -- a cycle takes several steps, few or one
        all "subscribe"
        collectgarbage()
        collectgarbage("incremental", 100, 100, size)
        trigger(function() all "unsubscribe" end)
        for each in conn:topics() do assert(each.name) end
        collectgarbage "stop"
      end
    ]], 1)

    program:expect "done\n"
    program:stop()
  end)

  it("change a topic while its last message is read", function()
    local program = start([[
      topic:publish(("x"):rep(2000), "key")
      trigger(function()
        topic:clear "key"
        for i = 1, 30 do topic:publish(("y"):rep(60), i) end
      end)
      assert(topic:last "key" == nil)
    ]], 1)

    program:expect "done\n"
    program:stop()
  end)
end)

describe("an option that a metatable provides", function()
  after_each(testing.finish)

  it("is read once and remains valid after a collection", function()
    local program = testing.start { code = [[
      local fes = require "fes"
      local asked = {}
      fes.listen(setmetatable({ port = 0 }, { __index = function(_, name)
        asked[name] = (asked[name] or 0) + 1
        assert(asked[name] == 1, name)
        collectgarbage()
        if name == "header" then return ("h"):rep(1000) end
      end }))
    ]] }

    assert.equal(("h"):rep(1000), assert(program:connect()):read(1000))
    program:stop()
  end)
end)

-- What the finalizer of `between` does. It runs while fes makes a message a Lua
-- string: the collector is set to run often, and no function is active then.
local deeds = {
  ["raises"] = "error 'never mind'",
  ["takes too long"] = "while fes.now() < began + 0.3 do end",
  ["closes the connection"] = "last:close()",
  ["sends"] = "last:send 'from it'",
  ["tries to wait"] = "fes.sleep(0.1)",
  ["reloads the script"] = "fes.reload()",
  ["sets a hook"] = "debug.sethook(function() end, 'crl')",
}

local between = [[
  local fes = require "fes"
  local last

  local function arm()
    setmetatable({}, { __gc = function()
      if debug.getinfo(2) ~= nil then return arm() end

      local began = fes.now()

      print "between"
      %s
    end })
  end

  fes.limits { call_seconds = 0.1 }
  fes.listen { port = 0, on_receive = function(conn, data)
    last = conn
    conn:send(#data .. " bytes\n")
  end }
  arm()
  collectgarbage("incremental", 100, 1000, 10)
]]

describe("a finalizer that runs just before a handler", function()
  after_each(testing.finish)

  for what, deed in pairs(deeds) do
    it("and " .. what .. " does no harm", function()
      local program = testing.start { code = between:format(deed) }
      local client = assert(program:connect())

      testing.wait_until(function()
        client:try_send(("x"):rep(1000))
        return program:stdout():find "between\n"
      end)

      local other = assert(program:connect())

      assert(other:send "again")
      assert.equal("5 bytes", other:line())
      program:stop()
    end)
  end
end)
