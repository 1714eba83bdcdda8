-- Slow clients, however many, take no more memory than the memory line says,
-- and what stands beside the slab is given back when they have gone.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await = asked.ask, asked.await

local MIB = 1024 * 1024

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
  end }
local n = 0
function publish(times, length)
  local data = ("x"):rep(length)
  for _ = 1, times do
    n = n + 1
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

      assert(taken < bound + 2 * MIB, ("%.1f MiB of %.1f")
        :format(taken / MIB, bound / MIB)) -- 2 MiB: the store, and Lua's
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
end)
