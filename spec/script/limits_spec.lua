-- fes.limits: the memory limit of the script, and the options themselves.
local asked = require "spec.support.asked"
local run_script = require "spec.support.run_script"
local testing = require "fes.testing"

local ask = asked.ask

-- Ways to allocate more memory than the limit.
local greedy = {
  ["many strings"] = [[
    while true do list[#list + 1] = ("x"):rep(1000) .. #list end]],
  ["many tables"] = "while true do list[#list + 1] = {} end",
  ["a growing string"] = [[
    local s = "x" while true do s = s .. s end]],
  ["a single huge string"] = "list[1] = ('x'):rep(1e9)",
  ["nested tables"] = "while true do list = { list, list } end",
  ["recursive coroutines"] = [[
    local function deep(n) return n + deep(n) + deep(n) end
    for _ = 1, 1e6 do
      list[#list + 1] = coroutine.create(deep)
      coroutine.resume(list[#list], 1)
    end]],
  ["tables in a coroutine"] = [[coroutine.wrap(function()
    while true do list[#list + 1] = {} end
  end)()]],
}

local function serve(eat)
  return asked.start(([[
fes.limits { memory = 4e6 }
list = {}
server = fes.listen {
  port = 0,
  on_receive = function(conn, data)
    if data == "eat" then %s end
    conn:send(data)
  end,
  on_error = function() list = nil end,
  on_close = function(_, reason) print("closed", reason) end,
}]]):format(eat))
end

describe("fes.limits { memory }", function()
  after_each(testing.finish)

  for name, eat in pairs(greedy) do
    it("refuses " .. name .. ", and the server continues", function()
      local program = serve(eat)
      local eater = assert(program:connect())
      local other = assert(program:connect())

      assert(eater:send "eat")
      assert.is_true((eater:closed()))
      program:expect "closed\tscript\n"
      testing.wait_until(function()
        return program:stderr():find "error on_receive: not enough memory\n"
          or name:find "recursive"
            and program:stderr():find "error on_receive: [^\n]*overflow"
      end)
      assert.matches("in on_receive of conn %d+ %(127.0.0.1:%d+%)\n"
        .. "stack traceback:\n.*script.lua:%d+: in", program:stderr())
      assert(other:send "on")
      assert.equal("on", other:read(2))
      assert.is_true(ask(program, "collectgarbage 'count'") < 4000)
      asked.settle(program, { other }, true)
    end)
  end

  it("ends only the task that exceeds it, and logs where", function()
    local program = asked.start [[
fes.limits { memory = 4e6 }
server = fes.listen { port = 0 }
fes.spawn(function()
  local list = {}
  fes.sleep(0.01)
  while true do list[#list + 1] = {} end
end)]]

    testing.wait_until(function()
      return program:stderr():find "error task: not enough memory\n"
    end)
    assert.matches("stack traceback:\n[^\n]*script.lua:%d+: in",
      program:stderr())
    asked.settle(program, {}, true)
  end)

  it("raises an error that the script can catch", function()
    local program = serve [[
      data = pcall(string.rep, "x", 1e8) and "got it" or "caught"]]
    local client = assert(program:connect())

    assert(client:send "eat")
    assert.equal("caught", client:read(6))
    asked.settle(program, { client })
  end)

  it("collects garbage before it refuses memory", function()
    local program = serve [[
      collectgarbage "stop"
      for i = 1, 1e5 do local t = { i } end]]
    local client = assert(program:connect())

    assert(client:send "eat")
    assert.equal("eat", client:read(3))
    asked.settle(program, { client })
  end)

  it("lets connections close while no memory is left", function()
    -- One client makes the script use up its memory: none is left for handles
    -- of new connections or for what handles keep of closed ones.
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.limits { memory = 2e6 }
      local kept
      local function take(bytes)
        while pcall(function() kept = { kept, ("x"):rep(bytes) .. #kept } end)
        do end
      end
      fes.listen {
        port = 0,
        on_connect = function(conn) conn:send "in" end,
        on_receive = function(conn)
          kept, conn.eater = {}, true
          for _, bytes in ipairs { 10000, 1000, 100, 0 } do take(bytes) end
          print "full"
        end,
        on_close = function(conn)
          if conn.eater then kept = nil end
          print(conn.eater and "eater out" or "out")
        end,
      }
    ]] }
    local clients = assert(server:connect_all(8))

    for _, client in ipairs(clients) do assert.equal("in", client:read(2)) end
    assert(clients[1]:send "eat")
    server:expect "full\n"
    for i = 2, 8 do
      clients[i]:close()
      server:expect "out\n"
    end

    local others = assert(server:connect_all(60))

    testing.wait_until(function()
      return server:stderr():find "on_connect: not enough memory"
    end)
    for _, other in ipairs(others) do other:close() end
    clients[1]:close()
    server:expect "eater out\n"
    clients = assert(server:connect_all(8))
    for _, client in ipairs(clients) do assert.equal("in", client:read(2)) end
    server:stop()
  end)

  it("ends the program if the load exceeds it, and prints where", function()
    local status, _, err = testing.run { code = [[
      local fes = require "fes"
      fes.limits { memory = 1e6 }
      local list = {}
      while true do list[#list + 1] = ("x"):rep(1000) .. #list end
    ]] }

    assert.equal(1, status)
    assert.matches("^fes: not enough memory\nstack traceback:\n"
      .. ".*script.lua:4: in main chunk", err)
  end)

  it("raises if the script already uses more", function()
    assert.matches("fes.limits: 'memory' must be at least the %d+ bytes that "
      .. "the script has already, got 1000000\n", run_script.fails [[
        big = ("x"):rep(2e6) fes.limits { memory = 1000000 }]])
  end)

  it("does not count garbage", function()
    local status = testing.run { code = [[
      local fes = require "fes"
      do local big = ("x"):rep(2e6) end
      fes.limits { memory = 1000000 }
    ]] }

    assert.equal(0, status)
  end)

  it("can be raised and lowered again", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local function fits() return (pcall(string.rep, "x", 2e6)) end
      local before = fits()
      fes.limits { memory = 1e6 }
      local low = fits()
      fes.limits { memory = 8e6 }
      local high = fits()
      collectgarbage()
      fes.limits { memory = 1e6 }
      print(before, low, high, fits())
    ]] }

    assert.same({ 0, "true\tfalse\ttrue\tfalse\n" }, { status, out })
  end)
end)

describe("fes.limits { memory }, once it has been reached,", function()
  after_each(testing.finish)

  it("does not change the message of a later error", function()
    local program = serve [[
      pcall(function() while true do list[#list + 1] = #list .. "" end end)
      error("my own words", 0)]]
    local client = assert(program:connect())

    assert(client:send "eat")
    program:expect("error on_receive: my own words\n", "stderr")
    program:stop()
  end)
end)

-- A function with this many locals needs a larger stack. If that cannot be
-- allocated, the call fails before the function begins.
local wide = [[
  local fes = require "fes"
  local names = {}
  for i = 1, 190 do names[i] = "v" .. i end
  local wide = load("local conn, data = ... local "
    .. table.concat(names, ",") .. " conn:send 'never'")

  local function innocent() local _ = ("x"):rep(1e8) end

  fes.limits { memory = 4e6 }
  fes.listen { port = 0, on_connect = print, on_receive = wide }
  fes.after(0.01, function()
    pcall(innocent)
    ballast = ("x"):rep(200000) -- the least limit is 64 KiB
    for _ = 1, 4 do collectgarbage() end
    print "tight"
    fes.limits { memory = math.floor(collectgarbage "count" * 1024) + 800 }
  end)
]]

describe("a handler that cannot begin for lack of memory", function()
  after_each(testing.finish)

  it("is logged without the traceback of an earlier error", function()
    local program = testing.start { code = wide }
    local client = assert(program:connect())

    program:expect "tight\n"
    assert(client:send "x")
    assert.is_true(client:closed())
    program:stop()
    assert.matches("error on_receive: not enough memory\n"
      .. "\tin on_receive of conn %d+ %([%d.:]+%)\n%d", program:stderr())
  end)
end)

describe("fes.limits { memory } applies", function()
  after_each(testing.finish)

  local eat = [[
    local peak = 0
    local function eat()
      local list = {}
      while #list < 30000 do
        list[#list + 1] = ("x"):rep(1000) .. #list
        peak = math.max(peak, collectgarbage "count")
      end
    end
  ]]

  for what, code in pairs {
    ["in __tostring of an error"] =
      "error(setmetatable({}, { __tostring = function() eat() end }))",
    ["in __close after an error"] = [[
      local it <close> = setmetatable({}, { __close = eat })
      error "x"]],
  } do
    for where, run in pairs {
      ["a timer"] = "fes.after(0.001, function() %s end)",
      ["a task"] = "fes.spawn(function() %s end)",
    } do
      it(what .. " of " .. where, function()
        local status, out, err = testing.run { code = [[
          local fes = require "fes"
          fes.limits { memory = 4e6 }
        ]] .. eat .. run:format(code) .. [[
          fes.after(0.1, function() print(peak < 4000, peak > 1000) end)
        ]] }

        assert.same({ 0, "true\ttrue\n" }, { status, out })
        assert.matches("error t[^\n]+: ", err)
      end)
    end
  end
end)

describe("fes.limits", function()
  after_each(testing.finish)

  it("sets the given options and keeps the others", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      fes.limits { memory = 1e6 }
      fes.limits { call_seconds = 2, retained = 1 << 25, outgoing = 16 }
      fes.limits {}
      print(pcall(string.rep, "x", 2e6))
    ]] }

    assert.same({ 0, "false\tnot enough memory\n" }, { status, out })
  end)

  for option, value in pairs {
    call_seconds = "-1", memory = "100", retained = "0", outgoing = "0",
  } do
    it("raises for an invalid " .. option, function()
      assert.matches("fes.limits: '" .. option .. "' must be ",
        run_script.fails(("fes.limits { %s = %s }"):format(option, value)))
    end)
  end

  it("raises for an unknown option and suggests the nearest", function()
    assert.matches("fes.limits: unknown option 'memry', did you mean "
      .. "'memory'%?", run_script.fails "fes.limits { memry = 1 }")
  end)

  it("raises for a value that is not a table", function()
    assert.matches("fes.limits: takes one table of options, got 5",
      run_script.fails "fes.limits(5)")
  end)
end)
