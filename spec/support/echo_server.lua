-- echo_server.lua - an echo server in Lua, to test fes.testing with
--
--     lua5.4 spec/support/echo_server.lua 127.0.0.1 ::1 /tmp/echo.sock
--
-- It prints the ready lines of fes, then each error of a client, to standard
-- output. It exits with status 0 on SIGTERM.
local uv = require "luv"

io.stdout:setvbuf "line"

local function echo(stream)
  stream:read_start(function(err, data)
    if data then return stream:write(data) end
    if err then
      print(err)
      return stream:close()
    end
    stream:shutdown(function() stream:close() end)
  end)
end

local function listen(handle, new_stream)
  assert(handle:listen(128, function()
    local stream = new_stream()

    assert(handle:accept(stream))
    echo(stream)
  end))
end

local function listen_unix(path)
  local handle = uv.new_pipe(false)

  assert(handle:bind(path))
  listen(handle, function() return uv.new_pipe(false) end)
  print("listening unix:" .. path)
end

local function listen_tcp(host)
  local handle = uv.new_tcp()
  local form = host:find ":" and "listening [%s]:%d" or "listening %s:%d"

  assert(handle:bind(host, 0))
  listen(handle, uv.new_tcp)
  print(form:format(host, handle:getsockname().port))
end

uv.new_signal():start("sigterm", function() os.exit(0) end)

for _, address in ipairs(arg) do
  local listen_at = address:find "/" and listen_unix or listen_tcp

  listen_at(address)
end
print("at most 64.0 MiB of buffers, 10000 connections, "
  .. "256 KiB each in the kernel")
uv.run()
