-- Accepting connections: its limits, pausing it, and a lack of descriptors.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local function start(options, run)
  return asked.start(([[
_G.fes = fes
server = fes.listen { port = 0, %s
  on_receive = function(conn, data) conn:send(data) end }]])
    :format(options), run)
end

local function echoes(client, text)
  assert(client:send(text))
  assert.equal(text, client:read(#text))
end

-- How many connections the kernel holds until the server accepts them.
local function waiting(program)
  local listener = (":%04X 00000000:0000 0A %%x+:(%%x+)"):format(program.port)

  for line in io.lines "/proc/net/tcp" do
    local count = line:match(listener)

    if count then return tonumber(count, 16) end
  end
end

-- Check that this many connections wait, and go on waiting: each question is
-- answered in a turn of its own, in which the server could accept them.
local function keeps_waiting(program, count)
  testing.wait_until(function() return waiting(program) == count end, nil,
    count .. " waiting connections")
  for _ = 1, 20 do ask(program, "true") end
  assert.equal(count, waiting(program))
end

describe("a server", function()
  after_each(testing.finish)

  it("that accepts one connection at a time serves many", function()
    local program = start "maxaccepts = 1, header = 'h',"
    local clients = assert(program:connect_all(200))

    for i, client in ipairs(clients) do
      assert.equal("h", client:read(1))
      echoes(client, "client " .. i)
    end
    assert.equal(200, ask(program, "server:stats().accepted"))
    settle(program, clients)
  end)

  it("stops accepting at maxconnections, until a connection closes", function()
    local program = start "maxconnections = 3,"
    local clients = assert(program:connect_all(3))

    for _, client in ipairs(clients) do echoes(client, "in") end
    local fourth = assert(program:connect())
    local fifth = assert(program:connect())

    keeps_waiting(program, 2)
    assert.equal(3, ask(program, "server:stats().accepted"))
    clients[1]:close()
    echoes(fourth, "fourth")
    keeps_waiting(program, 1)
    clients[2]:reset()
    echoes(fifth, "fifth")
    assert.equal(3, ask(program, "server:count()"))
    settle(program, { clients[3], fourth, fifth })
  end)

  it("has at most maxperip connections from one IPv4 address", function()
    local program = start "maxperip = 2, header = 'h',"
    local one = assert(program:connect { from = "127.0.0.5" })
    local two = assert(program:connect { from = "127.0.0.5" })
    local other = assert(program:connect { from = "127.0.0.6" })

    for _, each in ipairs { one, two, other } do
      assert.equal("h", each:read(1))
    end
    local three = assert(program:connect { from = "127.0.0.5" })
    assert.equal("", (three:read_all()))
    await(program, "server:stats().closed.perip == 1")

    two:close()
    await(program, "server:stats().connections == 2")
    local four = assert(program:connect { from = "127.0.0.5" })
    assert.equal("h", four:read(1))
    echoes(four, "again")
    settle(program, { one, four, other })
  end)

  -- address_spec.lua checks which addresses are one site.
  it("has at most maxperip connections from one IPv6 site", function()
    local program = start "maxperip = 2, header = 'h', host = '::1',"
    local clients = assert(program:connect_all(2))

    for _, each in ipairs(clients) do assert.equal("h", each:read(1)) end
    local third = assert(program:connect())
    assert.equal("", (third:read_all()))
    await(program, "server:stats().closed.perip == 1")

    clients[1]:close()
    await(program, "server:stats().connections == 1")
    clients[1] = assert(program:connect())
    assert.equal("h", clients[1]:read(1))
    echoes(clients[1], "again")
    settle(program, clients)
  end)

  it("survives clients that reset at once", function()
    local program = start "header = 'h',"

    for _ = 1, 200 do assert(program:connect()):reset() end
    local clients = assert(program:connect_all(100))
    for i, client in ipairs(clients) do
      if i % 2 == 0 then client:reset() end
    end
    for i = 1, 100, 2 do
      assert.equal("h", clients[i]:read(1))
      echoes(clients[i], "still")
    end
    settle(program, clients)
  end)

  it("runs on_close for each on_connect if clients close at once", function()
    local program = asked.start [[
connects, closes = 0, 0
server = fes.listen { port = 0,
  on_connect = function() connects = connects + 1 end,
  on_close = function() closes = closes + 1 end }]]

    for _ = 1, 100 do assert(program:connect()):close() end
    for _ = 1, 100 do assert(program:connect()):reset() end
    await(program, "server:stats().accepted >= 100"
      .. " and server:stats().connections == 0 and connects == closes")
    settle(program, {})
  end)

  it("accepts no connection from pause to resume", function()
    local program = start ""
    local before = assert(program:connect())

    echoes(before, "before")
    ask(program, "server:pause()")
    local after = assert(program:connect())
    keeps_waiting(program, 1)
    echoes(before, "still")
    assert.equal(1, ask(program, "server:count()"))
    ask(program, "server:resume()")
    echoes(after, "after")
    settle(program, { before, after })
  end)

  it("accepts all of 1000 clients that connect at once", function()
    local program = start "maxaccepts = 16, backlog = 64,"
    local clients = assert(program:connect_all(1000))

    for i, client in ipairs(clients) do client:queue(("%04d"):format(i)) end
    for i, client in ipairs(clients) do
      assert.equal(("%04d"):format(i), client:read(4))
    end
    assert.equal(1000, ask(program, "server:count()"))
    settle(program, clients)
  end)
end)

describe("a server without free descriptors", function()
  after_each(testing.finish)

  it("serves its connections, and accepts the others later", function()
    local program = start("", { prefix = { "prlimit", "--nofile=64:64" } })
    local clients = assert(program:connect_all(80))

    for _, client in ipairs(clients) do client:queue "x" end
    await(program, "server:count() > 8")
    local inside, outside = {}, {}

    for _, client in ipairs(clients) do
      local list = client:read(1, #inside < 8 and 20 or 0.01)
        and inside or outside
      list[#list + 1] = client
    end
    assert.is_true(#inside >= 8 and #outside >= 16)
    for _, client in ipairs(inside) do echoes(client, "fine") end
    for _, client in ipairs(inside) do client:close() end
    for _, client in ipairs(outside) do client.timeout = 0.1 end

    local served = 0
    testing.wait_until(function()
      for _, client in ipairs(outside) do
        if not client.served and client:read(1) then
          client.served, served = true, served + 1
          client:close()
        end
      end
      return served == #outside
    end, 60, "the last client that waited")
    settle(program, {})
  end)

  it("accepts again when connections of another one have closed", function()
    local program = start("", { prefix = { "prlimit", "--nofile=64:64" } })
    local clients = assert(program:connect_all(80))

    testing.wait_until(function() return (waiting(program) or 0) > 0 end)
    ask(program, "true") -- a turn that began when no descriptor was free
    local other = assert(program:connect {
      port = program.ports[#program.ports],
    })

    assert(other:send "'accepted'\n")
    ask(program, "true")
    for _, client in ipairs(clients) do client:close() end
    assert.equal("accepted", other:line())
    settle(program, { other })
  end)

  it("does not spin, and accepts again once some are free", function()
    local program = start("", { prefix = { "prlimit", "--nofile=128:128" } })
    local first = assert(program:connect())

    echoes(first, "first")
    ask(program, "(function() taken = {} repeat local f = "
      .. "io.open '/dev/null' taken[#taken + 1] = f until not f end)()")
    local second = assert(program:connect())

    program:expect("Too many open files", "stderr")
    ask(program, [[(function()
      local before = fes.stats().turns.count
      fes.after(0.5, function()
        print("turns", fes.stats().turns.count - before)
      end)
    end)()]])
    local turns = tonumber((program:expect "turns\t(%d+)\n"))

    assert.is_true(turns < 50, turns .. " turns") -- it tries 10 times a second
    echoes(first, "still")
    keeps_waiting(program, 1)

    ask(program, "(function() for _, f in ipairs(taken) do f:close() end "
      .. "taken = nil end)()")
    echoes(second, "second")
    settle(program, { first, second })
  end)
end)

-- strace shows the values: they are set on the listener, from which accepted
-- connections inherit them.
describe("keepalive", function()
  after_each(testing.finish)

  it("differs between connections, so that not all are probed at once",
    function()
      local trace = testing.directory() .. "/trace"
      local program = asked.start([[
        server = fes.listen { port = 0, keepalive = 60, backlog = 1024 }]], {
          prefix = { "strace", "-D", "-o", trace, "-e", "trace=setsockopt" },
        })
      local clients = assert(program:connect_all(300))

      await(program, "server:count() == 300")
      settle(program, clients)

      local seconds, different = {}, 0

      for line in io.lines(trace) do
        local each = tonumber(line:match "TCP_KEEPIDLE, %[(%d+)%]")

        if each and not seconds[each] then
          assert.is_true(each > 30 and each <= 60)
          seconds[each], different = true, different + 1
        end
      end
      assert.equal(5, different) -- a new value for each 64 connections
    end)
end)

describe("a header", function()
  after_each(testing.finish)

  -- All comes in one turn: a handler that waits for a pipe holds it up.
  for _, order in ipairs { "answer first", "accept first" } do
    it("is sent though the slab is nearly used up, " .. order, function()
      local pipe = testing.directory() .. "/pipe"

      assert(os.execute("mkfifo " .. pipe))

      local program = asked.start(([[
        server = fes.listen { path = "s", size = 16, bockets = 3, maxsends = 2,
          maxreceives = 2, framing = "line", header = ("h"):rep(20),
          on_receive = function(conn, data)
            if data == "wait" then io.open(%q):read "a" else conn:send "ok" end
          end }]]):format(pipe))
      local clients = {}

      for i = 1, 4 do
        clients[i] = assert(program:connect { path = "s" })
        assert.equal(("h"):rep(20), clients[i]:read(20))
      end

      local holder, asking, other, held_up = table.unpack(clients)

      assert(holder:send "abc") -- the beginning of a line: one bocket is held
      await(program, "server:stats().bockets_free < 3")
      assert(held_up:send "wait\n")

      local function answer()
        assert(asking:send "hi\n")
        assert(other:send "abc")
      end

      if order == "answer first" then answer() end
      clients[5] = assert(program:connect { path = "s" })
      if order == "accept first" then answer() end
      io.open(pipe, "w"):close()
      ask(program, "true")
      settle(program, clients)
    end)
  end
end)
