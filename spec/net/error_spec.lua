-- Errors in handlers: what they end, what is logged, and on_error.

local asked = require "spec.support.asked"
local testing = require "fes.testing"
local uv = require "luv"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- Values that a handler may raise, and what the log shows of them.
local raised = {
  { '"plain"', "plain" },
  { "{ code = 7 }", "table" },
  { "nil", "nil" },
  { "42", "42" },
  { "setmetatable({}, { __tostring = function() return 'odd' end })", "odd" },
  { "setmetatable({}, { __tostring = function() error 'x' end })", "" },
}

local function await_log(program, text)
  testing.wait_until(function()
    return program:stderr():find(text, 1, true)
  end, nil, "the log of " .. text)
end

local function settle_after_errors(program, clients)
  settle(program, clients, true)
end

describe("a handler that raises", function()
  after_each(testing.finish)

  for _, each in ipairs(raised) do
    it("the value " .. each[1] .. " ends its connection only", function()
      local program = asked.start(([[
server = fes.listen { port = 0,
  on_receive = function(conn, data)
    if data == "raise" then error(%s) end
    conn:send(data)
  end,
  on_close = function(_, reason) print("closed", reason) end }]])
        :format(each[1]))
      local victim = assert(program:connect())
      local other = assert(program:connect())

      assert(victim:send "raise")
      assert.is_true((victim:closed()))
      program:expect "closed\tscript\n"
      await_log(program, "on_receive")
      await_log(program, each[2])
      assert(other:send "on")
      assert.equal("on", other:read(2))
      assert.equal(1, ask(program, "server:stats().closed.script"))
      settle_after_errors(program, { other })
    end)
  end

  it("in on_connect ends its connection", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_connect = function() error "early" end,
  on_close = function(_, reason) print("closed", reason) end }]]
    local client = assert(program:connect())

    assert.is_true((client:closed()))
    program:expect "closed\tscript\n"
    await_log(program, "early")
    settle_after_errors(program, {})
  end)

  it("in on_close is only logged", function()
    local program = asked.start [[
closes = 0
server = fes.listen { port = 0, on_close = function()
  closes = closes + 1
  error(closes == 1 and "string" or { "table" })
end }]]

    for _ = 1, 2 do assert(program:connect()):close() end
    await(program, "closes == 2")
    await_log(program, "on_close")
    assert.equal(2, ask(program, "server:stats().closed.eof"))
    settle_after_errors(program, {})
  end)

  it("is logged with its place and a traceback", function()
    local program = asked.start [[
local function deeper() error "deep" end
server = fes.listen { port = 0, on_receive = function() deeper() end }]]
    local client = assert(program:connect())

    assert(client:send "x")
    assert.is_true((client:closed()))
    program:expect("script.lua:2: deep", "stderr")
    program:expect("stack traceback:", "stderr")
    settle_after_errors(program, {})
  end)

  it("again and again is logged once a second", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_receive = function() error "again" end,
  on_error = function() return true end }]]
    local client = assert(program:connect())
    local begun = uv.hrtime()
    local errors, lines, left_out = 0, nil, nil

    repeat
      errors = errors + 1
      assert(client:send "x")
      await(program, "server:stats().messages_in == " .. errors)
    until uv.hrtime() - begun > 2.2e9

    testing.wait_until(function()
      lines = select(2, program:stderr():gsub("error on_receive: [^\n]*"
        .. "script.lua:%d+: again\n", ""))
      left_out = 0
      for n in program:stderr():gmatch "error (%d+) more of this error" do
        left_out = left_out + tonumber(n)
      end
      return lines + left_out >= errors
    end, nil, "the number left out")
    assert.equal(errors, lines + left_out)
    assert.is_true(lines >= 1 and lines <= (uv.hrtime() - begun) / 1e9 + 2,
      lines .. " lines")
    settle_after_errors(program, { client })
  end)
end)

describe("on_error", function()
  after_each(testing.finish)

  it("keeps the connection open if it returns true", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_receive = function(conn, data)
    if data == "raise" then error "oops" end
    conn:send(data)
  end,
  on_error = function(conn, message)
    conn:send(message:match "oops")
    return true
  end }]]
    local client = assert(program:connect())

    assert(client:send "raise")
    assert.equal("oops", client:read(4))
    assert(client:send "on")
    assert.equal("on", client:read(2))
    settle_after_errors(program, { client })
  end)

  for _, answer in ipairs { "nil", "false" } do
    it("closes the connection if it returns " .. answer, function()
      local program = asked.start(([[
server = fes.listen { port = 0,
  on_receive = function() error "oops" end,
  on_error = function() return %s end,
  on_close = function(_, reason) print("closed", reason) end }]])
        :format(answer))
      local client = assert(program:connect())

      assert(client:send "x")
      program:expect "closed\tscript\n"
      settle_after_errors(program, { client })
    end)
  end

  it("is logged if it raises, and the connection is closed", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_receive = function() error "first" end,
  on_error = function() error "second" end,
  on_close = function(_, reason) print("closed", reason) end }]]
    local client = assert(program:connect())

    assert(client:send "x")
    program:expect "closed\tscript\n"
    await_log(program, "first")
    await_log(program, "second")
    settle_after_errors(program, { client })
  end)
end)
