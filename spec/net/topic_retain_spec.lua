-- Topics that retain messages: what a new subscriber is sent, and the store
-- that retained messages share.

local asked = require "spec.support.asked"
local subscribing = require "spec.support.subscribing"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, reads = subscribing.start, subscribing.reads

describe("a topic", function()
  after_each(testing.finish)

  it("has a last message only if it retains messages", function()
    local program, clients = start(0)

    ask(program, "topic:publish('x')")
    assert.equal("nil", ask(program, "topic:last()"))
    assert.equal(1, ask(program, "select('#', topic:last())"))
    assert.equal(0, ask(program,
      "fes.topic('kept', { retain = true }):publish('one', 'key')"))
    ask(program, "fes.topic 'kept':publish('two', 'key')")
    ask(program, "fes.topic 'kept':publish('three', 7)")
    ask(program, "collectgarbage()")
    assert.equal("two", ask(program, "fes.topic 'kept':last 'key'"))
    assert.equal("three", ask(program, "fes.topic 'kept':last(7)"))
    assert.equal("three", ask(program, "fes.topic 'kept':last(7.0)"))
    assert.equal("nil", ask(program, "fes.topic 'kept':last '7'"))
    assert.equal("nil", ask(program, "fes.topic 'kept':last()"))
    ask(program, "fes.topic 'kept':clear 'key'")
    assert.equal("nil", ask(program, "fes.topic 'kept':last 'key'"))
    assert.equal("three", ask(program, "fes.topic 'kept':last(7)"))
    ask(program, "fes.topic 'kept':clear()")
    assert.equal("nil", ask(program, "fes.topic 'kept':last(7)"))
    settle(program, clients)
  end)

  it("sends a new subscriber its snapshot, last change last", function()
    local program, clients = start(1)

    ask(program, [[(function()
      local kept = fes.topic("kept", { retain = true })
      for key, word in ("abcabca"):gmatch "()(.)" do
        kept:publish(word .. key, word)
      end
      conns[1]:subscribe(kept)
      kept:publish "!"
      conns[1]:send "."
    end)()]])
    ask(program, "fes.topic 'kept':publish('b8', 'b')")
    local got = clients[1]:read(10)

    assert.equal("b5c6a7", (got:gsub("[.!]", ""):sub(1, 6)))
    assert.matches("!", got)
    assert.equal("b8", got:sub(-2))
    settle(program, clients)
  end)

  it("sends a new subscriber also messages that had excluded it", function()
    local program, clients = start(1)

    ask(program, "rawset(_G, 'kept', fes.topic('kept', { retain = true }))")
    assert.equal(0, ask(program, "kept:publish('one;', 1, conns[1])"))
    ask(program, "conns[1]:subscribe(kept)")
    reads(clients[1], "one;")
    assert.equal(0, ask(program, "kept:publish('two;', 2, conns[1])"))
    ask(program, "conns[1]:unsubscribe(kept)")
    ask(program, "conns[1]:subscribe(kept)")
    reads(clients[1], "one;two;")
    settle(program, clients)
  end)

  it("sends a snapshot longer than the queue as the client reads", function()
    local program = asked.start [[
      kept = fes.topic("kept", { retain = true })
      for i = 1, 500 do kept:publish(("%4d"):format(i):rep(25), i) end
      server = fes.listen { port = 0, size = 64, maxsends = 4, sndbuf = 4096,
        overflow = "close",
        on_connect = function(new) conn = new conn:subscribe(kept) end }
    ]]
    local client = assert(program:connect { rcvbuf = 4096 })
    local all = {}

    for i = 1, 500 do all[i] = ("%4d"):format(i):rep(25) end
    assert.is_true(client:read(50000) == table.concat(all))
    ask(program, "kept:publish('next', 1)")
    reads(client, "next")
    assert.equal(0, ask(program, "server:stats().missed"))
    settle(program, { client })
  end)

  it("leaves out of a snapshot what the slab cannot hold", function()
    local program = start(0)

    ask(program, [[(function()
      fes.listen { path = "small.sock", size = 256, bockets = 8,
        on_connect = function(conn)
          small = conn
          conn:subscribe(fes.topic "kept")
        end }
      local kept = fes.topic("kept", { retain = true })
      kept:publish(("x"):rep(3000), "long")
      kept:publish("short", "short")
    end)()]])
    local client = assert(program:connect { path = "small.sock" })

    reads(client, "short")
    assert.equal(0, ask(program, "small:stats().missed"))
    ask(program, "fes.topic('kept'):publish(('x'):rep(3000), 'long')")
    ask(program, "fes.topic('kept'):publish('goes on', 'short')")
    reads(client, "goes on")
    assert.equal(1, ask(program, "small:stats().missed"))
    settle(program, { client })
  end)

  it("that retains messages is full when the store is full", function()
    local program = start(0)

    assert.equal("full", ask(program, [[(function()
      local kept = fes.topic("kept", { retain = true })
      local data = ("x"):rep(60000)
      for i = 1, 1000 do
        local ok, why = kept:publish(data, i)
        if not ok then return why end
      end
    end)()]]))
    assert.equal(0, ask(program, "fes.topic 'kept':publish('y', 1)"))
    ask(program, "fes.topic 'kept':clear()")
    assert.equal(0, ask(program, "fes.topic 'kept':publish('z', 5000)"))
    settle(program, {})
  end)

  it("that only conflates drops its oldest keys to make space", function()
    local program = start(0)

    ask(program, "topic:set_overflow 'latest'")
    assert.equal("nil", ask(program, [[(function()
      local data = ("x"):rep(60)
      for i = 1, 200000 do
        local ok, why = topic:publish(data, i)
        if not ok then return why end
      end
    end)()]]))
    assert.equal("nil", ask(program, "topic:last(1)"))
    assert.equal(("x"):rep(60), ask(program, "topic:last(200000)"))
    settle(program, {})
  end)

  it("that only conflates drops keys for conflated broadcasts", function()
    local program, clients = start(1)

    ask(program, "topic:set_overflow 'latest'")
    ask(program, "server:set_overflow 'latest'")
    ask(program, [[(function()
      for i = 1, 200000 do topic:publish(("x"):rep(60), i) end
    end)()]])
    assert.equal(1, ask(program, "server:broadcast 'heard'"))
    assert.equal("heard", clients[1]:read(5))
    settle(program, clients)
  end)
end)

describe("the store of retained messages", function()
  after_each(testing.finish)

  local function memory_line(options)
    local program = testing.start { code = [[local fes = require "fes"
      fes.limits { retained = 1024 * 1024 }
      fes.listen { port = 0, bockets = 256, ]] .. (options.listen or "") .. [[}
      ]] .. (options.code or "") }
    local line = program:stdout():match "at most %S+ MiB"

    program:stop()
    return line
  end

  it("counts in the memory line if it may be needed", function()
    assert.equal("at most 1.0 MiB", memory_line {})
    assert.equal("at most 2.0 MiB", memory_line { code = "fes.topic 'x'" })
    assert.equal("at most 2.0 MiB",
      memory_line { listen = "overflow = 'latest'" })
  end)

  it("is logged if it is mapped later, as all memory is", function()
    local program = testing.start { code = [[
      local fes = require "fes"
      fes.limits { retained = 1024 * 1024 }
      local server
      local steps = {
        function() fes.topic("x", { retain = true }):publish "kept" end,
        function() fes.topic("y", { retain = true }):publish "kept" end,
        function() fes.listen { port = 0, bockets = 512 } end,
        function() fes.connect { port = server.port } end,
      }
      server = fes.listen { port = 0, bockets = 256,
        on_receive = function(conn, data)
          for _ in data:gmatch "." do table.remove(steps, 1)() end
        end }
    ]] }
    local client = assert(program:connect())

    for before, more in ipairs { "..", ".", "." } do
      assert(client:send(more))
      program:expect(("info  at most %d.0 MiB of buffers from now on\n")
        :format(({ 2, 4, 8 })[before]), "stderr")
    end
    assert.equal(3, select(2, program:stderr():gsub("from now on", "")))
    program:stop()
  end)

  it("is as large as fes.limits says", function()
    local program = start(0)

    ask(program, "fes.limits { retained = 32768 }")
    ask(program, "rawset(_G, 'kept', fes.topic('kept', { retain = true }))")
    assert.equal("full",
      ask(program, "select(2, kept:publish(('x'):rep(40000)))"))
    ask(program, "fes.limits { retained = 65536 }") -- nothing is retained yet
    assert.equal(0, ask(program, "kept:publish(('x'):rep(40000))"))
    assert.error_matches(function()
      ask(program, "fes.limits { retained = 1 << 20 }")
    end, "'retained' cannot change once messages are stored")
    settle(program, {})
  end)
end)

describe("a snapshot", function()
  after_each(testing.finish)

  it("may use the reserve if other connections hold the rest", function()
    local program = asked.start [[
      kept = fes.topic("kept", { retain = true })
      kept:publish(("k"):rep(200))
      conns = {}
      server = fes.listen { path = "slow.sock", size = 64, bockets = 64,
        maxsends = 64, sndbuf = 4096,
        on_connect = function(new) conns[#conns + 1] = new end }
      function fill() return select(2, conns[1]:send(("x"):rep(64))) end
    ]]
    local slow = assert(program:connect { path = program.path })

    await(program, "#conns == 1")
    repeat until ask(program, "fill()") == "full"
    assert.is_true(ask(program, "server:stats().bockets_free") <= 8)
    local reader = assert(program:connect { path = program.path })

    await(program, "#conns == 2")
    assert.equal("true", ask(program, "conns[2]:subscribe(kept)"))
    assert.equal(("k"):rep(200), reader:read(200))
    settle(program, { slow, reader })
  end)
end)
