-- serve_luv.lua - the same with luv: what libuv does, from Lua
--
-- The messages of a turn are handed over in one call for each client, which
-- becomes one writev(2).

local here = arg[0]:match "^(.-)[^/]*$"

package.path = here .. "?.lua;" .. package.path

local uv = require "luv"
local pace = require "pace"

local settings = pace.settings(arg)
local clients, left = {}, 0
local timer = uv.new_timer()

local function leave(client)
  clients[client] = nil
  if not client:is_closing() then client:close() end
end

local function listen(on_client)
  local listener = uv.new_tcp()

  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(1024, function()
    local client = uv.new_tcp()

    assert(listener:accept(client))
    on_client(client)
  end))
  return listener:getsockname().port
end

local function turn()
  local messages = {}

  for i = 1, settings.batch do messages[i] = pace.message(uv.hrtime()) end
  for client in pairs(clients) do client:write(messages) end
  left = left - settings.batch
  if left <= 0 then timer:stop() end
end

local port = listen(function(client)
  client:nodelay(true)
  client:write "\1"
  clients[client] = true
  client:read_start(function(_, data)
    if not data then leave(client) end
  end)
end)
local control = listen(function(client)
  client:read_start(function(_, data)
    local period = math.floor(settings.period * 1000 + 0.5)

    if not data then return client:close() end
    left = settings.messages
    timer:start(period, period, turn)
  end)
end)

pace.say(port, control)
uv.run()
