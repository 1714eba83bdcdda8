-- Topics: subscribing, publishing, and which connections a message reaches.

local asked = require "spec.support.asked"
local subscribing = require "spec.support.subscribing"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle
local start, reads = subscribing.start, subscribing.reads

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

  it("reaches its subscribers only", function()
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

  it("can exclude one subscriber", function()
    local program, clients = start(3)

    for i = 1, 3 do ask(program, ("join(%d)"):format(i)) end
    assert.equal(2, ask(program, "topic:publish('x', nil, conns[2])"))
    assert.equal(3, ask(program, "topic:publish 'y'"))
    reads(clients[1], "xy")
    reads(clients[2], "y")
    reads(clients[3], "xy")
    settle(program, clients)
  end)

  it("sends a message once to a connection that subscribed twice", function()
    local program, clients = start(1)

    ask(program, "join(1)")
    assert.equal("true", ask(program, "join(1)"))
    assert.equal(1, ask(program, "topic:publish 'x'"))
    ask(program, "server:broadcast '.'")
    reads(clients[1], "x.")
    settle(program, clients)
  end)

  it("sends what was published before conn:unsubscribe", function()
    local program, clients = start(1)

    ask(program, "join(1)")
    ask(program, "(function() topic:publish 'before' conns[1]:unsubscribe"
      .. "(topic) topic:publish 'after' conns[1]:send '.' end)()")
    reads(clients[1], "before.")
    assert.equal(0, ask(program, "topic:count()"))
    assert.equal("true", ask(program, "conns[1]:unsubscribe(topic)"))
    settle(program, clients)
  end)

  it("loses a subscriber that closes", function()
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

  it("keeps the order of publishes, broadcasts and sends", function()
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

  -- Fewer than there are bits in a word, and more.
  for _, topics in ipairs { 10, 100 } do
    it(("may be one of %d that have messages in a turn")
      :format(topics), function()
      local program, clients = start(6)

      -- `wanted` records at each call what the clients are to be sent.
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

  it("lists its subscribers, as a conn lists its topics", function()
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

  for how, linger in pairs { ["at once"] = "0", gracefully = "2" } do
    it("has no subscriber that closes " .. how .. ", but on_close lists it",
      function()
        local program = asked.start [[
          topic, other, names = fes.topic "news", fes.topic "other", {}
          server = fes.listen { port = 0,
            on_connect = function(new)
              conn = new
              conn:subscribe(topic)
              conn:subscribe(other)
            end,
            on_close = function(ended)
              for each in ended:topics() do names[#names + 1] = each.name end
              collectgarbage()
              table.sort(names)
            end }
          function close(linger)
            local before = topic:publish "first"
            conn:close(linger)
            return ("%d %d %d %s"):format(before, topic:count(),
              topic:publish "second", topic:subscribers()() or "none")
          end
        ]]
        local client = assert(program:connect())

        await(program, "conn ~= nil")
        assert.equal("1 0 0 none", ask(program, ("close(%s)"):format(linger)))
        client:close()
        await(program, "#names > 0")
        assert.equal("news other", ask(program, "table.concat(names, ' ')"))
        assert.equal(0, ask(program, "select('#', conn:topics()())"))
        settle(program, {})
      end)
  end

  it("spans servers, each of which has its own framing", function()
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

  it("still publishes when one of its servers has closed", function()
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

  it("may be one of 1000 that a connection has subscribed to", function()
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
end)
