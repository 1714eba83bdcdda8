-- What a reload does to the tasks and finalizers of the old script.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload
local answering, expect_answer = reloading.answering, reloading.expect_answer

describe("a task of the old script", function()
  after_each(testing.finish)

  it("is ended by an error from the function that it waits in", function()
    local program = start [[
      fes.listen { port = 0, handler = function(conn)
        print("data", pcall(conn.receive, conn))
      end }
      fes.spawn(function()
        local last <close> = setmetatable({}, {
          __close = function() print "closed" end })
        print("asleep", pcall(coroutine.wrap(function() fes.sleep(1000) end)))
        print("again", pcall(fes.sleep, 1000))
        print("spawn", pcall(fes.spawn, print))
        print("listen", pcall(fes.listen, { port = 0 }))
        fes.sleep(0)
        print "never"
      end)
      fes.spawn(function() while true do pcall(fes.sleep, 1000) end end)
      fes.limits { call_seconds = 0.1 }
    ]]
    local client = assert(program:connect())

    testing.wait_until(function() return #program:stdout() > 0 end)
    reload(program, [[
      fes.listen { port = 0, on_receive = function(conn) conn:send "new" end }
    ]])
    expect_answer(client, "new")

    local out = program:stdout()

    for _, what in ipairs { "data", "asleep" } do
      assert.matches(what .. "\tfalse\t[^\n]*the script is loaded anew, and "
        .. "this task ends\n", out)
    end
    for _, what in ipairs { "again", "spawn", "listen" } do
      assert.matches(what .. "\tfalse\t[^\n]*the script has ended", out)
    end
    assert.matches("closed\n", out)
    assert.not_matches("never", out)
    assert.not_matches("error", program:stderr())
    program:stop()
  end)

  it("of a connection is replaced by a task of the new script", function()
    local handler = [[
      fes.listen { port = 0,
        handler = function(conn)
          conn:send(%q .. tostring(conn.resumed) .. "\n")
          for line in function() return conn:receive "line" end do
            conn:send(%q .. line .. "\n")
          end
        end,
        on_close = function(conn, reason) print(conn.id, reason) end }
    ]]
    local program = start(handler:format("old ", "old "))
    local client = assert(program:connect())

    assert.equal("old false", client:line())
    assert(client:send "half ")
    reload(program, handler:format("new ", "new "))
    assert.equal("new true", client:line())
    assert(client:send "and half\n")
    assert.equal("new half and half", client:line())
    assert(client:half_close())
    program:expect "1\teof\n"
    program:stop()
  end)

  it("leaves unread bytes to the new on_receive, also at the end of stream",
    function()
      local program = start [[
        local server
        server = fes.listen { port = 0, handler = function(conn)
          conn:send(server:stats().bytes_in)
          fes.sleep(1000)
        end }
      ]]
      local client = assert(program:connect())

      assert.equal("0", client:read(1))
      assert(client:send "last words")
      assert(client:half_close())
      -- Whoever connects after the end of the stream is served after it.
      assert.equal("10", assert(program:connect()):read(2))
      reload(program, [[fes.listen { port = 0,
        on_receive = function(conn, data) conn:send(data) end }]])
      assert.same({ "last words", "eof" }, { client:read_all() })
      program:stop()
    end)
end)

describe("a reload", function()
  after_each(testing.finish)

  for name, scripts in pairs {
    ["a handler by on_receive"] = {
      "handler = function(conn) fes.sleep(1000) end",
      "on_receive = function(conn, data) conn:send(data) end",
    },
    ["on_receive by a handler"] = {
      "on_connect = function(conn) conn:pause() end, on_receive = print",
      [[handler = function(conn)
        conn:resume()
        conn:send(conn:receive(5))
      end]],
    },
  } do
    it("can replace " .. name, function()
      local program = start("fes.listen { port = 0, framing = 'raw', "
        .. scripts[1] .. " }")
      local client = assert(program:connect())

      assert(client:send "hello")
      reload(program, "fes.listen { port = 0, " .. scripts[2] .. " }")
      assert.equal("hello", client:read(5))
      program:stop()
    end)
  end
end)

describe("fes.reload in a task", function()
  after_each(testing.finish)

  it("reloads when the task waits, which ends the task", function()
    local program = start [[
      fes.listen { port = 0 }
      fes.spawn(function()
        fes.sleep(0.01)
        fes.reload()
        print "returned"
        print("wait", pcall(fes.sleep, 0))
      end)
    ]]

    reloading.write(program, answering "new" .. "print 'loading'")
    program:expect "returned\nloading\nwait\tfalse\t[^\n]*loaded anew[^\n]*\n"
    expect_answer(assert(program:connect()), "new")
    program:stop()
  end)

  it("of a connection hands it over to a task of the new script", function()
    local code = [[
      fes.listen { port = 0, handler = function(conn)
        if conn.resumed then conn:send "resumed " end
        local data = conn:receive(6)
        conn:send(data)
        if data == "reload" then fes.reload() conn:receive(3) end
        conn:send "never"
      end }
    ]]
    local program = start(code)
    local client = assert(program:connect())

    reloading.write(program, (code:gsub('"never"', '"!"')))
    assert(client:send "reload")
    assert.equal("reloadresumed ", client:read(14))
    assert(client:send "second")
    assert.same({ "second!", "eof" }, { client:read_all() })
    program:stop()
  end)
end)

describe("tasks of the old script that catch the error and wait", function()
  after_each(testing.finish)

  it("do not delay the reload", function()
    local program = start(answering "old" .. [[
      fes.limits { call_seconds = 10 }
      for _ = 1, 20 do
        fes.spawn(function() while true do pcall(fes.sleep, 1000) end end)
      end
    ]])
    local client = assert(program:connect())

    expect_answer(client, "old")
    -- It would take 200 s if each task were given its call_seconds.
    reload(program, answering "new")
    expect_answer(client, "new")
    assert.not_matches("it has run", program:stderr())
    program:stop()
  end)
end)

describe("a task of the old script that cleans up in __close", function()
  after_each(testing.finish)

  it("cannot close connections and servers of the new script", function()
    local code = [[
      local server
      server = fes.listen { port = 0, handler = function(conn)
        local tidy <close> = setmetatable({}, { __close = function(_, why)
          if not tostring(why):find "loaded anew" then return end
          print("closing", conn:close())
          server:close()
        end })
        for data in function() return conn:receive(1) end do
          conn:send(data)
        end
      end }
    ]]
    local program = start(code)
    local client = assert(program:connect())

    expect_answer(client, "?")
    reload(program, code)
    program:expect "closing\tnil\tclosed\n"
    expect_answer(client, "?")
    expect_answer(assert(program:connect()), "?")
    program:stop()
  end)
end)

describe("a finalizer of the old script that never returns", function()
  after_each(testing.finish)

  it("is reported in the log", function()
    local program = start(answering "old" .. [[
      fes.limits { call_seconds = 0.05 }
      last = setmetatable({}, { __gc = function() while true do end end })
    ]])

    expect_answer(assert(program:connect()), "old")
    reloading.write(program, answering "new")
    program:signal "sighup"
    program:expect("warn  the end of a script: it has run for %d+ ms and "
      .. "cannot be interrupted: a finalizer does not return\n", "stderr")
    program:kill()
  end)
end)
