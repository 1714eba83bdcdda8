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

-- A socket that nobody listens on any more.
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

  it("serves, and is gone after the stop", function()
    local server = start(options_at(path, echo),
      "print(server.port, server.path)")

    assert.equal("nil\t" .. path, server:stdout():match "^[^\n]*")
    assert_serves(server)
    server:stop()
    assert.is_false(exists(path))
  end)

  it("is gone after server:close", function()
    local server = start(options_at(path), [[
      fes.listen { port = 0 }
      server:close()
      print "closed"
    ]])

    server:expect "closed\n"
    testing.wait_until(function() return not exists(path) end)
    server:stop()
  end)

  it("has the mode 0600, whatever the umask", function()
    start(options_at(path))
    assert.equal("600", ("%o"):format(uv.fs_stat(path).mode & 511))
  end)

  it("has the mode that it is given", function()
    for _, mode in ipairs { "0666", "660", "0700" } do
      local server = start(options_at(path, ("mode = %q"):format(mode)))

      assert.equal(tonumber(mode, 8), uv.fs_stat(path).mode & 511)
      server:stop()
    end
  end)

  it("leaves the umask as it was", function()
    local server = start(options_at(path), ([[
      io.open(%q, "w"):close()
    ]]):format(path .. ".file"))

    assert.equal(tonumber("644", 8),
      uv.fs_stat(path .. ".file").mode & tonumber("755", 8))
    server:stop()
  end)

  it("replaces a stale one", function()
    leave_stale(path)
    assert_serves(start(options_at(path, echo)))
  end)

  it("does not replace a live one", function()
    local first = start(options_at(path, echo))

    assert.matches("unix:" .. path .. ": Address already in use",
      fails(options_at(path)), 1, true)
    assert_serves(first)
  end)

  it("does not replace what is no socket", function()
    testing.write(path, "precious")
    assert.matches("unix:" .. path .. ": File exists",
      fails(options_at(path)), 1, true)

    local file = assert(io.open(path))

    assert.equal("precious", file:read "a")
    file:close()
  end)

  it("does not replace a directory, nor a link", function()
    assert(uv.fs_mkdir(path, 448))
    assert.matches("File exists", fails(options_at(path)))
    assert(uv.fs_rmdir(path))

    assert(uv.fs_symlink("nowhere", path))
    assert.matches("File exists", fails(options_at(path)))
    assert.is_true(exists(path))
  end)

  it("is not removed when it has become another's", function()
    local first = start(options_at(path))

    assert(os.remove(path))
    local second = start(options_at(path, echo))

    first:stop()
    assert_serves(second)
  end)

  it("is not removed when it has become a file", function()
    local server = start(options_at(path))

    assert(os.remove(path))
    testing.write(path, "precious")
    server:stop()
    assert.is_true(exists(path))
  end)

  it("is no trouble when somebody else has removed it", function()
    local server = start(options_at(path))

    assert(os.remove(path))
    server:stop()
  end)

  it("is not left behind by a script that fails", function()
    assert.equal(1, (testing.run {
      code = listening.code(options_at(path)) .. "\nerror 'late'",
    }))
    assert.is_false(exists(path))
  end)

  it("may be named relative to the script's directory", function()
    local server = testing.start {
      code = listening.code("{ path = 'here.sock', " .. echo .. "}"), cwd = "/",
    }
    path = server.directory .. "/here.sock"

    assert.is_true(exists(path))
    assert_serves(server)
    server:stop()
    assert.is_false(exists(path))
  end)

  it("may be relative to a script named without a directory", function()
    local directory = testing.directory()

    testing.write(directory .. "/main.lua",
      listening.code "{ path = 'a.sock' }")
    local server = testing.start { options = { "main.lua" },
      cwd = directory }

    assert.is_true(exists(directory .. "/a.sock"))
    server:stop()
    assert.is_false(exists(directory .. "/a.sock"))
  end)

  it("raises for a name that is too long", function()
    assert.matches("File name too long",
      fails(options_at("/tmp/" .. ("x"):rep(200))))
  end)

  it("raises for a directory that is not there", function()
    assert.matches("No such file or directory",
      fails(options_at(path .. ".d/fes.sock")))
  end)
end)
