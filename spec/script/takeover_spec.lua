-- Reloads in the middle of something else. What they do when nothing else is
-- going on is in reload_spec.lua.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"
local uv = require "luv"

local start, reload = reloading.start, reloading.reload
local expect_answer = reloading.expect_answer

local function answering(word)
  return ([[
    fes.listen {
      port = 0, on_receive = function(conn) conn:send %q end,
    }
  ]]):format(word)
end

describe("reloads under load", function()
  after_each(testing.finish)

  -- Echoes lines in callbacks and in tasks, and broadcasts numbers. Each line
  -- says which loading of the script it is from.
  local busy = [[
    local state = fes.state() or { round = 0, number = 0 }
    local round = state.round
    local options = { port = 0, framing = "line", maxsends = 512 }

    fes.on_reload(function()
      return { round = round + 1, number = state.number }
    end)
    function options.on_receive(conn, line)
      conn:send(("echo %d %s"):format(round, line))
    end
    local servers = { fes.listen(options) }
    options.on_receive = nil
    function options.handler(conn)
      for line in function() return conn:receive() end do
        conn:send(("echo %d %s"):format(round, line))
      end
    end
    servers[2] = fes.listen(options)
    fes.every(0.001, function()
      state.number = state.number + 1
      for _, server in ipairs(servers) do
        server:broadcast(("all %d %d"):format(round, state.number))
      end
    end)
  ]]

  -- Sends numbered lines, in pieces that end anywhere, until `stop`; notes
  -- what comes, unless it is `slow`: then from `stop` on.
  local function talk(client, slow)
    local self = { sent = 0, text = "" }
    local handle, rest = client.handle, ""
    local timer = uv.new_timer()

    local function listen()
      handle:read_start(function(_, data)
        self.text = self.text .. (data or "end")
      end)
    end

    timer:start(0, 1, function()
      self.sent = self.sent + 1
      rest = rest .. self.sent .. ("."):rep(self.sent % 50) .. "\n"
      handle:write(rest:sub(1, 17))
      rest = rest:sub(18)
    end)
    if not slow then listen() end

    function self.stop()
      timer:close()
      handle:write(rest)
      if slow then listen() end
    end

    function self.is_done()
      return self.text:find("echo %d+ " .. self.sent .. "%.*\n")
    end
    return self
  end

  -- Every echo and, from the first on, every number: once, in order, whole.
  local function check(talker)
    local last = { echo = 0, all = talker.text:match "all %d+ (%d+)\n" - 1 }
    local newest = { echo = 0, all = 0 }
    local after = 1

    for kind, round, n, dots, to in
      talker.text:gmatch "(%l+) (%d+) (%d+)(%.*)\n()" do
      round, n = tonumber(round), tonumber(n)
      assert.equal(#("%s %d %d%s\n"):format(kind, round, n, dots), to - after)
      after = to
      assert.equal(last[kind] + 1, n)
      assert.equal(kind == "echo" and n % 50 or 0, #dots)
      assert.is_true(round >= newest[kind])
      last[kind], newest[kind] = n, round
    end
    assert.equal(talker.sent, last.echo)
    return newest.echo
  end

  it("lose, repeat and reorder nothing", function()
    local program = start(busy)
    local talkers = {}

    for i = 1, 12 do
      local client = assert(program:connect {
        port = program.ports[i % 2 + 1], rcvbuf = i > 10 and 4096 or nil,
      })

      talkers[i] = talk(client, i == 11)
    end
    for round = 1, 10 do
      program:signal "sighup"
      program:expect("info  reloaded\n", "stderr")
      testing.wait_until(function() return talkers[1].sent > round * 20 end)
    end
    for _, talker in ipairs(talkers) do talker.stop() end
    testing.wait_until(function()
      for _, talker in ipairs(talkers) do
        if not talker.is_done() then return false end
      end
      return true
    end)
    for i, talker in ipairs(talkers) do
      assert.is_true(check(talker) >= 1, "talker " .. i)
    end
    program:stop()
  end)
end)

describe("a reload in a task", function()
  after_each(testing.finish)

  it("comes when that waits, which then ends it", function()
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

  it("of a connection keeps that, for a task of the new script", function()
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

describe("tasks of the old script that wait again and again", function()
  after_each(testing.finish)

  it("hold up the takeover no longer than others", function()
    local program = start(answering "old" .. [[
      for _ = 1, 20 do
        fes.spawn(function() while true do pcall(fes.sleep, 1000) end end)
      end
    ]])
    local client = assert(program:connect())

    expect_answer(client, "old")
    reload(program, answering "new") -- 20 times call_seconds would be too long
    expect_answer(client, "new")
    assert.not_matches("it has run", program:stderr())
    program:stop()
  end)
end)

describe("what a task of the old script tidies up", function()
  after_each(testing.finish)

  it("is not what the new one serves", function()
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

  it("is told of", function()
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

describe("a method that a script takes while it loads", function()
  after_each(testing.finish)

  local code = [[
    local send
    local server = fes.listen { port = 0, maxsends = 1, sndbuf = 4096,
      handler = function(conn)
        while conn:receive "line" do
          for i = 1, 100 do assert(send(conn, ("%05d"):format(i):rep(800))) end
          print("sent", select(2, pcall(function() send(conn) end)))
        end
      end }
    for conn in server:connections() do send = conn.send end
  ]]

  it("is afterwards what it always is", function()
    local program = start(code)
    local client = assert(program:connect { rcvbuf = 4096 })

    reload(program, code)
    assert(client:send "\n")
    for i = 1, 100 do
      assert.is_true(("%05d"):format(i):rep(800) == client:read(4000))
    end
    program:expect "sent\t[^\n]*script.lua:%d+: conn:send: "
    program:stop()
  end)
end)

-- Loads until a file is there, which `go` makes.
local function loading(code)
  return [[
    print "loading"
    repeat local file = io.open(arg[0] .. ".go") until file
  ]] .. code
end

local function begin(program, code)
  reloading.write(program, loading(code))
  program:signal "sighup"
  program:expect "loading\n"
end

local function go(program)
  testing.write(program.directory .. "/script.lua.go", "")
end

describe("what comes while a script loads", function()
  after_each(testing.finish)

  local stops = "fes.on_stop(function() print '%s stops' end)"

  for what, case in pairs {
    ["the new script, if it loads"] = { "", "new" },
    ["the old script, if it does not"] = { "error 'no'", "old" },
  } do
    it("waits: SIGTERM stops " .. what, function()
      local program = start(answering "old" .. stops:format "old")
      local client = assert(program:connect())

      expect_answer(client, "old")
      begin(program, answering "new" .. stops:format "new" .. case[1])
      program:signal "sigterm"
      go(program)
      assert.same({ "", "eof" }, { client:read_all() })
      client:close()
      assert.same({ 0 }, { program:wait() })
      assert.matches("kernel\nloading\n" .. case[2] .. " stops\n$",
        program:stdout())
    end)
  end

  it("waits: SIGHUP loads it once more", function()
    local program = start(answering "old")

    begin(program, answering "new")
    program:signal "sighup"
    reloading.write(program, answering "newer")
    go(program)
    for _ = 1, 2 do program:expect("info  reloaded\n", "stderr") end
    expect_answer(assert(program:connect()), "newer")
    program:stop()
  end)

  it("waits: connections and what they send", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    begin(program, answering "new")
    assert(client:send "?")

    local other = assert(program:connect()) -- the kernel takes it

    assert(other:send "?")
    go(program)
    assert.equal("new", client:read(3))
    assert.equal("new", other:read(3))
    program:stop()
  end)
end)

describe("a connection that is older than its server's framing", function()
  after_each(testing.finish)

  local echo = [[
    local server = fes.listen { port = 0, framing = %s,
      on_receive = function(conn, data) conn:send("<" .. data .. ">") end }
    fes.on_reload(function() server:broadcast "all" end)
  ]]

  it("keeps its own, and the new one is for those that come", function()
    local program = start(echo:format '"line"')
    local old = assert(program:connect())

    assert(old:send "one\n")
    assert.equal("<one>", old:line())
    reload(program, echo:format "{ length = 1 }")
    assert.equal("all", old:line())

    local new = assert(program:connect())

    assert(old:send "two\n")
    assert.equal("<two>", old:line())
    assert(new:send "\3two")
    assert.equal("\5<two>", new:read(6))
    reload(program, echo:format "'raw'")
    assert.equal("all", old:line())
    assert.equal("\3all", new:read(4))
    reload(program, echo:format '"line"')
    assert.equal("all", old:line())
    assert.equal("\3all", new:read(4))
    assert(old:send "th")
    reload(program, echo:format "{ length = 1 }")
    assert(old:send "ree\n")
    assert.equal("all", old:line())
    assert.equal("<three>", old:line())
    program:stop()
  end)

  it("receives by it in a task", function()
    local code = [[
      fes.listen { port = 0, framing = %s, handler = function(conn)
        for data in function() return conn:receive() end do
          conn:send(data:upper())
        end
      end }
    ]]
    local program = start(code:format '"line"')
    local client = assert(program:connect())

    assert(client:send "one\ntw")
    assert.equal("ONE", client:line())
    reload(program, code:format "{ fixed = 2 }" .. "-- 2")
    assert(client:send "o\nx\n")
    assert.equal("TWO", client:line())
    assert.equal("X", client:line())
    program:stop()
  end)

  it("has what is published in it, as far as it can carry that", function()
    local program = start [[
      local topic = fes.topic "t"
      fes.listen { port = 0, framing = "line", on_connect = function(conn)
        conn:subscribe(topic)
        conn:send "in"
      end }
      fes.on_reload(function() return topic end)
    ]]
    local old = assert(program:connect())

    assert.equal("in", old:line())
    reload(program, [[
      local topic = fes.state()
      local server
      server = fes.listen { port = 0, framing = { length = 2 },
        on_connect = function(conn)
          conn:subscribe(topic)
          print(topic:publish(("x"):rep(9000)), topic:publish "two\nlines",
            topic:publish "", server:broadcast "last")
          fes.after(0.05, function()
            local stats = server:stats()
            print(stats.missed, stats.queued, stats.messages_out)
          end)
        end }
    ]])
    local new = assert(program:connect())

    assert.equal(("x"):rep(9000), old:line())
    assert.equal("", old:line())
    assert.equal("last", old:line())
    assert.equal("\35\40" .. ("x"):rep(9000) .. "\0\9two\nlines\0\0\0\4last",
      new:read(9002 + 11 + 2 + 6))
    program:expect "2\t2\t2\t2\n1\t0\t8\n"
    program:stop()
  end)

  for _, policy in ipairs { "drop", "latest" } do
    it("has whole messages when it is slow, under " .. policy, function()
      local code = [[
        local server = fes.listen { port = 0, framing = %s, sndbuf = 4096,
          maxsends = 4, overflow = %q,
          on_lag = function(conn, missed) conn:send("missed " .. missed) end }
        local n = 0
        fes.every(0, function()
          n = n + 1
          if n == 500 then print "sent" end
          if n <= 500 then
            server:broadcast(n .. " " .. ("x"):rep(n * 7 %% 1000))
          elseif n > 500 and server:stats().queued == 0 then
            server:broadcast "end"
          end
        end)
      ]]
      local program = start "fes.listen { port = 0, framing = 'line' }"
      local client = assert(program:connect { rcvbuf = 4096 })

      reload(program, code:format("{ length = 4 }", policy))
      program:expect "sent\n"

      local last, missed = 0, 0

      for line in function() return client:line() end do
        if line == "end" and missed > 0 then break end

        local n, rest = line:match "^(%d+) (x*)$"

        if n then
          assert.equal(n * 7 % 1000, #rest)
          assert.is_true(tonumber(n) > last)
          last = tonumber(n)
        elseif line ~= "end" then
          missed = missed + assert(line:match "^missed (%d+)$", line)
        end
      end
      assert.is_true(missed > 0)
      program:stop()
    end)
  end

  it("is one of at most nine framings at a server", function()
    local fixed = [[
      fes.listen { port = 0, framing = { fixed = %d },
        on_receive = function(conn, data) conn:send(data) end,
        on_close = function() print "gone" end }
    ]]
    local program = start(fixed:format(1))
    local clients = {}

    for n = 1, 9 do
      clients[n] = assert(program:connect())
      assert(clients[n]:send(("x"):rep(n)))
      assert.equal(("x"):rep(n), clients[n]:read(n))
      if n < 9 then reload(program, fixed:format(n + 1)) end
    end
    reloading.fail(program, fixed:format(10), "framings")
    clients[3]:close()
    program:expect "gone\n"
    reload(program, fixed:format(10))
    for n, client in ipairs(clients) do
      if n ~= 3 then
        assert(client:send(("y"):rep(n)))
        assert.equal(("y"):rep(n), client:read(n))
      end
    end
    program:stop()
  end)
end)

describe("reloading and stopping", function()
  after_each(testing.finish)

  it("at once stop", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    program:signal "sighup"
    program:signal "sigterm"
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    assert.same({ 0 }, { program:wait() })
  end)

  it("in this order do not reload", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    program:signal "sigterm"
    program:expect("stopping", "stderr")
    program:signal "sighup"
    program:expect("no reload: stopping", "stderr")
    client:close()
    assert.same({ 0 }, { program:wait() })
  end)

  it("by the new script stops", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    reload(program, answering "new" .. "fes.stop()")
    assert.same({ "", "eof" }, { client:read_all() })
    client:close()
    assert.same({ 0 }, { program:wait() })
  end)
end)

describe("very many reloads", function()
  after_each(testing.finish)

  -- Something of each kind that a loading can leave behind.
  local littering = [[
    local n, topic = 1, fes.topic("kept", { retain = true })
    if fes.state() then n = fes.state().n + 1 end
    fes.on_reload(function() return { n = n, topic = topic } end)

    local function resident()
      return select(2, io.open("/proc/self/statm"):read("n", "n")) * 4
    end

    local server = fes.listen {
      port = 0, overflow = function() return "drop" end,
      on_connect = function(conn)
        conn.list = { conn }
        conn:subscribe(topic)
      end,
      on_receive = function(conn) conn:send(tostring(n)) end,
    }
    local tasks = fes.listen {
      port = 0, host = "127.0.0.3",
      handler = function(conn) while conn:receive "line" do end end,
    }
    if n % 2 == 0 then
      fes.listen { port = 0, host = "127.0.0.2", bockets = 64 }
    end
    fes.every(1, print)
    fes.spawn(function() pcall(fes.sleep, 1000) end)
    fes.spawn(function() fes.topic("of " .. n):publish "gone" end)
    fes.connect { port = server.port }
    topic:set_overflow(function() return "drop" end)
    topic:publish(("x"):rep(n % 100), n % 7)
    if n == MANY // 10 or n == MANY then
      collectgarbage()
      print("resident", resident())
    end
    if n < MANY then fes.after(0, fes.reload) end
  ]]

  it("leave nothing behind", function()
    -- Under a sanitizer, whose leak check looks too, some are enough.
    local many = os.getenv "LD_PRELOAD" and 30 or 1000
    local program = start((littering:gsub("MANY", many)),
      { options = { "-l", "error" } })
    local client = assert(program:connect())
    local task = assert(program:connect {
      port = program.ports[2], host = "127.0.0.3",
    })

    assert(task:send "half a line")
    local few = program:expect("resident\t(%d+)\n", "stdout", 60)
    local lots = program:expect("resident\t(%d+)\n", "stdout", 120)

    if many == 1000 then
      assert.is_true(lots - few < 256, lots - few .. " KiB more")
    end
    testing.wait_until(function()
      client:send "?"
      return client:read_some():find(many)
    end)
    assert.equal("", program:stderr())

    local descriptors = 0

    for _ in uv.fs_scandir_next, assert(uv.fs_scandir(
      ("/proc/%d/fd"):format(program.pid))) do
      descriptors = descriptors + 1
    end
    assert.is_true(descriptors < 30, descriptors .. " descriptors")
    program:stop()
  end)
end)
