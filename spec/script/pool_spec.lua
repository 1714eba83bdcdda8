-- fes.pool: pools of bockets, which are buffers of one size.
local run_script = require "spec.support.run_script"
local testing = require "fes.testing"

local pool = "local pool = fes.pool(4, 16) " -- 4 bockets of 16 bytes

local function prints(code) return (run_script.prints(pool .. code)) end
local function fails(code) return run_script.fails(pool .. code) end

describe("fes.pool:", function()
  after_each(testing.finish)

  it("a new pool has number and size, and all bockets free", function()
    assert.equal("4\t16\t4\n",
      prints "print(pool.number, pool.size, pool:count())")
  end)

  it("checkout returns each bocket once, then nil", function()
    assert.equal("0 16 32 48\t0\tnil\n", prints [[
      local offsets = {}
      local held = {}
      for i = 1, 4 do
        held[i] = pool:checkout()
        offsets[i] = held[i].offset
      end
      table.sort(offsets)
      print(table.concat(offsets, " "), pool:count(), pool:checkout())
    ]])
  end)

  it("checkin makes a bocket available again", function()
    assert.equal("3\t4\t3\n", prints [[
      local b = pool:checkout()
      local held = pool:count()
      pool:checkin(b)
      local free = pool:count()
      b = pool:checkout()
      print(held, free, pool:count())
    ]])
  end)

  it("a pool loses no bocket in random use", function()
    assert.equal("64\t64\n", prints [[
      math.randomseed(42)
      local big, held, seen = fes.pool(64, 16), {}, {}
      for _ = 1, 20000 do
        if math.random(2) == 1 then
          local b = big:checkout()
          if b then
            for _, other in ipairs(held) do
              assert(other.offset ~= b.offset)
            end
            held[#held + 1], seen[b.offset] = b, true
          else
            assert(#held == 64)
          end
        elseif #held > 0 then
          big:checkin(table.remove(held, math.random(#held)))
        end
        assert(big:count() == 64 - #held)
      end
      for _, b in ipairs(held) do big:checkin(b) end
      local n = 0
      for _ in pairs(seen) do n = n + 1 end
      print(big:count(), n)
    ]])
  end)

  describe("a bocket", function()
    it("returns what was written", function()
      assert.equal("hello\tlo\tell\n", prints [[
        local b = pool:checkout()
        b:write "hello"
        print(b:read(), b:read(3), b:read(1, 3))
      ]])
    end)

    it("can be written at an offset", function()
      assert.equal("heLLo!\n", prints [[
        local b = pool:checkout()
        b:write "hello"
        b:write("LL", 2)
        b:write("!", 5)
        print(b:read())
      ]])
    end)

    it("holds any bytes, up to its size", function()
      assert.equal("true\n", prints [[
        local b, bytes = pool:checkout(), "\0\1\255" .. ("x"):rep(13)
        b:write(bytes)
        print(b:read() == bytes)
      ]])
    end)

    it("does not overlap with another", function()
      assert.equal("true\n", prints [[
        local held = {}
        for i = 1, 4 do
          held[i] = pool:checkout()
          held[i]:write(tostring(i):rep(16))
        end
        local right = true
        for i = 1, 4 do
          right = right and held[i]:read() == tostring(i):rep(16)
        end
        print(right)
      ]])
    end)

    it("shows nothing of its earlier content", function()
      assert.equal("\n0000\n", prints [[
        local all = {}
        for i = 1, 4 do
          all[i] = pool:checkout()
          all[i]:write "secret"
        end
        for i = 1, 4 do pool:checkin(all[i]) end
        local b = pool:checkout()
        print(b:read())
        b:write("", 4)
        print((b:read():gsub("%z", "0")))
      ]])
    end)

    it("raises for data that does not fit", function()
      assert.matches("17", fails "pool:checkout():write(('x'):rep(17))")
      assert.matches("16", fails "pool:checkout():write('xy', 15)")
    end)

    it("raises for an offset or length outside of it", function()
      for _, call in ipairs {
        "write('x', -1)", "write('x', 17)", "write('x', 0.5)", "read(-1)",
        "read(17)", "read(0, 17)", "read(10, 7)", "read(0, -1)",
        "read('first')", "write('x', math.mininteger)",
        "read(1, math.maxinteger)",
      } do
        assert.matches("integer in 0", fails("pool:checkout():" .. call))
      end
    end)

    it("raises for data that is not a string", function()
      assert.matches("string expected, got table",
        fails "pool:checkout():write {}")
    end)
  end)

  describe("checkin", function()
    it("raises if the bocket is checked in already", function()
      assert.matches("checked in already", fails
        "local b = pool:checkout() pool:checkin(b) pool:checkin(b)")
    end)

    it("raises for an old handle of a bocket that is in use again", function()
      assert.matches("checked in already", fails(
        "local one = fes.pool(1, 16) local b = one:checkout() "
        .. "one:checkin(b) assert(one:checkout()) one:checkin(b)"))
    end)

    it("raises for a bocket of another pool", function()
      assert.matches("another pool", fails
        "pool:checkin(fes.pool(4, 16):checkout())")
    end)

    it("raises for a value that is not a bocket", function()
      assert.matches("fes.bocket expected, got table",
        fails "pool:checkin {}")
      assert.matches("fes.bocket expected", fails "pool:checkin(pool)")
      assert.matches("fes.bocket expected", fails "pool:checkin()")
    end)

    it("changes nothing if it raises", function()
      assert.equal("4\n", prints [[
        local b = pool:checkout()
        pool:checkin(b)
        assert(not pcall(pool.checkin, pool, b))
        print(pool:count())
      ]])
    end)

    it("makes the bocket unusable", function()
      local out = "local b = pool:checkout() pool:checkin(b) "

      assert.matches("checked in already", fails(out .. "b:write 'x'"))
      assert.matches("checked in already", fails(out .. "b:read()"))
      assert.matches("checked in already", fails(out .. "print(b.offset)"))
    end)
  end)

  describe("after close", function()
    it("use of the pool or a bocket raises", function()
      local closed = "local b = pool:checkout() pool:close() "

      for _, use in ipairs {
        "pool:checkout()", "pool:checkin(b)", "pool:count()", "b:read()",
        "b:write 'x'", "print(b.offset)",
      } do
        assert.matches("closed", fails(closed .. use))
      end
    end)

    it("number and size remain, and close can be called again", function()
      assert.equal("4\t16\n",
        prints "pool:close() pool:close() print(pool.number, pool.size)")
    end)
  end)

  it("a pool exists as long as one of its bockets", function()
    assert.equal("kept\n", prints [[
      local b = fes.pool(1, 16):checkout()
      collectgarbage()
      collectgarbage()
      b:write "kept"
      print(b:read())
    ]])
  end)

  it("an invalid number or size is an error", function()
    for _, args in ipairs {
      "", "0, 16", "-1, 16", "4", "4, 0", "1.5, 16", "4, {}", "'many', 16",
      "4, math.huge", "0/0, 16", "math.maxinteger, 16",
    } do
      assert.matches("fes.pool: %a+ must be an integer above 0, got",
        fails("fes.pool(" .. args .. ")"))
    end
  end)

  it("a pool that is larger than memory is an error", function()
    assert.matches("no room", fails "fes.pool(1 << 30, 1 << 30)")
  end)
end)
