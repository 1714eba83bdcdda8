-- The command line of the program: options, exit status, and how it runs a
-- script.
local testing = require "fes.testing"
local uv = require "luv"

local function run(...)
  return testing.run { options = { ... } }
end

local function run_code(code, ...)
  return testing.run { code = code, options = { ... } }
end

-- Write a script into a new directory.
local function write_script(text)
  local directory = testing.directory()

  return testing.write(directory .. "/main.lua", text), directory
end

describe("the program", function()
  after_each(testing.finish)

  describe("with option", function()
    it("-h prints the usage", function()
      local status, out, err = run "-h"

      assert.equal(0, status)
      assert.matches("^usage: fes %[options%] script.lua %[args%]\n", out)
      for _, option in ipairs { "e", "c", "l", "h", "v", "w" } do
        assert.matches("\n *%-" .. option, out)
      end
      assert.equal("", err)
    end)

    it("-v prints the version", function()
      local status, out, err = run "-v"

      assert.same({ 0, "" }, { status, err })
      assert.matches("^fes %d+%.%d+%.%d+\n$", out)
    end)

    it("-c accepts correct syntax and runs nothing", function()
      local status, out, err = run_code("print 'ran' error 'ran'", "-c")

      assert.same({ 0, "", "" }, { status, out, err })
    end)

    it("-c reports a syntax error", function()
      local status, out, err = run_code("\nlocal x = = 1", "-c")

      assert.same({ 1, "" }, { status, out })
      assert.matches("script.lua:2: unexpected symbol near '='", err)
    end)

    it("-c checks the code of -e", function()
      assert.equal(0, (run("-c", "-e", "error 'ran'")))
      assert.equal(1, (run("-c", "-e", "x =")))
    end)

    it("-e runs its value as code", function()
      local status, out = run("-e", "print(6 * 7, arg[1], ...)", "one")

      assert.same({ 0, "42\tone\tone\n" }, { status, out })
    end)

    it("-l logs messages of this level and above", function()
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

  describe("exits with status 2 for", function()
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

    it("a missing script", function()
      assert_usage "no script"
    end)
  end)

  describe("exits with status 1 for", function()
    it("a file that does not exist", function()
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

    it("an error, and prints it with a traceback", function()
      local status, _, err = run_code
        "local function inner() error 'boom' end\ninner()"

      assert.equal(1, status)
      assert.matches("script.lua:1: boom\nstack traceback:\n", err)
      assert.matches("script.lua:2: in main chunk", err)
    end)

    it("an error after fes.listen, and prints no ready lines", function()
      local status, out, err = run_code
        "require('fes').listen { port = 0 } error 'late'"

      assert.same({ 1, "" }, { status, out })
      assert.matches("late", err)
    end)

    it("an error value that is not a string", function()
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

    it("an error in a module of the script", function()
      local status, _, err = testing.run {
        code = "require 'broken'",
        files = { ["broken.lua"] = "\nerror 'inside'" },
      }

      assert.equal(1, status)
      assert.matches("broken.lua:2: inside", err)
    end)
  end)

  it("exits with status 0 when nothing is left to wait for", function()
    local status, out, err = run_code "print 'loaded'"

    assert.same({ 0, "loaded\n" }, { status, out })
    assert.matches(" info .*no listener, connection, timer or task", err)
  end)

  it("logs at level info that nothing is left to wait for", function()
    local status, out, err = run_code("print 'loaded'", "-l", "warn")

    assert.same({ 0, "loaded\n", "" }, { status, out, err })
  end)

  describe("runs a script that", function()
    it("gets its arguments in arg and as varargs", function()
      local path = write_script "print(arg[0], arg[1], arg[2], #arg, ...)"
      local status, out = testing.run { script = path, args = { "a", "-l" } }

      assert.equal(0, status)
      assert.equal(path .. "\ta\t-l\t2\ta\t-l\n", out)
    end)

    it("begins with a shebang", function()
      local status, out = run_code "#!/usr/bin/env fes\nprint 'after'"

      assert.same({ 0, "after\n" }, { status, out })
    end)

    it("finds modules in its own directory first", function()
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

    it("finds modules beside it if it is named without directory",
      function()
        local _, directory = write_script "print((require 'here'))"

        testing.write(directory .. "/here.lua", "return 'found'")
        local status, out = testing.run {
          options = { "main.lua" }, cwd = directory,
        }

        assert.same({ 0, "found\n" }, { status, out })
      end)

    it("gets one fes by require, and no global fes", function()
      local status, out = run_code [[
        print(require "fes" == require "fes", type(require("fes").listen), fes)
      ]]

      assert.same({ 0, "true\tfunction\tnil\n" }, { status, out })
    end)

    it("requires C modules of the system's Lua", function()
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

  it("continues when its output pipe has been closed", function()
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
end)
