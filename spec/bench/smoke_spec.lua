-- Does the bench count right? How long things take is no matter here.

local uv = require "luv"
local compare = require "spec.bench.compare"
local figures = require "spec.bench.figures"
local reload = require "spec.bench.reload"
local rows = require "spec.bench.rows"
local sample = require "spec.bench.sample"
local station = require "spec.bench.station"
local testing = require "fes.testing"

local brief = {
  rounds = 1, slices = 2, warmup_ms = 10, measure_ms = 40,
  repeats = 1, receivers = 50, long_ms = 300, idle = { 50, 200 }, crowd = 200,
  joiners = 60,
}

describe("the bench", function()
  after_each(station.finish)

  -- Each of them as in its row, only shorter and with fewer clients.
  local function compared(name)
    local row = {}

    for key, value in pairs(rows.find(name).comparison) do row[key] = value end
    row.measure_ms = nil
    return compare.run(row, brief)
  end

  for _, name in ipairs {
    "fanout-100-1", "fanout-100-16", "paced-100-4", "echo", "echo-line",
    "echo-task", "accept",
  } do
    it("accounts for every byte and send of " .. name, function()
      local result = compared(name)

      assert.same({}, result.lost)
      assert.equal(2, #result.ratios)
      assert.equal(3, #result.floor.costs)
      for _, side in ipairs { result.floor, result.fes } do
        assert.is_true(side.sends[1] >= 0.98, side.sends[1])
        assert.is_true(sample.median(side.costs) > 0)
      end
    end)
  end

  for _, name in ipairs { "idle", "tasks", "join", "fairness", "latency" } do
    it("accounts for every byte of " .. name, function()
      local figure, _, complete = figures[name](brief)

      assert.is_true(complete)
      assert.is_true(figure > 0, figure)
    end)
  end

  it("accounts for every byte over a reload", function()
    local _, seen, complete = reload.stall(brief)

    assert.is_true(complete, seen)
  end)
end)

describe("the load client", function()
  local server, open

  local function closed() open = open - 1 end

  after_each(function()
    server:close(closed)
    testing.wait_until(function() return open == 0 end)
    station.finish()
  end)

  -- Clients of a server that says something of its own to each, and ends.
  local function figures_of(says)
    local count = 0

    server, open = uv.new_tcp(), 1
    assert(server:bind("127.0.0.1", 0))
    assert(server:listen(16, function()
      local peer = uv.new_tcp()

      count, open = count + 1, open + 1
      server:accept(peer)
      peer:write(says(count))
      peer:shutdown(function() peer:close(closed) end)
    end))

    local clients = station.clients(server:getsockname().port)

    return clients:await(clients:join("fanout", { connections = 3 }))
  end

  local bytes = {}
  for i = 0, 127 do bytes[i + 1] = string.char(i) end
  local message = table.concat(bytes)

  it("finds nothing wrong where nothing is", function()
    local seen = figures_of(function() return "\1" .. message:rep(3) end)

    assert.equal(0, seen.bad)
    assert.equal(385, seen.least)
    assert.equal(385, seen.most)
  end)

  it("notices one wrong byte", function()
    local seen = figures_of(function(client)
      local last = client == 2 and message:gsub("a", "b") or message

      return "\1" .. message .. last
    end)

    assert.equal(1, seen.bad)
  end)

  it("notices one byte too few", function()
    local seen = figures_of(function(client)
      return "\1" .. message:sub(1, client == 3 and 127 or 128)
    end)

    assert.equal(128, seen.least)
    assert.equal(129, seen.most)
  end)

  it("notices a wrong greeting", function()
    local seen = figures_of(function() return "\2" .. message end)

    assert.equal(3, seen.bad)
  end)
end)

describe("a sample", function()
  it("has the value in the middle as its median", function()
    assert.equal(2, sample.median { 3, 1, 2 })
    assert.equal(2.5, sample.median { 4, 1, 3, 2 })
  end)

  it("compares each value with the mean of its neighbours", function()
    assert.same({ 1, 2 }, sample.ratios({ 2, 8 }, { 1, 3, 5 }))
  end)
end)

describe("run.lua", function()
  local function run(arguments)
    local pipe = io.popen("lua5.4 spec/bench/run.lua " .. arguments .. " 2>&1")
    local text = pipe:read "a"
    local _, _, status = pipe:close()

    return status, text
  end

  it("prints a row", function()
    local status, text = run "echo --quick"

    assert.equal(0, status, text)
    assert.truthy(text:find("\necho +%d+%.%d+ of the floor"), text)
    assert.truthy(text:find("every client got every byte", 1, true)
      or text:find("does not count", 1, true), text)
  end)

  it("names the rows when there is none of that name", function()
    local status, text = run "speed"

    assert.equal(2, status)
    assert.truthy(text:find("fanout-1000-16", 1, true), text)
  end)
end)
