local testing = require "fes.testing"
local uv = require "luv"

local build = os.getenv "FES_BUILD" or "build/dev"

local serve = [[
  local fes = require "fes"
  fes.listen {
    port = 0,
    on_receive = function(conn, data)
      if data == "sleep" then
        local start = fes.now()
        while fes.now() < start + 0.6 do end
      end
      conn:send(data)
    end,
  }
  fes.on_stop(function() print "stopping" end)
]]

-- Started with sockets open.
local function activate(sockets, code)
  local prefix = { uv.fs_realpath(build .. "/spec/pass_sockets") }

  table.move(sockets, 1, #sockets, #prefix + 1, prefix)
  prefix[#prefix + 1] = "--"
  return testing.start { prefix = prefix, code = code }
end

local function descriptors(server)
  local list = {}

  for name in uv.fs_scandir_next, assert(uv.fs_scandir(
    ("/proc/%d/fd"):format(server.pid))) do
    list[#list + 1] = name
  end
  return list
end

describe("sockets that a service manager has opened", function()
  after_each(testing.finish)

  for _, host in ipairs { "127.0.0.1", "::1" } do
    it("are listened on, by address: " .. host, function()
      local server = activate({ "127.0.0.2", host }, ([[
        local fes = require "fes"
        local function greet(word)
          return function(conn) conn:send(word) conn:close() end
        end
        fes.listen { host = %q, port = tonumber(os.getenv "PORT_2"),
          on_connect = greet "second" }
        fes.listen { host = "127.0.0.2", port = tonumber(os.getenv "PORT_1"),
          on_connect = greet "first" }
        print(os.getenv "LISTEN_FDS", os.getenv "LISTEN_PID")
      ]]):format(host))
      local first = assert(server:connect { port = server.ports[2] })
      local second = assert(server:connect { port = server.ports[1] })

      assert.equal("nil\tnil", server:stdout():match "^[^\n]*")
      assert.equal("first", (first:read_all()))
      assert.equal("second", (second:read_all()))
      server:stop()
      assert.not_matches("warn", server:stderr())
    end)
  end

  it("are everywhere with \"*\"", function()
    local server = activate({ "::" }, [[
      local fes = require "fes"
      fes.listen { host = "*", port = tonumber(os.getenv "PORT_1"),
        on_connect = function(conn) conn:send(conn.peer) conn:close() end }
    ]])
    local client = assert(server:connect { host = "127.0.0.1" })

    assert.matches("^127%.0%.0%.1:", (client:read_all()))
    server:stop()
  end)

  it("may be Unix sockets, which stay when fes stops", function()
    local path = testing.directory() .. "/passed.sock"
    local server = activate({ path }, ([[
      local fes = require "fes"
      fes.listen { path = %q,
        on_connect = function(conn) conn:send "in" conn:close() end }
    ]]):format(path))
    local client = assert(server:connect())

    assert.equal("in", (client:read_all()))
    server:stop()
    assert.is_table(uv.fs_stat(path))
  end)

  it("may be closed, and listened on again", function()
    local server = activate({ "127.0.0.1" }, [[
      local fes = require "fes"
      local function listen(word)
        return fes.listen { port = tonumber(os.getenv "PORT_1"),
          on_connect = function(conn) conn:send(word) conn:close() end }
      end
      local first = listen "first"
      fes.after(0, function()
        first:close()
        listen "second"
        print "again"
      end)
    ]])

    server:expect "again\n"
    local client = assert(server:connect())

    assert.equal("second", (client:read_all()))
    server:stop()
  end)

  it("that nobody listens on are warned of, and kept", function()
    local server = activate({ "127.0.0.1", "127.0.0.1" }, [[
      require("fes").listen { port = tonumber(os.getenv "PORT_1") }
    ]])

    assert.matches("warn  nobody listens on the socket that was passed as "
      .. "descriptor 4: 127.0.0.1:%d+\n", server:stderr())
    assert.is_true(#descriptors(server) > 5)
    server:stop()
  end)

  it("for another process are left alone", function()
    local server = testing.start {
      code = serve, env = { LISTEN_FDS = "1", LISTEN_PID = "1" },
    }

    server:stop()
    assert.equal("", server:stderr():gsub("[^\n]*stopping\n", "")
      :gsub("[^\n]*Terminated\n", ""))
  end)

  it("are not passed on to children of the script", function()
    local server = activate({ "127.0.0.1" }, [[
      require("fes").listen { port = tonumber(os.getenv "PORT_1") }
      print(io.popen("ls -l /proc/self/fd"):read "a")
    ]])

    assert.matches(" 0 %-> ", server:stdout())
    assert.not_matches(" 3 %-> socket:", server:stdout())
    server:stop()
  end)
end)
