-- The record of a connection is reused for another one. Nothing in it may still
-- point to what belonged to the first one, above all its server.

local asked = require "spec.support.asked"
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

-- stall(conn) subscribes a connection, fills its queue, and publishes one more
-- message. The connection belongs to a server or is an outgoing one.
local stalling = [[
topic, stalled, lags = fes.topic "t", 0, 0
function fill(conn) while conn:send(("x"):rep(4000)) do end end
function stall(conn)
  conn:subscribe(topic)
  fill(conn)
  topic:publish(("y"):rep(4000))
  stalled = stalled + 1
end
function on_lag() lags = lags + 1 end
]]

-- dial(...) connects to `server`, which reads nothing until read().
local outgoing = stalling .. [[
heard, closed = 0, 0
server = fes.listen { port = 0, rcvbuf = 4096,
  on_connect = function(conn) conn:pause() end,
  on_receive = function(conn, data)
    if data:find("!", 1, true) then heard = heard + 1 end
  end,
}
function dial(count, options, on_connect)
  local list = {}

  for i = 1, count do
    local all = { port = server.port, overflow = "drop", sndbuf = 4096,
      on_connect = on_connect, on_lag = on_lag,
      on_close = function() closed = closed + 1 end }

    for name, value in pairs(options) do all[name] = value end
    list[i] = fes.connect(all)
  end
  return list
end
function youngest(list)
  local age = math.huge

  for _, conn in ipairs(list) do age = math.min(age, conn:stats().age) end
  return age
end
function close(list) for _, conn in ipairs(list) do conn:close(0) end end
function read() for conn in server:connections() do conn:resume() end end
]]

describe("a record that is reused", function()
  after_each(testing.finish)

  it("has no trace of the stall of an outgoing connection", function()
    local program = asked.start(outgoing)

    -- each has a server of its own, and stalls on its broadcasts by maxage
    ask(program, "rawset(_G, 'old', dial(4, { maxage = 0.05 }, fill))")
    await(program, "youngest(old) > 0.1")
    ask(program, "close(old)")
    await(program, "closed == 4 and server:count() == 0")

    ask(program, "rawset(_G, 'new', dial(8, {}, stall))")
    await(program, "stalled == 8")
    ask(program, "read()")
    await(program, "lags == 8")
    ask(program, "topic:publish '!'")
    await(program, "heard == 8")
    ask(program, "close(new)")
    await(program, "closed == 12")
    settle(program, {})
  end)

  it("has no trace of the stall at a server that a reload dropped", function()
    local program = reloading.start(stalling .. [[
      fes.listen { port = 0, maxage = 0.05, overflow = "drop", sndbuf = 4096,
        on_connect = function(conn)
          fill(conn)
          fes.every(0.02, function()
            if conn:stats().age > 0.1 then print "old" end
          end)
        end }
    ]])
    local client = assert(program:connect { rcvbuf = 4096 })

    program:expect "old"

    -- the first reload drops the server, one after its last connection frees it
    for i = 1, 3 do
      reloading.reload(program, stalling .. [[
        fes.listen { path = "s", overflow = "drop", sndbuf = 4096,
          on_connect = function(conn) stall(conn) print "stalled" end,
          on_lag = function() topic:publish "!" end }
      ]])
      if i == 1 then client:reset() end
    end
    client = assert(program:connect { path = "s" })
    program:expect "stalled"

    local heard

    repeat heard = assert(client:read(1)) until heard == "!"
    program:stop()
  end)
end)
