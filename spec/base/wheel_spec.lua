-- base/wheel: a timing wheel, which calls back for each node when it is due.
local core = require "spec.support.core"
local seed = require "spec.support.seed"

local function turn(wheel, now)
  local due = {}

  wheel:turn(now, function(node) due[#due + 1] = node end)
  table.sort(due)
  return due
end

describe("a wheel", function()
  it("without nodes has no next turn", function()
    local wheel = core.wheel(100)

    assert.is_nil(wheel:next())
    assert.same({}, turn(wheel, 5000))
  end)

  it("releases each node when it is due, not before", function()
    local wheel = core.wheel(100)

    for node = 1, 5 do wheel:hang(node, 100 + 10 * node) end

    assert.same({}, turn(wheel, 109))
    assert.same({ 1 }, turn(wheel, 110))
    assert.same({ 2, 3 }, turn(wheel, 139))
    assert.same({ 4, 5 }, turn(wheel, 10000))
    assert.equal(0, wheel:count())
  end)

  it("waits no longer than until the next node is due", function()
    local wheel = core.wheel(0)

    wheel:hang(1, 7)
    assert.equal(7, wheel:next())
    wheel:hang(2, 3)
    assert.equal(3, wheel:next())
    assert.same({ 2 }, turn(wheel, 3))
    assert.equal(4, wheel:next())
  end)

  it("holds nodes that are due many revolutions later", function()
    local wheel = core.wheel(0)

    wheel:hang(1, 5)
    wheel:hang(2, 5 + 1024)
    wheel:hang(3, 5 + 10 * 1024)
    assert.same({ 1 }, turn(wheel, 5))
    assert.same({}, turn(wheel, 4 + 1024))
    assert.same({ 2 }, turn(wheel, 5 + 1024))
    assert.same({}, turn(wheel, 4 + 10 * 1024))
    assert.same({ 3 }, turn(wheel, 5 + 10 * 1024))
  end)

  it("releases an overdue node at the next turn", function()
    local wheel = core.wheel(100)

    wheel:hang(1, 100)
    wheel:hang(2, 3)
    assert.equal(1, wheel:next())
    assert.same({ 1, 2 }, turn(wheel, 101))
  end)

  it("moves a node that is added again", function()
    local wheel = core.wheel(0)

    wheel:hang(1, 5)
    wheel:hang(1, 50)
    assert.equal(1, wheel:count())
    assert.same({}, turn(wheel, 49))
    assert.same({ 1 }, turn(wheel, 50))
  end)

  it("does not release a node that was removed, once or twice", function()
    local wheel = core.wheel(0)

    wheel:hang(1, 5)
    wheel:take(1)
    wheel:take(1)
    assert.equal(0, wheel:count())
    assert.same({}, turn(wheel, 100))
  end)

  it("turns on when the tick counter wraps around", function()
    local wheel = core.wheel(0xfffffff0)

    wheel:hang(1, 0xfffffff5)
    wheel:hang(2, 0x5)
    wheel:hang(3, 0x7ff)
    assert.same({ 1 }, turn(wheel, 0xffffffff))
    assert.same({ 2 }, turn(wheel, 0x10))
    assert.same({ 3 }, turn(wheel, 0x7ff))
  end)

  it("can be changed by the callback of a node", function()
    local wheel, seen = core.wheel(0), {}

    wheel:hang(1, 5)
    wheel:hang(2, 5)
    wheel:hang(3, 5 + 1024) -- in the same slot
    wheel:hang(4, 8)
    wheel:turn(10, function(node)
      seen[#seen + 1] = node
      if #seen == 1 then
        wheel:take(2)
        wheel:take(3)
        wheel:take(4)
        wheel:hang(1, 7)
      end
      if #seen == 2 then wheel:hang(4, 1) end
    end)
    assert.same({ 1, 1, 4 }, seen)
    assert.equal(0, wheel:count())
  end)

  it(("agrees with a model in random use (seed %d)"):format(seed), function()
    math.randomseed(seed)
    local now = math.random(0, 0xffffffff)
    local wheel, model = core.wheel(now), {} -- node -> ticks from `now`

    for _ = 1, 3000 do
      local node = math.random(100)

      if math.random(3) == 1 then
        wheel:take(node)
        model[node] = nil
      else
        model[node] = math.random(-5, 3000)
        wheel:hang(node, (now + model[node]) & 0xffffffff)
        model[node] = math.max(model[node], 1)
      end

      local ticks = math.random(0, 40)
      local soonest, due = math.huge, {}

      for _, left in pairs(model) do soonest = math.min(soonest, left) end
      assert((wheel:next() or math.huge) <= soonest)
      for each, left in pairs(model) do
        if left <= ticks then due[#due + 1] = each end
      end
      for _, each in ipairs(due) do model[each] = nil end
      for each, left in pairs(model) do model[each] = left - ticks end
      table.sort(due)

      now = (now + ticks) & 0xffffffff
      assert.same(due, turn(wheel, now))
    end
  end)
end)
