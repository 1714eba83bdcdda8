-- Reloads that fail: the old script continues, and nothing has changed.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"
local uv = require "luv"

local start, reload = reloading.start, reloading.reload
local answering, expect_answer = reloading.answering, reloading.expect_answer

describe("a reload that fails", function()
  after_each(testing.finish)

  local function assert_unchanged(program, client)
    expect_answer(client, "old")
    expect_answer(assert(program:connect()), "old")
    program:stop()
  end

  local wrong = {
    ["has a syntax error"] = { "x = = 1", "script.lua:2: unexpected symbol" },
    ["raises an error"] = { answering "new" .. "error 'no good'", "no good" },
    ["requires a missing module"] = { "require 'nowhere'",
      "'nowhere' not found" },
    ["changes the number of bockets"] = { answering("new", "bockets = 99,"),
      "'bockets' cannot change in a running server: it is 16384, got 99" },
    ["changes the size of bockets"] = { answering("new", "size = 8192,"),
      "'size' cannot change in a running server: it is 4096, got 8192" },
    ["has an invalid option"] = { answering("new", "maxsends = -1,"),
      "'maxsends' must be" },
    ["exceeds its memory limit"] = { [[
      fes.limits { memory = 1e6 }
      local list = {}
      while true do list[#list + 1] = ("x"):rep(1000) .. #list end]],
      "not enough memory" },
  }

  for what, case in pairs(wrong) do
    it("because the script " .. what .. " changes nothing", function()
      local program = start(answering "old")
      local client = assert(program:connect())

      reloading.fail(program, case[1], case[2])
      assert_unchanged(program, client)
    end)
  end

  it("logs the place with a traceback", function()
    local program = start(answering "old")

    reloading.fail(program, "\nlocal function f() error 'deep' end\nf()",
      "script.lua:3: deep")
    assert.matches("script.lua:3: in local 'f'", program:stderr())
    program:stop()
  end)

  it("because on_reload raises an error changes nothing", function()
    local program = start(answering "old"
      .. "fes.on_reload(function() error 'not now' end)")
    local client = assert(program:connect())

    reloading.fail(program, answering "new", "on_reload: [^\n]*not now")
    assert_unchanged(program, client)
  end)

  it("closes the servers that it has opened and stops its timers", function()
    local busy = start(answering "busy")
    local program = start(answering "old")
    local client = assert(program:connect())
    local path = program.directory .. "/new.sock"

    reloading.fail(program, ([[
      fes.listen { path = "new.sock" }
      local other = fes.listen { port = 0, host = "127.0.0.2" }
      io.open(arg[0] .. ".port", "w"):write(other.port):close()
      fes.every(0.001, function() error "alive" end)
      fes.listen { port = %d }
    ]]):format(busy.port), "Address already in use")

    local port = io.open(program.directory .. "/script.lua.port"):read "n"

    assert.is_nil(uv.fs_stat(path))
    assert.equal("ECONNREFUSED", select(2, program:connect {
      host = "127.0.0.2", port = port,
    }))
    assert_unchanged(program, client)
    assert.not_matches("alive", program:stderr())
  end)

  it("drops its outgoing connections without calling on_close", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    reloading.fail(program, [[
      fes.connect { path = "nowhere.sock", on_close = print }
      fes.connect { path = "nowhere.sock", on_close = print }
      error "no"
    ]], "no")
    assert_unchanged(program, client)
    assert.not_matches("conn %d", program:stdout())
  end)

  it("does not change the size of the retained store", function()
    local keeping = [[
      fes.limits { retained = %d }
      local kept = fes.topic("kept", { retain = true })
      fes.listen { port = 0, on_receive = function(conn)
        local _, why = kept:publish(("x"):rep(100))
        kept:clear()
        conn:send(why or "kept")
      end } %s
    ]]
    local program = start(keeping:format(4096, ""))
    local client = assert(program:connect())

    reloading.fail(program, keeping:format(64, "error 'no'"), "no")
    expect_answer(client, "kept")
    reload(program, keeping:format(64, ""))
    expect_answer(client, "full")
    program:stop()
  end)

  it("can be followed by a successful one", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    for i = 1, 3 do
      reloading.fail(program, "error 'no " .. i .. "'", "no " .. i)
    end
    reload(program, answering "new")
    expect_answer(client, "new")
    program:stop()
  end)
end)
