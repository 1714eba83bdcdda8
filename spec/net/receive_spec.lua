-- conn:receive: what it returns of the bytes that come, and how it ends.

local asked = require "spec.support.asked"
local receiving = require "spec.support.receiving"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = receiving.start, receiving.said
local ends_with, has = receiving.ends_with, receiving.has
local forever = receiving.forever

describe("conn:receive", function()
  after_each(testing.finish)

  it("returns what has come", function()
    local program, client = start("", forever)

    assert(client:send "one")
    said(program, '"one"')
    assert(client:send "two")
    said(program, '"one", "two"')
    assert(client:half_close())
    said(program, '"one", "two", nil eof')
    ends_with(program, "eof")
    settle(program, { client })
  end)

  it("returns as many bytes as asked for, however they come", function()
    local program, client = start("",
      "take(3) take(0) take(5) take(1) take(1)")

    assert(client:send "on")
    has(program, 2)
    assert(client:send "etwo")
    has(program, 6)
    said(program, '"one", ""')
    assert(client:send "34567")
    said(program, '"one", "", "two34", "5", "6"')
    ends_with(program, "local")
    settle(program, { client })
  end)

  it("returns lines without their ends", function()
    local program, client = start("",
      "for i = 1, 4 do take 'line' end")

    assert(client:send "one\r\n\nthr")
    said(program, '"one", ""')
    assert(client:send "ee\nfour\r")
    said(program, '"one", "", "three"')
    assert(client:send "\n")
    said(program, '"one", "", "three", "four"')
    settle(program, { client })
  end)

  it("returns the last line although its end is missing", function()
    local program, client = start("", "while take 'line' do end")

    assert(client:send "one\ntwo")
    assert(client:half_close())
    said(program, '"one", "two", nil eof')
    ends_with(program, "eof")
    settle(program, { client })
  end)

  it("returns all up to the peer's end", function()
    local program, client = start("size = 64, bockets = 4096,",
      "take(1) take 'all' take 'all' take()")
    local data = ("0123456789"):rep(90)

    for i = 1, #data, 90 do assert(client:send(data:sub(i, i + 89))) end
    has(program, #data)
    assert.equal('"0"', ask(program, "said()"))
    assert(client:half_close())
    said(program, ('"0", %q, "", nil eof'):format(data:sub(2)))
    settle(program, { client })
  end)

  it("leaves too few bytes at the end to another call", function()
    local program, client = start("", "take(10) take(3) take(10) take()")

    assert(client:send "12345")
    assert(client:half_close())
    said(program, 'nil eof, "123", nil eof, "45"')
    settle(program, { client })
  end)

  it("returns bytes, lines and all in any order", function()
    local program, client = start("size = 16, maxreceives = 8,", [[
      take "line" take(20) take "line" take() take "all"]])

    assert(client:send("head\n" .. ("x"):rep(20) .. "\r\nrest"))
    said(program, ('"head", %q, "", "rest"'):format(("x"):rep(20)))
    assert(client:send "end")
    assert(client:half_close())
    await(program, "#got == 5")
    assert.matches('"end"$', ask(program, "said()"))
    settle(program, { client })
  end)

  for _, framing in ipairs {
    { '"line"', "one\r\n", "two\n", "thr" }, { "{ fixed = 3 }", "one", "two",
      "th" }, { "{ length = 2 }", "\0\3one", "\0\3two", "\0\5thr" },
  } do
    local options, one, two, part = table.unpack(framing)

    it("returns one message under framing = " .. options, function()
      local program, client = start("framing = " .. options .. ",", forever)

      assert(client:send(one .. two .. part))
      said(program, '"one", "two"')
      assert.equal(2, ask(program, "server:stats().messages_in"))
      assert(client:half_close())
      said(program, '"one", "two", nil eof')
      ends_with(program, "eof: message incomplete")
      settle(program, { client })
    end)
  end

  it("waits as long as its timeout", function()
    local program, client = start("", [[
      local start = fes.now()
      take(3, { timeout = 0.05 })
      got[#got + 1] = fes.now() - start >= 0.05 and "late" or "early"
      take(nil, { timeout = 0 })
      take(nil, { timeout = 0 })
      take(nil, {})]])

    assert(client:send "12")
    said(program, 'nil timeout, late, "12", nil timeout')
    assert(client:send "3")
    said(program, 'nil timeout, late, "12", nil timeout, "3"')
    settle(program, { client })
  end)

  it("with a timeout of 0 lets other handlers run", function()
    local program, client = start("",
      "while take('line', { timeout = 0 }) == nil do got[1] = nil end")

    await(program, "conn ~= nil")
    for _ = 1, 5 do assert.equal("", ask(program, "said()")) end
    assert(client:send "line\n")
    said(program, '"line"')
    settle(program, { client })
  end)

  it("returns nil and the reason once the connection has ended", function()
    for act, reason in pairs {
      ["conn:close()"] = "local", ["conn:close(0)"] = "local",
      ["server:close()"] = "shutdown",
    } do
      local program, client = start("", "take() take() take(3)")

      await(program, "conn ~= nil")
      ask(program, act)
      said(program, ("nil R, nil R, nil R"):gsub("R", reason))
      client:close()
      ends_with(program, reason)
      settle(program, { client })
    end
  end)

  it("returns nil and \"reset\" after a reset", function()
    local program, client = start("", forever)

    await(program, "conn ~= nil")
    client:reset()
    said(program, "nil reset")
    ends_with(program, "reset")
    settle(program, { client })
  end)

  it("closes the connection on more than maxmessage bytes", function()
    for call, bytes in pairs {
      ["take 'line'"] = ("x"):rep(41), ["take 'all'"] = ("x"):rep(41),
    } do
      local program, client = start("maxmessage = 40,", call)

      assert(client:send(bytes))
      said(program, "nil toolong")
      ends_with(program, "toolong")
      settle(program, { client })
    end
  end)

  it("returns maxmessage bytes, wherever they begin", function()
    for call, rest in pairs { ["take 'line'"] = "\r\n", ["take(64)"] = "",
      ["take 'all'"] = "" } do
      local program, client = start(
        "size = 16, maxreceives = 4, maxmessage = 64,", "take(5) " .. call)

      assert(client:send("12345" .. ("x"):rep(64) .. rest))
      assert(client:half_close())
      said(program, ('"12345", %q'):format(("x"):rep(64)))
      settle(program, { client })
    end
  end)

  it("returns nothing while the connection is paused", function()
    local program, client = start("", "conn:pause() take() take()")

    await(program, "conn ~= nil")
    assert(client:send "one")
    for _ = 1, 10 do assert.equal("", ask(program, "said()")) end
    ask(program, "conn:resume()")
    said(program, '"one"')
    settle(program, { client })
  end)

  it("returns what came before the call", function()
    local program, client = start("", "repeat fes.sleep(0) until "
      .. "conn:stats().bytes_in == 7 take 'line' take() take()")

    assert(client:send "one\ntwo")
    assert(client:half_close())
    said(program, '"one", "two", nil eof')
    settle(program, { client })
  end)
end)
