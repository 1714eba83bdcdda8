-- How a reload matches the servers of the new script with the listening sockets
-- of the old one.
local reloading = require "spec.support.reloading"
local testing = require "fes.testing"
local uv = require "luv"

local start, reload = reloading.start, reloading.reload
local expect_answer = reloading.expect_answer

describe("a reload", function()
  after_each(testing.finish)

  it("matches servers by address and keeps their connections", function()
    local program = start [[
      fes.listen { host = "127.0.0.2", port = 0 }
      fes.listen { host = "::1", port = 0 }
    ]]
    local clients = {
      assert(program:connect { port = program.ports[1] }),
      assert(program:connect { port = program.ports[2], host = "::1" }),
    }

    reload(program, ([[
      fes.listen { host = "::1", port = %d,
        on_receive = function(conn) conn:send "six" end }
      fes.listen { host = "127.0.0.2", port = 0,
        on_receive = function(conn) conn:send "four" end }
    ]]):format(program.ports[2]))
    expect_answer(clients[1], "four")
    expect_answer(clients[2], "six")
    program:stop()
  end)

  it("matches servers on port 0 by the order of the calls", function()
    local program = start [[
      for i = 1, 3 do fes.listen { port = 0 } end
    ]]
    local clients = {}

    for i = 1, 3 do
      clients[i] = assert(program:connect { port = program.ports[i] })
    end
    reload(program, [[
      for _, word in ipairs { "one", "two", "three" } do
        local server = fes.listen { port = 0,
          on_receive = function(conn) conn:send(word) end }
        print(server.port)
      end
    ]])
    program:expect(table.concat(program.ports, "\n") .. "\n")
    for i, word in ipairs { "one", "two", "three" } do
      expect_answer(clients[i], word)
    end
    program:stop()
  end)

  it("matches servers by path; a stop removes the socket file", function()
    local code = [[
      fes.listen { path = "a.sock", mode = %q,
        on_receive = function(conn) conn:send %q end }
    ]]
    local program = start(code:format("0600", "old"))
    local client = assert(program:connect { path = "a.sock" })
    local path = program.directory .. "/a.sock"

    expect_answer(client, "old")
    reload(program, code:format("0660", "new"))
    expect_answer(client, "new")
    expect_answer(assert(program:connect { path = "a.sock" }), "new")
    assert.equal(tonumber("660", 8), assert(uv.fs_stat(path)).mode & 511)
    client:close()
    program:signal "sigterm"
    program:wait()
    assert.is_nil(uv.fs_stat(path))
  end)

  it("matches servers by path; another file there is left alone", function()
    local code = [[
      fes.listen { path = "a.sock", mode = %q,
        on_receive = function(conn) conn:send %q end }
    ]]
    local program = start(code:format("0600", "old"))
    local client = assert(program:connect { path = "a.sock" })
    local path = program.directory .. "/a.sock"

    assert(os.remove(path))
    testing.write(path, "not ours")
    assert(uv.fs_chmod(path, tonumber("600", 8)))
    reload(program, code:format("0666", "new"))
    expect_answer(client, "new")
    assert.matches("warn  clients cannot connect to [^\n]*a.sock: the socket",
      program:stderr())
    assert.equal(tonumber("600", 8), assert(uv.fs_stat(path)).mode & 511)
    program:stop()
  end)

  it("closes the servers that the new script does not have", function()
    local program = start [[
      fes.listen { port = 0 }
      fes.listen { port = 0 }
    ]]
    local first = assert(program:connect())
    local second = assert(program:connect { port = program.ports[2] })

    reload(program, ([[
      fes.listen { port = %d, on_receive = function(conn) conn:send "in" end,
        on_close = function(_, reason) print(reason) end }
    ]]):format(program.ports[2]))
    assert.same({ "", "eof" }, { first:read_all() })
    expect_answer(second, "in")
    testing.wait_until(function()
      return select(2, program:connect()) == "ECONNREFUSED"
    end)
    program:stop()
  end)

  it("opens additional servers and logs their addresses", function()
    local program = start [[fes.listen { port = 0 }]]

    reload(program, [[
      fes.listen { host = "127.0.0.2", port = 0,
        on_receive = function(conn) conn:send "here" end }
    ]])
    local port = program:stderr():match "listening 127.0.0.2:(%d+)\n"

    expect_answer(assert(program:connect {
      host = "127.0.0.2", port = tonumber(port),
    }), "here")
    program:stop()
  end)

  it("fails if the new script has two servers at one address", function()
    local program = start [[fes.listen { port = 0 }]]

    reloading.fail(program, ([[
      fes.listen { port = %d }
      fes.listen { port = %d }
    ]]):format(program.port, program.port), "Address already in use")
    program:stop()
  end)
end)
