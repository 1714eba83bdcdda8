-- fes as a service: notifications to systemd, sockets that systemd passes, the
-- unit file, and command completion.
local testing = require "fes.testing"
local uv = require "luv"
local unix = require "socket.unix"

local build = os.getenv "FES_BUILD" or "build/dev"

local serve = [[
  local fes = require "fes"
  fes.listen {
    port = 0,
    on_receive = function(conn, data)
      if data == "sleep" then
        local start = fes.now()
        while fes.now() < start + 0.6 do end
      end
      conn:send(data)
    end,
  }
  fes.on_stop(function() print "stopping" end)
]]

local managers = {}

-- A stand-in for a service manager: receives what fes sends to its socket.
local function manager(name)
  local socket = assert(unix.dgram())

  managers[#managers + 1] = socket
  assert(socket:bind(name))
  socket:settimeout(0)

  local self = {}

  function self.next()
    return testing.wait_until(function()
      return (socket:receive(4096))
    end, nil, "a notification")
  end

  function self.expect(text) assert.equal(text, self.next()) end

  function self.count()
    local count = 0

    while socket:receive(4096) do count = count + 1 end
    return count
  end
  return self
end

describe("a service manager", function()
  after_each(function()
    testing.finish()
    for _, socket in ipairs(managers) do socket:close() end
    managers = {}
  end)

  it("is notified when fes is ready and when it stops", function()
    local path = testing.directory() .. "/notify"
    local told = manager(path)
    local server = testing.start {
      code = serve, env = { NOTIFY_SOCKET = path },
    }

    told.expect "READY=1"
    server:signal "sigterm"
    told.expect "STOPPING=1"
    assert.same({ 0 }, { server:wait() })
  end)

  it("is notified of each reload, successful or not", function()
    local path = testing.directory() .. "/notify"
    local told = manager(path)
    local server = testing.start {
      code = serve, env = { NOTIFY_SOCKET = path },
    }

    told.expect "READY=1"
    for _, code in ipairs { serve, "x = = 1" } do
      testing.write(server.directory .. "/script.lua", code)
      server:signal "sighup"
      local before, micros = told.next():match
        "^(RELOADING=1\nMONOTONIC_USEC=)(%d+)$"

      assert.equal("RELOADING=1\nMONOTONIC_USEC=", before)
      assert.is_true(math.abs(uv.hrtime() / 1e3 - micros) < 60e6)
      told.expect "READY=1"
    end
    server:stop()
  end)

  it("is not notified if the script fails to load", function()
    local path = testing.directory() .. "/notify"
    local told = manager(path)

    testing.run { code = "x = = 1", env = { NOTIFY_SOCKET = path } }
    testing.run { code = serve .. "fes.stop()",
      env = { NOTIFY_SOCKET = path } }
    told.expect "READY=1"
  end)

  it("gets watchdog messages, but none while a handler blocks", function()
    local path = testing.directory() .. "/notify"
    local told = manager(path)
    local server = testing.start {
      code = serve,
      prefix = { "sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh" },
      env = { NOTIFY_SOCKET = path, WATCHDOG_USEC = "200000" },
    }
    local client = assert(server:connect())

    told.expect "READY=1"
    for _ = 1, 3 do told.expect "WATCHDOG=1" end
    told.count()

    local start = uv.hrtime()

    assert(client:send "sleep")
    assert.equal("sleep", client:read(5))

    local count = told.count()
    local awake = (uv.hrtime() - start) / 1e9 - 0.6

    assert.is_true(count <= awake / 0.1 + 2, count .. " while it slept")
    told.expect "WATCHDOG=1"
    server:stop()
  end)

  it("gets no watchdog messages if another process must send them", function()
    local path = testing.directory() .. "/notify"
    local told = manager(path)
    local server = testing.start {
      code = serve,
      env = { NOTIFY_SOCKET = path, WATCHDOG_USEC = "1000",
        WATCHDOG_PID = "1" },
    }
    local client = assert(server:connect())

    told.expect "READY=1"
    assert(client:send "alive")
    assert.equal("alive", client:read(5))
    server:signal "sigterm"
    told.expect "STOPPING=1"
  end)

  it("that is missing causes only a warning", function()
    local path = testing.directory() .. "/nobody"
    local server = testing.start {
      code = serve, env = { NOTIFY_SOCKET = path },
    }

    server:stop()
    assert.matches("warn  cannot notify the service manager: No such file",
      server:stderr())
  end)
end)

-- Start fes as a service manager does, with open sockets.
local function activate(sockets, code)
  local prefix = { uv.fs_realpath(build .. "/spec/pass_sockets") }

  table.move(sockets, 1, #sockets, #prefix + 1, prefix)
  prefix[#prefix + 1] = "--"
  return testing.start { prefix = prefix, code = code }
end

local function descriptors(server)
  local list = {}

  for name in uv.fs_scandir_next, assert(uv.fs_scandir(
    ("/proc/%d/fd"):format(server.pid))) do
    list[#list + 1] = name
  end
  return list
end

describe("sockets passed by a service manager", function()
  after_each(testing.finish)

  for _, host in ipairs { "127.0.0.1", "::1" } do
    it("are used by fes.listen for their address: " .. host, function()
      local server = activate({ "127.0.0.2", host }, ([[
        local fes = require "fes"
        local function greet(word)
          return function(conn) conn:send(word) conn:close() end
        end
        fes.listen { host = %q, port = tonumber(os.getenv "PORT_2"),
          on_connect = greet "second" }
        fes.listen { host = "127.0.0.2", port = tonumber(os.getenv "PORT_1"),
          on_connect = greet "first" }
        print(os.getenv "LISTEN_FDS", os.getenv "LISTEN_PID")
      ]]):format(host))
      local first = assert(server:connect { port = server.ports[2] })
      local second = assert(server:connect { port = server.ports[1] })

      assert.equal("nil\tnil", server:stdout():match "^[^\n]*")
      assert.equal("first", (first:read_all()))
      assert.equal("second", (second:read_all()))
      server:stop()
      assert.not_matches("warn", server:stderr())
    end)
  end

  it("are used for host * if they have all addresses", function()
    local server = activate({ "::" }, [[
      local fes = require "fes"
      fes.listen { host = "*", port = tonumber(os.getenv "PORT_1"),
        on_connect = function(conn) conn:send(conn.peer) conn:close() end }
    ]])
    local client = assert(server:connect { host = "127.0.0.1" })

    assert.matches("^127%.0%.0%.1:", (client:read_all()))
    server:stop()
  end)

  it("can be Unix sockets, whose files remain after a stop", function()
    local path = testing.directory() .. "/passed.sock"
    local server = activate({ path }, ([[
      local fes = require "fes"
      fes.listen { path = %q,
        on_connect = function(conn) conn:send "in" conn:close() end }
    ]]):format(path))
    local client = assert(server:connect())

    assert.equal("in", (client:read_all()))
    server:stop()
    assert.is_table(uv.fs_stat(path))
  end)

  it("can be closed and listened on again", function()
    local server = activate({ "127.0.0.1" }, [[
      local fes = require "fes"
      local function listen(word)
        return fes.listen { port = tonumber(os.getenv "PORT_1"),
          on_connect = function(conn) conn:send(word) conn:close() end }
      end
      local first = listen "first"
      fes.after(0, function()
        first:close()
        listen "second"
        print "again"
      end)
    ]])

    server:expect "again\n"
    local client = assert(server:connect())

    assert.equal("second", (client:read_all()))
    server:stop()
  end)

  it("that no server uses cause a warning and stay open", function()
    local server = activate({ "127.0.0.1", "127.0.0.1" }, [[
      require("fes").listen { port = tonumber(os.getenv "PORT_1") }
    ]])

    server:expect("warn  no server of the script uses the socket that was "
      .. "passed as descriptor 4: 127.0.0.1:%d+\n", "stderr")
    assert.is_true(#descriptors(server) > 5)
    server:stop()
  end)

  it("for another process are ignored", function()
    local server = testing.start {
      code = serve, env = { LISTEN_FDS = "1", LISTEN_PID = "1" },
    }

    server:stop()
    assert.equal("", server:stderr():gsub("[^\n]*stopping\n", "")
      :gsub("[^\n]*Terminated\n", ""))
  end)

  it("are not inherited by child processes of the script", function()
    local server = activate({ "127.0.0.1" }, [[
      require("fes").listen { port = tonumber(os.getenv "PORT_1") }
      print(io.popen("ls -l /proc/self/fd"):read "a")
    ]])

    assert.matches(" 0 %-> ", server:stdout())
    assert.not_matches(" 3 %-> socket:", server:stdout())
    server:stop()
  end)
end)

describe("the unit file", function()
  local directory

  before_each(function()
    directory = testing.directory()
    local unit = assert(io.open(build .. "/fes@.service")):read "a"
    local program = uv.fs_realpath(os.getenv "FES_PROGRAM" or build .. "/fes")

    testing.write(directory .. "/fes@.service",
      (unit:gsub("ExecStart=%S+", "ExecStart=" .. program)))
  end)
  after_each(testing.finish)

  local function analyze(arguments)
    local command = "env -u LD_PRELOAD systemd-analyze %s %s/fes@.service 2>&1"
    local pipe = assert(io.popen(command:format(arguments, directory)))
    local text = pipe:read "a"

    return pipe:close(), text
  end

  it("is accepted by systemd", function()
    local accepted, text = analyze "verify"

    assert.is_true(accepted, text)
    assert.equal("", text)
  end)

  it("has an exposure level of at most 1.5", function()
    local _, text = analyze "security --offline=yes"
    local exposure = text:match "Overall exposure level[^:]*: ([%d.]+)"

    assert.is_true(tonumber(exposure) <= 1.5, text)
  end)
end)

describe("completion in bash", function()
  after_each(testing.finish)

  -- The completions of the last one of these words.
  local function complete(words)
    local directory = testing.directory()

    testing.write(directory .. "/chat.lua", "")
    testing.write(directory .. "/chat.txt", "")

    local pipe = assert(io.popen(([[
      cd %s && env -u LD_PRELOAD bash -c 'source %s/core/share/fes.bash
      COMP_WORDS=(%s) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _fes; printf "%%s\n" "${COMPREPLY[@]}"' | sort | tr "\n" " "]])
      :format(directory, uv.cwd(), words)))
    local text = pipe:read "a"

    pipe:close()
    return (text:gsub(" $", ""))
  end

  for words, offered in pairs {
    ["fes -"] = "-c -e -h -l -v -w",
    ["fes -l w"] = "warn",
    ["fes -l \"\""] = "debug error info warn",
    ["fes ch"] = "chat.lua",
    ["fes -c -l debug ch"] = "chat.lua",
    ["fes chat.lua ch"] = "chat.lua chat.txt",
    ["fes -e \"\""] = "",
  } do
    it(("of %s offers %s"):format(words,
      offered ~= "" and offered or "nothing"), function()
      assert.equal(offered, complete(words))
    end)
  end
end)
