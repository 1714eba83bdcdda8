-- base/sites: a hash table that has a counter for each key, here called a site.
local core = require "spec.support.core"
local seed = require "spec.support.seed"

describe("a table of sites", function()
  local sites

  before_each(function() sites = core.sites() end)

  it("is empty at first and has allocated no memory", function()
    assert.equal(0, sites:count(1))
    assert.same({ 0, 0 }, { sites:look() })
  end)

  it("counts each site separately", function()
    sites:add(7)
    sites:add(7)
    sites:add(-1)

    assert.equal(2, sites:count(7))
    assert.equal(1, sites:count(-1))
    assert.equal(0, sites:count(8))
    sites:remove(7)
    assert.equal(1, sites:count(7))
  end)

  it("removes a site whose count becomes zero", function()
    sites:add(7)
    sites:remove(7)

    assert.equal(0, sites:count(7))
    assert.equal(0, (sites:look()))
  end)

  it("grows with the number of sites, not of changes", function()
    for _ = 1, 100000 do
      sites:add(5)
      sites:remove(5)
    end
    local _, before = sites:look()
    for site = 1, 1000 do sites:add(site) end
    local used, room = sites:look()

    assert.equal(4, before)
    assert.equal(1000, used)
    assert.equal(1000, room)
    for site = 1, 1000 do assert.equal(1, sites:count(site)) end
  end)

  it("grows a little with each call, and finds all in between", function()
    local _, before = sites:look()

    for site = 1, 300 do
      sites:add(site)

      local _, room = sites:look()

      assert.is_true(room - before <= 4)
      before = room
      for each = 1, 300 do
        assert(sites:count(each) == (each <= site and 1 or 0))
      end
    end
    for site = 1, 300 do
      sites:remove(site)
      for each = 1, 300 do
        assert(sites:count(each) == (each > site and 1 or 0))
      end
    end
  end)

  it("can be cleared and used again", function()
    for site = 1, 100 do sites:add(site) end
    sites:clear()

    assert.equal(0, sites:count(50))
    sites:add(50)
    assert.equal(1, sites:count(50))
  end)

  -- Many keys in a small table, so that they collide.
  it(("agrees with a model in random use (seed %d)"):format(seed), function()
    math.randomseed(seed)
    local model, keys = {}, {}

    for i = 1, 60 do keys[i] = math.random(0) | 1 end
    for _ = 1, 20000 do
      local key = keys[math.random(#keys)]

      if (model[key] or 0) > 0 and math.random(2) == 1 then
        sites:remove(key)
        model[key] = model[key] - 1
      else
        sites:add(key)
        model[key] = (model[key] or 0) + 1
      end
      for _, each in ipairs(keys) do
        assert(sites:count(each) == (model[each] or 0))
      end
      if math.random(500) == 1 then -- start again from an empty table
        for each, count in pairs(model) do
          for _ = 1, count do sites:remove(each) end
        end
        model = {}
        assert.equal(0, (sites:look()))
      end
    end
  end)
end)
