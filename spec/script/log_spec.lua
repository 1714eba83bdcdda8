-- fes.log, and the log entries for errors in handlers.
local run_script = require "spec.support.run_script"
local testing = require "fes.testing"

-- The log of a script that runs to its end.
local function logs(...) return (select(2, run_script.prints(...))) end

-- The log of a server whose on_receive runs `code` once, for `bytes`.
local function logs_of_handler(code, bytes)
  local server = testing.start { code = [[
    local fes = require "fes"
    fes.listen { port = 0, on_receive = function(conn, data)
    ]] .. code .. " end }" }
  local client = assert(server:connect())

  assert(client:send(bytes or "data"))
  assert(client:closed())
  server:stop()
  return server:stderr()
end

local function count(text, pattern)
  return select(2, text:gsub(pattern, ""))
end

describe("fes.log", function()
  after_each(testing.finish)

  it("writes time, level and text, formatted as by string.format",
    function()
      local err = logs "fes.log.warn('%s of %d, %5.2f', 'one', 3, 1.5)"

      assert.matches("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d%.%d%d%d warn  "
        .. "one of 3,  1%.50\n", err)
    end)

  it("has four levels and writes info and above by default", function()
    local err = logs [[
      for _, level in ipairs { "debug", "info", "warn", "error" } do
        fes.log[level]("this is %s", level)
      end
    ]]

    assert.not_matches("this is debug", err)
    assert.matches(" info  this is info\n.* warn  this is warn\n"
      .. ".* error this is error\n", err)
  end)

  it("writes debug with -l debug", function()
    assert.matches(" debug seen\n", logs("fes.log.debug 'seen'", "-l",
      "debug"))
  end)

  it("writes to stderr only", function()
    local status, out, err = testing.run {
      code = "require('fes').log.error 'here'",
    }

    assert.same({ 0, "" }, { status, out })
    assert.matches("here", err)
  end)

  it("escapes control characters", function()
    local err = logs "fes.log.info('%s', 'a\\nb\\rc\\td\\0e\\27[31mf\\127')"

    assert.matches("a\\nb\\rc\\td\\x00e\\x1b[31mf\\x7f\n", err, 1, true)
  end)

  it("does not escape UTF-8 letters", function()
    assert.matches("Grüße, 世界\n", logs "fes.log.info 'Grüße, 世界'", 1, true)
  end)

  it("cuts a text longer than 4 KiB: half of the longest line", function()
    local err = logs [[
      fes.log.info("%s", ("x"):rep(1000000))
      fes.log.info "next"
    ]]

    assert.equal(4096, #err:match "^[^\n]*info  (x+)\n[^\n]*info  next\n")
  end)

  it("raises for an invalid format", function()
    for _, call in ipairs {
      "info()", "info {}", "warn(nil)", "debug('%y')", "error('%d')",
      "info('%d', 'x')",
    } do
      local status, _, err = testing.run {
        code = "local fes = require 'fes'\nfes.log." .. call,
      }

      assert.equal(1, status)
      assert.matches("script.lua:2: ", err:match "^[^\n]*")
    end
  end)
end)

describe("an error in a handler", function()
  after_each(testing.finish)

  it("is logged with handler, place, peer and traceback", function()
    local err = logs_of_handler "\nlocal function f() error 'boom' end f()"

    assert.matches(" error on_receive: [^\n]*script.lua:%d+: boom\n", err)
    assert.matches("stack traceback:\n", err)
    assert.matches("127%.0%.0%.1:%d+", err)
  end)

  it("is logged with control characters escaped", function()
    local err = logs_of_handler("error('got ' .. data)",
      "x\r\n2026-01-01 00:00:00.000 info  forged\27[2J\127")

    assert.matches("got x\\r\\n2026-01-01 00:00:00.000 info  forged"
      .. "\\x1b[2J\\x7f", err, 1, true)
    assert.not_matches("\r", err)
    assert.not_matches("\27", err)
  end)

  it("is logged whole if it contains a zero byte", function()
    assert.matches("got x\\x00y", logs_of_handler("error('got ' .. data)",
      "x\0y"), 1, true)
  end)

  it("can be any value", function()
    for value, said in pairs {
      ["{}"] = "table: ", ["nil"] = "nil", ["42"] = "42",
      ["false"] = "false", ["print"] = "function: ",
      ["setmetatable({}, { __tostring = function() return 'mine' end })"]
        = "mine",
    } do
      assert.matches("on_receive: [^\n]*" .. said,
        logs_of_handler("error(" .. value .. ")"))
    end
  end)

  it("can have a __tostring that raises or returns no string", function()
    for _, body in ipairs {
      "error 'worse'", "return {}", "error(setmetatable({}, mt))",
    } do
      local err = logs_of_handler("local mt = {} mt.__tostring = function() "
        .. body .. " end error(setmetatable({}, mt))")

      assert.matches("on_receive: [^\n]*table", err)
    end
  end)

  it("can be a stack overflow", function()
    -- This takes longer than the default call_seconds.
    assert.matches("on_receive: [^\n]*stack overflow", logs_of_handler [[
      fes.limits { call_seconds = 0 }
      local function f() return 1 + f() end
      f()]])
  end)

  it("is logged at most once a second, then with the number left out",
    function()
      local err = logs [[
        local n, timer = 0, nil
        timer = fes.every(0, function()
          n = n + 1
          if n == 100 then timer:stop() end
          error "again"
        end)
        fes.after(2.5, function() end)
      ]]
      local left_out = 0

      for n in err:gmatch "(%d+) more of this error were not logged" do
        left_out = left_out + tonumber(n)
      end
      local told = count(err, "error timer: [^\n]*again\n")

      assert.equal(100, told + left_out)
      assert.is_true(told >= 1 and told <= 3)
      assert.matches("were not logged: timer: [^\n]*again", err)
    end)

  it("does not suppress a different error", function()
    local err = logs [[
      for i = 1, 10 do
        fes.after(0, function() error("number " .. i .. "!", 0) end)
      end
    ]]

    for i = 1, 10 do
      assert.matches("error timer: number " .. i .. "!\n", err)
    end
  end)

  it("is logged with the number left out when the program ends", function()
    local err = logs [[
      for _ = 1, 10 do fes.after(0, function() error "again" end) end
    ]]

    assert.equal(1, count(err, "error timer: [^\n]*again\n"))
    assert.matches("9 more of this error were not logged", err)
  end)

  it("is logged again after a second", function()
    local err = logs [[
      local function fail() error "again" end
      fes.after(0, fail)
      fes.after(1.2, fail)
    ]]

    assert.equal(2, count(err, "error timer: [^\n]*again\n"))
    assert.not_matches("left out", err)
  end)
end)
