-- The pool of bockets: checking out and in, holds, the reserve, and misuse.

local core = require "spec.support.core"
local dies = require "spec.support.dies"
local seed = require "spec.support.seed"

local function take_all(pool, share)
  local out = {}

  for bocket in function() return pool:checkout(share) end do
    out[#out + 1] = bocket
  end
  return out
end

describe("a pool", function()
  it("checks out each of its bockets once, and then none", function()
    local pool, seen = assert(core.pool(16, 64)), {}

    for _, bocket in ipairs(take_all(pool)) do
      assert.is_nil(seen[pool:offset(bocket)])
      seen[pool:offset(bocket)] = true
    end
    for i = 0, 15 do assert.is_true(seen[i * 64]) end
    assert.equal(0, pool:free_count())
    assert.is_nil(pool:checkout "reserve")
  end)

  it("checks out again what was checked in, the latest first", function()
    local pool = assert(core.pool(4, 64))
    local a, b = pool:checkout(), pool:checkout()

    pool:checkin(a)
    pool:checkin(b)
    assert.equal(b, pool:checkout())
    assert.equal(a, pool:checkout())
  end)

  it("checks out an empty bocket, whatever it held before", function()
    local pool = assert(core.pool(1, 64))
    local bocket = pool:checkout()

    pool:write(bocket, "text")
    assert.equal(4, pool:used(bocket))
    pool:checkin(bocket)
    assert.equal(bocket, pool:checkout())
    assert.equal(0, pool:used(bocket))
  end)

  it("numbers the generations of a bocket", function()
    local pool = assert(core.pool(1, 64))

    for generation = 1, 3 do
      local bocket = pool:checkout()

      assert.equal(generation, pool:generation(bocket))
      pool:checkin(bocket)
    end
  end)

  it("gets a bocket back when its last hold is released", function()
    local pool = assert(core.pool(4, 64))
    local bocket = pool:checkout()

    pool:hold(bocket)
    pool:hold(bocket)
    for holders = 3, 1, -1 do
      assert.equal(holders, pool:holders(bocket))
      assert.equal(3, pool:free_count())
      pool:checkin(bocket)
    end
    assert.equal(0, pool:holders(bocket))
    assert.equal(4, pool:free_count())
  end)

  it("reserves its last eighth for callers that ask for it", function()
    for number, reserve in pairs { [8] = 1, [64] = 8, [16384] = 2048 } do
      local pool = assert(core.pool(number, 16, true))

      assert.equal(number - reserve, pool:available())
      assert.equal(number, pool:available "reserve")
      assert.equal(number - reserve, #take_all(pool))
      assert.equal(0, pool:available())
      assert.equal(reserve, pool:available "reserve")
      assert.equal(reserve, #take_all(pool, "reserve"))
      pool:free()
    end
  end)

  it("refills the reserve first when bockets are checked in", function()
    local pool = assert(core.pool(16, 64, true))
    local out = take_all(pool, "reserve")

    pool:checkin(out[1])
    pool:checkin(out[2])
    assert.is_nil(pool:checkout())
    pool:checkin(out[3])
    assert.equal(out[3], pool:checkout())
    assert.is_nil(pool:checkout())
  end)

  it("has no reserve unless that is asked for", function()
    assert.equal(64, assert(core.pool(64, 16)):available())
  end)

  it("records the lowest number of free bockets", function()
    local pool = assert(core.pool(10, 64))
    local a, b, c = pool:checkout(), pool:checkout(), pool:checkout()

    assert.equal(7, pool:least_free())
    for _, bocket in ipairs { a, b, c } do pool:checkin(bocket) end
    pool:checkin(pool:checkout())
    assert.equal(7, pool:least_free())
    assert.equal(10, pool:free_count())
  end)

  it("cannot be created without memory for it", function()
    assert.same({ nil, "Cannot allocate memory" },
      { core.pool(1 << 30, 1 << 40) })
    assert.same({ nil, "Cannot allocate memory" }, { core.pool(1 << 32, 1) })
  end)

  it(("matches a model in random use (seed %d)"):format(seed), function()
    math.randomseed(seed)
    local pool = assert(core.pool(40, 64, true))
    local out, holds, count = {}, {}, 0 -- out: an entry for each hold

    for _ = 1, 50000 do
      local what = math.random(3)

      if what == 1 then
        local share = math.random(2) == 1 and "reserve" or "common"
        local bocket = pool:checkout(share)

        assert.equal(count < (share == "reserve" and 40 or 35), bocket ~= nil)
        if bocket then
          assert(not holds[bocket])
          out[#out + 1], holds[bocket], count = bocket, 1, count + 1
        end
      elseif #out > 0 then
        local i = math.random(#out)
        local bocket = out[i]

        if what == 2 and #out < 60 then
          pool:hold(bocket)
          out[#out + 1], holds[bocket] = bocket, holds[bocket] + 1
        else
          pool:checkin(bocket)
          out[i] = out[#out]
          out[#out], holds[bocket] = nil, holds[bocket] - 1
          if holds[bocket] == 0 then
            holds[bocket], count = nil, count - 1
          end
        end
      end
      assert(pool:free_count() == 40 - count)
    end
    for _, bocket in ipairs(out) do pool:checkin(bocket) end
    assert.equal(40, pool:free_count())
  end)
end)

describe("misuse of a pool", function()
  local function aborts(code, why)
    local said, how, number = dies.run(code)

    assert.same({ "signal", 6 }, { how, number }, said)
    assert.is_truthy(said:find(why, 1, true), said)
  end

  it("aborts when a bocket is checked in twice", function()
    aborts("local p = core.pool(4, 64) local b = p:checkout() "
      .. "p:checkin(b) p:checkin(b)", "holders > 0")
  end)

  it("aborts when a bocket is checked into another pool", function()
    aborts("local p, q = core.pool(4, 64), core.pool(4, 64) "
      .. "p:checkout() q:checkin(p:checkout())", "bocket >= pool->bockets")
  end)

  it("is not found when each hold is released once", function()
    local said, how, number = dies.run(
      "local p = core.pool(4, 64) local b = p:checkout() "
      .. "p:hold(b) p:checkin(b) p:checkin(b)")

    assert.same({ "", "exit", 0 }, { said, how, number })
  end)

  it("that reads a free bocket finds it overwritten, or ASan aborts", function()
    local said, how, number = dies.run(
      "local p = core.pool(4, 64) local b = p:checkout() "
      .. "p:write(b, \"A\") p:checkin(b) os.exit(p:peek(b, 0))")

    if (os.getenv "LD_PRELOAD" or "") ~= "" then -- by ASan
      assert.is_truthy(said:find("use-after-poison", 1, true), said)
    else
      assert.same({ "exit", 0xdb }, { how, number }, said)
    end
  end)
end)
