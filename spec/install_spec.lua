-- The installed program: what `cmake --install` copies, and that it works.
local testing = require "fes.testing"

local function install()
  local prefix = testing.directory() .. "/prefix"
  local command = ("cmake --install '%s' --prefix '%s' >/dev/null")
    :format(os.getenv "FES_BUILD", prefix)

  assert(os.execute(command))
  return prefix
end

local function run(program, code)
  local status, out, err = testing.run { program = program, code = code }

  assert.equal(0, status, err)
  return out
end

describe("an installed fes", function()
  after_each(testing.finish)

  it("serves", function()
    local server = testing.start {
      program = install() .. "/bin/fes",
      script = "scripts/echo.lua", args = { "0" },
    }
    local client = assert(server:connect())

    assert(client:send "hello")
    assert.equal("hello", client:read(5))
    server:stop()
  end)

  it("finds its Lua modules, also when moved or linked to", function()
    local prefix = install()
    local find = [[
for _, name in ipairs { "fes.testing", "fes.testing.client" } do
  io.write(package.searchpath(name, package.path), "\n")
end]]
    local function expected(where)
      return ("%s/bin/../share/lua/5.4/fes/testing.lua\n"):format(where)
        .. ("%s/bin/../share/lua/5.4/fes/testing/client.lua\n"):format(where)
    end

    assert.equal(expected(prefix), run(prefix .. "/bin/fes", find))

    local moved = testing.directory() .. "/moved"
    assert(os.rename(prefix, moved))
    assert.equal(expected(moved), run(moved .. "/bin/fes", find))

    local link = testing.directory() .. "/fes"
    assert(os.execute(("ln -s '%s/bin/fes' '%s'"):format(moved, link)))
    assert.equal(expected(moved), run(link, find))
  end)

  it("has a systemd unit with the path of the program", function()
    local prefix = install()
    local file = assert(io.open(prefix
      .. "/lib/systemd/system/fes@.service"))
    local unit = file:read "a"

    file:close()
    assert(unit:find("\nExecStart=" .. prefix .. "/bin/fes ", 1, true), unit)
  end)

  it("has a manual page with every option", function()
    local prefix = install()
    local file = assert(io.open(prefix .. "/share/man/man1/fes.1"))
    local page = file:read "a"
    local _, help = testing.run {
      program = prefix .. "/bin/fes", options = { "-h" },
    }

    file:close()
    assert.matches("\n.Dt FES 1\n", page, 1, true)
    local options = 0
    for option in help:gmatch "\n  %-(%a)" do
      options = options + 1
      assert.matches("\n.It Fl " .. option, page, 1, true)
    end
    assert.is_true(options >= 5)
  end)
end)
