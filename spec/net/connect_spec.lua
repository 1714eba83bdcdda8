local asked = require "spec.support.asked"
local name_server = require "spec.support.name_server"
local testing = require "fes.testing"
local uv = require "luv"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- connect(options) notes what becomes of the connection in `seen`; expect()
-- gives that. `far` is the other end, where there is one.
local script = [[
_G.fes, seen = fes, {}
local function note(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  seen[#seen + 1] = table.concat(words, " ")
end
function said() return table.concat(seen, ", ") end
server = fes.listen { port = 0, %s
  on_connect = function(new) far = new end,
  on_receive = function(_, data) note("far hears", data) end,
  on_close = function(_, reason) note("far ends", reason) end,
}
function connect(options)
  options = options or {}
  options.on_connect = function() note "connected" end
  options.on_receive = options.on_receive
    or function(_, data) note("hears", data) end
  options.on_close = function(_, reason, detail)
    note("ends", reason, detail or "")
  end
  if not options.path then options.port = options.port or server.port end
  local why
  conn, why = fes.connect(options)
  note(conn and "made" or why)
  return conn
end
-- What fes.connect gives in a task.
function await(options)
  fes.spawn(function()
    options.port = options.port or not options.path and server.port or nil
    local new, why, detail = fes.connect(options)
    conn = new
    note("gets", new and "conn" or new, why, detail)
    if new and after then after(new) end
  end)
end
]]

local function start(options, more, launch)
  return asked.start(script:format(options or "") .. (more or ""), launch)
end

local function said(program, text)
  local _, count = text:gsub("[^,]+", "")

  await(program, "#seen >= " .. count)
  assert.equal(text, ask(program, "said()"))
end

-- A port that nobody listens on.
local function closed_port()
  local handle = uv.new_tcp()

  assert(handle:bind("127.0.0.1", 0))
  local port = handle:getsockname().port
  handle:close()
  uv.run "nowait"
  return port
end

describe("fes.connect", function()
  after_each(testing.finish)

  it("gives a conn at once, which stands later", function()
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
      local program = asked.start((script:format(options)
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

  it("tells of a refusal in on_close, after it has returned", function()
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

  it("has a limit for its set-up", function()
    -- The kernel takes two into this backlog, and answers no more.
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

  it("survives a reset, whenever it comes", function()
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

  it("keeps what is sent before it stands, in order", function()
    local program = start("framing = 'line',")

    ask(program, "(function() connect { framing = 'line' } "
      .. "conn:send 'one' conn:send 'two' note = conn:stats().queued end)()")
    assert.equal(8, ask(program, "note"))
    await(program, "#seen == 4")
    ask(program, "conn:send 'three'")
    await(program, "#seen == 5")
    local order = ask(program, "said()"):gsub("connected, ", "")
    assert.equal("made, far hears one, far hears two, far hears three", order)
    ask(program, "conn:close()")
    await(program, "#seen == 7")
    settle(program, {})
  end)

  it("may subscribe before it stands", function()
    local program = start("framing = 'line',", [[
      function join(policy)
        topic = fes.topic("prices", { retain = true })
        topic:publish("old", "a")
        connect { framing = "line", maxsends = 1, overflow = policy }
        conn:send "first"
        assert(conn:subscribe(topic))
        for i = 1, 5 do topic:publish("new " .. i, "b") end
      end]])

    ask(program, "join()")
    await(program, "seen[#seen] == 'far hears new 5'")
    assert.equal("made, far hears first, far hears old, far hears new 5",
      (ask(program, "said()"):gsub("connected, ", "")))
    ask(program, "topic:publish('more', 'a')")
    await(program, "seen[#seen] == 'far hears more'")
    ask(program, "conn:close()")
    await(program, "seen[#seen]:find 'ends' ~= nil and #seen == 8")
    settle(program, {})
  end)

  it("gives way to the policies before it stands", function()
    local program = start("backlog = 1,", [[
      server:pause()
      topic = fes.topic "prices"
      function join(policy)
        connect { maxsends = 1, overflow = policy }
        conn:subscribe(topic)
        for _ = 1, 10 do topic:publish(("x"):rep(1000)) end
      end]])

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "join 'close'")
    said(program, "made, ends overflow ")
    ask(program, "join 'drop'")
    assert.equal(6, ask(program, "conn:stats().missed"))
    ask(program, "server:resume()")
    await(program, "conn:stats().bytes_out == 4000")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("says \"full\" before it stands, and drains then", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "(function() connect { maxsends = 2, "
      .. "on_drain = function() drained = true end } "
      .. "ok = conn:send(('x'):rep(8000)) "
      .. "why = select(2, conn:send(('y'):rep(500))) end)()")
    assert.equal("true full", ask(program, "tostring(ok) .. ' ' .. why"))
    assert.equal("nil", ask(program, "drained"))
    ask(program, "server:resume()")
    await(program, "drained")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("sends what is queued although it is closed before it stands", function()
    local program = start()

    ask(program, "(function() connect() conn:send 'bye' ok = conn:close() "
      .. "why = select(2, conn:send 'x') again = conn:close() end)()")
    assert.equal("true closed nil", ask(program,
      "table.concat({ tostring(ok), why, tostring(again) }, ' ')"))
    await(program, "#seen == 4")
    assert.equal("made, far hears bye, far ends eof, ends local ",
      (ask(program, "said()"):gsub("ends local , far ends eof",
        "far ends eof, ends local ")))
    settle(program, {})
  end)

  it("discards what is queued with close(0)", function()
    local program = start()

    ask(program, "(function() connect() conn:send 'bye' conn:close(0) end)()")
    await(program, "#seen >= 2")
    assert.equal("made, ends local ", (ask(program, "said()")
      :gsub(", far ends %l+", "")))
    settle(program, {})
  end)

  it("lingers no longer than it was told to", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "(function() connect() conn:send 'bye' conn:close(0.1) "
      .. "end)()")
    said(program, "made, ends local ")
    ask(program, "server:resume()")
    settle(program, {})
  end)

  it("frames, limits and times as fes.listen does", function()
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

  it("runs a handler, which may receive before it stands", function()
    local program = start("", [[
      function open()
        conn = fes.connect { port = server.port, handler = function(new)
          new:send "hello"
          while not early do fes.sleep(0.01) end
          new:send(new:receive "line")
        end }
        fes.spawn(function() early = conn:receive(3) end)
      end]])

    ask(program, "open()")
    said(program, "far hears hello")
    ask(program, [[far:send 'one']])
    await(program, "early == 'one'")
    ask(program, [[far:send 'line\n']])
    await(program, "#seen == 3")
    assert.equal("far hears hello, far hears line, far ends eof",
      ask(program, "said()"))
    settle(program, {})
  end)

  it("raises for what is no option of a connection", function()
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

  it("leaves a handle that is safe when the connection has gone", function()
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

describe("fes.connect to a name", function()
  local names

  after_each(function()
    names.close()
    testing.finish()
  end)

  local function start_with(known, options)
    names = name_server.start(known)
    return start(options, "", { env = { FES_NAMESERVERS = names.address } })
  end

  it("asks without stopping the loop", function()
    local program = start_with { ["far.example"] = { "127.0.0.1" } }

    names.hold()
    ask(program, "connect { host = 'far.example' }")
    testing.wait_until(function() return names.asked > 0 end)
    for _ = 1, 3 do assert.equal("nil", ask(program, "conn.peer")) end
    assert.equal("made", ask(program, "said()"))
    names.release()
    said(program, "made, connected")
    ask(program, "conn:close()")
    await(program, "#seen == 4")
    settle(program, {})
  end)

  it("tries one address after the other", function()
    local program = start_with {
      ["far.example"] = { "127.0.0.2", "127.0.0.3", "127.0.0.1" },
      ["no.example"] = { "127.0.0.2", "127.0.0.3" },
    }

    ask(program, "connect { host = 'far.example' }")
    said(program, "made, connected")
    assert.matches("^127.0.0.1:", ask(program, "conn.peer"))
    ask(program, "conn:close()")
    await(program, "#seen == 4")
    ask(program, "connect { host = 'no.example' }")
    await(program, "#seen == 6")
    assert.matches("made, ends error Connection refused$",
      ask(program, "said()"))
    settle(program, {})
  end)

  it("tells that there is none of that name", function()
    local program = start_with {}

    ask(program, "connect { host = 'far.example' }")
    said(program, "made, ends error Domain name not found")
    settle(program, {})
  end)

  it("tells that a name has no address", function()
    local program = start_with { ["far.example"] = {} }

    ask(program, "connect { host = 'far.example' }")
    await(program, "#seen == 2")
    assert.matches("^made, ends error DNS server returned answer with no data",
      ask(program, "said()"))
    settle(program, {})
  end)

  it("does not wait longer than setup_timeout for an answer", function()
    local program = start_with { ["far.example"] = false }

    ask(program, "connect { host = 'far.example', setup_timeout = 0.1 }")
    said(program, "made, ends setup ")
    assert.is_true(names.asked > 0)
    settle(program, {})
  end)

  it("serves others while no answer comes", function()
    local program = start_with { ["far.example"] = false }
    local client = assert(program:connect())

    ask(program, "connect { host = 'far.example', setup_timeout = 1000 }")
    testing.wait_until(function() return names.asked > 0 end)
    for i = 1, 5 do
      assert(client:send(tostring(i)))
      await(program, ("seen[#seen] == 'far hears %d'"):format(i))
    end
    assert.equal("nil", ask(program, "conn.peer"))
    ask(program, "conn:close(0)")
    await(program, "seen[#seen] == 'ends local '")
    settle(program, { client })
  end)

  it("may be closed while it is asked for", function()
    local program = start_with { ["far.example"] = false }

    ask(program, "(function() connect { host = 'far.example' } conn:close(0) "
      .. "end)()")
    said(program, "made, ends local ")
    ask(program, "(function() connect { host = 'far.example' } "
      .. "conn:send 'x' conn:close(0.1) end)()")
    said(program, "made, ends local , made, ends local ")
    settle(program, {})
  end)

  it("asks for many at once", function()
    local program = start_with { ["far.example"] = { "127.0.0.1" } }

    ask(program, "(function() for _ = 1, 50 do "
      .. "connect { host = 'far.example' } end end)()")
    await(program, "server:count() == 50")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("knows localhost without a name server", function()
    local program = start_with {}

    ask(program, "connect { host = 'localhost' }")
    said(program, "made, connected")
    assert.equal(0, names.asked)
    ask(program, "conn:close()")
    await(program, "#seen == 4")
    settle(program, {})
  end)
end)

describe("fes.connect in a task", function()
  after_each(testing.finish)

  it("waits, and gives a conn that can be received from", function()
    local program = start("", [[
      function after(new)
        new:send "hello"
        got = new:receive "line"
        new:close()
      end]])

    ask(program, "_G.await {}")
    said(program, "gets conn nil nil, far hears hello")
    ask(program, [[far:send 'you\n']])
    await(program, "got == 'you'")
    await(program, "#seen == 3")
    settle(program, {})
  end)

  it("gives nil, the reason and the detail", function()
    local program = start()

    ask(program, "_G.await { port = " .. closed_port() .. " }")
    said(program, "gets nil error Connection refused")
    ask(program, "_G.await { path = '/nonexistent/x' }")
    said(program, "gets nil error Connection refused, "
      .. "gets nil error No such file or directory")
    settle(program, {})
  end)

  it("gives nil and \"setup\" when it takes too long", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "_G.await { setup_timeout = 0.1 }")
    said(program, "gets nil setup nil")
    ask(program, "server:resume()")
    settle(program, {})
  end)

  it("leaves what comes to on_receive, if there is one", function()
    local program = start("",
      "function after(new) got = select(2, pcall(new.receive, new)) end")

    ask(program, "_G.await { on_receive = function(_, data) heard = data end }")
    await(program, "got ~= nil and far ~= nil")
    assert.matches("conn:receive: only what has a 'handler'", ask(program,
      "got"))
    ask(program, "far:send 'you'")
    await(program, "heard == 'you'")
    ask(program, "conn:close()")
    await(program, "#seen == 2")
    settle(program, {})
  end)

  it("does not wait with on_connect", function()
    local program = start("", [[
      function go()
        fes.spawn(function()
          local new = fes.connect { port = server.port,
            on_connect = function() seen[#seen + 1] = "connected" end }
          seen[#seen + 1] = "returned"
          conn = new
        end)
      end]])

    ask(program, "go()")
    said(program, "returned, connected")
    ask(program, "conn:close()")
    await(program, "#seen == 3")
    settle(program, {})
  end)

  it("leaves what comes to the handler, if there is one", function()
    local program = start()

    ask(program, "_G.await { handler = function(new) got = new:receive() end }")
    said(program, "gets conn nil nil")
    ask(program, "far:send 'you'")
    await(program, "got == 'you'")
    await(program, "#seen == 2")
    settle(program, {})
  end)

  it("ended by coroutine.close closes the connection", function()
    local program = start("backlog = 1,", "server:pause()")

    for _ = 1, 2 do
      ask(program, "fes.connect { port = server.port, idle_timeout = 1 }")
    end
    ask(program, "(function() task = fes.spawn(fes.connect, { port = "
      .. "server.port, on_close = function(_, why) closed = why end }) end)()")
    ask(program, "fes.spawn(function() ended = coroutine.close(task) end)")
    await(program, "ended")
    await(program, "closed == 'local'")
    ask(program, "server:resume()")
    settle(program, {})
  end)
end)

describe("outgoing connections", function()
  after_each(testing.finish)

  it("share one slab, in which slow ones give way", function()
    -- 80 * 16 bockets are more than the 1024 that there are.
    local program = start("backlog = 1,", [[
      server:pause()
      function fill()
        full, ended, all = 0, {}, {}
        for i = 1, 80 do
          all[i] = fes.connect { port = server.port,
            on_close = function(_, reason) ended[#ended + 1] = reason end,
          }
          if not all[i]:send(("x"):rep(65536)) then full = full + 1 end
        end
      end]])

    for _ = 1, 2 do ask(program, "fes.connect { port = server.port }") end
    ask(program, "fill()")
    await(program, "#ended + full > 0")
    assert.equal("overflow", ask(program, "ended[1] or 'none'"))
    assert.is_true(ask(program, "#ended + full") >= 16)
    assert.is_true(ask(program, "#ended + full") < 40)
    ask(program, "(function() for _, each in ipairs(all) do each:close(0) end "
      .. "for c in server:connections() do c:close(0) end server:resume() "
      .. "end)()")
    await(program, "#ended == 80")
    ask(program, "(function() for c in server:connections() do c:close(0) end "
      .. "seen = {} connect() conn:send(('y'):rep(65536)) end)()")
    await(program, "#table.concat(seen) > 65536")
    ask(program, "(function() for c in server:connections() do c:close(0) end "
      .. "end)()")
    settle(program, {})
  end)

  it("have as many bockets as fes.limits says", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      fes.limits { outgoing = 16 }
      local server = fes.listen { port = 0, bockets = 64 }
      print(fes.stats().bockets)
      local conn = fes.connect { port = server.port }
      print(conn:send(("x"):rep(60000)))
      print(fes.stats().bockets, fes.stats().bockets_free)
      fes.limits { outgoing = 16 }
      print(pcall(fes.limits, { outgoing = 17 }))
      fes.after(0, fes.stop)]] }

    assert.equal(0, status)
    assert.matches("^64\ntrue\n80\t65\nfalse\t[^\n]*fes.limits: 'outgoing' "
      .. "cannot change once fes.connect has been called\n", out)
    assert.matches("at most 0.3 MiB of buffers", out)
  end)

  it("are in fes.stats(), also when they have gone", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local server = fes.listen { port = 0 }
      local gone = 0
      local function count() gone = gone + 1 end
      fes.spawn(function()
        for _ = 1, 3 do
          local conn = fes.connect { port = server.port, on_close = count }
          conn:send "12345"
          conn:close()
        end
        while gone < 3 or server:count() > 0 do fes.sleep(0) end
        print(fes.stats().bytes_out, fes.stats().connections)
        fes.stop()
      end)]] }

    assert.equal(0, status)
    assert.matches("\n15\t0\n$", out)
  end)

  it("count among the descriptors", function()
    local program = start("", "", { prefix = { "prlimit", "--nofile=48" } })

    ask(program, "(function() local other = fes.listen { port = 0, "
      .. "on_connect = function() end } other:pause() other_port = other.port "
      .. "stands, failed = 0, {} "
      .. "for _ = 1, 40 do fes.connect { port = other_port, "
      .. "on_connect = function() stands = stands + 1 end, "
      .. "on_close = function(_, why, what) failed[#failed + 1] = "
      .. "why .. ' ' .. (what or '') end } end end)()")
    await(program, "stands + #failed == 40")
    assert.equal(15, ask(program, "stands")) -- 48 - 32, and the one that asks
    for _, i in ipairs { 1, 25 } do
      assert.equal("error Too many open files", ask(program, "failed[" .. i
        .. "]"))
    end
    program:signal "sigterm"
    assert.equal(0, program:wait())
  end)

  it("keep fes running, and are counted in the memory line", function()
    local far = testing.start { code = [[
      require("fes").listen { port = 0, header = "bye",
        on_connect = function(conn) conn:close() end }]] }
    local status, out, err = testing.run { args = { tostring(far.port) },
      code = [[
      local fes = require "fes"
      fes.connect { port = tonumber(arg[1]),
        on_receive = function(_, data) print(data) end,
        on_close = function(_, reason) print(reason) end }]] }

    assert.equal(0, status)
    assert.equal("at most 4.0 MiB of buffers, 1 connections, 256 KiB each in "
      .. "the kernel\nbye\neof\n", out)
    assert.matches("nothing is left to wait for", err)
  end)

  it("are closed when fes stops", function()
    local program = start("", "fes.connect { port = server.port, "
      .. "on_close = function(_, reason) print('closed ' .. reason) end }")

    await(program, "server:count() == 1")
    program:signal "sigterm"
    program:expect "closed shutdown\n"
    assert.equal(0, program:wait())
  end)

  it("are not made any more when fes stops", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local server = fes.listen { port = 0 }
      fes.on_stop(function() print(fes.connect { port = server.port }) end)
      fes.after(0, fes.stop)]] }

    assert.equal(0, status)
    assert.matches("\nnil\tshutdown\n$", out)
  end)

  it("leave nothing behind, one after the other", function()
    local program = start("", [[
      function some()
        fes.spawn(function()
          for _ = 1, 500 do
            local new = assert(fes.connect { port = server.port })
            new:send "hi"
            new:close()
          end
          collectgarbage()
          collectgarbage()
          used = collectgarbage "count" * 1024
          seen = {}
        end)
      end]])
    local function use()
      ask(program, "(function() used = nil some() end)()")
      await(program, "used ~= nil and server:count() == 0")
      return ask(program, "used")
    end

    use()
    local before = use()

    use()
    assert.is_true(use() - before < 20000)
    settle(program, {})
  end)
end)
