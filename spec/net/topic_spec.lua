local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local script = [[
_G.fes, conns = fes, {}
server = fes.listen { port = 0, %s
  on_connect = function(new) conns[#conns + 1] = new end,
}
topic = fes.topic "news"
function join(i, name) return conns[i]:subscribe(fes.topic(name or "news")) end
]]

-- A program, and `n` clients, the i-th of which is conns[i] there.
local function start(n, options)
  local program = asked.start(script:format(options or ""))
  local clients = {}

  for i = 1, n do
    clients[i] = assert(program:connect())
    await(program, "#conns == " .. i)
  end
  return program, clients
end

local function reads(client, bytes)
  assert.equal(bytes, client:read(#bytes))
end

describe("a topic", function()
  after_each(testing.finish)

  it("is the same object for the same name", function()
    local program = start(0)

    assert.equal("true", ask(program, "fes.topic 'news' == topic"))
    assert.equal("false", ask(program, "fes.topic 'other' == topic"))
    assert.equal("news", ask(program, "topic.name"))
    assert.equal("topic (news)", ask(program, "topic"))
    settle(program, {})
  end)

  it("reaches its subscribers and nobody else", function()
    local program, clients = start(3)

    assert.equal("true", ask(program, "join(1)"))
    assert.equal("true", ask(program, "join(2)"))
    assert.equal(2, ask(program, "topic:count()"))
    assert.equal(2, ask(program, "topic:publish 'one'"))
    assert.equal(3, ask(program, "server:broadcast 'all'"))
    reads(clients[1], "oneall")
    reads(clients[2], "oneall")
    reads(clients[3], "all")
    settle(program, clients)
  end)

  it("leaves one out if asked to", function()
    local program, clients = start(3)

    for i = 1, 3 do ask(program, ("join(%d)"):format(i)) end
    assert.equal(2, ask(program, "topic:publish('x', nil, conns[2])"))
    assert.equal(3, ask(program, "topic:publish 'y'"))
    reads(clients[1], "xy")
    reads(clients[2], "y")
    reads(clients[3], "xy")
    settle(program, clients)
  end)

  it("is joined once, however often", function()
    local program, clients = start(1)

    ask(program, "join(1)")
    assert.equal("true", ask(program, "join(1)"))
    assert.equal(1, ask(program, "topic:publish 'x'"))
    ask(program, "server:broadcast '.'")
    reads(clients[1], "x.")
    settle(program, clients)
  end)

  it("is left with what was published before", function()
    local program, clients = start(1)

    ask(program, "join(1)")
    ask(program, "(function() topic:publish 'before' conns[1]:unsubscribe"
      .. "(topic) topic:publish 'after' conns[1]:send '.' end)()")
    reads(clients[1], "before.")
    assert.equal(0, ask(program, "topic:count()"))
    assert.equal("true", ask(program, "conns[1]:unsubscribe(topic)"))
    settle(program, clients)
  end)

  it("is left by a connection that closes", function()
    local program, clients = start(2)

    ask(program, "join(1)")
    ask(program, "join(2)")
    clients[1]:close()
    await(program, "topic:count() == 1")
    assert.equal("closed", ask(program, "select(2, join(1))"))
    assert.equal("closed", ask(program,
      "select(2, conns[1]:unsubscribe(topic))"))
    assert.equal(1, ask(program, "topic:publish 'x'"))
    reads(clients[2], "x")
    settle(program, clients)
  end)

  it("keeps the order of the calls, whatever they are", function()
    local program, clients = start(2)

    ask(program, "join(1, 'a')")
    ask(program, "join(1, 'b')")
    ask(program, "join(2, 'b')")
    ask(program, [[(function()
      local a, b = fes.topic "a", fes.topic "b"
      for i = 1, 3 do
        a:publish "a" server:broadcast "*" b:publish "b" conns[1]:send "1"
        b:publish "B" a:publish "A" conns[2]:send "2"
      end
    end)()]])
    reads(clients[1], ("a*b1BA"):rep(3))
    reads(clients[2], ("*bB2"):rep(3))
    settle(program, clients)
  end)

  -- More of them than there are bits in a word, and fewer.
  for _, topics in ipairs { 10, 100 } do
    it(("is one of %d that have messages in a turn"):format(topics), function()
      local program, clients = start(6)

      -- What each is to get is noted at the call.
      ask(program, ([[(function()
        local wanted = {}
        for i = 1, 6 do wanted[i] = {} end
        math.randomseed(7)
        for n = 1, 1000 do
          local name = "t" .. math.random(%d)
          if n %% 3 == 1 then
            local i = math.random(6) + 1
            -- the first two have the same topics
            for j = i == 2 and 1 or i, math.min(i, 6) do
              conns[j]:subscribe(fes.topic(name))
              wanted[j][name] = true
            end
          else
            fes.topic(name):publish(name .. "." .. n .. " ")
            for i = 1, 6 do
              if wanted[i][name] then
                wanted[i][#wanted[i] + 1] = name .. "." .. n .. " "
              end
            end
          end
        end
        wants = {}
        for i = 1, 6 do wants[i] = table.concat(wanted[i]) end
      end)()]]):format(topics):gsub("%-%- [^\n]*\n", ""))
      for i, client in ipairs(clients) do
        local wants = ask(program, ("wants[%d]"):format(i))

        assert.is_true(#wants > 500)
        assert.equal(wants, client:read(#wants))
      end
      settle(program, clients)
    end)
  end

  it("may be published to from a loop over its subscribers", function()
    local program, clients = start(3)

    for i = 1, 3 do ask(program, ("join(%d)"):format(i)) end
    ask(program, [[(function()
      for conn in topic:subscribers() do
        topic:publish(tostring(#conns))
        conn:unsubscribe(topic)
      end
    end)()]])
    ask(program, "server:broadcast '.'")
    reads(clients[1], "3.")
    reads(clients[2], "33.")
    reads(clients[3], "333.")
    settle(program, clients)
  end)

  it("tells who is subscribed, and a conn to what", function()
    local program, clients = start(2)

    ask(program, "join(1)")
    ask(program, "join(1, 'other')")
    ask(program, "join(2)")
    assert.equal(12, ask(program, "(function() local ids = '' for c in "
      .. "topic:subscribers() do ids = ids .. (c == conns[1] and 1 or 2) end "
      .. "return ids end)()"))
    assert.equal("news other", ask(program, "(function() local names = {} "
      .. "for t in conns[1]:topics() do names[#names + 1] = t.name end "
      .. "table.sort(names) return table.concat(names, ' ') end)()"))
    settle(program, clients)
  end)

  it("spans servers, each in its own framing", function()
    local program = asked.start [[
      conns = {}
      local function add(conn)
        conn:subscribe(topic)
        conns[#conns + 1] = conn
      end
      topic = fes.topic "news"
      server = fes.listen { port = 0, framing = "line", on_connect = add }
      other = fes.listen {
        port = 0, framing = { length = 2 }, on_connect = add,
      }
    ]]
    local line = assert(program:connect { port = program.ports[1] })
    local length = assert(program:connect { port = program.ports[2] })

    await(program, "#conns == 2")
    assert.equal(2, ask(program, "topic:publish 'hello'"))
    reads(line, "hello\n")
    reads(length, "\0\5hello")
    assert.error_matches(function() ask(program, "topic:publish 'a\\nb'") end,
      "topic:publish: the framing cannot carry this data")
    assert.equal(1, ask(program, "server:stats().messages_out"))
    assert.equal(1, ask(program, "other:stats().messages_out"))
    settle(program, { line, length })
  end)

  it("goes on when one of its servers has closed", function()
    local program = asked.start [[
      conns = {}
      local function add(conn)
        conn:subscribe(topic)
        conns[#conns + 1] = conn
      end
      topic = fes.topic "news"
      server = fes.listen { port = 0, on_connect = add }
      other = fes.listen { port = 0, on_connect = add }
    ]]
    local stays = assert(program:connect { port = program.ports[1] })
    local goes = assert(program:connect { port = program.ports[2] })

    await(program, "#conns == 2")
    ask(program, "other:close(0)")
    await(program, "topic:count() == 1")
    assert.equal(1, ask(program, "topic:publish 'x'"))
    reads(stays, "x")
    settle(program, { stays, goes })
  end)

  it("counts an empty message", function()
    local program, clients = start(1)

    ask(program, "join(1)")
    assert.equal(1, ask(program, "topic:publish ''"))
    assert.equal(1, ask(program, "server:stats().messages_out"))
    assert.equal(1, ask(program, "conns[1]:stats().messages_out"))
    settle(program, clients)
  end)

  it("takes 100,000 names, and forgets those nobody needs", function()
    local program, clients = start(1)

    assert.equal(100000, ask(program, "(function() local list = {} for i = 1, "
      .. "100000 do list[i] = fes.topic('t' .. i) end many = list "
      .. "return #list end)()"))
    assert.equal(0, ask(program, "many[99999]:publish 'x'"))
    ask(program, "(function() conns[1]:subscribe(many[77]) many = nil "
      .. "collectgarbage() collectgarbage() end)()")
    assert.equal(1, ask(program, "fes.topic('t77'):publish 'x'"))
    reads(clients[1], "x")
    -- Only one that is not there can be made with other options.
    assert.error_matches(function()
      ask(program, "fes.topic('t77', { retain = true })")
    end, "is there already")
    for _, name in ipairs { "t1", "t50000", "t100000" } do
      assert.equal("topic (" .. name .. ")", ask(program,
        ("fes.topic('%s', { retain = true })"):format(name)))
    end
    settle(program, clients)
  end)

  it("that nobody needs may still have something to send", function()
    local program, clients = start(1, "coalesce = 0.02,")

    ask(program, [[(function()
      for _, name in ipairs { "a", "b", "c" } do
        join(1, name)
        fes.topic(name):publish(name)
        conns[1]:unsubscribe(fes.topic(name))
      end
      collectgarbage()
    end)()]])
    reads(clients[1], "abc")
    ask(program, "collectgarbage()")
    settle(program, clients)
  end)

  -- The topic is the younger object, so it is collected first.
  it("that has been collected says so to a finalizer that held it", function()
    local program = start(0)

    ask(program, [[(function()
      local holder = setmetatable({}, { __gc = function(it)
        saved = it.topic
        print("finalized", pcall(saved.publish, saved, "x"))
      end })
      holder.topic = fes.topic "held by garbage"
    end)()]])
    ask(program, "collectgarbage()")
    program:expect "finalized\tfalse\t[^\n]*topic:publish: the topic has been"
    assert.equal("topic (collected)", ask(program, "tostring(saved)"))
    assert.equal("false",
      ask(program, "pcall(function() return saved.name end)"))
    assert.equal(0, ask(program, "fes.topic('held by garbage'):publish 'x'"))
    settle(program, {})
  end)

  it("may be one of a thousand on one connection", function()
    local program, clients = start(2, "maxtopics = 1000,")

    assert.equal("full", ask(program, "(function() for i = 1, 1000 do "
      .. "assert(conns[1]:subscribe(fes.topic('t' .. i))) end "
      .. "return select(2, conns[1]:subscribe(fes.topic 't1001')) end)()"))
    ask(program, "(function() for i = 1, 1000 do "
      .. "fes.topic('t' .. i):publish(i .. ' ') end end)()")
    local all = {}

    for i = 1, 1000 do all[i] = i .. " " end
    reads(clients[1], table.concat(all))
    clients[1]:close()
    await(program, "fes.topic('t5'):count() == 0")
    settle(program, clients)
  end)

  it("keeps the last message only if it retains", function()
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

  it("sends a new subscriber what it retains, last change last", function()
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

  it("sends a new subscriber also what it was left out of before", function()
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

  it("sends a picture longer than the queue, as it is taken", function()
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

  it("that retains more than a slab can hold is had without that", function()
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

  it("that retains is full when its store is", function()
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

  it("that only conflates forgets its oldest keys for room", function()
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

  it("that only conflates gives way to broadcasts that do", function()
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

describe("the store of kept messages", function()
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

  it("counts in the memory line where it may be needed", function()
    assert.equal("at most 1.0 MiB", memory_line {})
    assert.equal("at most 2.0 MiB", memory_line { code = "fes.topic 'x'" })
    assert.equal("at most 2.0 MiB",
      memory_line { listen = "overflow = 'latest'" })
  end)

  it("and whatever else comes later is told of in the log", function()
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

    for before, more in pairs { "..", ".", "." } do
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
    ask(program, "fes.limits { retained = 65536 }") -- still nothing is kept
    assert.equal(0, ask(program, "kept:publish(('x'):rep(40000))"))
    assert.error_matches(function()
      ask(program, "fes.limits { retained = 1 << 20 }")
    end, "'retained' cannot change once messages are kept")
    settle(program, {})
  end)
end)

describe("what is wrong about a topic", function()
  after_each(testing.finish)

  local wrong = {
    ["fes.topic()"] =
      "fes.topic: a name is a string of 1 to 255 bytes, got nothing",
    ["fes.topic ''"] = "a name is a string of 1 to 255 bytes",
    ["fes.topic(('x'):rep(256))"] = "a name is a string of 1 to 255 bytes",
    ["fes.topic '$sys'"] = "names that begin with '%$' are fes' own",
    ["fes.topic(7)"] = "a name is a string of 1 to 255 bytes, got 7",
    ["fes.topic('x', 3)"] = "takes a name and a table of options, got 3",
    ["fes.topic('x', { retian = true })"] =
      "unknown option \"retian\", did you mean 'retain'?",
    ["fes.topic('x', { retain = 1 })"] =
      "'retain' must be true or false, got 1",
    ["fes.topic('news', { retain = true })"] =
      "\"news\" is there already, with other options",
    ["topic:publish()"] = "topic:publish: data must be a string, got nothing",
    ["topic:publish({})"] =
      "topic:publish: data must be a string, got a table",
    ["topic:publish('x', {})"] =
      "topic:publish: a key is a string or an integer, got a table",
    ["topic:publish('x', 1.5)"] = "a key is a string or an integer, got 1.5",
    ["topic:publish('x', ('k'):rep(256))"] =
      "a key has at most 255 bytes, got 256",
    ["topic:publish('x', 'k', 3)"] =
      "topic:publish: a conn was expected, got 3",
    ["topic:publish(('x'):rep(70000))"] =
      "a message of 70000 bytes can never fit into the queue of any server",
    ["topic:set_overflow 'late'"] =
      "topic:set_overflow: a policy is \"close\", "
      .. "\"drop\", \"latest\" or a function, got \"late\"",
    ["server:set_overflow(3)"] = "server:set_overflow: a policy is .*, got 3",
    ["conns[1]:set_overflow({})"] = "conn:set_overflow: a policy is .* a table",
    ["conns[1]:subscribe('news')"] =
      "conn:subscribe: a topic was expected, got \"news\"",
    ["fes.listen { port = 0, overflow = 'newest' }"] =
      "'overflow' must be \"close\", \"drop\", \"latest\" or a function, "
      .. "got \"newest\"",
    ["fes.listen { port = 0, maxqueue = 0 }"] = "'maxqueue' must be an integer",
    ["fes.listen { port = 0, maxage = 0 }"] = "'maxage' must be a number",
    ["fes.listen { port = 0, coalesce = -1 }"] = "'coalesce' must be a number",
    ["fes.listen { port = 0, coalesce = 61 }"] =
      "'coalesce' must be a number of seconds, at most 60, got 61",
    ["fes.listen { port = 0, overflow = 'drop\\0' }"] =
      "'overflow' must be \"close\", \"drop\", \"latest\" or a function",
    ["fes.topic('x', { ['retain\\0'] = true })"] = "unknown option",
    ["fes.listen { port = 0, maxtopics = -1 }"] = "'maxtopics' must be an int",
  }

  for expression, pattern in pairs(wrong) do
    it("raises: " .. expression, function()
      local program, clients = start(1)

      assert.error_matches(function() ask(program, expression) end, pattern)
      settle(program, clients)
    end)
  end
end)
