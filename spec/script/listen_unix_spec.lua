-- Servers at a Unix socket: the socket file, its mode, when it is replaced and
-- when it is removed.
local listening = require "spec.support.listening"
local testing = require "fes.testing"
local uv = require "luv"

local fails, start = listening.fails, listening.start

local function options_at(path, more)
  return ("{ path = %q, %s }"):format(path, more or "")
end

local function exists(path)
  return uv.fs_lstat(path) ~= nil
end

-- Leave a socket file behind that has no listener.
local function leave_stale(path)
  local server = start(options_at(path))

  server:signal "sigkill"
  server:wait()
  assert(exists(path))
end

describe("a Unix socket", function()
  after_each(testing.finish)

  local echo = "on_receive = function(conn, data) "
    .. "conn:send(conn.peer .. ' ' .. data) end"
  local path

  before_each(function() path = testing.directory() .. "/fes.sock" end)

  local function assert_serves(server)
    local client = assert(server:connect { path = path })

    assert(client:send "hello")
    assert.equal("unix hello", client:read(10))
    client:close()
  end

  it("serves clients and is removed when fes stops", function()
    local server = start(options_at(path, echo),
      "print(server.port, server.path)")

    assert.equal("nil\t" .. path, server:stdout():match "^[^\n]*")
    assert_serves(server)
    server:stop()
    assert.is_false(exists(path))
  end)

  it("is removed by server:close", function()
    local server = start(options_at(path), [[
      fes.listen { port = 0 }
      server:close()
      print "closed"
    ]])

    server:expect "closed\n"
    testing.wait_until(function() return not exists(path) end)
    server:stop()
  end)

  for _, umask in ipairs { "000", "022", "077" } do
    it("has its mode, 0600 by default, under umask " .. umask, function()
      for mode, more in pairs { ["600"] = "", ["666"] = "mode = '0666'" } do
        local server = testing.start {
          code = listening.code(options_at(path, more)),
          prefix = { "sh", "-c", "umask " .. umask .. '; exec "$@"', "sh" },
        }

        assert.equal(mode, ("%o"):format(uv.fs_stat(path).mode & 511))
        server:stop()
      end
    end)
  end

  it("has the mode of its option", function()
    for _, mode in ipairs { "0666", "660", "0700" } do
      local server = start(options_at(path, ("mode = %q"):format(mode)))

      assert.equal(tonumber(mode, 8), uv.fs_stat(path).mode & 511)
      server:stop()
    end
  end)

  it("does not change the umask of the process", function()
    local server = start(options_at(path), ([[
      io.open(%q, "w"):close()
    ]]):format(path .. ".file"))

    assert.equal(tonumber("644", 8),
      uv.fs_stat(path .. ".file").mode & tonumber("755", 8))
    server:stop()
  end)

  it("replaces a stale socket file", function()
    leave_stale(path)
    assert_serves(start(options_at(path, echo)))
  end)

  it("does not replace the socket of a running server", function()
    local first = start(options_at(path, echo))

    assert.matches("unix:" .. path .. ": Address already in use",
      fails(options_at(path)), 1, true)
    assert_serves(first)
  end)

  it("does not replace a regular file", function()
    testing.write(path, "precious")
    assert.matches("unix:" .. path .. ": File exists",
      fails(options_at(path)), 1, true)

    local file = assert(io.open(path))

    assert.equal("precious", file:read "a")
    file:close()
  end)

  it("does not replace a directory or a symbolic link", function()
    assert(uv.fs_mkdir(path, 448))
    assert.matches("File exists", fails(options_at(path)))
    assert(uv.fs_rmdir(path))

    assert(uv.fs_symlink("nowhere", path))
    assert.matches("File exists", fails(options_at(path)))
    assert.is_true(exists(path))
  end)

  it("leaves the socket of another server at its path alone", function()
    local first = start(options_at(path))

    assert(os.remove(path))
    local second = start(options_at(path, echo))

    first:stop()
    assert_serves(second)
  end)

  it("leaves a regular file at its path alone", function()
    local server = start(options_at(path))

    assert(os.remove(path))
    testing.write(path, "precious")
    server:stop()
    assert.is_true(exists(path))
  end)

  it("can be removed before fes stops", function()
    local server = start(options_at(path))

    assert(os.remove(path))
    server:stop()
  end)

  it("is removed if the script fails to load", function()
    assert.equal(1, (testing.run {
      code = listening.code(options_at(path)) .. "\nerror 'late'",
    }))
    assert.is_false(exists(path))
  end)

  it("can have a path relative to the script's directory", function()
    local server = testing.start {
      code = listening.code("{ path = 'here.sock', " .. echo .. "}"), cwd = "/",
    }
    path = server.directory .. "/here.sock"

    assert.is_true(exists(path))
    assert_serves(server)
    server:stop()
    assert.is_false(exists(path))
  end)

  it("can be relative to a script named without a directory", function()
    local directory = testing.directory()

    testing.write(directory .. "/main.lua",
      listening.code "{ path = 'a.sock' }")
    local server = testing.start { options = { "main.lua" },
      cwd = directory }

    assert.is_true(exists(directory .. "/a.sock"))
    server:stop()
    assert.is_false(exists(directory .. "/a.sock"))
  end)

  it("cannot have a path that is too long", function()
    assert.matches("File name too long",
      fails(options_at("/tmp/" .. ("x"):rep(200))))
  end)

  it("cannot be in a directory that does not exist", function()
    assert.matches("No such file or directory",
      fails(options_at(path .. ".d/fes.sock")))
  end)
end)
