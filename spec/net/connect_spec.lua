-- fes.connect outside of a task: it returns a conn at once, before the
-- connection is established.

local asked = require "spec.support.asked"
local connecting = require "spec.support.connecting"
local testing = require "fes.testing"
local uv = require "luv"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = connecting.start, connecting.said
local closed_port = connecting.closed_port

describe("fes.connect", function()
  after_each(testing.finish)

  it("returns a conn at once, before it is established", function()
    local program = start()

    ask(program, "connect()")
    said(program, "made, connected")
    assert.equal("nil", ask(program, "conn.server"))
    assert.equal("127.0.0.1:" .. program.port, ask(program, "conn.peer"))
    assert.matches("^conn %d+ %(127.0.0.1:%d+%)$",
      ask(program, "tostring(conn)"))
    ask(program, "conn:send 'hello'")
    said(program, "made, connected, far hears hello")
    ask(program, "far:send 'you'")
    said(program, "made, connected, far hears hello, hears you")
    assert.equal(1, ask(program, "conn:stats().messages_in"))
    ask(program, "far:close()")
    said(program, "made, connected, far hears hello, hears you, ends eof , "
      .. "far ends local")
    assert.equal("nil closed", ask(program,
      "table.concat({ tostring(conn:send 'x'), select(2, conn:send 'x') }, "
      .. "' ')"))
    settle(program, {})
  end)

  for _, place in ipairs {
    { "IPv6", "host = '::1',", "host = '::1'" },
    { "a Unix socket", "path = 'far.sock',", "path = 'far.sock'" },
  } do
    it("connects to " .. place[1], function()
      local options = place[2]:find "path" and "port = nil, " .. place[2]
        or place[2]
      local program = asked.start((connecting.script:format(options)
        :gsub("listen { port = 0, port = nil,", "listen {")))

      ask(program, "connect { " .. place[3] .. " }")
      said(program, "made, connected")
      assert.matches(place[2]:find "path" and "^unix$" or "^%[::1%]:%d+$",
        ask(program, "conn.peer"))
      ask(program, "conn:send 'hello'")
      said(program, "made, connected, far hears hello")
      ask(program, "conn:close()")
      await(program, "#seen == 5")
      settle(program, {})
    end)
  end

  it("reports a failure in on_close, after it has returned", function()
    local program = start()

    ask(program, "connect { port = " .. closed_port() .. " }")
    said(program, "made, ends error Connection refused")
    ask(program, "connect { path = '/nonexistent/far.sock' }")
    await(program, "#seen == 4")
    assert.matches("made, ends error No such file or directory$",
      ask(program, "said()"))
    ask(program, "connect { path = ('x'):rep(200) }")
    await(program, "#seen == 6")
    assert.matches("made, ends error File name too long$",
      ask(program, "said()"))
    settle(program, {})
  end)

  it("gives up after setup_timeout", function()
    -- The kernel accepts two connections with this backlog, and no more.
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do ask(program, "fes.connect { port = server.port }") end
    ask(program, "connect { setup_timeout = 0.2 }")
    said(program, "made, ends setup ")
    ask(program, "server:resume()")
    await(program, "server:count() == 2")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("survives a reset at any time", function()
    local program = start()
    local listener, peers = uv.new_tcp(), {}

    assert(listener:bind("127.0.0.1", 0))
    assert(listener:listen(16, function()
      local peer = uv.new_tcp()

      listener:accept(peer)
      peer:close_reset()
      peers[#peers + 1] = peer
    end))
    for i = 1, 20 do
      ask(program, "(function() seen = {} end)()")
      ask(program, "connect { port = " .. listener:getsockname().port .. " }")
      testing.wait_until(function() return #peers == i end)
      await(program, "seen[#seen]:find '^ends' ~= nil")
      assert.matches("ends reset $", (ask(program, "said()")
        :gsub("error Connection reset by peer", "reset ")))
    end
    listener:close()
    settle(program, {})
  end)

  it("takes the framing, limits and timeouts of fes.listen", function()
    local program = start()

    ask(program, "connect { framing = { length = 2 }, maxmessage = 5 }")
    said(program, "made, connected")
    ask(program, "conn:send 'out'")
    said(program, "made, connected, far hears \0\3out")
    ask(program, [[far:send '\0\2in\0\6']])
    await(program, "#seen == 6")
    assert.matches("hears in, .*ends toolong", ask(program, "said()"))
    ask(program, "(function() seen = {} connect { idle_timeout = 0.1 } end)()")
    await(program, "#seen == 4")
    assert.matches("^made, connected, .*ends idle", ask(program, "said()"))
    settle(program, {})
  end)

  it("raises for wrong options", function()
    for options, complaint in pairs {
      ["{}"] = "'port' must be an integer in 1..65535, got nothing",
      ["{ port = 0 }"] = "'port' must be an integer in 1..65535, got 0",
      ["{ host = '*', port = 1 }"] =
        "'host' must be an address or a name, got \"*\"",
      ["{ host = '1.2.3.400', port = 1 }"] =
        "'host' must be an address or a name, got \"1.2.3.400\"",
      ["{ path = 'x', port = 1 }"] = "'path' goes without 'host' and 'port'",
      ["{ port = 1, bockets = 3 }"] = "unknown option 'bockets'",
      ["{ port = 1, size = 64 }"] = "unknown option 'size'",
      ["{ port = 1, setup_timeout = 0 }"] =
        "'setup_timeout' must be a number of seconds above 0, got 0",
      ["{ port = 1, handler = print, on_receive = print }"] =
        "'handler' goes without 'on_receive'",
      ["3"] = "takes one table of options, got 3",
    } do
      local status, _, err = testing.run {
        code = "local fes = require 'fes'\nfes.connect(" .. options .. ")",
      }

      assert.equal(1, status)
      assert(err:find("script.lua:2: fes.connect: " .. complaint, 1, true), err)
    end
  end)

  it("returns a conn that is safe to use once it has closed", function()
    local program = start("", [[
      function use()
        collectgarbage()
        collectgarbage()
        return table.concat({ tostring(conn), conn.id > 0 and "id" or "",
          tostring(conn.peer), tostring(conn.server), conn.nick,
          conn:stats().bytes_out, select(2, conn:send "x"),
          select(2, conn:close()), select(2, conn:pause()) }, " ")
      end]])

    ask(program, "(function() connect() conn.nick = 'ann' conn:send 'hi' "
      .. "end)()")
    await(program, "#seen == 3")
    ask(program, "far:close(0)")
    await(program, "#seen == 5")
    assert.matches("^conn %d+ %(127.0.0.1:%d+%) id 127.0.0.1:%d+ nil ann 2 "
      .. "closed closed closed$", ask(program, "use()"))
    ask(program, "fes.spawn(function() why = select(2, conn:receive()) end)")
    await(program, "why == 'reset'")
    assert.has_error(function() ask(program, "conn:send {}") end)
    settle(program, {})
  end)
end)
