-- The end of a peer's stream and resets, also while a connection is paused;
-- idle connections; connections that wait for memory.

local asked = require "spec.support.asked"
local shim = require "spec.support.shim"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local function start(options, where)
  return asked.start(([[
server = fes.listen { %s, sndbuf = 4096, rcvbuf = 4096,
  on_connect = function(new) conn = new end,
  on_close = function(_, reason) print("closed", reason) end, %s }]])
    :format(where or "port = 0", options))
end

local echo = "on_receive = function(from, data) assert(from:send(data)) end,"
local hear = [[on_receive = function(from, data)
  from.heard = (from.heard or "") .. data end,]]

local function connect(program, options)
  local client = assert(program:connect(options))

  await(program, "server:count() == 1")
  return client
end

local function pattern(length)
  local lines = {}

  for i = 1, length // 8 do lines[i] = ("%07d\n"):format(i) end
  return table.concat(lines)
end

describe("the end of the peer's stream", function()
  after_each(testing.finish)

  it("behind more data than the queue holds loses no data", function()
    local program = start(echo)
    local client = connect(program, { rcvbuf = 4096, timeout = 60 })
    local data = pattern(3000000)
    local ended

    client:queue(data)
    client.handle:shutdown(function() ended = true end)
    await(program, "server:stats().queued > 0")
    assert.is_nil(ended)
    assert.is_true(data == client:read(#data))
    assert.same({ "", "eof" }, { client:read_all() })
    program:expect "closed\teof\n"
    settle(program, {})
  end)

  it("is reported after the data that was sent during a pause", function()
    local program = start(hear)
    local client = connect(program)

    ask(program, "conn:pause()")
    assert(client:send "last words")
    assert(client:half_close())
    for _ = 1, 20 do
      assert.equal("nil", ask(program, "conn.heard"))
      assert.equal("nil", program:stdout():match "closed" or "nil")
    end
    ask(program, "conn:resume()")
    program:expect "closed\teof\n"
    assert.equal("last words", ask(program, "conn.heard"))
    settle(program, {})
  end)

  it("is followed by the linger if the client does not read", function()
    local program = start(echo)
    local client = connect(program, { rcvbuf = 4096 })

    ask(program, "conn:send(('x'):rep(32000))") -- less than half of its queue
    assert.is_true(ask(program, "conn:stats().queued") > 0)
    assert(client:half_close())
    program:expect "closed\teof\n"
    settle(program, { client })
  end)

  it("is reported after the last data also if the queue is full", function()
    local program = start(hear)
    local client = connect(program, { rcvbuf = 4096 })

    ask(program, "(function() repeat until not conn:send(('x'):rep(4000))"
      .. " end)()")
    assert(client:send "bye")
    assert(client:half_close())
    local heard, why = client:read_all()
    assert.equal("eof", why)
    assert.is_true(#heard > 16 * 4000 - 4000 and not heard:find "[^x]")
    program:expect "closed\teof\n"
    assert.equal("bye", ask(program, "conn.heard"))
    settle(program, {})
  end)

  it("by a reset discards what is queued in both directions", function()
    local program = start(echo)

    for _ = 1, 20 do
      local client = connect(program, { rcvbuf = 4096 })

      client:queue(pattern(100000))
      await(program, "server:stats().queued > 0")
      client:reset()
      program:expect "closed\treset\n"
      await(program, "server:stats().connections == 0")
      assert.equal("true", ask(program, "conn:send('x') == nil"))
    end
    settle(program, {})
  end)
end)

describe("a resumed connection", function()
  after_each(testing.finish)

  it("notices a reset", function()
    local program = start(hear)
    local client = connect(program)

    ask(program, "conn:pause() and conn:resume()")
    client:reset()
    program:expect "closed\treset\n"
    settle(program, {})
  end)
end)

describe("a paused connection", function()
  after_each(testing.finish)

  it("can be sent to and closed", function()
    local program = start(hear)
    local client = connect(program)

    ask(program, "conn:pause()")
    assert(client:send "unheard")
    ask(program, "conn:send 'out'")
    assert.equal("out", client:read(3))
    ask(program, "conn:close()")
    assert.is_true((client:closed()))
    client:close()
    program:expect "closed\tlocal\n"
    assert.equal("nil", ask(program, "conn.heard"))
    settle(program, {})
  end)

  it("to which nothing is sent notices a reset", function()
    local program = start(hear)
    local client = connect(program)

    ask(program, "conn:pause()")
    client:reset()
    program:expect "closed\treset\n"
    settle(program, {})
  end)

  it("notices a reset behind data that it has not delivered", function()
    local program = start(hear)
    local client = connect(program)

    ask(program, "conn:pause()")
    assert(client:send "unheard")
    ask(program, "conn:resume() and conn:pause()")
    client:reset()
    program:expect "closed\treset\n"
    settle(program, {})
  end)

  it("at a Unix socket ends once it is resumed", function()
    local path = testing.directory() .. "/socket"
    local program = start(hear, ("path = %q"):format(path))
    local client = connect(program, { path = path })

    ask(program, "conn:pause()")
    assert(client:send "last words")
    client:close()
    for _ = 1, 20 do
      assert.equal(1, ask(program, "server:count()"))
    end
    ask(program, "conn:resume()")
    program:expect "closed\teof\n"
    assert.equal("last words", ask(program, "conn.heard"))
    settle(program, {})
  end)
end)

describe("idle_timeout", function()
  after_each(testing.finish)

  it("spares connections that receive or send", function()
    local program = start("idle_timeout = 1.5," .. hear)
    local client = connect(program)
    local finish = os.time() + 3

    repeat
      assert.equal(1, ask(program, "server:broadcast '.'"))
      assert.equal(".", client:read(1))
    until os.time() > finish
    finish = os.time() + 3
    repeat
      assert(client:send ".")
      assert.equal(1, ask(program, "server:count()"))
    until os.time() > finish
    assert.is_true((client:closed()))
    program:expect "closed\tidle\n"
    settle(program, {})
  end)
end)

describe("connections that wait for memory of the slab", function()
  after_each(testing.finish)

  it("have their on_drain, and can then send what was refused", function()
    local program = asked.start [[
local message = ("m"):rep(1000)
all, refused, drained = {}, 0, 0
server = fes.listen { port = 0, sndbuf = 4096, size = 256, bockets = 64,
  maxsends = 32, overflow = "drop",
  on_connect = function(new) all[#all + 1] = new end,
  on_drain = function(conn)
    drained = drained + 1
    conn.fitted = conn:send(message)
  end }
function fill()
  for _, conn in ipairs(all) do
    repeat until not conn:send(message)
    refused = refused + 1
  end
  return refused
end]]
    local clients = assert(program:connect_all(6, { rcvbuf = 4096 }))

    await(program, "#all == 6")
    assert.equal(6, ask(program, "fill()"))
    local open = ask(program, "server:count()")
    local told = ("server:stats().queued == 0 and drained >= %d"):format(open)

    testing.wait_until(function()
      for _, client in ipairs(clients) do client:read_some(0.01) end
      return ask(program, told) == "true"
    end, nil, told)
    assert.equal(open, ask(program, "server:count()"))
    assert.equal(open, ask(program, "drained"))
    assert.equal(open, ask(program, "(function() local n = 0 "
      .. "for conn in server:connections() do "
      .. "n = n + (conn.fitted and 1 or 0) end return n end)()"))
    settle(program, clients)
  end)

  it("have their on_drain in the order in which they were refused", function()
    local program = asked.start(shim.code .. [[
all, order = {}, ""
server = fes.listen { port = 0, size = 256, bockets = 64, maxsends = 32,
  on_connect = function(new) all[#all + 1] = new end,
  on_drain = function(conn) order = order .. conn.name end }

-- How often the kernel refuses bytes although it could take them.
function refuse(times)
  for _, call in ipairs { "send", "sendmsg" } do
    faults.set(("%s EAGAIN %d 0 %d"):format(call, times, server.port))
  end
end
refuse(1000000000)

function left() return server:stats().bockets_free - 8 end -- less the reserve

function hold(i, bockets)
  for _ = 1, bockets do assert(all[i]:send(("h"):rep(256))) end
end

function refused(i, name, length)
  all[i].name = name
  return select(2, all[i]:send(("r"):rep(length)))
end]], { env = shim.env })
    local clients = {}

    for i, bockets in ipairs { 25, 2, 1, 1, 27 } do
      clients[i] = assert(program:connect())
      await(program, "#all == " .. i)
      ask(program, ("hold(%d, %d)"):format(i, bockets))
    end
    assert.equal(0, ask(program, "left()"))
    assert.equal("full", ask(program, "refused(4, 'first.', 20 * 256)"))
    assert.equal("full", ask(program, "refused(3, 'second.', 256)"))

    -- What this frees is enough for the second one, not for the first one.
    ask(program, "all[2]:close(0)")
    assert.equal(2, ask(program, "left()"))
    assert.equal("", ask(program, "order"))
    ask(program, "all[1]:close(0)")
    await(program, "order == 'first.second.'")
    assert.equal(27, ask(program, "left()"))
    ask(program, "refuse(0)")
    settle(program, clients)
  end)
end)

describe("5,000 connects at once", function()
  after_each(testing.finish)

  it("are all served", function()
    local program = start(echo)
    local clients = assert(program:connect_all(5000))

    for i, client in ipairs(clients) do client:queue(("%04d"):format(i)) end
    for i, client in ipairs(clients) do
      assert.equal(("%04d"):format(i), client:read(4))
    end
    settle(program, clients)
  end)
end)
