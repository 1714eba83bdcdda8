-- fes.testing: clients, which connect, send and read.
local lua_program = require "spec.support.lua_program"
local testing = require "fes.testing"

local start_echo = lua_program.start_echo

describe("fes.testing:", function()
  after_each(testing.finish)

  describe("a client", function()
    local server, client

    before_each(function()
      server = start_echo("127.0.0.1")
      client = assert(server:connect())
    end)

    it("reads exactly the given number of bytes", function()
      assert(client:send "hello, world")

      assert.equal("hello", client:read(5))
      assert.equal(", world", client:read(7))
    end)

    it("reads lines", function()
      assert(client:send "one\r\n\ntwo\nrest")

      assert.equal("one\r", client:line())
      assert.equal("", client:line())
      assert.equal("two", client:line())
      assert.same({ nil, "timeout", "rest" }, { client:line(0.1) })
    end)

    it("reads whatever has arrived", function()
      assert(client:send "x")
      assert.equal("x", client:read_some())
    end)

    it("reads to the end of stream after a half-close", function()
      assert(client:send "last words")
      assert.is_true(client:half_close())

      assert.same({ "last words", "eof" }, { client:read_all() })
      assert.same({ nil, "eof", "" }, { client:read(1) })
    end)

    it("returns the bytes that it has if they are too few", function()
      assert(client:send "abc")
      assert.same({ nil, "timeout", "abc" }, { client:read(4, 0.2) })

      assert(client:send "def")
      assert.is_true(client:half_close())
      assert.same({ nil, "eof", "def" }, { client:read(4) })
    end)

    it("detects the end of stream and keeps earlier bytes", function()
      assert.is_false(client:closed(0.05))
      assert(client:send "kept")
      assert.is_true(client:half_close())

      assert.same({ true, "eof" }, { client:closed() })
      assert.equal("kept", client:read(4))
    end)

    it("detects a reset", function()
      assert(client:send "unread")
      assert.equal("unread", client:read(6))
      server:signal "sigstop"
      assert(client:send "never read")
      server:signal "sigkill"

      assert.same({ true, "reset" }, { client:closed() })
    end)

    it("cannot send after the server has closed", function()
      server:signal "sigkill"
      assert.is_true(client:closed())

      testing.wait_until(function()
        local ok, why = client:send "x"

        return not ok and why == "closed"
      end)
      assert.same({ nil, "closed" }, { client:try_send "x" })
    end)

    it("sends what the kernel accepts if nothing is read", function()
      local big = ("x"):rep(20000000)

      server:signal "sigstop"
      local ok, why, taken = client:send(big, 0.2)

      assert.same({ nil, "timeout" }, { ok, why })
      assert.is_true(taken > 0 and taken < #big)
      assert.equal(0, client:try_send "y")

      server:signal "sigcont"
      assert.equal(big, client:read(#big))
    end)

    it("sends in the background", function()
      local big = ("0123456789"):rep(1000000)

      client:queue(big)
      assert.is_true(big == client:read(#big))
    end)

    it("leaves unread bytes in the kernel", function()
      local slow = assert(server:connect { rcvbuf = 4096 })
      local big = ("x"):rep(20000000)

      assert(slow:send(big))
      server:signal "sigkill"
      server:wait()

      assert.is_true(#slow:read_all() < #big)
    end)

    it("can reset its connection", function()
      client:reset()
      server:expect "ECONNRESET"
    end)

    it("can connect from another address", function()
      local other = assert(server:connect { from = "127.0.0.9" })

      assert.matches("^127%.0%.0%.9:%d+$", other:name())
    end)

    it("gets ECONNREFUSED without a listener", function()
      server:stop()
      assert.same({ nil, "ECONNREFUSED" }, { server:connect() })
    end)

    it("can be one of many", function()
      local clients = assert(server:connect_all(300))

      for i, each in ipairs(clients) do each:queue(i .. "\n") end
      for i, each in ipairs(clients) do
        assert.equal(tostring(i), each:line())
      end
    end)
  end)

  it("connects over IPv6", function()
    local server = start_echo("127.0.0.1", "::1")
    local client = assert(server:connect { port = server.ports[2] })

    assert.matches("^%[::1%]:%d+$", client:name())
    assert(client:send "six")
    assert.equal("six", client:read(3))
  end)

  it("connects to a Unix socket", function()
    local server = start_echo(testing.directory() .. "/echo.sock")
    local client = assert(server:connect())

    assert.equal("unix", client:name())
    assert(client:send "path")
    assert.equal("path", client:read(4))
  end)
end)
