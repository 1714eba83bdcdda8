-- fes.stop(seconds): a stop that spreads the closes over some seconds.
local testing = require "fes.testing"

-- Start a server that runs each line that it receives as code.
local function serve(code)
  return testing.start { code = [[
    fes = require "fes"
    local stopped
    server = fes.listen {
      port = 0,
      framing = "line",
      on_receive = function(conn, line)
        stopped = fes.now()
        assert(load(line))()
        conn:send "stopping"
      end,
      on_close = function(conn, reason)
        print(("closed %s %.3f"):format(reason, fes.now() - stopped))
      end,
    }
  ]] .. (code or "") }
end

local function ask(client, code)
  assert(client:send(code .. "\n"))
  assert.equal("stopping", client:line())
end

-- Wait until the server has closed one of the clients, close that and remove it
-- from the list. Returns its index.
local function await_closed(clients)
  return testing.wait_until(function()
    for i, client in ipairs(clients) do
      if client:closed(0.02) then
        client:close()
        table.remove(clients, i)
        return i
      end
    end
  end)
end

describe("fes.stop with seconds", function()
  after_each(testing.finish)

  it("spreads the closes evenly", function()
    local server = serve()
    local clients = assert(server:connect_all(4))

    ask(clients[1], "fes.stop(1.2)")
    for n = 1, 4 do
      await_closed(clients)

      local seconds = tonumber((server:expect
        "closed shutdown (%d+.%d+)\n"))

      assert.is_true(seconds > n * 0.3 - 0.01, seconds .. " s")
    end
    assert.same({ 0 }, { server:wait() })
  end)

  it("serves the connections that are still open", function()
    local server = serve [[
      fes.every(0.02, function() server:broadcast "tick" end)
    ]]
    local clients = assert(server:connect_all(2))

    assert(clients[1]:send "fes.stop(0.8)\n")
    await_closed(clients)
    clients[1]:read(clients[1].size)
    for _ = 1, 3 do assert.equal("tick", clients[1]:line()) end
    await_closed(clients)
    assert.same({ 0 }, { server:wait() })
  end)

  it("refuses new connections from the beginning", function()
    local server = serve()
    local client = assert(server:connect())

    ask(client, "fes.stop(60)")
    testing.wait_until(function()
      local _, why = server:connect()

      return why == "ECONNREFUSED"
    end)
    assert.is_false((client:closed(0.02)))
  end)

  it("ends the program at once if there is no connection", function()
    local server = testing.start { code = [[
      local fes = require "fes"
      fes.listen { port = 0 }
      fes.after(0, function() fes.stop(1000) end)
    ]] }

    assert.same({ 0 }, { server:wait() })
  end)

  it("ends the program when all clients have closed", function()
    local server = serve()
    local clients = assert(server:connect_all(3))

    ask(clients[1], "fes.stop(1000)")
    for _, client in ipairs(clients) do client:close() end
    assert.same({ 0 }, { server:wait() })
  end)

  it("is shortened by another call with fewer seconds", function()
    local server = serve()
    local clients = assert(server:connect_all(3))

    ask(clients[1], "fes.stop(1000)")
    ask(clients[2], "fes.stop(2000)")
    ask(clients[3], "fes.stop(0.1)")
    for _ = 1, 3 do await_closed(clients) end
    assert.same({ 0 }, { server:wait() })
  end)

  it("is ended by a signal; a second one ends the process", function()
    local server = serve()
    local clients = assert(server:connect_all(2))

    ask(clients[1], "fes.stop(1000)")
    server:signal "sigterm"
    for _, client in ipairs(clients) do
      assert.same({ true, "eof" }, { client:closed() }) -- and fes lingers
    end
    server:signal "sigterm"
    assert.same({ nil, "sigterm" }, { server:wait() })
  end)

  it("calls the function of on_stop once, before it closes", function()
    local server = serve [[
      fes.on_stop(function() print("on_stop", server:count()) end)
    ]]
    local clients = assert(server:connect_all(2))

    ask(clients[1], "fes.stop(1000) fes.stop(0.2)")
    for _ = 1, 2 do await_closed(clients) end
    assert.same({ 0 }, { server:wait() })
    assert.equal("on_stop\t2\n", server:stdout():match "kernel\n([^c]*)")
    assert.equal(1, select(2, server:stdout():gsub("on_stop", "")))
  end)

  for _, seconds in ipairs { "'now'", "-1", "0/0", "math.huge", "{}" } do
    it("raises for " .. seconds, function()
      local status, _, err = testing.run {
        code = "\nrequire('fes').stop(" .. seconds .. ")",
      }

      assert.equal(1, status)
      assert.matches("script.lua:2: fes.stop: seconds must be a number", err)
    end)
  end

  -- The connection lingers for its whole time, since its client does not close.
  it("leaves the loop idle while the last connection lingers", function()
    local server = serve [[
      local function turns() return fes.stats().turns.count end

      function stop_twice(conn)
        conn:close(1)
        fes.stop(60)
        fes.after(0.1, function()
          fes.stop(0)

          local before = turns()

          fes.after(0.5, function() print("turns " .. turns() - before) end)
        end)
      end
    ]]
    local client = assert(server:connect())

    assert(client:send "for c in server:connections() do stop_twice(c) end\n")

    local turns = tonumber((server:expect "turns (%d+)\n"))

    assert.is_true(turns < 50, turns .. " turns")
    client:close()
    assert.same({ 0 }, { server:wait() })
  end)
end)
