-- Options of fes.listen that differ in the new script: some apply to the
-- connections that are open, some to new connections only.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"

local start, reload = reloading.start, reloading.reload
local answering, expect_answer = reloading.answering, reloading.expect_answer

describe("after a reload,", function()
  after_each(testing.finish)

  it("a new idle_timeout applies to open connections", function()
    local program = start(answering "old")
    local client = assert(program:connect())

    expect_answer(client, "old")
    reload(program, answering("new", [[idle_timeout = 0.1,
      on_close = function(_, reason) print(reason) end,]]))
    assert.same({ true, "eof" }, { client:closed() })
    program:expect "idle\n"
    program:stop()
  end)

  it("an idle_timeout that was removed no longer applies", function()
    local program = start(answering("old", "idle_timeout = 0.5,"))
    local client = assert(program:connect())

    reload(program, answering "new")
    assert.is_false((client:closed(1)))
    expect_answer(client, "new")
    program:stop()
  end)

  it("a new maxperip counts the connections that are open", function()
    local program = start(answering "old")
    local clients = assert(program:connect_all(2))

    for _, client in ipairs(clients) do expect_answer(client, "old") end
    reload(program, answering("new", "maxperip = 2,"))

    local third = assert(program:connect())

    assert.is_true((third:closed()))
    clients[1]:close()
    testing.wait_until(function()
      local another = assert(program:connect())

      another:send "?"
      return another:read(3, 0.2) == "new"
    end)
    program:stop()
  end)

  it("a new maxsends applies to open connections", function()
    local program = start [[
      fes.listen { port = 0, maxsends = 4, size = 1024 }
    ]]
    local client = assert(program:connect())

    reload(program, [[
      fes.listen { port = 0, maxsends = 8, size = 1024,
        on_receive = function(conn)
          conn:send(("x"):rep(8192))
          print(pcall(conn.send, conn, ("x"):rep(8193)))
        end }
    ]])
    assert(client:send "?")
    program:expect "false\t[^\n]*8193 bytes can never fit[^\n]*8192\n"
    assert.equal(8192, #client:read(8192))
    program:stop()
  end)

  it("a new header is sent to new connections only", function()
    local program = start [[fes.listen { port = 0, header = "old" }]]
    local client = assert(program:connect())

    assert.equal("old", client:read(3))
    reload(program, [[
      fes.listen { port = 0, header = "newer",
        on_receive = function(conn) conn:send "!" end }
    ]])
    expect_answer(client, "!")
    assert.equal("newer", assert(program:connect()):read(5))
    program:stop()
  end)

  it("a new sndbuf applies to new connections only", function()
    local filling = [[
      fes.listen { port = 0, sndbuf = %d, on_receive = function(conn)
        while conn:send(("x"):rep(4000)) do end
        print("taken", conn:stats().bytes_out)
      end }
    ]]
    local function taken(program, client)
      assert(client:send "?")
      return tonumber((program:expect "taken\t(%d+)\n"))
    end
    local program = start(filling:format(4096))
    local old = assert(program:connect { rcvbuf = 4096 })

    reload(program, filling:format(262144))
    local new = assert(program:connect { rcvbuf = 4096 })
    assert.is_true(4 * taken(program, old) < taken(program, new))
    program:stop()
  end)

  it("a new overflow policy applies to open connections", function()
    local program = start [[
      fes.listen { port = 0, maxsends = 1, sndbuf = 4096, overflow = "drop" }
    ]]
    local client = assert(program:connect { rcvbuf = 4096 })

    reload(program, [[
      local server
      server = fes.listen { port = 0, maxsends = 1, sndbuf = 4096,
        overflow = "close",
        on_close = function(_, reason) print(reason) end }
      fes.every(0.001, function() server:broadcast(("x"):rep(4000)) end)
    ]])
    program:expect "overflow\n"
    assert.is_true(#client:read_all() > 0)
    program:stop()
  end)

  it("a server that the old script paused accepts again", function()
    local program = start(answering "old" .. "server:pause()")
    local client = assert(program:connect())

    assert(client:send "?")
    reload(program, answering "new")
    assert.equal("new", client:read(3))
    program:stop()
  end)
end)
