-- A slab that slow clients have used up, under "drop": who finds no bocket is
-- stalled until there are some for it, and is told once.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local CLIENTS, BOCKETS = 60, 40

-- So many clients cannot have a bocket each. A Unix socket takes a fixed number
-- of bytes from a client that does not read, TCP would go on for a while.
local script = [[
_G.fes, stalls, lags, conns = fes, 0, 0, {}
server = fes.listen { path = "dry.sock", sndbuf = 4096, bockets = %d,
  size = 1024, overflow = "drop", framing = "line",
  on_connect = function(conn) conns[#conns + 1] = conn end,
  on_stall = function() stalls = stalls + 1 end,
  on_lag = function(conn) lags = lags + 1 conn:send "lag" end }
function fill() server:broadcast(("x"):rep(300)) end
]]

local function read_through(client)
  repeat until assert(client:line()) == "end"
end

describe("a slab without a free bocket", function()
  after_each(testing.finish)

  local program, clients

  before_each(function()
    program, clients = asked.start(script:format(BOCKETS)), {}
    for i = 1, CLIENTS do
      clients[i] = assert(program:connect { path = program.path })
    end
    await(program, "#conns == " .. CLIENTS)
    repeat ask(program, "fill()") until ask(program, "stalls") >= CLIENTS
  end)

  -- A bocket that becomes free may let one of them go on, until it is full.
  it("stalls each slow client once, however much is broadcast", function()
    for _ = 1, 200 do ask(program, "fill()") end
    assert.is_true(ask(program, "stalls") <= CLIENTS + BOCKETS)
    assert.is_true(ask(program, "lags") <= BOCKETS)
    for _, client in ipairs(clients) do client:close() end
    settle(program, {})
  end)

  it("lets those go on who read, and the others stay stalled", function()
    local reading = table.move(clients, 1, CLIENTS // 2, 1, {})

    for _, client in ipairs(reading) do
      repeat until assert(client:line()) == "lag"
    end
    ask(program, "server:broadcast 'end'")
    for _, client in ipairs(reading) do read_through(client) end
    for _, client in ipairs(clients) do client:close() end
    settle(program, {})
  end)

  it("is there for all again when all have read", function()
    for _, client in ipairs(clients) do
      repeat until assert(client:line()) == "lag"
    end
    ask(program, "server:broadcast 'end'")
    for _, client in ipairs(clients) do read_through(client) end
    settle(program, clients)
  end)
end)
