-- Slow clients, however many, take no more memory than the memory line says,
-- and what stands beside the slab is given back when they have gone.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await = asked.ask, asked.await

local MIB = 1024 * 1024

-- What the store and Lua may take beside. ASan keeps freed memory for a while.
local asan = (os.getenv "LD_PRELOAD" or ""):find "asan"
local SPARE = (asan and 32 or 2) * MIB

-- Each client is subscribed to one of two topics whose messages alternate, so
-- each message that waits for it is a segment of its own: half a bocket, or a
-- whole one, so that none is copied. Their Unix sockets
-- have buffers of a fixed size.
local script = [[
fes.limits { retained = 1 << 20 }
local mine, other = fes.topic "mine", fes.topic "other"
server = fes.listen { path = "slow.sock", sndbuf = 4096, maxsends = 4096, %s,
  on_connect = function(conn)
    conn:subscribe(server:count() == 1 and other or mine)
  end,
  on_lag = function() lags = lags + 1 end }
lags = 0
local n = 0
_G.n = function() return n end
function publish(times, length)
  for _ = 1, times do
    n = n + 1
    local data = ("%%08d"):format(n) .. ("x"):rep(length - 8)
    mine:publish(data, n)
    other:publish(data, n)
  end
end]]

-- Bytes of resident memory.
local function resident(program)
  for line in io.lines(("/proc/%d/status"):format(program.pid)) do
    local kib = line:match "^VmRSS:%s*(%d+)"

    if kib then return tonumber(kib) * 1024 end
  end
end

local function start(options, number)
  local program = asked.start(script:format(options))
  local clients = {}

  for i = 1, number do
    clients[i] = assert(program:connect { path = program.path })
  end
  await(program, "server:count() == " .. number)
  return program, clients
end

-- Publish until each client but one misses messages.
local function fill(program, clients, length)
  repeat
    ask(program, ("publish(100, %d)"):format(length))
  until ask(program, "server:stats().missed") > 200 * #clients
    or ask(program, "server:count()") < 2
end

local sets = {
  "size = 256, bockets = 16384, overflow = 'drop'",
  "size = 256, bockets = 4096, overflow = 'drop', maxsends = 16",
  "size = 256, bockets = 16384, overflow = 'latest'",
  "size = 256, bockets = 16384, overflow = 'close'",
}

describe("memory of slow clients", function()
  after_each(testing.finish)

  for _, options in ipairs(sets) do
    it("is within the bound with " .. options, function()
      local program, clients = start(options, 100)
      local before = resident(program)
      local bound = ask(program, "server:stats().memory")

      fill(program, clients, 128)

      local taken = resident(program) - before

      assert(taken < bound + SPARE, ("%.1f MiB of %.1f")
        :format(taken / MIB, bound / MIB))
      asked.settle(program, clients)
    end)
  end

  it("is given back when they have gone, beside the slab", function()
    local program, clients = start(
      "size = 512, bockets = 131072, overflow = 'drop'", 200)

    fill(program, clients, 512)

    local most = resident(program)

    for i = 2, #clients do clients[i]:close() end -- one is still slow
    testing.wait_until(function()
      return resident(program) < most - 6 * MIB
    end)
    asked.settle(program, clients)
  end)

  -- Less than half of the limit waits for each: without the lists, which have
  -- run short, a stall would end as soon as it has begun.
  it("may end before `maxsends`: then a client misses messages once", function()
    local program, clients = start(
      "size = 512, bockets = 131072, overflow = 'drop'", 200)
    local reader, last = clients[2], 0

    local function read_next()
      local number = tonumber(assert(reader:read(512)):match "^%d+")
      local follows = number == last + 1

      last = number
      return follows
    end

    fill(program, clients, 512)
    assert.equal(0, ask(program, "lags"))
    while ask(program, "lags") == 0 do assert.is_true(read_next()) end
    ask(program, "publish(1, 512)")
    repeat until not read_next() -- what was queued before it
    assert.equal(ask(program, "n()"), last)
    assert.equal(1, ask(program, "lags"))
    asked.settle(program, clients)
  end)
end)
