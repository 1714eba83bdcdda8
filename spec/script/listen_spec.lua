-- Servers at an IP address: where they listen, and how they show their clients.
local listening = require "spec.support.listening"
local testing = require "fes.testing"

local start = listening.start

describe("a server", function()
  after_each(testing.finish)

  it("has host and port, and no path", function()
    local server = start("{ host = '127.0.0.2', port = 0 }",
      "print(server.host, server.port, server.path)")

    assert.equal("127.0.0.2\t" .. server.port .. "\tnil",
      server:stdout():match "^[^\n]*")
  end)

  it("can listen on a port that was in use just before", function()
    local first = start "{ port = 0 }"
    local port = first.port

    assert(first:connect())
    first:stop() -- it closes first, so its end is in TIME_WAIT
    local second = start(("{ port = %d }"):format(port))

    assert.equal(port, second.port)
    assert(second:connect())
  end)

  it("can have a host name", function()
    local server = start "{ host = 'localhost', port = 0 }"

    assert.matches("^listening ", server:stdout())
    assert(server:connect())
  end)

  local say_peer = [[, on_connect = function(conn)
    conn:send(conn.peer .. "\n")
  end }]]

  for host, from in pairs {
    ["127.0.0.1"] = "127.0.0.9", ["::1"] = "::1",
  } do
    it("on " .. host .. " shows the address of a client", function()
      local server = start("{ port = 0, host = '" .. host .. "'" .. say_peer)
      local client = assert(server:connect { from = from })

      assert.equal(client:name(), client:line())
    end)
  end

  it("on * accepts IPv4 and IPv6 and shows plain IPv4 addresses", function()
    local server = start("{ port = 0, host = '*'" .. say_peer)

    for _, host in ipairs { "127.0.0.1", "::1" } do
      local client = assert(server:connect { host = host })

      assert.equal(client:name(), client:line())
    end
    assert.not_matches("ffff", server:stdout())
  end)

  it("on * applies maxperip to each IPv4 address", function()
    local server = start("{ port = 0, host = '*', maxperip = 1" .. say_peer)
    local first = assert(server:connect { from = "127.0.0.2" })
    local other = assert(server:connect { from = "127.0.0.3" })

    assert.equal(first:name(), first:line())
    assert.equal(other:name(), other:line())

    local second = assert(server:connect { from = "127.0.0.2" })

    assert.is_true((second:closed()))
    assert.equal("", (second:read_all()))
  end)

  it("on :: accepts IPv6 clients", function()
    local server = start("{ port = 0, host = '::'" .. say_peer)
    local client = assert(server:connect { host = "::1" })

    assert.equal(client:name(), client:line())
  end)

  it("can be one of several", function()
    local server = start("{ port = 0" .. say_peer,
      "fes.listen { port = 0, host = '::1'" .. say_peer)

    assert.equal(2, #server.ports)
    for _, port in ipairs(server.ports) do
      local client = assert(server:connect { port = port })

      assert.equal(client:name(), client:line())
    end
  end)
end)
