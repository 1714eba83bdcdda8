-- The stream of a server: broadcasts, written once for all connections.

local core = require "spec.support.core"
local seed = require "spec.support.seed"

local SIZE = 16

-- A stream that holds the bytes of 4 bockets at most.
local function new()
  local pool = assert(core.pool(32, SIZE, true))

  return core.stream(pool, 4), pool
end

local function finish(stream, pool)
  stream:free()
  assert.equal(32, pool:free_count())
end

local function bytes_from(stream, position)
  return table.concat(stream:gather(position))
end

describe("a stream", function()
  it("is empty at first", function()
    local stream, pool = new()

    assert.is_false(stream:waits())
    assert.same({ 0, 0, 0, 0, 0 }, { stream:look() })
    assert.same({}, stream:gather(0))
    finish(stream, pool)
  end)

  it("stores messages one after another", function()
    local stream, pool = new()

    stream:write "one"
    stream:write("tw", "", "o")
    stream:write ""
    stream:write "three"

    assert.is_true(stream:waits())
    assert.equal(31, pool:free_count())
    for message, position in ipairs { [0] = 0, 3, 6, 6, 11 } do
      assert.equal(position, stream:position(message))
    end
    assert.same({ "onetwothree" }, stream:gather(0))
    assert.same({ "three" }, stream:gather(stream:position(3)))
    finish(stream, pool)
  end)

  it("tells how many bockets a message needs", function()
    local stream, pool = new()

    assert.equal(0, stream:bockets_for(0))
    assert.equal(1, stream:bockets_for(1))
    assert.equal(1, stream:bockets_for(SIZE))
    assert.equal(2, stream:bockets_for(SIZE + 1))
    stream:write "12345"
    assert.equal(0, stream:bockets_for(SIZE - 5))
    assert.equal(1, stream:bockets_for(SIZE - 4))
    assert.equal(2, stream:bockets_for(2 * SIZE - 4))
    finish(stream, pool)
  end)

  it("returns a long message in pieces, as many as are asked for", function()
    local stream, pool = new()
    local message = ("0123456789"):rep(4)

    stream:write "head"
    stream:write(message)

    assert.same({ "head012345678901", "2345678901234567", "890123456789" },
      stream:gather(0))
    assert.same({ "012345678901", "2345678901234567" }, stream:gather(4, 2))
    local _, offset, length, bytes = stream:piece(10, 14)
    assert.same({ 10, 4, "6789" }, { offset, length, bytes })
    _, offset, length, bytes = stream:piece(20, 44)
    assert.same({ 4, 12, "678901234567" }, { offset, length, bytes })
    finish(stream, pool)
  end)

  it("has a limit of bytes and a limit of messages", function()
    local stream, pool = new()

    assert.is_true(stream:takes(4 * SIZE))
    assert.is_false(stream:takes(4 * SIZE + 1))
    for _ = 1, core.STREAM_MESSAGES - 1 do stream:write "" end
    assert.is_true(stream:takes(4 * SIZE))
    stream:write ""
    assert.is_false(stream:takes(0))
    stream:trim(1)
    assert.is_true(stream:takes(0))
    finish(stream, pool)
  end)

  it("releases what is trimmed, bocket by bocket", function()
    local stream, pool = new()

    stream:write(("a"):rep(10))
    stream:write(("b"):rep(10))
    stream:write(("c"):rep(10))
    assert.equal(30, pool:free_count())
    stream:trim(1)
    assert.equal(30, pool:free_count())
    assert.equal(("b"):rep(10) .. ("c"):rep(10), bytes_from(stream, 10))
    stream:trim(2)
    assert.equal(31, pool:free_count())
    assert.equal(("c"):rep(10), bytes_from(stream, 20))
    stream:trim(3)
    assert.equal(32, pool:free_count())
    assert.is_false(stream:waits())
    finish(stream, pool)
  end)

  it("appends to its last bocket while a connection holds that", function()
    local stream, pool = new()

    stream:write "abc"
    local bocket = stream:piece(0, 3)
    pool:hold(bocket) -- a connection is behind
    stream:trim(1)
    assert.equal(31, pool:free_count())
    assert.equal(0, stream:bockets_for(13))
    stream:write "def"
    assert.same({ bocket, 3, 3, "def" }, { stream:piece(3, 6) })
    pool:checkin(bocket)
    finish(stream, pool)
  end)

  it("does not append to a bocket that is checked out again", function()
    local stream, pool = new()

    stream:write "abc"
    local bocket = stream:piece(0, 3)
    stream:trim(1)
    assert.equal(bocket, pool:checkout()) -- the same, for another use
    assert.equal(1, stream:bockets_for(1))
    stream:write "def"
    assert.not_equal(bocket, (stream:piece(3, 6)))
    assert.equal(0, pool:used(bocket))
    pool:checkin(bocket)
    finish(stream, pool)
  end)

  it(("matches a model in random use (seed %d)"):format(seed), function()
    math.randomseed(seed)
    local stream, pool = new()
    local messages, base, position = {}, 0, 0 -- the messages that wait
    local held = {}

    for i = 0, 30000 do
      local length = math.random(0, math.random(0, 40))
      local what = math.random(5)

      if what <= 3 and stream:takes(length)
        and pool:available "reserve" >= stream:bockets_for(length) then
        local free, needs = pool:free_count(), stream:bockets_for(length)
        local message = (string.char(97 + i % 26)):rep(length)
        local cut = math.random(0, length)

        stream:write(message:sub(1, cut), message:sub(cut + 1))
        messages[#messages + 1] = message
        assert(pool:free_count() == free - needs)
      elseif what == 4 then
        local gone = math.random(0, #messages)

        for _ = 1, gone do position = position + #table.remove(messages, 1) end
        base = base + gone
        stream:trim(base)
      elseif what == 5 and #held < 8 then
        local _, _, from, to = stream:look()

        if to > from then
          held[#held + 1] = stream:piece(math.random(from, to - 1), to)
          pool:hold(held[#held])
        end
      end
      if #held > 0 and math.random(4) == 1 then
        pool:checkin(table.remove(held, math.random(#held)))
      end

      local bytes = table.concat(messages)
      local at = position

      assert.same({ base, base + #messages, position, position + #bytes },
        { table.unpack({ stream:look() }, 1, 4) })
      assert(bytes_from(stream, position) == bytes)
      for n, message in ipairs(messages) do
        assert(stream:position(base + n - 1) == at)
        at = at + #message
      end
    end
    for _, bocket in ipairs(held) do pool:checkin(bocket) end
    finish(stream, pool)
  end)
end)
