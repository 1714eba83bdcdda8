-- The example scripts in scripts/, each run as a user would run it.
local asked = require "spec.support.asked"
local loop = require "fes.testing.loop"
local testing = require "fes.testing"

local function start(name, ...)
  return testing.start { script = "scripts/" .. name, args = { ... } }
end

describe("quotes.lua", function()
  after_each(testing.finish)

  it("sends the header, then quotes, and prints their rate", function()
    local server = start("quotes.lua", "0.05", "128", "0")
    local client = assert(server:connect())

    assert.equal("\1", client:read(1))
    assert.equal(("\1"):rep(3 * 128), client:read(3 * 128))
    server:expect "Quotes per sec: %d+\n"
    client:close()
    server:stop()
  end)

  -- The load of the article: 50 clients that join one after the other, 128
  -- bytes for each of them ten times a second.
  it("sends every byte to each of 50 clients", function()
    local program = asked.start [[
local listen = fes.listen
fes.listen = function(options)
  fes.listen, server = listen, listen(options)
  return server
end
arg = { "0.1", "128", "0" }
dofile "scripts/quotes.lua"]]
    local clients, got = {}, {}

    for i = 1, 50 do
      clients[i] = assert(program:connect())
      loop.wait(function() end, 0.015)
    end
    asked.await(program, "server:stats().messages_out >= 50 * 20")
    asked.ask(program, "(function() for conn in server:connections() do "
      .. "conn:close() end end)()")
    for i, client in ipairs(clients) do
      local heard, how = client:read_all()

      client:close()
      assert.equal("eof", how)
      assert.is_true(heard == ("\1"):rep(#heard))
      got[i] = (#heard - 1) / 128
    end
    local all = 0
    for i, quotes in ipairs(got) do
      assert.equal(math.floor(quotes), quotes)
      assert.is_true(quotes <= (got[i - 1] or math.huge))
      all = all + quotes
    end
    assert.equal(asked.ask(program, "server:stats().messages_out"), all)
    assert.equal(50 + 128 * all,
      asked.ask(program, "server:stats().bytes_out"))
    asked.settle(program, {})
  end)

  it("prints a line for every thousand clients", function()
    local server = start("quotes.lua", "1", "128", "0")

    for _ = 1, 1000 do assert(server:connect()):close() end
    server:expect "1000 Clients accepted\n"
    server:stop()
  end)
end)

describe("quotes_task.lua", function()
  after_each(testing.finish)

  it("sends the header, then quotes, to each client", function()
    local server = start("quotes_task.lua", "0.05", "128", "0")

    for _ = 1, 2 do
      local client = assert(server:connect())

      assert.equal(("\1"):rep(1 + 3 * 128), client:read(1 + 3 * 128))
    end
    server:stop()
  end)

  it("frees the descriptors of clients that have closed", function()
    local server = testing.start {
      script = "scripts/quotes_task.lua", args = { "0.02", "128", "0" },
      prefix = { "prlimit", "--nofile=64" },
    }

    for _ = 1, 60 do -- more than it has descriptors for
      local client = assert(server:connect())

      assert.equal("\1\1", client:read(2))
      client:close()
    end
    server:stop()
  end)
end)

describe("echo.lua", function()
  after_each(testing.finish)

  it("sends back what it receives", function()
    local server = start("echo.lua", "0")
    local client = assert(server:connect())

    assert(client:send "hello")
    assert.equal("hello", client:read(5))
    assert(client:half_close())
    assert.same({ "", "eof" }, { client:read_all() })
    server:stop()
  end)

  it("echoes 10 MB to a client that reads only after sending", function()
    local server = start("echo.lua", "0")
    local client = assert(server:connect { timeout = 60 })
    local lines = {}

    for i = 1, 1250000 do lines[i] = ("%07d\n"):format(i) end
    local all = table.concat(lines)

    client:queue(all)
    -- It follows the queued bytes.
    assert.same({ nil, "timeout" }, { client:half_close(0.2) })
    assert.is_true(all == client:read(#all))
    assert.same({ "", "eof" }, { client:read_all() })
    server:stop()
  end)
end)

describe("relay.lua", function()
  after_each(testing.finish)

  local feed = [[
    local fes = require "fes"
    local count = 0
    local server = fes.listen { port = tonumber(arg[1]), framing = "line" }
    fes.every(0.02, function()
      count = count + 1
      server:broadcast(arg[2] .. " " .. count)
    end)]]

  local function start_feed(port, name)
    return testing.start { code = feed, args = { tostring(port), name } }
  end

  -- Read lines until one begins with the name.
  local function hears(client, name)
    local line

    repeat line = assert(client:line()) until line:find("^" .. name .. " %d+$")
  end

  it("forwards the lines of the feed and reconnects to it", function()
    local first = start_feed(0, "first")
    local relay = start("relay.lua", "127.0.0.1", tostring(first.port), "0")
    local clients = assert(relay:connect_all(3))

    for _, client in ipairs(clients) do hears(client, "first") end
    first:stop()
    relay:expect("127.0.0.1:%d+: eof after %d+ lines\n", "stderr")

    local second = start_feed(first.port, "second")

    for _, client in ipairs(clients) do hears(client, "second") end
    relay:stop()
    second:stop()
  end)

  it("retries a feed that is not there", function()
    local gone = start_feed(0, "gone")

    gone:stop()

    local relay = start("relay.lua", "127.0.0.1", tostring(gone.port), "0")

    relay:expect("Connection refused after 0 lines\n", "stderr")
    start_feed(gone.port, "here")
    hears(assert(relay:connect()), "here")
    relay:stop()
  end)

  it("reconnects after growing, random pauses", function()
    -- Nothing listens there. fes.sleep is replaced: it records the seconds and
    -- does not wait.
    local code = [[
      local fes = require "fes"
      local sleep, pauses = fes.sleep, {}
      fes.sleep = function(seconds)
        pauses[#pauses + 1] = ("%.6f"):format(seconds)
        if #pauses == 10 then print("pauses " .. table.concat(pauses, " ")) end
        sleep(#pauses < 10 and 0 or 1000)
      end
      dofile "scripts/relay.lua"]]
    local gone = start_feed(0, "gone")
    local seen = {}

    gone:stop()
    for _ = 1, 2 do
      local relay = testing.start {
        code = code, args = { "127.0.0.1", tostring(gone.port), "0" },
      }
      local longest = 1

      for pause in relay:expect "pauses ([%d. ]+)\n":gmatch "%S+" do
        assert.is_true(tonumber(pause) >= longest / 2, pause)
        assert.is_true(tonumber(pause) <= longest, pause)
        assert.is_nil(seen[pause])
        seen[pause] = true
        longest = math.min(2 * longest, 60)
      end
      relay:stop()
    end
  end)

  it("prints its usage without arguments", function()
    local status, _, err = testing.run { script = "scripts/relay.lua" }

    assert.equal(1, status)
    assert.matches("usage: relay.lua host port %[own port%]", err)
  end)
end)

describe("chat.lua", function()
  after_each(testing.finish)

  it("keeps the names and the room over a reload", function()
    local server = start("chat.lua", "0")
    local ann, bob = assert(server:connect()), assert(server:connect())

    for _, client in ipairs { ann, bob } do
      assert.equal("* your name?", client:line())
    end
    assert(ann:send "ann\n")
    assert.equal("* welcome, ann", ann:line())
    assert.equal("* ann has joined", bob:line())
    server:signal "sighup"
    server:expect("info  reloaded\n", "stderr")
    assert(ann:send "still here\n")

    assert.equal("ann: still here", bob:line())
    for _, client in ipairs { ann, bob } do client:close() end
    server:stop()
  end)

  local function join(server, name)
    local client = assert(server:connect())

    assert.equal("* your name?", client:line())
    assert(client:send(name .. "\r\n"))
    assert.equal("* welcome, " .. name, client:line())
    return client
  end

  it("sends the lines of each client to all others", function()
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

  it("closes a connection whose line is too long", function()
    local server = start("chat.lua", "0")
    local client = join(server, "eve")

    assert(client:send(("x"):rep(600)))
    assert.is_true((client:closed()))
    server:stop()
  end)
end)

describe("tickers.lua", function()
  after_each(testing.finish)

  -- The lines that it sends, in the order of its data, and the symbol of each.
  local lines, symbols = {}, {}

  for line in io.lines "scripts/data/stocks.csv" do
    local symbol, date, price = line:match "^(%u+),([^,]+),(.+)$"

    if symbol then
      lines[#lines + 1] = ("%s %s %s"):format(symbol, price, date)
      symbols[#symbols + 1] = symbol
    end
  end

  -- A program that publishes a price whenever it is told to go on.
  local function start_by_hand()
    return asked.start [[
local listen = fes.listen
fes.listen = function(options)
  fes.listen, server = listen, listen(options)
  return server
end
fes.every = function(_, publish)
  function go(prices) for _ = 1, prices do publish() end end
end
arg = { [0] = "scripts/tickers.lua", "10", "0" }
dofile "scripts/tickers.lua"]]
  end

  -- The last line of each symbol among the first `count`, sorted.
  local function last_lines(count)
    local last, all = {}, {}

    for i = 1, count do last[symbols[i]] = lines[i] end
    for _, line in pairs(last) do all[#all + 1] = line end
    table.sort(all)
    return all
  end

  it("sends prices of its data, a line each", function()
    local server = start("tickers.lua", "200", "0")
    local client = assert(server:connect())
    local known = {}

    for _, line in ipairs(lines) do known[line] = true end
    for _ = 1, 20 do assert.is_true(known[client:line()]) end
    server:stop()
  end)

  it("sends the last price of each symbol, then all that come", function()
    local program = start_by_hand()

    asked.ask(program, ("go(%d)"):format(#lines - 10))
    local client = assert(program:connect())
    local last = last_lines(#lines - 10)
    local heard = {}

    for i = 1, #last do heard[i] = client:line() end
    table.sort(heard)
    assert.same(last, heard)
    for i = #lines - 9, #lines + 10 do -- it begins again at the end
      asked.ask(program, "go(1)")
      assert.equal(lines[(i - 1) % #lines + 1], client:line())
    end
    asked.settle(program, { client })
  end)

  it("sends only the symbols that a client has asked for", function()
    local program = start_by_hand()
    local first, last

    for i, symbol in ipairs(symbols) do
      if symbol == "IBM" then first, last = first or i, i end
    end
    asked.ask(program, ("go(%d)"):format(last))
    local client = assert(program:connect())

    for _ = 1, #last_lines(last) do assert(client:line()) end
    assert(client:send "xyz\nibm\n")
    assert.equal("no such symbol: xyz", client:line())
    assert.equal(lines[last], client:line())
    asked.ask(program, ("go(%d)"):format(#lines - last + first + 1))
    assert.equal(lines[first], client:line())
    assert.equal(lines[first + 1], client:line())
    asked.settle(program, { client })
  end)
end)
