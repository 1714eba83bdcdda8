local testing = require "fes.testing"
local uv = require "luv"

local function run(...)
  return testing.run { options = { ... } }
end

local function run_code(code, ...)
  return testing.run { code = code, options = { ... } }
end

-- A script in a directory of its own.
local function write_script(text)
  local directory = testing.directory()

  return testing.write(directory .. "/main.lua", text), directory
end

-- More than the kernel takes for a client that does not read.
local backlog = [[
  local fes = require "fes"
  local server = fes.listen {
    port = 0, maxsends = 256,
    on_connect = function(conn)
      for i = 1, 200 do assert(conn:send(("%04d"):format(i):rep(1000))) end
      print "queued"
    end,
  }
]]

local function all_of_it()
  local parts = {}

  for i = 1, 200 do parts[i] = ("%04d"):format(i):rep(1000) end
  return table.concat(parts)
end

describe("the program", function()
  after_each(testing.finish)

  describe("option", function()
    it("-h tells how it is used", function()
      local status, out, err = run "-h"

      assert.equal(0, status)
      assert.matches("^usage: fes %[options%] script.lua %[args%]\n", out)
      for _, option in ipairs { "e", "c", "l", "h", "v", "w" } do
        assert.matches("\n *%-" .. option, out)
      end
      assert.equal("", err)
    end)

    it("-v tells the version", function()
      local status, out, err = run "-v"

      assert.same({ 0, "" }, { status, err })
      assert.matches("^fes %d+%.%d+%.%d+\n$", out)
    end)

    it("-c accepts right syntax, and runs nothing", function()
      local status, out, err = run_code("print 'ran' error 'ran'", "-c")

      assert.same({ 0, "", "" }, { status, out, err })
    end)

    it("-c finds wrong syntax", function()
      local status, out, err = run_code("\nlocal x = = 1", "-c")

      assert.same({ 1, "" }, { status, out })
      assert.matches("script.lua:2: unexpected symbol near '='", err)
    end)

    it("-c checks what -e gives, too", function()
      assert.equal(0, (run("-c", "-e", "error 'ran'")))
      assert.equal(1, (run("-c", "-e", "x =")))
    end)

    it("-e runs code", function()
      local status, out = run("-e", "print(6 * 7, arg[1], ...)", "one")

      assert.same({ 0, "42\tone\tone\n" }, { status, out })
    end)

    it("-l sets the least level that is logged", function()
      local code = [[
        local log = require("fes").log
        log.debug "d!" log.info "i!" log.warn "w!" log.error "e!"
      ]]
      local wanted = {
        debug = "d! i! w! e!", info = "i! w! e!", warn = "w! e!",
        error = "e!",
      }

      for level, all in pairs(wanted) do
        local _, _, err = run_code(code, "-l", level)
        local seen = {}

        for word in err:gmatch "%w!" do seen[#seen + 1] = word end
        assert.equal(all, table.concat(seen, " "))
      end
    end)
  end)

  describe("wrong usage has status 2:", function()
    local function assert_usage(complaint, ...)
      local status, out, err = run(...)

      assert.same({ 2, "" }, { status, out })
      assert.matches(complaint, err)
      assert.matches("usage: fes", err)
    end

    it("an unknown option", function()
      assert_usage("unknown option %-x", "-x")
    end)

    it("an unknown log level", function()
      assert_usage("loud", "-l", "loud", "-e", "error 'ran'")
    end)

    it("an option without its value", function()
      assert_usage("%-l", "-l")
      assert_usage("%-e", "-e")
    end)

    it("no script", function()
      assert_usage "no script"
    end)
  end)

  describe("a script that does not load has status 1:", function()
    it("a missing file", function()
      local status, out, err = run "missing.lua"

      assert.same({ 1, "" }, { status, out })
      assert.matches("missing.lua: No such file or directory", err)
    end)

    it("a directory", function()
      local status, out, err = run "/"

      assert.same({ 1, "" }, { status, out })
      assert.matches("directory", err)
    end)

    it("a syntax error", function()
      local status, out, err = run_code "print 'ran'\nlocal x = = 1"

      assert.same({ 1, "" }, { status, out })
      assert.matches("script.lua:2: unexpected symbol near '='", err)
    end)

    it("an error, told with its traceback", function()
      local status, _, err = run_code
        "local function inner() error 'boom' end\ninner()"

      assert.equal(1, status)
      assert.matches("script.lua:1: boom\nstack traceback:\n", err)
      assert.matches("script.lua:2: in main chunk", err)
    end)

    it("an error after fes.listen announces nothing", function()
      local status, out, err = run_code
        "require('fes').listen { port = 0 } error 'late'"

      assert.same({ 1, "" }, { status, out })
      assert.matches("late", err)
    end)

    it("an error value that is no string", function()
      local status, _, err = run_code "error { }"

      assert.equal(1, status)
      assert.matches("table", err)
    end)

    it("an error value whose __tostring raises", function()
      local status, _, err = run_code [[
        error(setmetatable({}, { __tostring = function() error "worse" end }))
      ]]

      assert.equal(1, status)
      assert.matches("fes: .*table", err)
    end)

    it("an error of a module that it requires", function()
      local status, _, err = testing.run {
        code = "require 'broken'",
        files = { ["broken.lua"] = "\nerror 'inside'" },
      }

      assert.equal(1, status)
      assert.matches("broken.lua:2: inside", err)
    end)
  end)

  it("exits 0 when nothing is left to wait for, and says so", function()
    local status, out, err = run_code "print 'loaded'"

    assert.same({ 0, "loaded\n" }, { status, out })
    assert.matches(" info .*nothing is left", err)
  end)

  it("says that nothing is left at level info", function()
    local status, out, err = run_code("print 'loaded'", "-l", "warn")

    assert.same({ 0, "loaded\n", "" }, { status, out, err })
  end)

  describe("a script", function()
    it("has its arguments in arg, and as its own", function()
      local path = write_script "print(arg[0], arg[1], arg[2], #arg, ...)"
      local status, out = testing.run { script = path, args = { "a", "-l" } }

      assert.equal(0, status)
      assert.equal(path .. "\ta\t-l\t2\ta\t-l\n", out)
    end)

    it("may begin with a shebang", function()
      local status, out = run_code "#!/usr/bin/env fes\nprint 'after'"

      assert.same({ 0, "after\n" }, { status, out })
    end)

    it("finds modules beside it first, from any directory", function()
      local path, directory = write_script [[
        print((require "here"), (require "pack"))
        print(package.path)
      ]]

      testing.write(directory .. "/here.lua", "return 'found'")
      assert(uv.fs_mkdir(directory .. "/pack", 448))
      testing.write(directory .. "/pack/init.lua", "return 'packed'")

      local status, out = testing.run { script = path, cwd = "/" }

      os.remove(directory .. "/pack/init.lua")
      os.remove(directory .. "/pack")
      assert.equal(0, status)
      assert.matches("^found\tpacked\n", out)
      assert.equal(1, (out:match "\n(.*)":find(directory .. "/?.lua;", 1,
        true)))
    end)

    it("finds modules beside it when it is named without a directory",
      function()
        local _, directory = write_script "print((require 'here'))"

        testing.write(directory .. "/here.lua", "return 'found'")
        local status, out = testing.run {
          options = { "main.lua" }, cwd = directory,
        }

        assert.same({ 0, "found\n" }, { status, out })
      end)

    it("has fes, the same each time, and no global of it", function()
      local status, out = run_code [[
        print(require "fes" == require "fes", type(require("fes").listen), fes)
      ]]

      assert.same({ 0, "true\tfunction\tnil\n" }, { status, out })
    end)

    it("loads C modules of the system's Lua", function()
      local status, out = run_code "print(require 'cjson'.encode { 1, 'a' })"

      assert.same({ 0, '[1,"a"]\n' }, { status, out })
    end)

    it("prints line by line", function()
      local server = testing.start { code = [[
        local fes = require "fes"
        fes.listen { port = 0 }
        fes.after(0, function() print "at once" end)
      ]] }

      server:expect "at once\n"
      assert.is_true(server:running())
      server:stop()
    end)
  end)

  it("goes on when nobody reads any more what it writes", function()
    local path = testing.directory() .. "/alive"

    testing.run {
      prefix = { "sh", "-c", '"$@" 2>&1 | true', "sh" },
      code = ([[
        local fes = require "fes"
        local function say() print "out" fes.log.info "err" end
        fes.listen { port = 0 }
        for i = 1, 20 do fes.after(i / 100, say) end
        fes.after(0.3, function()
          io.open(%q, "w"):close()
          fes.stop()
        end)
      ]]):format(path),
    }
    assert.is_table(uv.fs_stat(path))
  end)

  describe("the ready lines", function()
    local function announced(code, options)
      return testing.start { code = "local fes = require 'fes'\n" .. code,
        options = options }
    end

    it("tell an IPv4 address, and the memory", function()
      local server = announced "print(fes.listen { port = 0 }.port)"
      local port, again, rest = server:stdout():match
        "^(%d+)\nlistening 127%.0%.0%.1:(%d+)\n(.*)"

      assert.equal(port, again)
      assert.not_equal("0", port)
      assert.matches("^at most 64%.0 MiB of buffers, %d+ connections, "
        .. "256 KiB each in the kernel\n$", rest)
    end)

    it("tell an IPv6 address", function()
      local server = announced "fes.listen { host = '::1', port = 0 }"

      assert.matches("^listening %[::1%]:%d+\nat most ", server:stdout())
      assert(server:connect())
    end)

    it("tell a host that is every address as *", function()
      local server = announced "fes.listen { host = '*', port = 0 }"

      assert.matches("^listening %*:%d+\nat most ", server:stdout())
    end)

    it("tell a Unix socket", function()
      local path = testing.directory() .. "/a.sock"
      local server = announced(("fes.listen { path = %q }"):format(path))

      assert.equal("listening unix:" .. path,
        server:stdout():match "^[^\n]*")
    end)

    it("come in the order of the calls, one memory line for all", function()
      local server = announced [[
        fes.listen { host = "::1", port = 0, bockets = 256 }
        fes.listen { port = 0, bockets = 256, maxconnections = 10 }
      ]]

      assert.matches("^listening %[::1%]:%d+\nlistening 127%.0%.0%.1:%d+\n"
        .. "at most 2%.0 MiB of buffers, [^\n]*\n$", server:stdout())
    end)

    it("tell the limits that were given", function()
      local server = announced [[
        fes.listen { port = 0, bockets = 512, size = 2048,
          maxconnections = 10, sndbuf = 16384, rcvbuf = 32768 }
      ]]

      assert.matches("\nat most 1%.0 MiB of buffers, 10 connections, "
        .. "96 KiB each in the kernel\n$", server:stdout())
    end)

    it("come at any log level", function()
      local server = announced("fes.listen { port = 0 }", { "-l", "error" })

      assert.matches("^listening ", server:stdout())
      assert.equal("", server:stderr())
    end)
  end)

  describe("stopping", function()
    for _, signal in ipairs { "sigint", "sigterm" } do
      it("by " .. signal .. " delivers what is queued", function()
        local server = testing.start { code = backlog }
        local client = assert(server:connect { rcvbuf = 4096 })

        server:expect "queued\n"
        server:signal(signal)
        local bytes, how = client:read_all()

        assert.equal(800000, #bytes)
        assert.is_true(bytes == all_of_it())
        assert.equal("eof", how)
        client:close()
        assert.same({ 0 }, { server:wait() })
      end)
    end

    it("by a signal is in order once the ready lines are out", function()
      local server = testing.start {
        prefix = { "strace", "-D", "-o", "/dev/null", "-e", "trace=write",
          "-e", "inject=write:delay_exit=300000" },
        code = "require('fes').listen { port = 0 }",
      }

      server:signal "sigterm" -- while it returns from writing the last one
      assert.same({ 0 }, { server:wait() })
    end)

    it("by fes.stop delivers what is queued", function()
      local server = testing.start { code = backlog .. [[
        fes.after(0.2, function()
          if server:count() == 0 then error "nobody has come" end
        end)
        local function stop_when_queued()
          if server:stats().queued > 0 then return fes.stop() end
          fes.after(0.01, stop_when_queued)
        end
        stop_when_queued()
      ]] }
      local client = assert(server:connect { rcvbuf = 4096 })

      server:expect "queued\n"
      assert.is_true(client:read_all() == all_of_it())
      client:close()
      assert.same({ 0 }, { server:wait() })
    end)

    for _, way in ipairs { "fes.stop", "SIGTERM" } do
      it("by " .. way .. " calls the functions of fes.on_stop first", function()
        local server = testing.start { code = [[
          local fes = require "fes"
          local server = fes.listen { port = 0,
            on_connect = function(conn) conn:send "?" end,
            on_receive = function() fes.stop() end,
            on_close = function(_, reason) print("closed", reason) end }
          fes.on_stop(function()
            print("one", server:count(), server:broadcast "bye")
          end)
          fes.on_stop(function() error "in the second" end)
          fes.on_stop(function() print "three" end)
        ]] }
        local client = assert(server:connect())

        assert.equal("?", client:read(1))
        if way == "fes.stop" then client:send "stop"
        else server:signal "sigterm" end
        assert.same({ "bye", "eof" }, { client:read_all() })
        client:close()
        assert.same({ 0 }, { server:wait() })
        assert.matches("one\t1\t1\nthree\nclosed\tshutdown\n$",
          server:stdout())
        assert.matches("on_stop: .*in the second", server:stderr())
      end)
    end

    it("raises for what is no function of fes.on_stop", function()
      local status, _, err = run_code "require('fes').on_stop(3)"

      assert.equal(1, status)
      assert.matches("script.lua:1: fes.on_stop: a function was expected, "
        .. "got 3", err)
    end)

    it("ends accepting", function()
      local server = testing.start { code = backlog }
      local client = assert(server:connect { rcvbuf = 4096 })

      server:expect "queued\n"
      server:signal "sigterm"
      server:expect("stopping", "stderr")
      testing.wait_until(function()
        local _, why = server:connect()

        return why == "ECONNREFUSED"
      end)
      assert.is_true(client:read_all() == all_of_it())
    end)

    it("tells the connections why", function()
      local server = testing.start { code = [[
        local fes = require "fes"
        fes.listen {
          port = 0,
          on_connect = function() print "in" end,
          on_close = function(_, reason) print("closed", reason) end,
        }
      ]] }
      local client = assert(server:connect())

      server:expect "in\n"
      server:signal "sigterm"
      assert.same({ "", "eof" }, { client:read_all() })
      client:close()
      assert.equal(0, (server:wait()))
      server:expect "closed\tshutdown\n"
    end)

    it("lingers for two seconds when the client stays", function()
      local server = testing.start { code = backlog }

      assert(server:connect { rcvbuf = 4096 })
      server:expect "queued\n"
      local before = uv.hrtime()

      server:signal "sigterm"
      assert.same({ 0 }, { server:wait() })
      assert.is_true(uv.hrtime() - before > 1.9e9)
    end)

    it("by a second signal is at once", function()
      local server = testing.start { code = backlog }

      assert(server:connect { rcvbuf = 4096 })
      server:expect "queued\n"
      server:signal "sigint"
      server:expect("stopping", "stderr")
      server:signal "sigterm"

      assert.same({ nil, "sigterm" }, { server:wait() })
    end)

    it("while the script loads has status 0", function()
      local status = run_code [[
        local fes = require "fes"
        fes.listen { port = 0 }
        fes.every(1, print)
        fes.stop()
      ]]

      assert.equal(0, status)
    end)

    it("does not wait for timers", function()
      local server = testing.start { code = [[
        local fes = require "fes"
        fes.listen { port = 0 }
        fes.every(1000, print)
      ]] }

      server:signal "sigterm"
      assert.same({ 0 }, { server:wait() })
    end)

    it("goes on with timers until the exit", function()
      local server = testing.start { code = backlog .. [[
        local ticks = 0
        fes.every(0.01, function()
          ticks = ticks + 1
          if server:count() == 0 and ticks > 5 then print "ticking" end
        end)
      ]] }

      local client = assert(server:connect { rcvbuf = 4096 })

      server:expect "queued\n"
      server:signal "sigterm"
      server:expect("stopping", "stderr")
      server:expect "ticking\n"
      client:close()
      assert.same({ 0 }, { server:wait() })
    end)

  end)
end)
