-- Reloads while clients send and receive, and many reloads in a row.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"
local uv = require "luv"

local start = reloading.start

describe("reloads under load", function()
  after_each(testing.finish)

  -- Echoes lines in callbacks and in tasks, and broadcasts numbers. Each line
  -- that it sends has the number of reloads so far.
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

  -- Sends numbered lines until `stop`, in pieces that do not end where a line
  -- ends. Reads all the time or, if `slow`, from `stop` on.
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

  -- Checks that a talker has received each echo, and each number from its first
  -- one on: once, in order and whole. Returns the last number of reloads seen.
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

  it("lose, repeat and reorder no data", function()
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

describe("many reloads in a row", function()
  after_each(testing.finish)

  -- Makes an object of each kind that a reload could leak.
  local littering = [[
    local n, topic = 1, fes.topic("kept", { retain = true })
    if fes.state() then n = fes.state().n + 1 end
    fes.on_reload(function() return { n = n, topic = topic } end)

    local function resident()
      return select(2, io.open("/proc/self/statm"):read("n", "n")) * 4
    end

    local server = fes.listen {
      port = 0, overflow = "drop", on_stall = print,
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
    topic:set_overflow "latest"
    topic:publish(("x"):rep(n % 100), n % 7)
    if n == MANY // 10 or n == MANY then
      collectgarbage()
      print("resident", resident())
    end
    if n < MANY then fes.after(0, fes.reload) end
  ]]

  it("leak no memory and no descriptors", function()
    -- A sanitizer checks for leaks itself: 30 reloads are enough for that.
    local many = (os.getenv "LD_PRELOAD" or "") ~= "" and 30 or 1000
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
