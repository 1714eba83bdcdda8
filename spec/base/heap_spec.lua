-- base/heap: a priority queue of nodes by the time at which they are due.
local core = require "spec.support.core"
local seed = require "spec.support.seed"

local function take_all(heap)
  local order = {}

  for node in function() return heap:first() end do
    order[#order + 1] = node
    heap:take(node)
  end
  return order
end

describe("a heap", function()
  local heap

  before_each(function() heap = core.heap() end)

  it("is empty at first", function()
    assert.is_nil(heap:first())
  end)

  it("returns the node that is due first", function()
    for node, due in ipairs { 50, 10, 40, 20, 30 } do heap:put(node, due) end

    assert.same({ 2, 4, 5, 3, 1 }, take_all(heap))
  end)

  it("returns nodes of one time in the order of insertion", function()
    for node = 1, 100 do heap:put(node, node % 2) end

    local order = take_all(heap)

    for i = 1, 50 do
      assert.equal(2 * i, order[i])
      assert.equal(2 * i - 1, order[50 + i])
    end
  end)

  it("removes any node and ignores one that it does not have", function()
    for node = 1, 5 do heap:put(node, node) end

    heap:take(3)
    heap:take(3)
    heap:take(99)
    assert.same({ 1, 2, 4, 5 }, take_all(heap))
  end)

  it("can be cleared and used again", function()
    for node = 1, 5 do heap:put(node, node) end

    heap:clear()
    assert.is_nil(heap:first())
    heap:put(1, 7)
    assert.same({ 1 }, take_all(heap))
  end)

  it(("agrees with a model in random use (seed %d)"):format(seed), function()
    math.randomseed(seed)
    local model, came = {}, 0 -- node -> { due, number of insertion }

    for _ = 1, 20000 do
      local node = math.random(300)

      if model[node] then
        heap:take(node)
        model[node] = nil
      else
        came = came + 1
        model[node] = { math.random(50), came }
        heap:put(node, model[node][1])
      end

      local first = heap:first()
      local least = first and model[first]

      assert.equal(next(model) == nil, first == nil)
      for _, other in pairs(model) do
        assert(least[1] < other[1]
          or least[1] == other[1] and least[2] <= other[2])
      end
    end
  end)
end)
