-- Every handler script is run as its reader would run it.
local testing = require "fes.testing"

local function start(name, ...)
  return testing.start { script = "scripts/" .. name, args = { ... } }
end

describe("quotes.lua", function()
  after_each(testing.finish)

  it("sends the header, then quotes, and prints its two lines", function()
    local server = start("quotes.lua", "0.05", "128", "0")
    local client = assert(server:connect())

    assert.equal("\1", client:read(1))
    assert.equal(("\1"):rep(3 * 128), client:read(3 * 128))
    server:expect "Quotes per sec: %d+\n"
    client:close()
    server:stop()
  end)

  -- The load of the article: clients that join one after the other.
  it("gives 50 clients every byte", function()
    local server = start("quotes.lua", "0.1", "128", "0")
    local clients = {}

    for i = 1, 50 do clients[i] = assert(server:connect()) end
    for _, client in ipairs(clients) do
      assert.equal(("\1"):rep(1 + 10 * 128), client:read(1 + 10 * 128))
    end
    for _, client in ipairs(clients) do client:close() end
    server:stop()
  end)

  it("counts the clients by the thousand", function()
    local server = start("quotes.lua", "1", "128", "0")

    for _ = 1, 1000 do assert(server:connect()):close() end
    server:expect "1000 Clients accepted\n"
    server:stop()
  end)
end)

describe("echo.lua", function()
  after_each(testing.finish)

  it("says what it hears", function()
    local server = start("echo.lua", "0")
    local client = assert(server:connect())

    assert(client:send "hello")
    assert.equal("hello", client:read(5))
    assert(client:half_close())
    assert.same({ "", "eof" }, { client:read_all() })
    server:stop()
  end)
end)

describe("chat.lua", function()
  after_each(testing.finish)

  local function join(server, name)
    local client = assert(server:connect())

    assert.equal("* your name?", client:line())
    assert(client:send(name .. "\r\n"))
    assert.equal("* welcome, " .. name, client:line())
    return client
  end

  it("lets everyone hear everyone else", function()
    local server = start("chat.lua", "0")
    local ann = join(server, "ann")
    local bob = join(server, "bob")

    assert.equal("* bob has joined", ann:line())
    assert(ann:send "hel")
    assert(ann:send "lo\nbob?\n")
    assert.equal("ann: hello", bob:line())
    assert.equal("ann: bob?", bob:line())
    bob:close()
    assert.equal("* bob has left", ann:line())
    ann:close()
    server:stop()
  end)

  it("closes on a line that does not end", function()
    local server = start("chat.lua", "0")
    local client = join(server, "eve")

    assert(client:send(("x"):rep(600)))
    assert.is_true((client:closed()))
    server:stop()
  end)
end)
