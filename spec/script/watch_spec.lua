-- The option -w: fes reloads the script when its files change.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"
local uv = require "luv"

local expect_answer = reloading.expect_answer

local function answering(word)
  return ([[
    fes.listen { port = 0,
      on_receive = function(conn) conn:send(%s) end }
  ]]):format(word)
end

local function start(code, options)
  local all = { options = { "-w" } }

  for name, value in pairs(options or {}) do all[name] = value end
  return reloading.start(code, all)
end

local function await_reload(program)
  program:expect("the script's files have changed", "stderr")
  program:expect("info  reloaded\n", "stderr")
end

describe("fes -w", function()
  after_each(testing.finish)

  it("reloads the script when its file is written", function()
    local program = start(answering "'old'")
    local client = assert(program:connect())

    for _, word in ipairs { "one", "two" } do
      reloading.write(program, answering(("%q"):format(word)))
      await_reload(program)
      expect_answer(client, word)
    end
    program:stop()
  end)

  it("reloads the script when another file replaces it", function()
    local program = start(answering "'old'")
    local client = assert(program:connect())
    local path = program.directory .. "/script.lua"

    testing.write(path .. ".new", 'local fes = require "fes"\n'
      .. answering "'new'")
    assert(os.rename(path .. ".new", path))
    await_reload(program)
    expect_answer(client, "new")
    program:stop()
  end)

  it("reloads the script when the target of a link changes", function()
    local target = testing.directory() .. "/target.lua"
    local program = start(answering "'old'")
    local path = program.directory .. "/script.lua"
    local head = 'local fes = require "fes"\n'

    testing.write(target, head .. answering "'linked'")
    assert(uv.fs_symlink(target, path .. ".new"))
    assert(os.rename(path .. ".new", path))
    await_reload(program)
    testing.write(target, head .. answering "'changed'")
    await_reload(program)
    expect_answer(assert(program:connect()), "changed")
    program:stop()
  end)

  it("reloads the script when a module beside it changes", function()
    local program = start("local word = require 'word'\n"
      .. answering "word", { files = { ["word.lua"] = "return 'old'" } })
    local client = assert(program:connect())

    testing.write(program.directory .. "/word.lua", "return 'new'")
    await_reload(program)
    expect_answer(client, "new")
    program:stop()
  end)

  it("watches modules that have failed to load", function()
    local program = start(answering "'old'")
    local client = assert(program:connect())

    testing.write(program.directory .. "/word.lua", "return = 'new'")
    reloading.write(program, "local word = require 'word'\n"
      .. answering "word")
    program:expect("the reload failed", "stderr")
    expect_answer(client, "old")
    testing.write(program.directory .. "/word.lua", "return 'new'")
    program:expect("info  reloaded\n", "stderr")
    expect_answer(client, "new")
    program:stop()
  end)

  it("watches a script that is named without a directory", function()
    local directory = testing.directory()

    testing.write(directory .. "/main.lua", 'local fes = require "fes"\n'
      .. answering "'old'")

    local program = testing.start {
      options = { "-w", "main.lua" }, cwd = directory,
    }
    local client = assert(program:connect())

    testing.write(directory .. "/main.lua", 'local fes = require "fes"\n'
      .. answering "'new'")
    await_reload(program)
    expect_answer(client, "new")
    program:stop()
  end)

  it("ignores other files and changes of a time stamp", function()
    -- It answers after twice the time that it waits for more changes.
    local program = start [[
      fes.listen { port = 0, on_receive = function(conn)
        fes.after(0.2, function() conn:send "old" end)
      end }
    ]]
    local client = assert(program:connect())

    testing.write(program.directory .. "/other.lua", "return 1")
    assert(uv.fs_utime(program.directory .. "/script.lua", 1, 1))
    expect_answer(client, "old")
    reloading.write(program, answering "tostring(fes.stats().reloads)")
    await_reload(program)
    expect_answer(client, "1")
    program:stop()
  end)

  it("reloads once for files that are written together", function()
    local program = start("require 'a' require 'b'" .. answering "'old'", {
      files = { ["a.lua"] = "return 1", ["b.lua"] = "return 1" },
    })
    local client = assert(program:connect())

    testing.write(program.directory .. "/a.lua", "return 2")
    testing.write(program.directory .. "/b.lua", "return 2")
    reloading.write(program, answering "tostring(fes.stats().reloads)")
    await_reload(program)
    expect_answer(client, "1")
    program:stop()
  end)

  it("exits when no listener, connection, timer or task is left", function()
    local status = testing.run { code = "print(1)", options = { "-w" } }

    assert.equal(0, status)
  end)
end)
