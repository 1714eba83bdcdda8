local asked = require "spec.support.asked"
local shim = require "spec.support.shim"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- Echoes what it hears, or sends that to one or all so often, and tells ends.
local script = shim.code .. [[
server = fes.listen { port = 0, size = 256, maxsends = 16,
  on_receive = function(conn, data)
    local to, times = data:match "^(%a+) (%d+)$"
    if to == "all" then server:broadcast(("x"):rep(times))
    elseif to == "you" then conn:send(("x"):rep(times))
    else conn:send(data) end
  end,
  on_close = function(conn, reason, detail)
    print("closed", conn.peer, reason, detail)
  end }

function all(method)
  for conn in server:connections() do conn[method](conn) end
end

function fill(peer)
  for conn in server:connections() do
    local taken = 0

    while conn.peer == peer do
      local ok, why = conn:send(("x"):rep(1000))
      if not ok then return taken .. " " .. why end
      taken = taken + 1
    end
  end
end]]

local function start()
  return asked.start(script, { env = shim.env })
end

-- Let calls fail that concern a client or, without one, the listener; the
-- first ones not, if `skip` says how many.
local function break_call(program, call, times, client, skip)
  local port = client and client:name():match "%d+$" or program.port

  ask(program, ("faults.set '%s %d %d %d'")
    :format(call, times, skip or 0, port))
end

local function hits(program, call)
  return ask(program, ("faults.hits %q"):format(call:match "%S+"))
end

local function echoes(client, text)
  assert(client:send(text))
  assert.equal(text, client:read(#text))
end

local function connect(program, count)
  local clients = assert(program:connect_all(count))

  for i, client in ipairs(clients) do echoes(client, "in " .. i) end
  return clients
end

local function expect_end(program, client, reason, detail)
  local line = ("closed\t%s\t%s\t%s\n"):format(client:name(), reason,
    detail or "nil")

  program:expect((line:gsub("%p", "%%%0")))
end

describe("accept4 that fails with", function()
  after_each(testing.finish)

  for error, text in pairs {
    EMFILE = "Too many open files", ENFILE = "Too many open files in system",
    ENOBUFS = "No buffer space available", ENOMEM = "Cannot allocate memory",
  } do
    it(error .. " rests, and goes on", function()
      local program = start()
      local first = connect(program, 1)[1]

      break_call(program, "accept4 " .. error, 3)
      local second = assert(program:connect())
      second:queue "?"
      program:expect("accepting pauses: " .. text .. "\n", "stderr")
      echoes(first, "still")
      assert.equal("?", second:read(1))
      assert.equal(3, hits(program, "accept4"))
      assert.equal(2, ask(program, "server:stats().accepted"))
      settle(program, { first, second })
    end)
  end

  for _, error in ipairs { "ECONNABORTED", "EINTR", "EPROTO", "EPERM" } do
    it(error .. " tries again", function()
      local program = start()
      local first = connect(program, 1)[1]

      break_call(program, "accept4 " .. error, 3)
      local second = connect(program, 1)[1]
      assert.equal(3, hits(program, "accept4"))
      echoes(first, "still")
      settle(program, { first, second })
    end)
  end
end)

-- By which call it leaves, to one or to all: from the connection's own queue
-- or from the stream of broadcasts, in one piece or in several.
local ways = {
  { call = "send", to = "you", length = 100 },
  { call = "sendmsg", to = "you", length = 700 },
  { call = "send", to = "all", length = 100 },
  { call = "sendmsg", to = "all", length = 700 },
}

for _, way in ipairs(ways) do
  local order = ("%s %d"):format(way.to, way.length)
  local bytes = ("x"):rep(way.length)

  local function expect_bytes(clients)
    if way.to == "you" then clients = { clients[1] } end
    for _, each in ipairs(clients) do
      assert.equal(bytes, each:read(#bytes))
    end
  end

  describe(("a %s to %s that fails with"):format(way.call, way.to), function()
    after_each(testing.finish)

    for error, ending in pairs {
      ENOMEM = { "error", "Cannot allocate memory" },
      ENOBUFS = { "error", "No buffer space available" },
      ETIMEDOUT = { "error", "Connection timed out" },
      EPIPE = { "reset" },
      ECONNRESET = { "reset" },
    } do
      it(error .. " ends that connection alone", function()
        local program = start()
        local victim, other, last = table.unpack(connect(program, 3))

        break_call(program, way.call .. " " .. error, 1, victim)
        assert(victim:send(order))
        assert.is_true((victim:closed()))
        expect_end(program, victim, table.unpack(ending))
        assert.equal(1, hits(program, way.call))
        assert.equal(1, ask(program,
          ("server:stats().closed[%q]"):format(ending[1])))
        if way.to == "all" then expect_bytes { other, last } end
        echoes(other, "still")
        settle(program, { other, last })
      end)
    end

    for _, error in ipairs { "EINTR", "EAGAIN", "SHORT" } do
      it(error .. " loses nothing", function()
        local program = start()
        local clients = connect(program, 3)

        break_call(program, way.call .. " " .. error, 2, clients[1])
        assert(clients[1]:send(order))
        expect_bytes(clients)
        assert.is_true(hits(program, way.call) >= 1)
        echoes(clients[1], "on")
        settle(program, clients)
      end)
    end
  end)
end

describe("a send that fails", function()
  after_each(testing.finish)

  it("inside of a call says that the connection is closed", function()
    local program = start()
    local victim, other = table.unpack(connect(program, 2))

    -- More than a queue takes: the kernel is asked before it says "full".
    break_call(program, "sendmsg ENOMEM", 1, victim)
    local said = ask(program, ("fill %q"):format(victim:name()))
    assert.equal("4 closed", said)
    expect_end(program, victim, "error", "Cannot allocate memory")
    assert.is_true((victim:closed()))
    echoes(other, "still")
    settle(program, { other })
  end)

  -- A header leaves before on_connect only if a turn's broadcasts are more
  -- than may wait.
  it("during set-up is the end of it, of which nobody is told", function()
    local program = asked.start(shim.code .. [[
events = ""
server = fes.listen { port = 0, size = 256, maxsends = 2, header = "h",
  maxaccepts = 1, maxperip = 3,
  on_connect = function() events = events .. "+" end,
  on_close = function() events = events .. "-" end }
fes.every(0, function()
  if armed and server:stats().accepted > armed then
    armed = nil
    faults.set("send EPIPE 1 0 " .. server.port)
    for i = 1, 3 do server:broadcast(("b"):rep(300)) end
  end
end)]], { env = shim.env })
    local other = assert(program:connect())

    assert.equal("h", other:read(1))
    ask(program, "(function() armed = server:stats().accepted end)()")
    local victim = assert(program:connect())
    assert.same({ "", "eof" }, { victim:read_all() })
    assert.equal(("b"):rep(900), other:read(900))
    assert.equal(1, ask(program, "server:stats().closed.reset"))
    assert.equal("+", ask(program, "events"))

    -- Its place among those in set-up, and at its address, is free again.
    local more = assert(program:connect_all(2))
    for _, each in ipairs(more) do assert.equal("h", each:read(1)) end
    assert.equal("+++", ask(program, "events"))
    settle(program, { other, more[1], more[2] })
  end)
end)

describe("recv that fails with", function()
  after_each(testing.finish)

  for error, ending in pairs {
    ENOMEM = { "error", "Cannot allocate memory" },
    ETIMEDOUT = { "error", "Connection timed out" },
    EHOSTUNREACH = { "error", "No route to host" },
    ECONNRESET = { "reset" },
  } do
    it(error .. " ends that connection alone", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      break_call(program, "recv " .. error, 1, victim)
      assert(victim:send "x")
      assert.is_true((victim:closed()))
      expect_end(program, victim, table.unpack(ending))
      echoes(other, "still")
      settle(program, { other })
    end)
  end

  for _, error in ipairs { "EINTR", "EAGAIN" } do
    it(error .. " tries again", function()
      local program = start()
      local victim = connect(program, 1)[1]

      break_call(program, "recv " .. error, 5, victim)
      echoes(victim, "on")
      assert.equal(5, hits(program, "recv"))
      settle(program, { victim })
    end)
  end

  it("ENOMEM once it is closing ends it, for the reason it had", function()
    local program = start()
    local victim = connect(program, 1)[1]

    break_call(program, "recv ENOMEM", 1, victim)
    ask(program, "all('close')")
    assert.is_true((victim:closed()))
    assert(victim:send "x")
    expect_end(program, victim, "local")
    assert.equal(1, hits(program, "recv"))
    settle(program, {})
  end)
end)

describe("a kernel that takes nothing for a while", function()
  after_each(testing.finish)

  for what, case in pairs {
    ["broadcasts fill"] = { "",
      "for _ = 1, 4 do server:broadcast(('x'):rep(1024)) end" },
    ["sends fill, up to maxqueue,"] = { "maxqueue = 2048,", [[
      local conn = server:connections()()
      conn:send(('x'):rep(1024)) conn:flush()
      conn:send(('x'):rep(1024)) ]] },
  } do
    it("has a queue that " .. what .. " have its on_drain", function()
      local options, fill = table.unpack(case)
      local program = asked.start(shim.code .. ([[
        drains = 0
        server = fes.listen { port = 0, size = 1024, maxsends = 4, %s
          overflow = "drop",
          on_drain = function() drains = drains + 1 end }
        function fill() %s end]]):format(options, fill), { env = shim.env })
      local client = assert(program:connect())

      await(program, "server:count() == 1")
      break_call(program, "send EAGAIN", 3, client)
      ask(program, ("faults.set 'sendmsg EAGAIN 3 0 %d'")
        :format(client:name():match "%d+$"))
      ask(program, "fill()")
      await(program, "drains == 1")
      await(program, "server:stats().queued == 0")
      assert.equal(1, ask(program, "drains"))
      assert.equal(0, ask(program, "server:stats().missed"))
      settle(program, { client })
    end)
  end
end)

describe("epoll_ctl that fails with", function()
  after_each(testing.finish)

  local unwatched = "its socket cannot be watched"

  for _, error in ipairs { "ENOMEM", "ENOSPC" } do
    it(error .. " for a new connection ends that one alone", function()
      local program = start()
      local other = connect(program, 1)[1]

      break_call(program, "epoll_ctl " .. error, 1) -- the next that is in
      local victim = assert(program:connect())
      assert.is_true((victim:closed()))
      expect_end(program, victim, "error", unwatched)
      assert.equal(1, hits(program, "epoll_ctl"))
      echoes(other, "still")
      settle(program, { other, connect(program, 1)[1] })
    end)

    it(error .. " for one that falls behind ends that one alone", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      break_call(program, "send EAGAIN", 1, victim)
      break_call(program, "epoll_ctl " .. error, 1, victim)
      assert(victim:send "you 100")
      assert.is_true((victim:closed()))
      expect_end(program, victim, "error", unwatched)
      assert.equal(1, hits(program, "epoll_ctl"))
      echoes(other, "still")
      settle(program, { other })
    end)

    it(error .. " for one that is resumed ends that one alone", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      ask(program, "all('pause')")
      break_call(program, "epoll_ctl " .. error, 1, victim, 1)
      ask(program, "all('resume')") -- no longer for its break; for reading
      assert.is_true((victim:closed()))
      expect_end(program, victim, "error", unwatched)
      echoes(other, "still")
      settle(program, { other })
    end)

    it(error .. " for one that is paused is told, and ends nobody", function()
      local program = start()
      local victim, other = table.unpack(connect(program, 2))

      break_call(program, "epoll_ctl " .. error, 1, victim)
      ask(program, "all('pause')")
      program:expect("a paused connection cannot be watched: ", "stderr")
      assert.equal(1, hits(program, "epoll_ctl"))
      ask(program, "all('resume')")
      echoes(victim, "still")
      settle(program, { victim, other })
    end)

    it(error .. " for the listener rests, and goes on", function()
      local program = start()
      local first = connect(program, 1)[1]

      ask(program, "server:pause()")
      break_call(program, "epoll_ctl " .. error, 2)
      ask(program, "server:resume()")
      program:expect("accepting pauses: " .. unwatched .. "\n", "stderr")
      echoes(first, "still")
      local second = connect(program, 1)[1]
      assert.equal(2, hits(program, "epoll_ctl"))
      settle(program, { first, second })
    end)
  end
end)

describe("epoll_wait that fails with", function()
  after_each(testing.finish)

  it("EINTR waits again", function()
    local program = start()
    local client = connect(program, 1)[1]

    ask(program, "faults.set 'epoll_wait EINTR 100'")
    echoes(client, "still")
    await(program, "faults.hits 'epoll_wait' == 100")
    settle(program, { client })
  end)
end)

describe("mmap that fails", function()
  after_each(testing.finish)

  local refusal = "Cannot allocate memory\n"

  -- After `skip` calls that go through.
  local function run(skip, code)
    return testing.run { code = code, env = {
      LD_PRELOAD = shim.env.LD_PRELOAD, FES_FAULT = "mmap ENOMEM 1 " .. skip,
    } }
  end

  it("at the start, wherever it is, ends the program clearly", function()
    local refused = 0
    local status, out, err

    repeat
      status, out, err = run(refused, [[
require "fes".listen { port = 0 }
require "fes".stop()]])
      if status ~= 0 then
        assert.equal(1, status)
        assert.equal("", out)
        assert.is_truthy(err:find("^fes: ") and err:find(refusal), err)
        refused = refused + 1
      end
    until status == 0
    assert.is_true(refused >= 5, refused .. " refused")
    assert.is_truthy(out:find "^listening ")
  end)

  it("in fes.listen or fes.pool raises, and leaves nothing behind", function()
    local program = asked.start(script .. [[

function descriptors()
  local n = 0
  for _ in require "lfs".dir "/proc/self/fd" do n = n + 1 end
  return n
end

function try(call, refusal)
  local before, errors, ok, result = descriptors(), 0, nil, nil
  repeat
    faults.set("mmap ENOMEM 1 " .. errors)
    ok, result = pcall(call)
    if not ok then
      assert(result:find(refusal), result)
      errors = errors + 1
    end
  until ok
  result:close()
  assert(descriptors() <= before)
  return errors
end]], { env = shim.env })
    local client = connect(program, 1)[1]

    assert.equal(4, ask(program,
      "try(function() return require 'fes'.listen { port = 0 } end, "
      .. "'Cannot allocate memory')"))
    assert.equal(2, ask(program,
      "try(function() return require 'fes'.pool(4, 64) end, "
      .. "'no room for 4 bockets')"))
    echoes(client, "still")
    settle(program, { client })
  end)
end)
