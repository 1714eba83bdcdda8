-- The watchdog: it ends a call of the script that takes longer than
-- fes.limits { call_seconds }, and logs what it cannot end.
local testing = require "fes.testing"

-- Handlers that exceed call_seconds. Each name completes "a handler that ...".
local endless = {
  ["loops"] = "while true do end",
  ["loops over library functions"] = "while true do ('x'):rep(100) end",
  ["calls C from C"] = [[
    while true do ("x"):rep(1e5):gsub("x", string.upper) end]],
  ["loops in a comparison"] = [[
    local list = {}
    for i = 1, 100 do list[i] = -i end
    table.sort(list, function() while true do end end)]],
  ["catches every error"] = [[
    local function spin() while true do end end
    while true do pcall(spin) end]],
  ["loops in the message handler of xpcall"] = [[
    local function spin() while true do end end
    while true do xpcall(spin, spin) end]],
  ["loops in a coroutine"] = [[
    coroutine.wrap(function() while true do end end)()]],
  ["loops in a coroutine that catches every error"] = [[
    local function spin() while true do end end
    local function again() while true do pcall(spin) end end
    while true do coroutine.resume(coroutine.create(again)) end]],
  ["loops in a coroutine of a coroutine"] = [[
    local function spin() while true do end end
    coroutine.wrap(function() coroutine.wrap(spin)() end)()]],
  ["loops in a coroutine that an earlier call made"] = "kept()",
  ["resumes a coroutine in a loop"] = [[
    local co = coroutine.wrap(function()
      while true do coroutine.yield() end
    end)
    while true do co() end]],
  ["loops in __close"] = [[
    local last <close> = setmetatable({}, {
      __close = function() while true do end end })
    while true do end]],
  ["loops in __close in a failed coroutine"] = [[
    coroutine.wrap(function()
      local last <close> = setmetatable({}, {
        __close = function() while true do end end })
      while true do end
    end)()]],
  ["loops in __close in coroutine.close"] = [[
    local co = coroutine.create(function()
      local last <close> = setmetatable({}, {
        __close = function() while true do end end })
      coroutine.yield()
    end)
    coroutine.resume(co)
    coroutine.close(co)]],
  ["loops in a metamethod"] = [[
    return setmetatable({}, { __index = function() while true do end end }).x]],
}

-- Start an echo server that runs the code `loop` when it receives "loop".
local function serve(loop)
  return testing.start { code = ([[
    local fes = require "fes"
    fes.limits { call_seconds = 0.1 }
    kept = coroutine.wrap(function()
      coroutine.yield()
      while true do end
    end)
    kept()
    fes.listen {
      port = 0,
      on_receive = function(conn, data)
        if data == "loop" then %s end
        conn:send(data)
      end,
      on_close = function(conn, reason) print("closed", reason) end,
    }
  ]]):format(loop) }
end

local function await_stderr(server, pattern)
  testing.wait_until(function() return server:stderr():find(pattern) end, nil,
    pattern)
end

local function assert_alive(server)
  local client = assert(server:connect())

  assert(client:send "ping")
  assert.equal("ping", client:read(4))
end

describe("the watchdog ends", function()
  after_each(testing.finish)

  for name, loop in pairs(endless) do
    it("a handler that " .. name, function()
      local server = serve(loop)
      local client = assert(server:connect())

      assert(client:send "loop")
      assert.is_true((client:closed()))
      server:expect "closed\tscript\n"
      await_stderr(server, "on_receive: [^\n]*script.lua:%d+: it took longer "
        .. "than 0.1 s %(fes.limits: call_seconds%)\n\tin on_receive of conn "
        .. "%d+ %(127.0.0.1:%d+%)\nstack traceback:\n.*script.lua:%d+: in")
      assert_alive(server)
      server:stop()
    end)
  end

  it("one call of a timer, but not the timer", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.1 }
      fes.listen { port = 0 }
      local calls = 0
      fes.every(0.01, function()
        calls = calls + 1
        if calls == 1 then while true do end end
        if calls == 2 then print "again" end
      end)
    ]] }

    server:expect "again\n"
    await_stderr(server, "timer: [^\n]* took longer")
    server:stop()
  end)

  it("a timer that has just set call_seconds", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen { port = 0 }
      fes.after(0.01, function()
        fes.limits { call_seconds = 0.1 }
        while true do end
      end)
    ]] }

    await_stderr(server, "timer: [^\n]* took longer than 0.1 s")
    server:stop()
  end)

  for name, loop in pairs {
    ["a task"] = "while true do end",
    ["a task in a coroutine that catches every error"] = [[
      local function spin() fes.sleep(0.001) while true do end end
      coroutine.wrap(function() while true do pcall(spin) end end)()]],
    ["a task in __close"] = [[
      local last <close> = setmetatable({}, {
        __close = function() while true do end end })
      error "closing"]],
  } do
    it(name .. ", and no other", function()
      local server = testing.start { code = ([[
        local fes = require "fes"
        fes.limits { call_seconds = 0.1 }
        fes.listen { port = 0 }
        fes.spawn(function()
          fes.sleep(0.01)
          %s
        end)
        fes.spawn(function()
          for i = 1, 30 do fes.sleep(0.02) end
          print "the other"
        end)
      ]]):format(loop) }

      server:expect "the other\n"
      assert.matches("task: [^\n]* took longer", server:stderr())
      server:stop()
    end)
  end

  it("the task of a connection and closes the connection", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.1 }
      fes.listen {
        port = 0,
        handler = function(conn)
          conn:receive()
          while true do end
        end,
        on_close = function(_, reason) print(reason) end,
      }
    ]] }
    local client = assert(server:connect())

    assert(client:send "?")
    server:expect "script\n"
    assert.matches("in handler of conn 1 %(127.0.0.1:%d+%)", server:stderr())
    server:stop()
  end)

  it("a function of on_stop, and the stop goes on", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.1 }
      fes.listen { port = 0 }
      fes.on_stop(function() while true do end end)
      fes.on_stop(function() print "second" end)
    ]] }

    server:signal "sigterm"
    assert.equal(0, (server:wait()))
    server:expect "second\n"
    assert.matches("on_stop: [^\n]* took longer", server:stderr())
  end)
end)

describe("the watchdog", function()
  after_each(testing.finish)

  it("logs where a coroutine was and where it was resumed", function()
    local server = serve "coroutine.wrap(function() while true do end end)()"
    local client = assert(server:connect())

    assert(client:send "loop")
    assert.is_true((client:closed()))
    await_stderr(server, "script.lua:%d+: in function <[^\n]*>\n"
      .. "\tresumed by\n[^\n]+\n[^\n]*script.lua:%d+: in function <")
    server:stop()
  end)

  it("warns of a slow library function and ends its caller", function()
    local server = serve [[
      ("a"):rep(24):find(("a?"):rep(24) .. ("a"):rep(24)) print "back"]]
    local client = assert(server:connect())

    assert(client:send "loop")
    await_stderr(server, " warn  on_receive: it has run for %d+ ms and cannot "
      .. "be interrupted")
    assert.is_true((client:closed()))
    await_stderr(server, "took longer than 0.1 s [^\n]*\n[^\n]*\n"
      .. "stack traceback:\n\t%[C%]: in method 'find'")
    assert_alive(server)
    server:stop()
    assert.equal(server:stderr():match "^%S+", server:stderr()
      :match "(%S+) %S+ warn  on_receive: it has run")
    assert.is_nil(server:stdout():find "back")
  end)

  it("logs where a library function does not return", function()
    local server = serve [[
      coroutine.wrap(function() return #(""):rep(math.maxinteger) end)()]]
    local client = assert(server:connect())

    assert(client:send "loop")
    await_stderr(server, " warn  on_receive: it has run for %d+ ms and cannot "
      .. "be interrupted: a library function does not return\n"
      .. "stack traceback:\n"
      .. "\t%[C%]: in method 'rep'\n"
      .. "\t[^\n]*script.lua:%d+: in function <[^\n]*>\n"
      .. "\tresumed by\n[^\n]+\n"
      .. "\t[^\n]*script.lua:%d+: in function <")
    assert.is_true(server:running())
  end)

  it("logs that a hook of the script may be what hangs", function()
    local server = serve [[
      debug.sethook(function()
        local function deep(n) return n > 0 and deep(n - 1) + 1 or 0 end
        while true do deep(1000) end
      end, "", 1000)
      while true do end]]
    local client = assert(server:connect())

    assert(client:send "loop")
    await_stderr(server, "be interrupted: a hook of the script, or a library "
      .. "function, does not return\n")
    assert.is_true(server:running())
  end)

  it("lets a second signal end a library function that hangs", function()
    local server = serve "return #(''):rep(math.maxinteger)"
    local client = assert(server:connect())

    assert(client:send "loop")
    await_stderr(server, "a library function does not return\n")
    testing.wait_until(function()
      if not server:running() then return true end
      server:signal "sigterm"
    end)
    assert.same({ nil, "sigterm" }, { server:wait() })
  end)

  it("does not end a coroutine that is suspended", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.1 }
      local asleep = coroutine.wrap(function()
        for i = 1, 3 do coroutine.yield(i) end
      end)
      fes.listen {
        port = 0,
        on_receive = function(conn, data)
          local n = asleep()
          if data == "loop" then while true do end end
          conn:send(tostring(n))
        end,
      }
    ]] }
    local first, second = assert(server:connect()), assert(server:connect())

    assert(first:send "loop")
    assert.is_true((first:closed()))
    assert(second:send "on")
    assert.equal("2", second:read(1))
    server:stop()
  end)

  it("does not end short calls that take long together", function()
    local status, out, err = testing.run { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.1 }
      local start, calls = fes.now(), 0
      local timer
      timer = fes.every(0, function()
        local began = fes.now()
        while fes.now() < began + 0.02 do end
        calls = calls + 1
        if fes.now() < start + 0.5 then return end
        timer:stop()
        print(calls > 1)
      end)
    ]] }

    assert.same({ 0, "true\n" }, { status, out })
    assert.not_matches("longer", err)
  end)

  it("does not limit the time of the load", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.05 }
      local start = fes.now()
      while fes.now() < start + 0.3 do end
      print "loaded"
    ]] }

    assert.same({ 0, "loaded\n" }, { status, out })
  end)

  it("stops its timer while no call runs", function()
    local trace = testing.directory() .. "/trace"
    local server = testing.start {
      prefix = { "strace", "-D", "-o", trace, "-e", "trace=timer_settime" },
      code = [[
        local fes = require "fes"
        fes.limits { call_seconds = 0.1 }
        fes.listen {
          port = 0,
          on_receive = function(conn, data) conn:send(data) end,
        }
      ]],
    }

    assert_alive(server)
    testing.wait_until(function()
      local text = io.open(trace):read "a"

      return text:find("SIGRT.*timer_settime[^\n]*it_value={tv_sec=0, "
        .. "tv_nsec=0}[^\n]*\n")
    end, nil, "the timer's rest")
    server:stop()
  end)

  it("is off with call_seconds = 0", function()
    local status, out, err = testing.run { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0 }
      fes.after(0, function()
        local start = fes.now()
        while fes.now() < start + 1.5 do end
        print "done"
      end)
    ]] }

    assert.same({ 0, "done\n" }, { status, out })
    assert.not_matches("longer", err)
  end)
end)
