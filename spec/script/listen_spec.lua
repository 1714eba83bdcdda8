local testing = require "fes.testing"
local uv = require "luv"

-- A script that listens, in its second line.
local function listen(options)
  return "local fes = require 'fes'\nlocal server = fes.listen " .. options
end

-- What a script says that can't listen. It raises at the caller's line.
local function fails(options)
  local status, out, err = testing.run { code = listen(options) }

  assert.same({ 1, "" }, { status, out })
  assert.matches("script.lua:2: fes.listen: ", err)
  return err
end

local function start(options, code)
  return testing.start { code = listen(options) .. "\n" .. (code or "") }
end

local function options_at(path, more)
  return ("{ path = %q, %s }"):format(path, more or "")
end

local function exists(path)
  return uv.fs_lstat(path) ~= nil
end

-- A socket that nobody listens on any more.
local function leave_stale(path)
  local server = start(options_at(path))

  server:signal "sigkill"
  server:wait()
  assert(exists(path))
end

describe("fes.listen raises", function()
  after_each(testing.finish)

  it("for what is no table of options", function()
    for _, options in ipairs { "(3)", "()", "'x'", "({}, 1)", "(nil)" } do
      assert.matches("one table of options", fails(options))
    end
  end)

  it("for a wrong value, with what was expected and what came", function()
    for options, complaint in pairs {
      ['port = "http"'] = [['port' must be an integer in 0..65535, ]]
        .. [[got "http"]],
      ['port = "4242"'] = [['port' must be an integer in 0..65535, ]]
        .. [[got "4242"]],
      ["port = 1.5"] = "'port' must be an integer in 0..65535, got 1.5",
      ["port = {}"] = "'port' must be an integer in 0..65535, got a table",
    } do
      assert.matches(complaint, fails("{ " .. options .. " }"), 1, true)
    end
  end)

  it("for a wrong type of each option", function()
    for _, case in ipairs {
      { "port = 0, host = 1", "host", "1" },
      { "port = 0, host = ''", "host", '""' },
      { "path = true", "path", "true" },
      { [[path = 'a\0b']], "path", [["a\x00b"]] },
      { "path = 'a', mode = 384", "mode", "384" },
      { "path = 'a', mode = 'rw'", "mode", '"rw"' },
      { "path = 'a', mode = '0800'", "mode", '"0800"' },
      { "path = 'a', mode = '01777'", "mode", '"01777"' },
      { "port = 0, size = '64'", "size", '"64"' },
      { "port = 0, nodelay = 1", "nodelay", "1" },
      { "port = 0, header = 1", "header", "1" },
      { "port = 0, overflow = 'shut'", "overflow", '"shut"' },
      { "port = 0, keepalive = 'no'", "keepalive", '"no"' },
      { "port = 0, on_receive = {}", "on_receive", "a table" },
      { "port = 0, on_close = 'f'", "on_close", '"f"' },
    } do
      local options, name, came = table.unpack(case)
      local err = fails("{ " .. options .. " }")

      assert.equal(came, err:match("'" .. name .. "' must be .+, got ([^\n]*)"))
    end
  end)

  it("for a header that no queue can hold", function()
    assert.matches("'header'", fails
      "{ port = 0, maxsends = 1, size = 64, header = ('x'):rep(65) }")
  end)

  it("for a mode that is none", function()
    for _, mode in ipairs { "rw", "08", "0x180", "-600", " 600", "01000",
      "0600 " } do
      assert.matches("'mode' must be octal digits", fails(
        ("{ path = 'x', mode = %q }"):format(mode)))
    end
  end)

  it("for queues that no program could hold", function()
    for _, name in ipairs { "maxsends", "maxreceives" } do
      local options = ("{ port = 0, size = 1 << 20, %s = 4096 }"):format(name)

      assert.matches("'" .. name .. "' %* 'size' must be at most %d+, got "
        .. (4096 << 20), fails(options))
    end
  end)

  it("for a number out of its range", function()
    for name, values in pairs {
      port = { "-1", "65536", "1e300", "math.mininteger", "0/0" },
      backlog = { "0", "-1", "math.maxinteger" },
      maxaccepts = { "0", "0.5" },
      maxconnections = { "0", "-1", "1 << 40" },
      maxperip = { "0" },
      maxsends = { "0", "-16", "math.huge" },
      maxreceives = { "0" },
      size = { "0", "1 << 32" },
      bockets = { "0", "1 << 32" },
      sndbuf = { "-1", "1 << 32" },
      rcvbuf = { "-1", "1 << 32" },
    } do
      for _, value in ipairs(values) do
        assert.matches("'" .. name .. "' must be an integer in %d+..%d+, got ",
          fails(("{ %s = %s }"):format(name, value)))
      end
    end
  end)

  it("for a time that is none", function()
    for _, name in ipairs { "keepalive", "idle_timeout", "setup_timeout" } do
      for _, value in ipairs { "-1", "0/0", "math.huge" } do
        assert.matches("'" .. name .. "' must be a number of seconds",
          fails(("{ %s = %s }"):format(name, value)))
      end
    end
  end)

  it("for an unknown option, and names the nearest one", function()
    for wrong, near in pairs {
      prot = "port", on_recieve = "on_receive", onconnect = "on_connect",
      max_sends = "maxsends", MaxPerIp = "maxperip", sendbuf = "sndbuf",
      Port = "port", idletimeout = "idle_timeout", on_closed = "on_close",
    } do
      local err = fails(("{ port = 0, %s = 1 }"):format(wrong))

      assert.matches("unknown option '" .. wrong .. "'.*'" .. near .. "'",
        err)
    end
  end)

  it("for an unknown option before missing and wrong ones", function()
    assert.matches("unknown option 'prot'.*'port'", fails "{ prot = 1 }")
    assert.matches("unknown option 'prot'",
      fails "{ host = 1, size = 'big', prot = 1 }")
  end)

  it("for an option without a name", function()
    assert.matches("named", fails "{ 4242 }")
  end)

  it("for a missing port", function()
    assert.matches("'port' must be an integer in 0..65535, got nothing",
      fails "{}")
    assert.matches("'port' must be an integer", fails "{ host = '::1' }")
  end)

  it("for a path with a port or a host", function()
    assert.matches("'path'", fails "{ path = 'a', port = 0 }")
    assert.matches("'path'", fails "{ path = 'a', host = '::1' }")
  end)

  it("for digits and dots that are no address, without asking", function()
    for _, host in ipairs {
      "1.2.3", "256.0.0.1", "1.2.3.4.5", "127.0.0.1.", "1", "...",
    } do
      assert.matches('\'host\' must be an address.*got "' .. host .. '"',
        fails(("{ host = %q, port = 0 }"):format(host)))
    end
  end)

  it("for an IPv6 address that is none", function()
    for _, host in ipairs { "::1::", "1:2:3", "::g" } do
      assert.matches(host, fails(("{ host = %q, port = 0 }"):format(host)), 1,
        true)
    end
  end)

  it("for an address that is not this machine's", function()
    assert.matches("192%.0%.2%.1:0: Cannot assign requested address",
      fails "{ host = '192.0.2.1', port = 0 }")
  end)

  it("for a port in use", function()
    local first = start "{ port = 0 }"

    assert.matches("127.0.0.1:" .. first.port .. ": Address already in use",
      fails(("{ port = %d }"):format(first.port)), 1, true)
    assert.matches("Address already in use",
      fails(("{ host = '*', port = %d }"):format(first.port)))
    assert(first:connect())
  end)

  it("for a privileged port", function()
    if uv.getuid() ~= 0 then return pending "only root can become nobody" end

    local status, out, err = testing.run {
      prefix = { "setpriv", "--reuid=nobody", "--regid=nogroup",
        "--clear-groups" },
      options = { "-e", listen "{ port = 1 }" },
      cwd = "/",
    }

    assert.same({ 1, "" }, { status, out })
    assert.matches("127.0.0.1:1: Permission denied", err, 1, true)
  end)

  it("and the script may go on with another port", function()
    local first = start "{ port = 0 }"
    local second = testing.start { code = ([[
      local fes = require "fes"
      local ok, why = pcall(fes.listen, { port = %d })
      assert(not ok and why:find "in use", why)
      fes.listen { port = 0 }
    ]]):format(first.port) }

    assert.equal(1, #second.listening)
    assert(second:connect())
  end)

  it("and keeps nothing of what has failed", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      local server = fes.listen { port = 0 }
      local function kept()
        for _ = 1, 500 do
          assert(not pcall(fes.listen, { port = server.port,
            on_connect = function() end }))
        end
        collectgarbage()
        collectgarbage()
        return collectgarbage "count"
      end
      kept()
      print(kept() - kept() == 0)
      fes.stop()
    ]] }

    assert.equal(0, status)
    assert.matches("^true\n", out)
  end)

  it("once fes is stopping", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      fes.stop()
      print(pcall(fes.listen, { port = 0 }))
    ]] }

    assert.equal(0, status)
    assert.matches("^false\t.*stopping", out)
  end)
end)

describe("a server", function()
  after_each(testing.finish)

  it("knows where it listens", function()
    local server = start("{ host = '127.0.0.2', port = 0 }",
      "print(server.host, server.port, server.path)")

    assert.equal("127.0.0.2\t" .. server.port .. "\tnil",
      server:stdout():match "^[^\n]*")
  end)

  it("takes the port that it is told, again and again", function()
    local first = start "{ port = 0 }"
    local port = first.port

    assert(first:connect())
    first:stop() -- it closed first: its end of the connection waits
    local second = start(("{ port = %d }"):format(port))

    assert.equal(port, second.port)
    assert(second:connect())
  end)

  it("may have a host with a name", function()
    local server = start "{ host = 'localhost', port = 0 }"

    assert.matches("^listening ", server:stdout())
    assert(server:connect())
  end)

  local say_peer = [[, on_connect = function(conn)
    conn:send(conn.peer .. "\n")
  end }]]

  for host, from in pairs {
    ["127.0.0.1"] = "127.0.0.9", ["::1"] = "::1",
  } do
    it("on " .. host .. " shows its clients", function()
      local server = start("{ port = 0, host = '" .. host .. "'" .. say_peer)
      local client = assert(server:connect { from = from })

      assert.equal(client:name(), client:line())
    end)
  end

  it("on * has clients of both families, each shown as its own", function()
    local server = start("{ port = 0, host = '*'" .. say_peer)

    for _, host in ipairs { "127.0.0.1", "::1" } do
      local client = assert(server:connect { host = host })

      assert.equal(client:name(), client:line())
    end
    assert.not_matches("ffff", server:stdout())
  end)

  it("on * counts IPv4 addresses one by one", function()
    local server = start("{ port = 0, host = '*', maxperip = 1" .. say_peer)
    local first = assert(server:connect { from = "127.0.0.2" })
    local other = assert(server:connect { from = "127.0.0.3" })

    assert.equal(first:name(), first:line())
    assert.equal(other:name(), other:line())

    local second = assert(server:connect { from = "127.0.0.2" })

    assert.is_true((second:closed()))
    assert.equal("", (second:read_all()))
  end)

  it("on :: has IPv6 clients", function()
    local server = start("{ port = 0, host = '::'" .. say_peer)
    local client = assert(server:connect { host = "::1" })

    assert.equal(client:name(), client:line())
  end)

  it("is one of several", function()
    local server = start("{ port = 0" .. say_peer,
      "fes.listen { port = 0, host = '::1'" .. say_peer)

    assert.equal(2, #server.ports)
    for _, port in ipairs(server.ports) do
      local client = assert(server:connect { port = port })

      assert.equal(client:name(), client:line())
    end
  end)
end)

describe("a Unix socket", function()
  after_each(testing.finish)

  local echo = "on_receive = function(conn, data) "
    .. "conn:send(conn.peer .. ' ' .. data) end"
  local path

  before_each(function() path = testing.directory() .. "/fes.sock" end)

  local function assert_serves(server)
    local client = assert(server:connect { path = path })

    assert(client:send "hello")
    assert.equal("unix hello", client:read(10))
    client:close()
  end

  it("serves, and is gone after the stop", function()
    local server = start(options_at(path, echo),
      "print(server.port, server.path)")

    assert.equal("nil\t" .. path, server:stdout():match "^[^\n]*")
    assert_serves(server)
    server:stop()
    assert.is_false(exists(path))
  end)

  it("is gone after server:close", function()
    local server = start(options_at(path), [[
      fes.listen { port = 0 }
      server:close()
      print "closed"
    ]])

    server:expect "closed\n"
    testing.wait_until(function() return not exists(path) end)
    server:stop()
  end)

  it("has the mode 0600, whatever the umask", function()
    start(options_at(path))
    assert.equal("600", ("%o"):format(uv.fs_stat(path).mode & 511))
  end)

  it("has the mode that it is given", function()
    for _, mode in ipairs { "0666", "660", "0700" } do
      local server = start(options_at(path, ("mode = %q"):format(mode)))

      assert.equal(tonumber(mode, 8), uv.fs_stat(path).mode & 511)
      server:stop()
    end
  end)

  it("leaves the umask as it was", function()
    local server = start(options_at(path), ([[
      io.open(%q, "w"):close()
    ]]):format(path .. ".file"))

    assert.equal(tonumber("644", 8),
      uv.fs_stat(path .. ".file").mode & tonumber("755", 8))
    server:stop()
  end)

  it("replaces a stale one", function()
    leave_stale(path)
    assert_serves(start(options_at(path, echo)))
  end)

  it("does not replace a live one", function()
    local first = start(options_at(path, echo))

    assert.matches("unix:" .. path .. ": Address already in use",
      fails(options_at(path)), 1, true)
    assert_serves(first)
  end)

  it("does not replace what is no socket", function()
    testing.write(path, "precious")
    assert.matches("unix:" .. path .. ": File exists",
      fails(options_at(path)), 1, true)

    local file = assert(io.open(path))

    assert.equal("precious", file:read "a")
    file:close()
  end)

  it("does not replace a directory, nor a link", function()
    assert(uv.fs_mkdir(path, 448))
    assert.matches("File exists", fails(options_at(path)))
    assert(uv.fs_rmdir(path))

    assert(uv.fs_symlink("nowhere", path))
    assert.matches("File exists", fails(options_at(path)))
    assert.is_true(exists(path))
  end)

  it("is not removed when it has become another's", function()
    local first = start(options_at(path))

    assert(os.remove(path))
    local second = start(options_at(path, echo))

    first:stop()
    assert_serves(second)
  end)

  it("is not removed when it has become a file", function()
    local server = start(options_at(path))

    assert(os.remove(path))
    testing.write(path, "precious")
    server:stop()
    assert.is_true(exists(path))
  end)

  it("is no trouble when somebody else has removed it", function()
    local server = start(options_at(path))

    assert(os.remove(path))
    server:stop()
  end)

  it("is not left behind by a script that fails", function()
    assert.equal(1, (testing.run {
      code = listen(options_at(path)) .. "\nerror 'late'",
    }))
    assert.is_false(exists(path))
  end)

  it("may be named relative to the script's directory", function()
    local server = testing.start {
      code = listen("{ path = 'here.sock', " .. echo .. "}"), cwd = "/",
    }
    path = server.directory .. "/here.sock"

    assert.is_true(exists(path))
    assert_serves(server)
    server:stop()
    assert.is_false(exists(path))
  end)

  it("may be relative to a script named without a directory", function()
    local directory = testing.directory()

    testing.write(directory .. "/main.lua", listen "{ path = 'a.sock' }")
    local server = testing.start { options = { "main.lua" },
      cwd = directory }

    assert.is_true(exists(directory .. "/a.sock"))
    server:stop()
    assert.is_false(exists(directory .. "/a.sock"))
  end)

  it("raises for a name that is too long", function()
    assert.matches("File name too long",
      fails(options_at("/tmp/" .. ("x"):rep(200))))
  end)

  it("raises for a directory that is not there", function()
    assert.matches("No such file or directory",
      fails(options_at(path .. ".d/fes.sock")))
  end)
end)
