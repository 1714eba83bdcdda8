-- Connections that a reload closes because the new script does not serve them:
-- on_close of the old script is called for each.
local name_server = require "spec.support.name_server"
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload
local expect_answer = reloading.expect_answer

-- The first server, which every version of the script has.
local kept = [[
  local kept = fes.listen { port = 0,
    on_receive = function(conn) conn:send "in" end }
]]

-- Stop a program that must have logged no error.
local function quiet(program)
  assert.not_matches("error", program:stderr())
  program:stop()
end

describe("a connection whose server the new script does not have", function()
  after_each(testing.finish)

  it("is closed, and on_close of the old script is called", function()
    local program = start(kept .. [[
      fes.listen { port = 0,
        on_connect = function(conn) conn.nick = "ann" end,
        on_close = function(conn, reason, detail)
          print("closed", conn.nick, reason, detail, conn:send "more?")
        end }
    ]])
    local client = assert(program:connect { port = program.ports[2] })

    reload(program, kept)
    program:expect "closed\tann\tshutdown\tnil\tnil\tclosed\n"
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    reload(program, kept)
    assert.equal(1, select(2, program:stdout():gsub("closed\t", "")))
    quiet(program)
  end)

  it("keeps the reason of a close that has begun", function()
    local program = start(kept .. [[
      fes.listen { port = 0,
        on_receive = function(conn) conn:send "last"; conn:close(1000) end,
        on_close = function(_, reason) print("closed", reason) end }
    ]])
    local client = assert(program:connect { port = program.ports[2] })

    assert(client:send "?")
    assert.same({ "last", "eof" }, { client:read_all() })
    reload(program, kept)
    program:expect "closed\tlocal\n"
    quiet(program)
  end)

  it("is sent what is queued for it", function()
    local program = start(kept .. [[
      fes.listen { port = 0, maxsends = 64, sndbuf = 4096,
        on_receive = function(conn)
          conn:send(("x"):rep(200000))
          fes.reload()
        end,
        on_close = function(_, reason) print("closed", reason) end }
    ]])
    local client = assert(program:connect {
      port = program.ports[2], rcvbuf = 4096,
    })

    reloading.write(program, kept)
    assert(client:send "?")
    program:expect "closed\tshutdown\n"
    local data, why = client:read_all()
    assert.same({ 200000, "eof" }, { #data, why })
    quiet(program)
  end)

  it("can broadcast to connections that are kept, in on_close", function()
    local program = start(kept .. [[
      fes.listen { port = 0,
        on_close = function() print(kept:broadcast "bye;") end }
    ]])
    local stays = assert(program:connect())
    local goes = assert(program:connect { port = program.ports[2] })

    expect_answer(stays, "in")
    reload(program, kept .. "kept:broadcast 'new;'")
    program:expect "1\n"
    assert.equal("bye;new;", stays:read(8))
    assert.same({ "", "eof" }, { goes:read_all() })
    quiet(program)
  end)

  it("cannot close a server of the new script in on_close", function()
    local program = start(kept .. [[
      fes.listen { port = 0, on_close = function() kept:close() end }
    ]])
    local stays = assert(program:connect())

    assert(program:connect { port = program.ports[2] })
    reload(program, kept)
    expect_answer(stays, "in")
    expect_answer(assert(program:connect()), "in")
    quiet(program)
  end)

  it("can broadcast more than the new maxsends allows, in on_close",
    function()
      local listen = [[
        local kept = fes.listen { port = 0, maxsends = %d, sndbuf = 4096,
          on_receive = function(conn) conn:send "in" end }
      ]]
      local program = start(listen:format(16) .. [[
        fes.listen { port = 0, on_close = function()
          kept:broadcast(("0123456789"):rep(6000))
        end }
      ]])
      local stays = assert(program:connect { rcvbuf = 4096 })

      expect_answer(stays, "in")
      assert(program:connect { port = program.ports[2] })
      reload(program, listen:format(1))
      assert.is_true(("0123456789"):rep(6000) == stays:read(60000))
      expect_answer(stays, "in")
      quiet(program)
    end)

  it("does not make the reload fail if its on_close raises", function()
    local program = start(kept .. [[
      fes.listen { port = 0, on_close = function() error "oops" end }
    ]])
    local stays = assert(program:connect())

    assert(program:connect { port = program.ports[2] })
    reload(program, kept)
    assert.matches("error on_close: [^\n]*oops\n", program:stderr())
    expect_answer(stays, "in")
    program:stop()
  end)
end)

describe("an outgoing connection of the old script", function()
  after_each(testing.finish)

  it("is closed, and its on_close is called once", function()
    local program = start(kept .. [[
      local function join()
        fes.connect { port = kept.port,
          on_connect = function() print "stands" end,
          on_close = function(conn, reason, detail)
            print("closed", reason, detail, conn:send "more?")
            fes.after(0.001, join)
          end }
      end
      join()
    ]])

    program:expect "stands\n"
    reload(program, kept)
    program:expect "closed\tshutdown\tnil\tnil\tclosed\n"
    local stays = assert(program:connect())
    expect_answer(stays, "in")
    assert.equal(1, select(2, program:stdout():gsub("closed\t", "")))
    quiet(program)
  end)

  it("that is still connecting is closed with on_close, too", function()
    local names = name_server.start { ["far.example"] = false } -- no answer

    finally(names.close)
    local program = start(kept .. [[
      fes.connect { host = "far.example", port = 1, setup_timeout = 1000,
        on_connect = function() print "stands" end,
        on_close = function(_, reason, detail)
          print("closed", reason, detail)
        end }
    ]], { env = { FES_NAMESERVERS = names.address } })

    testing.wait_until(function() return names.asked > 0 end)
    reload(program, kept)
    program:expect "closed\tshutdown\tnil\n"
    assert.not_matches("stands", program:stdout())
    quiet(program)
  end)
end)

describe("what on_close of the old script opens during a reload", function()
  after_each(testing.finish)

  it("is closed with the old script", function()
    local program = start(kept .. [[
      local number = fes.state() or 0
      if number == 0 then
        fes.listen { port = 0, on_close = function()
          local server = fes.listen { port = 0, on_close = print }
          fes.connect { port = kept.port, on_connect = print,
            on_close = print }
          fes.connect { host = "localhost", port = server.port,
            on_connect = print, on_close = print }
          fes.after(0, function() print "timer" end)
          fes.spawn(function() fes.sleep(0); print "task" end)
          print("opened", server.port)
        end }
      end
      fes.on_reload(function() return number + 1 end)
    ]])
    local again = kept .. "fes.on_reload(function() return 1 end)"

    assert(program:connect { port = program.ports[2] })
    reload(program, again)
    local port = program:expect "opened\t(%d+)\n"
    assert.same({ nil, "ECONNREFUSED" },
      { program:connect { port = tonumber(port) } })
    reload(program, again)
    expect_answer(assert(program:connect()), "in")
    assert.not_matches("conn %d", program:stdout())
    assert.not_matches("timer\n", program:stdout())
    assert.not_matches("task\n", program:stdout())
    quiet(program)
  end)
end)

describe("fes.stop in the old script during a reload", function()
  after_each(testing.finish)

  for where, code in pairs {
    ["an on_close"] = [[
      fes.listen { port = 0, on_close = function() fes.stop() end }
    ]],
    ["a task that ends"] = [[
      fes.listen { port = 0 }
      fes.spawn(function() pcall(fes.sleep, 1000); fes.stop() end)
    ]],
  } do
    it("stops the new script, if called in " .. where, function()
      local program = start(kept .. code)
      local client = assert(program:connect { port = program.ports[2] })

      reload(program, kept .. "fes.on_stop(function() print 'on_stop' end)")
      client:close()
      program:expect "on_stop\n"
      assert.same({ 0 }, { program:wait() })
    end)
  end
end)
