-- Does the comparison count right? How long things take is no matter here.

local uv = require "luv"
local station = require "spec.bench.station"
local tables = require "spec.bench.peers.table"
local testing = require "fes.testing"

local function contents(path)
  local file = assert(io.open(path))
  local text = file:read "a"

  file:close()
  return text
end

local function run(arguments, directory)
  local status, out, err = testing.run {
    program = "lua5.4", timeout = 120,
    args = { "spec/bench/peers/run.lua", table.unpack(arguments) },
    env = {
      FES_BENCH_OUT = directory, FES_PROGRAM = os.getenv "FES_PROGRAM",
    },
  }

  return status, out .. err
end

describe("the comparison", function()
  after_each(testing.finish)

  it("measures fes and a peer, and writes a table and a chart", function()
    local directory = testing.directory()
    local status, said = run({ "--quick", "fes", "luv" }, directory)

    assert.equal(0, status, said)

    local text = contents(directory .. "/peers.md")

    assert.truthy(text:find "\n| fes | [%d,]+ | [%d,]+ |\n", text)
    assert.truthy(text:find "\n| luv | [%d,]+ | [%d,]+ |\n", text)
    assert.truthy(text:find "\n| luv | [%d.]+ %b() | %-?%d+ KiB |\n", text)

    local svg = contents(directory .. "/peers.svg")

    assert.equal(4, select(2, svg:gsub("<rect ", "")))
    assert.truthy(svg:find "</svg>\n$")
  end)

  it("names the peers when there is none of that name", function()
    local status, said = run({ "apache" }, ".")

    assert.equal(2, status)
    assert.truthy(said:find("luv", 1, true), said)
  end)
end)

describe("a receiver of the comparison", function()
  local server, peer

  after_each(function()
    local closed = 0

    for _, each in ipairs { peer, server } do
      each:close(function() closed = closed + 1 end)
    end
    testing.wait_until(function() return closed == 2 end)
    testing.finish()
  end)

  local bytes = {}
  for i = 0, 127 do bytes[i + 1] = string.char(i) end
  local message = table.concat(bytes)

  local function say(text)
    for i = 1, #text, 7 do peer:write(text:sub(i, i + 6)) end
  end

  -- A server that greets one that said hello, and then says something, both in
  -- short pieces; what the receiver has found, and what it said.
  local function hears(protocol, hello, greeting, text)
    local heard = ""

    server = uv.new_tcp()
    assert(server:bind("127.0.0.1", 0))
    assert(server:listen(16, function()
      peer = uv.new_tcp()
      server:accept(peer)
      peer:nodelay(true)
      peer:read_start(function(_, data)
        heard = heard .. (data or "")
        if heard == hello then say(greeting) end
      end)
    end))

    local load = testing.start {
      program = station.programs.load, ready = false,
      args = {
        "receive", tostring(server:getsockname().port), protocol,
        "connections=1", "messages=2",
      },
    }

    load:expect "ready"
    say(text)
    load:expect "round number=1"
    load:signal "sigterm"
    load:wait()
    testing.wait_until(function() return heard ~= hello end)
    return station.figures(load:stdout():match "received ([^\n]*)"), heard
  end

  local hello = 'CONNECT {"verbose":false,"pedantic":false}\r\n'
    .. "SUB t 1\r\nPING\r\n"
  local greeting = 'INFO {"max_payload":1048576}\r\nPONG\r\n'
  local framed = "MSG t 1 128\r\n" .. message .. "\r\n"

  it("takes messages, and answers what stands between them", function()
    local found, heard = hears("nats", hello, greeting,
      framed .. "PING\r\n" .. framed)

    assert.equal(0, found.bad)
    assert.equal(2, found.least)
    assert.equal(hello .. "PONG\r\n", heard)
  end)

  it("notices one wrong byte", function()
    local found = hears("nats", hello, greeting,
      framed .. "PING\r\n" .. framed:gsub("a", "b"))

    assert.equal(1, found.bad)
    assert.equal(2, found.least)
  end)
end)

describe("a number for people", function()
  it("has its thousands apart", function()
    assert.equal("1,234,567", tables.number(1234567.4))
    assert.equal("-12,000", tables.number(-12000))
    assert.equal("999", tables.number(999))
  end)
end)
