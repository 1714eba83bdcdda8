-- The errors of fes.listen: invalid options, and addresses that the system
-- refuses.
local listening = require "spec.support.listening"
local testing = require "fes.testing"
local uv = require "luv"

local fails, start = listening.fails, listening.start

describe("fes.listen raises", function()
  after_each(testing.finish)

  it("unless it gets one table of options", function()
    for _, options in ipairs { "(3)", "()", "'x'", "({}, 1)", "(nil)" } do
      assert.matches("one table of options", fails(options))
    end
  end)

  it("for an invalid value, and tells what it expected and got", function()
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

  it("for a value of a wrong type, for each option", function()
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

  it("for a header that is longer than the queue", function()
    assert.matches("'header'", fails
      "{ port = 0, maxsends = 1, size = 64, header = ('x'):rep(65) }")
  end)

  it("for an invalid mode", function()
    for _, mode in ipairs { "rw", "08", "0x180", "-600", " 600", "01000",
      "0600 " } do
      assert.matches("'mode' must be octal digits", fails(
        ("{ path = 'x', mode = %q }"):format(mode)))
    end
  end)

  it("for queues that are too large", function()
    for _, name in ipairs { "maxsends", "maxreceives" } do
      local options = ("{ port = 0, size = 1 << 20, %s = 4096 }"):format(name)

      assert.matches("'" .. name .. "' %* 'size' must be at most %d+, got "
        .. (4096 << 20), fails(options))
    end
  end)

  it("for a number out of range", function()
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

  it("for an invalid time", function()
    for _, name in ipairs { "keepalive", "idle_timeout", "setup_timeout" } do
      for _, value in ipairs { "-1", "0/0", "math.huge" } do
        assert.matches("'" .. name .. "' must be a number of seconds",
          fails(("{ %s = %s }"):format(name, value)))
      end
    end
  end)

  it("for an unknown option, and suggests the nearest one", function()
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

  it("for an unknown option before missing and invalid ones", function()
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

  it("for a path together with a port or a host", function()
    assert.matches("'path'", fails "{ path = 'a', port = 0 }")
    assert.matches("'path'", fails "{ path = 'a', host = '::1' }")
  end)

  it("for a malformed IPv4 address, without a name lookup", function()
    for _, host in ipairs {
      "1.2.3", "256.0.0.1", "1.2.3.4.5", "127.0.0.1.", "1", "...",
    } do
      assert.matches('\'host\' must be an address.*got "' .. host .. '"',
        fails(("{ host = %q, port = 0 }"):format(host)))
    end
  end)

  it("for a malformed IPv6 address", function()
    for _, host in ipairs { "::1::", "1:2:3", "::g" } do
      assert.matches(host, fails(("{ host = %q, port = 0 }"):format(host)), 1,
        true)
    end
  end)

  it("for an address of another machine", function()
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
      options = { "-e", listening.code "{ port = 1 }" },
      cwd = "/",
    }

    assert.same({ 1, "" }, { status, out })
    assert.matches("127.0.0.1:1: Permission denied", err, 1, true)
  end)

  it("an error that the script can catch to try another port", function()
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

  it("without leaking memory", function()
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

  it("while fes is stopping", function()
    local status, out = testing.run { code = [[
      local fes = require "fes"
      fes.stop()
      print(pcall(fes.listen, { port = 0 }))
    ]] }

    assert.equal(0, status)
    assert.matches("^false\t.*stopping", out)
  end)
end)
