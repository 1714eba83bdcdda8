-- fes.testing: servers and runs, waiting for output, and cleaning up. Clients
-- are in testing_client_spec.lua.
local lua_program = require "spec.support.lua_program"
local testing = require "fes.testing"
local uv = require "luv"

local ready, start = lua_program.ready, lua_program.start
local start_code = lua_program.start_code
local start_echo = lua_program.start_echo

-- The error message of a call that must fail.
local function failure(...)
  local ok, why = pcall(...)

  assert.is_false(ok)
  return why
end

local function exists(path)
  return uv.fs_stat(path) ~= nil
end

describe("fes.testing:", function()
  after_each(testing.finish)

  describe("a server", function()
    it("has its ports, paths and addresses", function()
      local path = testing.directory() .. "/echo.sock"
      local server = start_echo("127.0.0.1", "::1", path)

      assert.same({ path }, server.paths)
      assert.equal(2, #server.ports)
      assert.equal(server.ports[1], server.port)
      assert.same({
        "127.0.0.1:" .. server.ports[1],
        "[::1]:" .. server.ports[2],
        "unix:" .. path,
      }, server.listening)
    end)

    it("raises for an unknown signal or missing options", function()
      local server = start_echo("127.0.0.1")

      assert.matches("no signal is called \"sigtem\"",
        failure(server.signal, server, "sigtem"))
      assert.matches("takes a table of options, got nil",
        failure(testing.start))
    end)

    it("stops by SIGTERM and leaves no files", function()
      local server = start_echo("127.0.0.1")

      assert(server:connect())
      server:stop()

      assert.is_false(server:running())
      assert.is_false(exists(server.directory))
      assert.matches("^listening 127", server:stdout())
    end)

    it("that stops with another status than 0 is an error", function()
      local server = start_code([[
        require("luv").new_signal():start("sigterm", function()
          io.stderr:write "no\n"
          os.exit(3)
        end)
        ]] .. ready)
      local why = failure(server.stop, server)

      assert.matches("exited with status 3\n.*stderr: no", why)
    end)

    it("that exits before it is ready is an error", function()
      local why = failure(start, { code = "print 'half' error 'broken'" })

      assert.matches("exited with status 1\nstdout: half\n", why)
      assert.matches("stderr: .*broken", why)
    end)

    it("that does not get ready in time is an error", function()
      local why = failure(start, {
        code = "io.stderr:write 'wait\\n' require('luv').sleep(1e6)",
        timeout = 0.5,
      })

      assert.matches("not ready: the program is still running", why)
      assert.matches("stderr: wait", why)
    end)

    it("whose program does not exist is an error", function()
      local why = failure(testing.start, { program = "no-such-program" })

      assert.matches("not ready: .*no%-such%-program", why)
    end)

    it("with an unknown option is an error", function()
      local why = failure(function() testing.start { scirpt = "x.lua" } end)

      assert.matches("testing_spec.lua:%d+: .*unknown option 'scirpt'", why)
    end)

    it("returns its exit status from wait", function()
      local server = start { code = "os.exit(7)", ready = false }

      assert.same({ 7 }, { server:wait() })
    end)

    it("returns the signal that ended it from wait", function()
      local server = start_code(ready)

      server:signal "sigusr1"

      assert.same({ nil, "sigusr1" }, { server:wait() })
    end)

    it("that does not exit in time is an error", function()
      local server = start_code(ready)

      assert.error_matches(function() server:wait(0.1) end, "still running")
    end)

    it("is killed when its parent dies", function()
      local child = [[
        package.path = "lua/?.lua;" .. package.path
        local server = require("fes.testing").start {
          program = "lua5.4",
          script = "spec/support/echo_server.lua",
          args = { "127.0.0.1" },
        }
        print(server.port, server.directory)
        io.stdout:flush()
        require("luv").kill(require("luv").os_getpid(), "sigkill")
      ]]
      local parent = start { code = child, ready = false }
      local port, directory = parent:expect "(%d+)\t(%S+)\n"

      assert.same({ nil, "sigkill" }, { parent:wait() })
      testing.wait_until(function()
        local client = testing.connect { port = tonumber(port) }

        return not client
      end, nil, "the server's death")
      os.remove(directory .. "/stdout")
      os.remove(directory .. "/stderr")
      os.remove(directory)
    end)
  end)

  describe("a run", function()
    it("returns status, stdout and stderr", function()
      local status, out, err = testing.run {
        program = "lua5.4",
        code = "print(arg[1], os.getenv 'FRUIT') io.stderr:write 'e'",
        args = { "one" },
        env = { FRUIT = "pear" },
      }

      assert.same({ 0, "one\tpear\n", "e" }, { status, out, err })
    end)

    it("finds the files of its options beside its script", function()
      local _, out = testing.run {
        program = "lua5.4",
        code = "package.path = arg[0]:gsub('[^/]*$', '?.lua')"
          .. " print(require 'lib')",
        files = { ["lib.lua"] = "return 'found'" },
      }

      assert.matches("^found", out)
    end)

    it("can be started by another command", function()
      local _, out = testing.run {
        program = "lua5.4",
        prefix = { "prlimit", "--nofile=33" },
        code = "print(io.popen('ulimit -n'):read 'n')",
      }

      assert.equal("33\n", out)
    end)

    it("can have more output than a pipe holds", function()
      local _, out, err = testing.run {
        program = "lua5.4",
        code = "local s = ('x'):rep(1000000) io.write(s) io.stderr:write(s)",
      }

      assert.same({ 1000000, 1000000 }, { #out, #err })
    end)
  end)

  describe("expect", function()
    it("continues after the last match", function()
      local server = start { ready = false,
        code = "print 'n 1 n 2' print 'n 3'" }

      assert.equal("1", server:expect "n (%d)")
      assert.equal("2", server:expect "n (%d)")
      assert.equal("n 3\n", server:expect "n %d\n")
    end)

    it("has a position in each stream", function()
      local server = start { ready = false,
        code = "print 'same' io.stderr:write 'same\\n'" }

      server:expect "same"
      server:expect("same", "stderr")
    end)

    it("waits for the end of a line", function()
      local server = start_code("io.write 'port 42' io.stdout:flush()"
        .. ready .. "print '17'")

      assert.equal("42at", server:expect "port (%w+)")
    end)

    it("raises after the timeout", function()
      local server = start_code(ready)

      assert.error_matches(function()
        server:expect("never", "stdout", 0.1)
      end, 'no "never" in "at most.*still running')
    end)

    it("raises at once if the program has exited", function()
      local server = start { code = "print 'bye'", ready = false }

      assert.error_matches(function() server:expect "hello" end,
        'no "hello" in "bye.*exited with status 0')
    end)
  end)

  describe("wait_until", function()
    it("returns what the condition returns", function()
      local n = 0

      assert.same({ 3, "three" }, { testing.wait_until(function()
        n = n + 1
        if n == 3 then return n, "three" end
      end) })
    end)

    it("names what it waited for if it times out", function()
      local why = failure(function()
        testing.wait_until(function() return false end, 0.05, "rain")
      end)

      assert.matches("testing_spec.lua:%d+: waited 0.05 s in vain for rain",
        why)
    end)
  end)

  describe("finish", function()
    it("ends programs and removes files that are left", function()
      local server = start_echo("127.0.0.1")
      local client = testing.connect { port = server.port }
      local directory = testing.directory()

      testing.write(directory .. "/file", "text")
      testing.finish()

      assert.is_false(server:running())
      assert.is_false(exists(server.directory))
      assert.is_false(exists(directory))
      assert.is_nil((client:send "x"))
    end)

    it("raises for a crash that was not waited for", function()
      local server = start_code(ready)

      server:signal "sigsegv"
      testing.wait_until(function() return not server:running() end)

      assert.error_matches(testing.finish, "was ended by sigsegv")
    end)

    it("raises for an error that a sanitizer reports", function()
      start { ready = false,
        code = "io.stderr:write 'x.c:1:2: runtime error: overflow\\n'" }:wait()

      assert.error_matches(testing.finish, "runtime error: overflow")
    end)
  end)
end)
