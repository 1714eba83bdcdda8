-- The queue of a connection: segments of bytes in bockets, and a random test of
-- many queues against a model.

local core = require "spec.support.core"
local seed = require "spec.support.seed"

local SIZE = 16

-- A pool, and a store of queues.
local function new()
  local pool = assert(core.pool(64, SIZE, true))

  return core.queue_store(pool), pool
end

local function finish(store, pool)
  store:end_turn()
  assert.equal(0, store:blocks_taken())
  assert.equal(64, pool:free_count())
end

local function bytes_of(queue)
  return table.concat(queue:gather())
end

-- A bocket that holds a text, filled outside of any queue.
local function filled(pool, text)
  local bocket = pool:checkout "reserve"

  pool:write(bocket, text)
  return bocket
end

describe("a queue", function()
  it("is empty at first", function()
    local queue = new():queue()

    assert.same({ 0, 0 }, { queue:bytes(), queue:segments() })
    assert.same({}, queue:gather())
    queue:consume(0)
    queue:clear()
  end)

  it("has one segment for several writes", function()
    local store, pool = new()
    local queue = store:queue()

    for i = 1, 5 do queue:write(i .. ";") end
    assert.equal(1, queue:segments())
    assert.equal("1;2;3;4;5;", bytes_of(queue))
    assert.equal(63, pool:free_count())
    queue:clear()
    finish(store, pool)
  end)

  it("shares a bocket with others that were empty, within a turn", function()
    local store, pool = new()
    local a, b = store:queue(), store:queue()

    a:write "aaa"
    assert.equal(0, b:bockets_for(SIZE - 3))
    b:write "bbb"
    assert.equal(63, pool:free_count())
    assert.same({ "aaa", "bbb" }, { bytes_of(a), bytes_of(b) })
    store:end_turn()
    a:clear()
    assert.equal(63, pool:free_count())
    b:clear()
    finish(store, pool)
  end)

  it("does not append where another queue may append", function()
    local store, pool = new()
    local a, b = store:queue(), store:queue()

    a:write "aaa"
    b:write "bbb"
    store:end_turn()
    assert.equal(1, b:bockets_for(1)) -- though its bytes are the last ones
    b:write "BBB"
    a:write "AAA"
    assert.same({ "aaaAAA", "bbbBBB" }, { bytes_of(a), bytes_of(b) })
    a:clear()
    b:clear()
    finish(store, pool)
  end)

  it("appends to a bocket that it alone holds", function()
    local store, pool = new()
    local queue = store:queue()

    queue:write(("x"):rep(SIZE + 3))
    store:end_turn()
    assert.equal(0, queue:bockets_for(SIZE - 3))
    queue:write "yyy"
    assert.same({ ("x"):rep(SIZE), "xxxyyy" }, queue:gather())
    queue:clear()
    finish(store, pool)
  end)

  it("releases each bocket when its bytes are consumed", function()
    local store, pool = new()
    local queue = store:queue()

    queue:write(("abcdefgh"):rep(6))
    store:end_turn()
    assert.equal(61, pool:free_count())
    queue:consume(SIZE - 1)
    assert.equal(61, pool:free_count())
    queue:consume(1)
    assert.equal(62, pool:free_count())
    queue:consume(SIZE + 1)
    assert.equal(63, pool:free_count())
    assert.same({ "bcdefghabcdefgh" }, queue:gather())
    queue:consume(SIZE - 1)
    finish(store, pool)
  end)

  it("refers to bytes of another bocket, and holds that", function()
    local store, pool = new()
    local a, b = store:queue(), store:queue()
    local bocket = filled(pool, "0123456789")

    assert.is_false(a:copies(bocket, 0, 5))
    a:refer(bocket, 0, 5)
    a:refer(bocket, 5, 5)
    b:refer(bocket, 2, 3)
    assert.same({ "0123456789" }, a:gather())
    assert.same({ "234" }, b:gather())
    assert.equal(3, pool:holders(bocket))
    pool:checkin(bocket)
    a:clear()
    assert.equal(63, pool:free_count())
    b:clear()
    finish(store, pool)
  end)

  it("copies short pieces that follow others", function()
    local store, pool = new()
    local queue = store:queue()
    local first = filled(pool, ("f"):rep(SIZE))
    local second = filled(pool, ("s"):rep(SIZE))

    assert.is_false(queue:copies(first, 0, 1)) -- it follows nothing
    queue:refer(first, 0, 1)
    assert.is_false(queue:copies(first, 1, 1)) -- it continues that
    assert.is_true(queue:copies(first, 2, 1))
    assert.is_true(queue:copies(second, 0, SIZE / 2 - 1))
    assert.is_false(queue:copies(second, 0, SIZE / 2))
    queue:clear()
    pool:checkin(first)
    pool:checkin(second)
    finish(store, pool)
  end)

  it("takes blocks for more than one segment, and gives them back", function()
    local store, pool = new()
    local queue = store:queue()
    local in_a_block = core.BLOCK_SEGMENTS * SIZE

    queue:write(("x"):rep(SIZE))
    assert.equal(0, store:blocks_taken())
    queue:write "y"
    assert.equal(1, store:blocks_taken())
    queue:write(("z"):rep(2 * in_a_block - SIZE - 1))
    assert.equal(2, store:blocks_taken())
    assert.is_true(queue:has_blocks(0))
    queue:write "!"
    assert.equal(3, store:blocks_taken())
    queue:consume(in_a_block)
    assert.equal(2, store:blocks_taken())
    queue:consume(in_a_block)
    assert.equal(1, store:blocks_taken())
    queue:consume(1)
    assert.equal(0, store:blocks_taken())
    finish(store, pool)
  end)

  it("may use the last blocks if it is empty", function()
    local store, pool = new()
    local empty, slow = store:queue(), store:queue()
    local bocket = filled(pool, ("x"):rep(SIZE))

    while slow:has_blocks(1) do -- the pieces do not continue each other
      slow:refer(bocket, 0, SIZE)
      slow:refer(bocket, 0, SIZE)
    end
    assert.equal(0, store:blocks_available "common")
    assert.is_true(store:blocks_available "reserve" > 100)
    assert.is_true(empty:has_blocks(100 * core.BLOCK_SEGMENTS))
    assert.is_false(empty:has_blocks(10000 * core.BLOCK_SEGMENTS))
    slow:clear()
    pool:checkin(bocket)
    finish(store, pool)
  end)

  it("gathers as many segments as are asked for", function()
    local store, pool = new()
    local queue = store:queue()

    queue:write(("abcd"):rep(12))
    assert.equal(2, #queue:gather(2))
    assert.equal(0, #queue:gather(0))
    queue:clear()
    finish(store, pool)
  end)
end)

-- An engine that uses queues at random: it sends, broadcasts, and consumes what
-- a kernel would take. `model` has the bytes that each queue must hold.
local Engine = {}
Engine.__index = Engine

local function new_engine(bockets, clients)
  local pool = assert(core.pool(256, SIZE, true))
  local self = setmetatable({
    pool = pool, limit = bockets * SIZE, most = 0,
    store = core.queue_store(pool),
    stream = core.stream(pool, bockets),
    queues = {}, model = {}, bound = 4 * bockets + 4,
  }, Engine)

  for i = 1, clients do
    self.queues[i], self.model[i] = self.store:queue(), ""
  end
  return self
end

local letter = 0

local function text(length)
  letter = (letter + 1) % 26
  return string.char(97 + letter):rep(length)
end

local lengths = { 1, SIZE // 2 - 1, SIZE // 2, SIZE // 2 + 1, SIZE - 1, SIZE,
  SIZE + 1 }

function Engine:length()
  return math.random(3) < 3 and lengths[math.random(#lengths)]
    or math.random(0, self.limit)
end

function Engine:send(i, length)
  local queue = self.queues[i]

  length = length or self:length()
  local needs = queue:bockets_for(length)

  if #self.model[i] + length > self.limit
    or needs > self.pool:available() then
    return false
  end

  local free, message = self.pool:free_count(), text(length)

  queue:write(message)
  assert(free - self.pool:free_count() <= needs)
  self.model[i] = self.model[i] .. message
  return true
end

function Engine:broadcast(length)
  length = length or self:length()
  if self.stream:takes(length)
    and self.stream:bockets_for(length) <= self.pool:available "reserve" then
    self.stream:write(text(length))
  end
end

-- For a connection that keeps up: the kernel takes a part, the queue the rest.
function Engine:owe(i, from, to)
  local queue = self.queues[i]

  from = math.random(from, to)
  while from < to do
    local bocket, offset, length, bytes = self.stream:piece(from, to)

    queue:refer(bocket, offset, length)
    self.model[i] = self.model[i] .. bytes
    from = from + length
  end
end

-- For a connection that is behind: refer to long pieces, copy short ones.
function Engine:absorb(i, from, to)
  local queue = self.queues[i]

  if #self.model[i] + to - from > self.limit or self.pool:available() < 8 then
    return
  end
  while from < to do
    local bocket, offset, length, bytes = self.stream:piece(from, to)

    if queue:copies(bocket, offset, length) then
      queue:write(bytes, "common", true)
    else
      queue:refer(bocket, offset, length)
    end
    self.model[i] = self.model[i] .. bytes
    from = from + length
  end
end

function Engine:end_turn()
  local _, next_message, from, to = self.stream:look()

  for i in ipairs(self.queues) do
    if self.model[i] == "" then
      self:owe(i, from, to)
    else
      self:absorb(i, from, to)
    end
  end
  self.stream:trim(next_message)
  self.store:end_turn()
end

function Engine:take(i)
  local n = math.random(3) == 1 and #self.model[i]
    or math.random(0, math.min(#self.model[i], 2 * SIZE))

  self.queues[i]:consume(n)
  self.model[i] = self.model[i]:sub(n + 1)
end

function Engine:check()
  for i, queue in ipairs(self.queues) do
    assert(queue:bytes() == #self.model[i])
    assert(bytes_of(queue) == self.model[i])
    assert(queue:segments() <= self.bound)
    self.most = math.max(self.most, queue:segments())
  end
end

function Engine:finish()
  for _, queue in ipairs(self.queues) do queue:clear() end
  self.stream:free()
  self.store:end_turn()
  assert.equal(0, self.store:blocks_taken())
  assert.equal(256, self.pool:free_count())
end

describe("queues", function()
  for _, bockets in ipairs { 1, 2, 4, 16 } do
    it(("of %d bockets hold what a model holds, in few segments (seed %d)")
      :format(bockets, seed), function()
      math.randomseed(seed)
      local engine = new_engine(bockets, 4)

      for _ = 1, 20000 do
        local what, i = math.random(100), math.random(4)

        if what <= 40 then engine:send(i)
        elseif what <= 65 then engine:broadcast()
        elseif what <= 80 then engine:end_turn()
        elseif what <= 98 then engine:take(i)
        else
          engine.queues[i]:clear()
          engine.model[i] = ""
        end
        engine:check()
      end
      assert.is_true(engine.most > 2)
      engine:finish()
    end)
  end

  -- One queue gets a byte of its own and a piece of a broadcast in turn.
  for _, bockets in ipairs { 1, 4, 16 } do
    it(("of %d bockets have a bounded number of segments")
      :format(bockets), function()
      for length = 1, SIZE do
        local engine = new_engine(bockets, 2)

        engine:send(2, 1)
        while engine:send(1, 1) do
          engine:broadcast(length)
          engine:end_turn()
          engine:check()
        end
        if length == SIZE // 2 then
          assert.is_true(engine.most >= 3 * bockets)
        end
        engine:finish()
      end
    end)
  end
end)
