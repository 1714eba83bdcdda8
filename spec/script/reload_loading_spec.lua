-- The load of the new script during a reload: calls that it makes on existing
-- connections, and signals and data that arrive meanwhile.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload
local answering, expect_answer = reloading.answering, reloading.expect_answer

describe("a call on existing connections while the script loads", function()
  after_each(testing.finish)

  local acting = [[
    local server = fes.listen { port = 0, framing = "line",
      on_receive = function(conn) conn:send "new" end }
    local topic = fes.topic "t"
    local send
    for conn in server:connections() do
      print(conn:send "one", conn:subscribe(topic))
      send = conn.send
    end
    print(server:broadcast "two", topic:publish "three")
    for conn in server:connections() do send(conn, "four") end
    for conn in server:connections() do
      if conn.id == 2 then print(conn:close()) end
    end
    server:pause()
    server:broadcast "a\nb"
  ]]

  local function start_acting()
    local program = start [[
      topic = fes.topic "t"
      fes.listen { port = 0, framing = "line", on_connect = function(conn)
        conn:subscribe(topic)
        conn:send "in"
      end, on_receive = function(conn) conn:send "old" end }
    ]]
    local clients = assert(program:connect_all(2))

    for _, client in ipairs(clients) do assert.equal("in", client:line()) end
    return program, clients
  end

  it("takes effect when the load has succeeded", function()
    local program, clients = start_acting()

    reload(program, acting)
    program:expect "true\ttrue\ntrue\ttrue\n2\t2\ntrue\n"
    for _, client in ipairs(clients) do
      for _, word in ipairs { "one", "two", "three", "four" } do
        assert.equal(word, client:line())
      end
    end
    assert.same({ "", "eof" }, { clients[2]:read_all() })
    assert(clients[1]:send "?\n")
    assert.equal("new", clients[1]:line())
    assert.matches("error reload: [^\n]*a line cannot hold", program:stderr())
    program:stop()
  end)

  it("has no effect if the load fails", function()
    local program, clients = start_acting()

    reloading.fail(program, acting .. "error 'no'", "no")
    for _, client in ipairs(clients) do
      assert(client:send "?\n")
      assert.equal("old", client:line())
    end
    assert(program:connect())
    program:stop()
  end)

  it("takes effect at once if the same load has made the server", function()
    local program = start(answering "old")

    reload(program, answering "new" .. [[
      local other = fes.listen { port = 0, host = "127.0.0.2" }
      local port = other.port
      other:close()
      print(pcall(fes.listen, { port = port, host = "127.0.0.2" }))
    ]])
    program:expect "true\tserver"
    program:stop()
  end)
end)

describe("a method of a connection that was read during the load", function()
  after_each(testing.finish)

  local code = [[
    local send
    local server = fes.listen { port = 0, maxsends = 1, sndbuf = 4096,
      handler = function(conn)
        while conn:receive "line" do
          for i = 1, 100 do assert(send(conn, ("%05d"):format(i):rep(800))) end
          print("sent", select(2, pcall(function() send(conn) end)))
        end
      end }
    for conn in server:connections() do send = conn.send end
  ]]

  it("works normally after the load", function()
    local program = start(code)
    local client = assert(program:connect { rcvbuf = 4096 })

    reload(program, code)
    assert(client:send "\n")
    for i = 1, 100 do
      assert.is_true(("%05d"):format(i):rep(800) == client:read(4000))
    end
    program:expect "sent\t[^\n]*script.lua:%d+: conn:send: "
    program:stop()
  end)
end)

-- The code of a script that loads until `go` creates a file.
local function loading(code)
  return [[
    print "loading"
    repeat local file = io.open(arg[0] .. ".go") until file
  ]] .. code
end

-- Request a reload; returns when the load has begun.
local function begin(program, code)
  reloading.write(program, loading(code))
  program:signal "sighup"
  program:expect "loading\n"
end

local function go(program)
  testing.write(program.directory .. "/script.lua.go", "")
end

describe("while the new script loads,", function()
  after_each(testing.finish)

  local stops = "fes.on_stop(function() print '%s stops' end)"

  for what, case in pairs {
    ["the new script if the load succeeds"] = { "", "new" },
    ["the old script if the load fails"] = { "error 'no'", "old" },
  } do
    it("SIGTERM waits, then stops " .. what, function()
      local program = start(answering "old" .. stops:format "old")
      local client = assert(program:connect())

      expect_answer(client, "old")
      begin(program, answering "new" .. stops:format "new" .. case[1])
      program:signal "sigterm"
      go(program)
      assert.same({ "", "eof" }, { client:read_all() })
      client:close()
      assert.same({ 0 }, { program:wait() })
      assert.matches("kernel\nloading\n" .. case[2] .. " stops\n$",
        program:stdout())
    end)
  end

  it("SIGHUP waits, then requests another reload", function()
    local program = start(answering "old")

    begin(program, answering "new")
    program:signal "sighup"
    reloading.write(program, answering "newer")
    go(program)
    for _ = 1, 2 do program:expect("info  reloaded\n", "stderr") end
    expect_answer(assert(program:connect()), "newer")
    program:stop()
  end)

  it("connections and their data wait", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    begin(program, answering "new")
    assert(client:send "?")

    local other = assert(program:connect()) -- the kernel accepts it

    assert(other:send "?")
    go(program)
    assert.equal("new", client:read(3))
    assert.equal("new", other:read(3))
    program:stop()
  end)
end)
