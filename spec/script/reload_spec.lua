-- A reload: what requests it, when it takes place, what it does to the old
-- script, and what happens when fes is asked to stop as well.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload
local answering, expect_answer = reloading.answering, reloading.expect_answer

describe("a reload", function()
  after_each(testing.finish)

  it("by SIGHUP serves connections with the new script", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    reload(program, answering "new")
    expect_answer(client, "new")
    expect_answer(assert(program:connect()), "new")
    program:stop()
  end)

  it("by SIGHUP during the first load takes place after that load",
    function()
      local program = start [[
        local pid = io.open "/proc/self/stat":read "n"
        local reloads = fes.stats().reloads

        if reloads == 0 then os.execute("kill -HUP " .. pid) end
        print("loaded", reloads)
        fes.listen { port = 0 }
      ]]

      program:expect "loaded\t0\n"
      program:expect "loaded\t1\n"
      program:stop()
    end)

  it("by fes.reload in a handler begins when it has returned", function()
    local program = start [[
      fes.listen { port = 0, on_receive = function(conn)
        fes.reload()
        fes.reload()
        conn:send "still old "
        print "returned"
      end }
    ]]
    local client = assert(program:connect())

    reloading.write(program, [[
      print "loading"
      fes.listen { port = 0, on_receive = function(conn)
        conn:send(("%d reload"):format(fes.stats().reloads))
      end }
    ]])
    expect_answer(client, "still old ")
    program:expect "returned\nloading\n"
    expect_answer(client, "1 reload")
    program:stop()
  end)

  it("by fes.reload in a timer begins after it and stops all timers", function()
    local program = start [[
      fes.listen { port = 0, on_receive = function(conn) conn:send "old" end }
      fes.every(0.005, function() print "old timer" end)
      fes.after(0.05, function() fes.reload() print "returned" end)
    ]]

    reloading.write(program, answering "new"
      .. "fes.after(0.1, function() print 'end' end) print 'loading'")
    program:expect "returned\nloading\n"
    program:expect "end\n"
    assert.is_nil(program:stdout():match("loading\n.*old timer"))
    expect_answer(assert(program:connect()), "new")
    program:stop()
  end)

  it("cannot be requested by fes.reload while the script loads", function()
    local status, _, err = testing.run {
      code = "\nrequire('fes').reload()",
    }

    assert.equal(1, status)
    assert.matches("script.lua:2: fes.reload: the script is still loading",
      err)
  end)

  it("runs the code of -e again", function()
    local program = testing.start { options = { "-e", [[
      local fes = require "fes"
      local n = (fes.state() or 0) + 1
      fes.on_reload(function() return n end)
      fes.listen { port = 0, on_receive = function(conn) conn:send(n) end }
    ]] } }
    local client = assert(program:connect())

    expect_answer(client, "1")
    program:signal "sighup"
    program:expect("info  reloaded\n", "stderr")
    expect_answer(client, "2")
    program:stop()
  end)

  it("fails if fes.limits { outgoing } changes", function()
    local code = [[
      fes.limits { outgoing = 16 }
      local server = fes.listen { port = 0 }
      fes.connect { port = server.port, on_connect = print }
    ]]
    local program = start(code)

    program:expect "conn %d+"
    reloading.fail(program, (code:gsub("16", "17")),
      "'outgoing' cannot change")
    reload(program, code)
    program:expect "conn %d+"
    program:stop()
  end)

  it("runs finalizers of the old script", function()
    local program = start(answering "old" .. [[
      setmetatable({}, { __gc = function() print "finalized" end })
    ]])

    reload(program, answering "new")
    program:expect "finalized\n"
    program:stop()
  end)

  it("ends the program if the new script has nothing to wait for", function()
    local program = start(answering "old")

    reload(program, "")
    assert.same({ 0 }, { program:wait() })
  end)
end)

describe("a stop", function()
  after_each(testing.finish)

  for _, calls in ipairs {
    "fes.reload() fes.stop()", "fes.stop() fes.reload()",
  } do
    it("requested together with a reload stops the program: " .. calls,
      function()
        local program = start("fes.listen { port = 0, on_receive = function() "
          .. calls .. " end }")
        local client = assert(program:connect())

        reloading.write(program, answering "new" .. "print 'loading'")
        assert(client:send "?")
        assert.same({ "", "eof" }, { client:read_all() })
        client:close()
        assert.same({ 0 }, { program:wait() })
        assert.not_matches("loading", program:stdout())
      end)
  end

  it("that has begun makes fes ignore SIGHUP", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    program:signal "sigterm"
    program:expect("stopping", "stderr")
    program:signal "sighup"
    program:expect("not reloading: fes is stopping", "stderr")
    client:close()
    assert.same({ 0 }, { program:wait() })
  end)

  it("requested while the new script loads follows the reload", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    reload(program, answering "new" .. "fes.stop()")
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    assert.same({ 0 }, { program:wait() })
  end)
end)
