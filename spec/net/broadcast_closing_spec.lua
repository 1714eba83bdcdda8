-- Broadcasts and loops over connections while connections close.

local asked = require "spec.support.asked"
local broadcasting = require "spec.support.broadcasting"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local connect, plain = broadcasting.connect, broadcasting.plain

describe("server:broadcast", function()
  after_each(testing.finish)

  it("in on_close reaches the connections that stay open", function()
    local program = asked.start [[
server = fes.listen { port = 0,
  on_receive = function(conn, data) server:broadcast(data) end,
  on_close = function() server:broadcast "-" end }]]
    local clients = connect(program, 100)

    for i = 1, 50 do
      if i % 5 == 0 then clients[i]:send "+" end
      if i % 2 == 0 then clients[i]:reset() else clients[i]:close() end
    end
    for i = 51, 100 do
      local heard = ""

      repeat
        heard = heard .. assert(clients[i]:read(1))
        local _, left = heard:gsub("-", "")
      until left == 50
    end
    assert.equal(50, ask(program, "server:count()"))
    settle(program, { table.unpack(clients, 51) })
  end)

  -- A pass over 500 connections takes 5 ms or more, on any machine, since each
  -- system call that sends is delayed. A slice is 1 ms.
  it("continues its pass when connections close during it", function()
    local program = asked.start([[
all = {}
server = fes.listen { port = 0, bockets = 64,
  on_connect = function(conn) all[#all + 1] = conn end }

-- Broadcast a number in each turn, and close some connections in between.
function speak(stay, times)
  local n, behind = 0, 0
  local timer
  timer = fes.every(0, function()
    n = n + 1
    if n > 1 and server:stats().queued > 0 then behind = behind + 1 end
    server:broadcast(("%07d\n"):format(n))
    for i = n, #all, times do
      if i % stay ~= 0 then all[i]:close(0) end
    end
    if n == times then
      timer:stop()
      print("in the middle", behind)
    end
  end)
end]], { prefix = {
      "strace", "-D", "-o", "/dev/null", "-e", "trace=sendto,sendmsg",
      "-e", "inject=sendto,sendmsg:delay_enter=10",
    } })
    local clients = connect(program, 500)
    local expected = {}

    for i = 1, 20 do expected[i] = ("%07d\n"):format(i) end
    expected = table.concat(expected)
    ask(program, "speak(10, 20)")
    assert.is_true(tonumber(program:expect "in the middle\t(%d+)\n") > 0)
    await(program, "server:stats().queued == 0")
    assert.equal(50, ask(program, "server:count()"))

    local whole = 0
    for _, client in ipairs(clients) do
      local heard, _, part = client:read(#expected)

      if heard then whole = whole + 1 else heard = part end
      assert.is_true(expected:sub(1, #heard) == heard)
    end
    assert.equal(50, whole)
    settle(program, clients)
  end)

  it("closes a full connection before the handler sends to it", function()
    local program = asked.start [[
server = fes.listen { port = 0, sndbuf = 4096, size = 1024, maxsends = 4,
  on_connect = function(conn) last = conn end,
  on_close = function(_, reason) print("closed", reason) end }
function speak()
  repeat until not last:send(("s"):rep(1000))
  server:broadcast(("b"):rep(4096))
  local ok, why = last:send "more"
  return tostring(ok) .. " " .. tostring(why)
end
function close()
  repeat until not last:send(("s"):rep(1000))
  server:broadcast(("b"):rep(4096))
  local ok, why = last:close()
  return tostring(ok) .. " " .. tostring(why)
end]]
    local reader = connect(program, 1)[1]
    local slow = connect(program, 1, { rcvbuf = 4096 })[1]

    assert.equal("nil closed", ask(program, "speak()"))
    program:expect "closed\toverflow\n"
    assert.equal(("b"):rep(4096), reader:read(4096))

    slow:close()
    slow = connect(program, 1, { rcvbuf = 4096 })[1]
    ask(program, "close()")
    program:expect "closed\toverflow\n"
    assert.equal(("b"):rep(4096), reader:read(4096))
    settle(program, { reader, slow })
  end)

  it("does not reach connections that the same handler has closed", function()
    local program = asked.start(plain .. [[
function cull()
  local n = 0
  local told = {}
  for conn in server:connections() do
    n = n + 1
    told[#told + 1] = server:broadcast(n .. ".")
    if n % 2 == 0 then conn:close() end
  end
  return table.concat(told, " ")
end]])
    local clients = connect(program, 20)
    local expected, all = {}, {}

    for i = 1, 20 do
      expected[i] = tostring(20 - (i - 1) // 2)
      all[i] = i .. "."
    end
    all = table.concat(all)
    assert.equal(table.concat(expected, " "), ask(program, "cull()"))

    local ended = 0
    for _, client in ipairs(clients) do
      local heard, why = client:read(#all, 20)
      if not heard then
        assert.equal("eof", why)
        ended = ended + 1
        client:close()
      else
        assert.equal(all, heard)
      end
    end
    assert.is_true(ended >= 9)
    await(program, "server:count() == 10")
    await(program, "server:stats().closed['local'] == 10")
    settle(program, clients)
  end)
end)

describe("server:connections", function()
  after_each(testing.finish)

  it("skips connections that are closed during the loop", function()
    local program = asked.start(plain .. [[
function sweep()
  local all = {}
  for conn in server:connections() do all[#all + 1] = conn end
  local visited = 0
  for conn in server:connections() do
    visited = visited + 1
    for i, each in ipairs(all) do
      if each == conn then
        conn:close(0)
        if all[i + 1] then all[i + 1]:close(0) end
      end
    end
  end
  return visited
end]])
    local clients = connect(program, 10)

    assert.equal(5, ask(program, "sweep()"))
    assert.equal(0, ask(program, "server:count()"))
    settle(program, clients)
  end)
end)
