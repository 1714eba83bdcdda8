-- How messages are cut out of the stream of bytes, and written into it: lines,
-- messages of a fixed length, messages behind a length prefix.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- `heard` lists the messages that the server has received.
local script = [[
heard, ended = {}, {}
server = fes.listen { port = 0, size = 64, bockets = 4096, %s
  on_connect = function(new) conn = new end,
  on_receive = function(from, data) heard[#heard + 1] = data end,
  on_close = function(from, reason, detail)
    ended[#ended + 1] = reason .. (detail and ": " .. detail or "")
  end,
}
function said()
  local list = {}
  for i, each in ipairs(heard) do list[i] = ("%%q"):format(each) end
  return table.concat(list, " ")
end]]

local function start(options)
  local program = asked.start(script:format(options))

  return program, assert(program:connect())
end

local function heard_is(program, ...)
  local all = table.pack(...)

  for i = 1, all.n do all[i] = ("%q"):format(all[i]) end
  await(program, "#heard >= " .. all.n)
  assert.equal(table.concat(all, " "), ask(program, "said()"))
end

local function ends_with(program, reason)
  await(program, "#ended == 1")
  assert.equal(reason, ask(program, "ended[1]"))
end

-- The framings, and how a client writes a message of 9 bytes in each. A server
-- does not write the one that is `inbound`.
local framings = {
  { name = "lines", options = [[framing = "line",]],
    write = function(data) return data .. "\n" end },
  { name = "lines that end in \\r\\n", options = [[framing = "line",]],
    write = function(data) return data .. "\r\n" end, inbound = true },
  { name = "messages of nine bytes", options = "framing = { fixed = 9 },",
    write = function(data) return data end, fixed = true },
}

for _, width in ipairs { 1, 2, 4, 8 } do
  for endian, mark in pairs { big = ">", little = "<" } do
    local packing = mark .. "s" .. width

    framings[#framings + 1] = {
      name = ("%d-byte %s-endian prefixes"):format(width, endian),
      options = ("framing = { length = %d, endian = %q },"):format(width,
        endian),
      write = function(data) return packing:pack(data) end,
    }
  end
end

for _, framing in ipairs(framings) do
  describe("a server that frames by " .. framing.name, function()
    after_each(testing.finish)

    it("receives several messages in one piece", function()
      local program, client = start(framing.options)

      assert(client:send(framing.write "ann is in"
        .. framing.write "bob is on"))
      heard_is(program, "ann is in", "bob is on")
      assert.equal(2, ask(program, "server:stats().messages_in"))
      settle(program, { client })
    end)

    it("receives a message that comes one byte at a time", function()
      local program, client = start(framing.options)
      local bytes = framing.write "ann is in"

      for i = 1, #bytes do
        assert(client:send(bytes:sub(i, i)))
        await(program, "server:stats().bytes_in == " .. i)
      end
      heard_is(program, "ann is in")
      settle(program, { client })
    end)

    it("receives messages that lie in two bockets", function()
      local program, client = start(framing.options)
      local messages, bytes = {}, {}

      for i = 1, 40 do
        messages[i] = ("message%2d"):format(i)
        bytes[i] = framing.write(messages[i])
      end
      assert(client:send(table.concat(bytes)))
      heard_is(program, table.unpack(messages))
      settle(program, { client })
    end)

    if not framing.fixed then
      it("receives messages longer than a bocket, and empty ones", function()
        local program, client = start(framing.options)
        local long = ("x"):rep(150)

        assert(client:send(framing.write "" .. framing.write(long)
          .. framing.write "" .. framing.write(long)))
        heard_is(program, "", long, "", long)
        settle(program, { client })
      end)
    end

    if not framing.inbound then
      it("frames what it sends and broadcasts", function()
        local program, client = start(framing.options)

        await(program, "server:count() == 1")
        ask(program, "conn:send('ann is in')")
        ask(program, "server:broadcast('bob is on')")
        local bytes = framing.write "ann is in" .. framing.write "bob is on"

        assert.equal(bytes, client:read(#bytes))
        assert.equal(#bytes, ask(program, "conn:stats().bytes_out"))
        settle(program, { client })
      end)
    end

    it("drops an incomplete message at the peer's end", function()
      local program, client = start(framing.options)

      assert(client:send(framing.write "ann is in"
        .. framing.write("bob is on"):sub(1, 5)))
      client:half_close()
      ends_with(program, "eof: message incomplete")
      heard_is(program, "ann is in")
      settle(program, { client })
    end)

    it("closes on a message that is incomplete for message_timeout", function()
      local program, client = start(framing.options
        .. "message_timeout = 0.05,")

      assert(client:send(framing.write("ann is in"):sub(1, 5)))
      ends_with(program, "idle: message incomplete")
      assert.equal("", client:read_all())
      settle(program, { client })
    end)
  end)
end

describe("a server with a framing", function()
  after_each(testing.finish)

  local function too_long(options, bytes)
    local program, client = start(options)

    assert(client:send(bytes))
    ends_with(program, "toolong")
    assert.equal(1, ask(program, "server:stats().closed.toolong"))
    settle(program, { client })
  end

  it("closes on a line longer than maxmessage", function()
    too_long([[framing = "line", maxmessage = 8,]], "123456789\n")
  end)

  it("closes on an unfinished line longer than maxmessage", function()
    too_long([[framing = "line", maxmessage = 8,]], "123456789")
  end)

  it("closes on a prefix of more than maxmessage", function()
    too_long("framing = { length = 4 }, maxmessage = 8,", (">I4"):pack(9))
  end)

  it("closes on a prefix of 2^63", function()
    too_long("framing = { length = 8 },", "\x80\0\0\0\0\0\0\0")
    testing.finish()
    too_long("framing = { length = 8, endian = 'little' },",
      "\0\0\0\0\0\0\0\x80")
  end)

  it("takes a message as long as maxmessage", function()
    local program, client = start [[framing = "line", maxmessage = 8,]]

    assert(client:send "12345678\r\n12345678\n")
    heard_is(program, "12345678", "12345678")
    settle(program, { client })
  end)

  it("takes a message that fills maxreceives bockets", function()
    local program, client = start
      "framing = { length = 4 }, maxreceives = 3, maxmessage = 3 * 64,"
    local longest = ("x"):rep(3 * 64)

    for _ = 1, 3 do assert(client:send((">s4"):pack(longest))) end
    heard_is(program, longest, longest, longest)
    settle(program, { client })
  end)

  it("delivers what came before a message that is too long", function()
    local program, client = start [[framing = "line", maxmessage = 8,]]

    assert(client:send "in time\n123456789\n")
    ends_with(program, "toolong")
    heard_is(program, "in time")
    settle(program, { client })
  end)

  it("leaves a \\r that ends no line in the message", function()
    local program, client = start [[framing = "line",]]

    assert(client:send "a\rb\r\r\n\r\n")
    heard_is(program, "a\rb\r", "")
    settle(program, { client })
  end)

  it("holds no bocket between messages, and one within a message", function()
    local program, client = start [[framing = "line",]]

    assert(client:send "whole\n")
    heard_is(program, "whole")
    assert.equal(4096, ask(program, "server:stats().bockets_free"))
    assert(client:send "half")
    await(program, "server:stats().bytes_in == 10")
    assert.equal(4095, ask(program, "server:stats().bockets_free"))
    settle(program, { client })
  end)

  it("delivers no more messages once on_receive has paused", function()
    local program, client = start [[framing = "line",]]

    await(program, "server:count() == 1")
    ask(program, "(function() local list = heard; heard = setmetatable({}, "
      .. "{ __newindex = function(t, i, v) rawset(t, i, v) conn:pause() end })"
      .. " end)()")
    assert(client:send "one\ntwo\nthree\n")
    heard_is(program, "one")
    ask(program, "conn:resume()")
    heard_is(program, "one", "two")
    client:half_close()
    ask(program, "conn:resume()")
    heard_is(program, "one", "two", "three")
    ask(program, "conn:resume()")
    ends_with(program, "eof")
    settle(program, { client })
  end)

  it("does not count a pause for message_timeout", function()
    local program, paused = start [[framing = "line", message_timeout = 0.1,]]

    await(program, "server:count() == 1")
    assert(paused:send "be")
    await(program, "server:stats().bytes_in == 2")
    ask(program, "(function() first = conn return first:pause() end)()")
    local late = assert(program:connect())

    assert(late:send "too late")
    ends_with(program, "idle: message incomplete")
    ask(program, "first:resume()")
    assert(paused:send "gun\n")
    heard_is(program, "begun")
    settle(program, { paused, late })
  end)

  it("delivers a long message only when the queue is empty", function()
    local program = asked.start [[
      server = fes.listen { port = 0, size = 64, maxsends = 4, sndbuf = 4096,
        framing = { length = 2 },
        on_receive = function(conn, data)
          for i = 1, 2 do
            local ok, why = conn:send(data:sub(1, #data // 2))
            if not ok then refused = why end
          end
        end,
      }]]
    local client = assert(program:connect { rcvbuf = 4096 })
    local long = (">s2"):pack(("x"):rep(200))

    client:queue(long:rep(500))
    local answer = (">s2"):pack(("x"):rep(100))

    local got = client:read(1000 * #answer)

    assert.is_true(got == answer:rep(1000))
    assert.equal("nil", ask(program, "refused"))
    settle(program, { client })
  end)

  it("echoes to a client that reads late, and loses no bytes", function()
    local program = asked.start [[
      server = fes.listen { port = 0, framing = "line",
        on_receive = function(conn, line) conn:send(line) end,
      }]]
    local client = assert(program:connect())
    local line = ("x"):rep(99) .. "\n"

    client:queue(line:rep(50000))
    local got = client:read(50000 * #line)

    assert.is_true(got == line:rep(50000))
    settle(program, { client })
  end)

  it("sends empty messages", function()
    local program, client = start "framing = { length = 1 },"

    await(program, "server:count() == 1")
    assert.equal("true", ask(program, "conn:send('')"))
    assert.equal(1, ask(program, "server:broadcast('')"))
    assert.equal("\0\0", client:read(2))
    settle(program, { client })
  end)

  it("counts the prefix when it checks that a message fits", function()
    local program, client = start "framing = { length = 8 }, maxsends = 1,"

    await(program, "server:count() == 1")
    assert.equal("true", ask(program, "conn:send(('x'):rep(56))"))
    assert.error_matches(function()
      ask(program, "conn:send(('x'):rep(57))")
    end, "conn:send: a message of 65 bytes can never fit")
    client:read(64)
    settle(program, { client })
  end)

  local function refuses(options, expression, pattern)
    local program, client = start(options)

    await(program, "server:count() == 1")
    assert.error_matches(function() ask(program, expression) end, pattern)
    assert.equal(0, ask(program, "server:stats().messages_out"))
    settle(program, { client })
  end

  it("refuses to send a line that contains \\n", function()
    refuses([[framing = "line",]], [[conn:send("a\nb")]],
      [[conn:send: the framing cannot carry this data: a line cannot hold]])
    testing.finish()
    refuses([[framing = "line",]], [[server:broadcast("\n")]],
      [[server:broadcast: the framing cannot carry this data]])
  end)

  it("refuses to send another length than the fixed one", function()
    refuses("framing = { fixed = 3 },", [[conn:send("ab")]],
      "conn:send: a message has 3 bytes under this framing, got 2")
    testing.finish()
    refuses("framing = { fixed = 3 },", [[server:broadcast("")]],
      "a message has 3 bytes under this framing, got 0")
  end)

  it("refuses to send more bytes than the prefix can count", function()
    refuses("framing = { length = 1 },", [[conn:send(("x"):rep(256))]],
      "conn:send: the framing cannot carry this data: it is longer")
  end)
end)
