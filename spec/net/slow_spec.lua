-- Clients that read late, slowly or never: what they get, and that they do not
-- take the memory of others.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local echo = [[
server = fes.listen { port = 0, sndbuf = 4096, rcvbuf = 4096,
  on_receive = function(conn, data) assert(conn:send(data)) end,
}]]

local function echoes(client, text)
  assert(client:send(text))
  assert.equal(text, client:read(#text))
end

-- Numbered lines, so that bytes in a wrong place are noticed.
local function pattern(length)
  local lines = {}

  for i = 1, length // 8 do lines[i] = ("%07d\n"):format(i) end
  return table.concat(lines)
end

describe("a slow client", function()
  after_each(testing.finish)

  it("that reads after it has sent 10 MB gets the whole echo", function()
    local program = asked.start(echo)
    local client = assert(program:connect { rcvbuf = 4096, timeout = 120 })
    local data = pattern(10000000)

    client:queue(data)
    await(program, "server:stats().queued > 0")
    assert.is_true(ask(program, "server:stats().bytes_in") < #data)

    assert.is_true(data == client:read(#data))
    settle(program, { client })
  end)

  it("that sends and never reads uses its share of the slab only", function()
    local program = asked.start(echo)
    local client = assert(program:connect { rcvbuf = 4096 })
    local other = assert(program:connect())

    client:queue(pattern(4000000))
    await(program, "server:stats().queued > 0")
    for i = 1, 100 do echoes(other, "line " .. i) end

    assert.is_true(ask(program, "server:stats().queued") <= 16 * 4096)
    await(program, "server:stats().bockets"
      .. " - server:stats().bockets_free <= 32")
    assert.equal(2, ask(program, "server:count()"))
    settle(program, { client, other })
  end)

  it("that sends single bytes is answered byte for byte", function()
    local program = asked.start(echo)
    local client = assert(program:connect())

    for i = 0, 255 do echoes(client, string.char(i)) end
    for i = 0, 255 do assert(client:send(string.char(i))) end
    for i = 0, 255 do assert.equal(string.char(i), client:read(1)) end
    assert.equal(512, ask(program, "server:stats().bytes_out"))
    settle(program, { client })
  end)

  it("is full, and has one on_drain", function()
    local program = asked.start [[
local message = ("m"):rep(4000)
server = fes.listen { port = 0, sndbuf = 4096, maxsends = 4,
  on_connect = function(conn)
    local count, ok, why = 0, true, nil
    while ok do
      ok, why = conn:send(message)
      count = count + (ok and 1 or 0)
    end
    conn.full = why
    print("full", why, count, conn:stats().queued)
  end,
  on_drain = function(conn)
    print("drain", conn:stats().queued, conn:send(message))
  end,
}]]
    local client = assert(program:connect { rcvbuf = 4096 })
    local why, count, queued = program:expect "full\t(%w+)\t(%d+)\t(%d+)\n"

    assert.equal("full", why)
    assert.is_true(tonumber(queued) > 3 * 4096)
    assert.is_true(tonumber(queued) <= 4 * 4096)

    local length = (tonumber(count) + 1) * 4000
    assert.equal(("m"):rep(length), client:read(length))

    local left, sent = program:expect "drain\t(%d+)\t(%w+)\n"
    assert.is_true(tonumber(left) <= 2 * 4096)
    assert.equal("true", sent)
    await(program, "server:stats().queued == 0")
    assert.is_nil(program:stdout():match "drain.*drain")
    settle(program, { client })
  end)

  -- Each of 40 connections may use 8 of 64 bockets.
  local crowd = [[
server = fes.listen { port = 0, sndbuf = 4096, rcvbuf = 4096, size = 1024,
  bockets = 64, maxsends = 8, overflow = "drop",
  on_receive = function(conn, data)
    if data ~= "stall" then return conn:send(data) end
    repeat until not conn:send(("s"):rep(700))
    conn.stalled = true
  end,
  on_close = function(conn, reason)
    if not conn.stalled then print("reader closed", reason) end
  end,
}]]

  local function stall(program, clients, count)
    for _ = 1, count do
      local client = assert(program:connect { rcvbuf = 4096 })

      clients[#clients + 1] = client
      assert(client:send "stall")
    end
  end

  it("in a crowd that fills the slab does not affect others", function()
    local program = asked.start(crowd)
    local reader = assert(program:connect())
    local clients = { reader }

    echoes(reader, "in")
    for round = 1, 20 do
      stall(program, clients, 2)
      for i = 1, 10 do
        local text = ("<%d.%d>"):format(round, i)

        assert.not_equal("nil", ask(program,
          "server:broadcast '" .. text .. "'"))
        assert.equal(text, reader:read(#text))
        echoes(reader, text .. "!")
      end
      local new = assert(program:connect())
      echoes(new, "new")
      new:close()
    end
    assert.equal(61, ask(program, "server:stats().accepted"))
    assert.is_true(ask(program, "server:stats().bockets_least") <= 8)
    assert.is_true(ask(program, "server:stats().missed") > 0)
    reader:close()
    program:expect "reader closed\teof\n"
    settle(program, clients)
  end)

  it("that fills the slab by sending does not affect others", function()
    local program = asked.start [[
paused = {}
heard = 0
server = fes.listen { port = 0, rcvbuf = 4096, size = 1024,
  bockets = 64, maxreceives = 8, sndbuf = 4096,
  on_receive = function(conn, data)
    if data == "pause" then
      conn:pause()
      paused[#paused + 1] = conn
      conn:send "paused"
    elseif conn.mute then
      heard = heard + #data
    else
      conn:send(data)
    end
  end,
}
function resume()
  for _, conn in ipairs(paused) do
    conn.mute = true
    conn:resume()
  end
end]]
    local reader = assert(program:connect())
    local clients = { reader }

    for _ = 1, 20 do
      local client = assert(program:connect())

      clients[#clients + 1] = client
      assert(client:send "pause")
      assert.equal("paused", client:read(6))
      client:queue(("p"):rep(100000))
    end
    for i = 1, 50 do echoes(reader, "line " .. i) end
    local new = assert(program:connect())
    clients[#clients + 1] = new
    echoes(new, "new")

    assert.equal(22, ask(program, "server:count()"))
    assert.is_true(ask(program, "server:stats().bytes_in") < 20 * 100000)
    ask(program, "resume()")
    await(program, "heard == 20 * 100000")
    settle(program, clients)
  end)

  it("leaves memory for what another is sent in the same turn", function()
    local program = asked.start [[
all = {}
server = fes.listen { port = 0, sndbuf = 4096, size = 256, bockets = 64,
  maxsends = 32, overflow = "drop",
  on_connect = function(conn) all[#all + 1] = conn end }
function fill()
  for i = 2, 3 do repeat until not all[i]:send(("s"):rep(250)) end
  return server:stats().bockets_free
end
function speak()
  server:broadcast(("x"):rep(200))
  server:broadcast(("y"):rep(100)) -- in two bockets, few bytes in the second
  return all[1]:send "z"
end]]
    local reader = assert(program:connect())

    await(program, "#all == 1")
    local slow = assert(program:connect_all(2, { rcvbuf = 4096 }))
    await(program, "#all == 3")
    await(program, "fill() == 8") -- the reserve

    assert.equal("true", ask(program, "speak()"))
    local expected = ("x"):rep(200) .. ("y"):rep(100) .. "z"
    assert.equal(expected, reader:read(#expected))
    assert.equal(3, ask(program, "server:count()"))
    settle(program, { reader, slow[1], slow[2] })
  end)

  it("that never reads its echo leaves memory for others", function()
    local program = asked.start(crowd)
    local reader = assert(program:connect())
    local clients = { reader }

    for _ = 1, 40 do
      local client = assert(program:connect { rcvbuf = 4096 })

      clients[#clients + 1] = client
      client:queue(("e"):rep(200000))
    end
    await(program, "server:stats().queued > 16 * 1024")
    for i = 1, 100 do echoes(reader, "line " .. i) end
    local new = assert(program:connect())
    clients[#clients + 1] = new
    echoes(new, "new")
    assert.is_true(ask(program, "server:stats().bockets_least") <= 8)
    settle(program, clients)
  end)

  it("loses nothing of its echo, however little memory there is", function()
    local program = asked.start [[
refused = 0
server = fes.listen { port = 0, sndbuf = 4096, rcvbuf = 4096, size = 1024,
  bockets = 64, maxsends = 8,
  on_receive = function(conn, data)
    if not conn:send(data) then refused = refused + 1 end
  end }]]
    local clients, data, whole = {}, pattern(200000), 0

    for i = 1, 40 do
      clients[i] = assert(program:connect { rcvbuf = 4096 })
      clients[i]:queue(data)
    end
    await(program, "server:stats().queued > 16 * 1024")
    for _, client in ipairs(clients) do
      local heard, _, part = client:read(#data)

      if heard then whole = whole + 1 end
      assert.is_true((heard or part) == data:sub(1, #(heard or part)))
    end
    assert.equal(0, ask(program, "refused"))
    assert.equal(40, whole
      + (ask(program, "server:stats().closed.overflow or 0")))
    settle(program, clients)
  end)
end)

describe("20,000 unicasts in one handler", function()
  after_each(testing.finish)

  it("are all queued and sent", function()
    local program = asked.start [[
server = fes.listen { port = 0, bockets = 512 }
function flood()
  local refused = 0
  for i = 1, 80 do
    for conn in server:connections() do
      if not conn:send(("%015d\n"):format(i)) then refused = refused + 1 end
    end
  end
  return refused
end]]
    local clients = assert(program:connect_all(250))

    await(program, "server:count() == 250")
    assert.equal(0, ask(program, "flood()"))

    local expected = {}
    for i = 1, 80 do expected[i] = ("%015d\n"):format(i) end
    expected = table.concat(expected)
    for _, client in ipairs(clients) do
      assert.equal(expected, client:read(#expected))
    end
    assert.equal(20000, ask(program, "server:stats().messages_out"))
    settle(program, clients)
  end)
end)
