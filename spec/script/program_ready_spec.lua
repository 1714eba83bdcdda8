-- The ready lines, which the program prints when its servers listen.
local testing = require "fes.testing"

describe("the ready lines", function()
  after_each(testing.finish)

  local function announced(code, options)
    return testing.start { code = "local fes = require 'fes'\n" .. code,
      options = options }
  end

  it("show an IPv4 address and the memory limits", function()
    local server = announced "print(fes.listen { port = 0 }.port)"
    local port, again, rest = server:stdout():match
      "^(%d+)\nlistening 127%.0%.0%.1:(%d+)\n(.*)"

    assert.equal(port, again)
    assert.not_equal("0", port)
    assert.matches("^at most 72%.4 MiB of buffers, %d+ connections, "
      .. "256 KiB each in the kernel\n$", rest)
  end)

  it("show an IPv6 address in brackets", function()
    local server = announced "fes.listen { host = '::1', port = 0 }"

    assert.matches("^listening %[::1%]:%d+\nat most ", server:stdout())
    assert(server:connect())
  end)

  it("show the host * as *", function()
    local server = announced "fes.listen { host = '*', port = 0 }"

    assert.matches("^listening %*:%d+\nat most ", server:stdout())
  end)

  it("show the path of a Unix socket", function()
    local path = testing.directory() .. "/a.sock"
    local server = announced(("fes.listen { path = %q }"):format(path))

    assert.equal("listening unix:" .. path,
      server:stdout():match "^[^\n]*")
  end)

  it("are in the order of the calls, with one memory line", function()
    local server = announced [[
      fes.listen { host = "::1", port = 0, bockets = 256 }
      fes.listen { port = 0, bockets = 256, maxconnections = 10 }
    ]]

    assert.matches("^listening %[::1%]:%d+\nlistening 127%.0%.0%.1:%d+\n"
      .. "at most 2%.3 MiB of buffers, [^\n]*\n$", server:stdout())
  end)

  it("show the limits that the options set", function()
    local server = announced [[
      fes.listen { port = 0, bockets = 512, size = 2048,
        maxconnections = 10, sndbuf = 16384, rcvbuf = 32768 }
    ]]

    assert.matches("\nat most 1%.1 MiB of buffers, 10 connections, "
      .. "96 KiB each in the kernel\n$", server:stdout())
  end)

  it("are printed at any log level", function()
    local server = announced("fes.listen { port = 0 }", { "-l", "error" })

    assert.matches("^listening ", server:stdout())
    assert.equal("", server:stderr())
  end)
end)
