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
