-- How the program stops, by a signal or by fes.stop: it calls the functions of
-- fes.on_stop, delivers what is queued, and waits for clients to close.
-- fes.stop(seconds) has a spec of its own, stop_seconds_spec.lua.
local testing = require "fes.testing"
local uv = require "luv"

-- Queues 800 kB for each client: more than the kernel buffers for a client that
-- does not read.
local backlog = [[
  local fes = require "fes"
  local server = fes.listen {
    port = 0, maxsends = 256,
    on_connect = function(conn)
      for i = 1, 200 do assert(conn:send(("%04d"):format(i):rep(1000))) end
      print "queued"
    end,
  }
]]

-- What each client of `backlog` must receive.
local function all_of_it()
  local parts = {}

  for i = 1, 200 do parts[i] = ("%04d"):format(i):rep(1000) end
  return table.concat(parts)
end

describe("a stop", function()
  after_each(testing.finish)

  for _, signal in ipairs { "sigint", "sigterm" } do
    it("by " .. signal .. " delivers what is queued", function()
      local server = testing.start { code = backlog }
      local client = assert(server:connect { rcvbuf = 4096 })

      server:expect "queued\n"
      server:signal(signal)
      local bytes, how = client:read_all()

      assert.equal(800000, #bytes)
      assert.is_true(bytes == all_of_it())
      assert.equal("eof", how)
      client:close()
      assert.same({ 0 }, { server:wait() })
    end)
  end

  it("by a signal is graceful once the ready lines are out", function()
    local server = testing.start {
      prefix = { "strace", "-D", "-o", "/dev/null", "-e", "trace=write",
        "-e", "inject=write:delay_exit=300000" },
      code = "require('fes').listen { port = 0 }",
    }

    server:signal "sigterm" -- while its last write returns
    assert.same({ 0 }, { server:wait() })
  end)

  it("by fes.stop delivers what is queued", function()
    local server = testing.start { code = backlog .. [[
      local function stop_when_queued()
        if server:stats().queued > 0 then return fes.stop() end
        fes.after(0.01, stop_when_queued)
      end
      stop_when_queued()
    ]] }
    local client = assert(server:connect { rcvbuf = 4096 })

    server:expect "queued\n"
    assert.is_true(client:read_all() == all_of_it())
    client:close()
    assert.same({ 0 }, { server:wait() })
  end)

  for _, way in ipairs { "fes.stop", "SIGTERM" } do
    it("by " .. way .. " calls the functions of fes.on_stop first", function()
      local server = testing.start { code = [[
        local fes = require "fes"
        local server = fes.listen { port = 0,
          on_connect = function(conn) conn:send "?" end,
          on_receive = function() fes.stop() end,
          on_close = function(_, reason) print("closed", reason) end }
        fes.on_stop(function()
          print("one", server:count(), server:broadcast "bye")
        end)
        fes.on_stop(function() error "in the second" end)
        fes.on_stop(function() print "three" end)
      ]] }
      local client = assert(server:connect())

      assert.equal("?", client:read(1))
      if way == "fes.stop" then client:send "stop"
      else server:signal "sigterm" end
      assert.same({ "bye", "eof" }, { client:read_all() })
      client:close()
      assert.same({ 0 }, { server:wait() })
      assert.matches("one\t1\t1\nthree\nclosed\tshutdown\n$",
        server:stdout())
      assert.matches("on_stop: .*in the second", server:stderr())
    end)
  end

  it("refuses new connections", function()
    local server = testing.start { code = backlog }
    local client = assert(server:connect { rcvbuf = 4096 })

    server:expect "queued\n"
    server:signal "sigterm"
    server:expect("stopping", "stderr")
    testing.wait_until(function()
      local _, why = server:connect()

      return why == "ECONNREFUSED"
    end)
    assert.is_true(client:read_all() == all_of_it())
  end)

  it("closes connections with the reason shutdown", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen {
        port = 0,
        on_connect = function() print "in" end,
        on_close = function(_, reason) print("closed", reason) end,
      }
    ]] }
    local client = assert(server:connect())

    server:expect "in\n"
    server:signal "sigterm"
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    assert.equal(0, (server:wait()))
    server:expect "closed\tshutdown\n"
  end)

  it("waits two seconds for clients that do not close", function()
    local server = testing.start { code = backlog }

    assert(server:connect { rcvbuf = 4096 })
    server:expect "queued\n"
    local before = uv.hrtime()

    server:signal "sigterm"
    assert.same({ 0 }, { server:wait() })
    assert.is_true(uv.hrtime() - before > 1.9e9)
  end)

  it("by a second signal ends the process at once", function()
    local server = testing.start { code = backlog }

    assert(server:connect { rcvbuf = 4096 })
    server:expect "queued\n"
    server:signal "sigint"
    server:expect("stopping", "stderr")
    server:signal "sigterm"

    assert.same({ nil, "sigterm" }, { server:wait() })
  end)

  it("by fes.stop during the load has exit status 0", function()
    local status = testing.run { code = [[
      local fes = require "fes"
      fes.listen { port = 0 }
      fes.every(1, print)
      fes.stop()
    ]] }

    assert.equal(0, status)
  end)

  it("does not wait for timers", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen { port = 0 }
      fes.every(1000, print)
    ]] }

    server:signal "sigterm"
    assert.same({ 0 }, { server:wait() })
  end)

  it("runs timers until the exit", function()
    local server = testing.start { code = backlog .. [[
      local ticks = 0
      fes.every(0.01, function()
        ticks = ticks + 1
        if server:count() == 0 and ticks > 5 then print "ticking" end
      end)
    ]] }

    local client = assert(server:connect { rcvbuf = 4096 })

    server:expect "queued\n"
    server:signal "sigterm"
    server:expect("stopping", "stderr")
    server:expect "ticking\n"
    client:close()
    assert.same({ 0 }, { server:wait() })
  end)
end)

describe("fes.on_stop", function()
  after_each(testing.finish)

  it("raises for a value that is not a function", function()
    local status, _, err = testing.run {
      code = "require('fes').on_stop(3)",
    }

    assert.equal(1, status)
    assert.matches("script.lua:1: fes.on_stop: a function was expected, "
      .. "got 3", err)
  end)
end)
