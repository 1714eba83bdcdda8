-- fes.connect to a name: it asks the name servers and tries the addresses.

local asked = require "spec.support.asked"
local connecting = require "spec.support.connecting"
local name_server = require "spec.support.name_server"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, said = connecting.start, connecting.said

describe("fes.connect to a name", function()
  local names

  after_each(function()
    names.close()
    testing.finish()
  end)

  local function start_with(known, options)
    names = name_server.start(known)
    return start(options, "", { env = { FES_NAMESERVERS = names.address } })
  end

  it("looks it up without blocking the loop", function()
    local program = start_with { ["far.example"] = { "127.0.0.1" } }

    names.hold()
    ask(program, "connect { host = 'far.example' }")
    testing.wait_until(function() return names.asked > 0 end)
    for _ = 1, 3 do assert.equal("nil", ask(program, "conn.peer")) end
    assert.equal("made", ask(program, "said()"))
    names.release()
    said(program, "made, connected")
    ask(program, "conn:close()")
    await(program, "#seen == 4")
    settle(program, {})
  end)

  it("tries one of its addresses after another", function()
    local program = start_with {
      ["far.example"] = { "127.0.0.2", "127.0.0.3", "127.0.0.1" },
      ["no.example"] = { "127.0.0.2", "127.0.0.3" },
    }

    ask(program, "connect { host = 'far.example' }")
    said(program, "made, connected")
    assert.matches("^127.0.0.1:", ask(program, "conn.peer"))
    ask(program, "conn:close()")
    await(program, "#seen == 4")
    ask(program, "connect { host = 'no.example' }")
    await(program, "#seen == 6")
    assert.matches("made, ends error Connection refused$",
      ask(program, "said()"))
    settle(program, {})
  end)

  it("reports a name that does not exist", function()
    local program = start_with {}

    ask(program, "connect { host = 'far.example' }")
    said(program, "made, ends error Domain name not found")
    settle(program, {})
  end)

  it("reports a name without an address", function()
    local program = start_with { ["far.example"] = {} }

    ask(program, "connect { host = 'far.example' }")
    await(program, "#seen == 2")
    assert.matches("^made, ends error DNS server returned answer with no data",
      ask(program, "said()"))
    settle(program, {})
  end)

  it("does not wait longer than setup_timeout for an answer", function()
    local program = start_with { ["far.example"] = false }

    ask(program, "connect { host = 'far.example', setup_timeout = 0.1 }")
    said(program, "made, ends setup ")
    assert.is_true(names.asked > 0)
    settle(program, {})
  end)

  it("serves other connections while no answer comes", function()
    local program = start_with { ["far.example"] = false }
    local client = assert(program:connect())

    ask(program, "connect { host = 'far.example', setup_timeout = 1000 }")
    testing.wait_until(function() return names.asked > 0 end)
    for i = 1, 5 do
      assert(client:send(tostring(i)))
      await(program, ("seen[#seen] == 'far hears %d'"):format(i))
    end
    assert.equal("nil", ask(program, "conn.peer"))
    ask(program, "conn:close(0)")
    await(program, "seen[#seen] == 'ends local '")
    settle(program, { client })
  end)

  it("makes a conn that can be closed during the look-up", function()
    local program = start_with { ["far.example"] = false }

    ask(program, "(function() connect { host = 'far.example' } conn:close(0) "
      .. "end)()")
    said(program, "made, ends local ")
    ask(program, "(function() connect { host = 'far.example' } "
      .. "conn:send 'x' conn:close(0.1) end)()")
    said(program, "made, ends local , made, ends local ")
    settle(program, {})
  end)

  it("looks it up for 50 connections at once", function()
    local program = start_with { ["far.example"] = { "127.0.0.1" } }

    names.hold() -- until it has been asked for A and AAAA 50 times
    ask(program, "(function() for _ = 1, 50 do "
      .. "connect { host = 'far.example' } end end)()")
    testing.wait_until(function() return names.asked >= 100 end)
    names.release()
    await(program, "server:count() == 50")
    ask(program, "(function() for c in server:connections() do c:close(0) "
      .. "end end)()")
    settle(program, {})
  end)

  it("looks up localhost without a name server", function()
    local program = start_with {}

    ask(program, "connect { host = 'localhost' }")
    said(program, "made, connected")
    assert.equal(0, names.asked)
    ask(program, "conn:close()")
    await(program, "#seen == 4")
    settle(program, {})
  end)
end)
