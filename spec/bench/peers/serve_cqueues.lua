-- serve_cqueues.lua - the same with cqueues: coroutines on epoll
--
-- The messages of a turn go out in one send(2) for each client. What the
-- kernel does not take waits, and goes first in the next turn.

local here = arg[0]:match "^(.-)[^/]*$"

package.path = here .. "?.lua;" .. package.path

local cqueues = require "cqueues"
local pace = require "pace"
local socket = require "cqueues.socket"

local settings = pace.settings(arg)
local loop = cqueues.new()
local unsent = {} -- client -> bytes

local function listen()
  local listener = socket.listen { host = "127.0.0.1", port = 0 }

  assert(listener:listen())
  return listener, select(3, listener:localname())
end

local function give(client, bytes)
  local all = unsent[client] .. bytes
  local sent = client:send(all, 1, #all) or 0

  unsent[client] = sent < #all and all:sub(sent + 1) or ""
end

local function turn()
  local messages = {}

  for i = 1, settings.batch do
    messages[i] = pace.message(math.floor(cqueues.monotime() * 1e9))
  end

  local bytes = table.concat(messages)

  for client in pairs(unsent) do give(client, bytes) end
end

local function publish()
  local due = cqueues.monotime()

  for _ = 1, settings.messages, settings.batch do
    due = due + settings.period
    cqueues.sleep(math.max(0, due - cqueues.monotime()))
    turn()
  end
end

local function serve(client)
  client:setmode("b", "bn")
  client:onerror(function(_, _, code) return code end) -- not to be raised
  unsent[client] = ""
  give(client, "\1")
  client:read(1) -- it says nothing: this is its end
  unsent[client] = nil
  client:close()
end

local listener, port = listen()
local controller, control = listen()

loop:wrap(function()
  while true do loop:wrap(serve, listener:accept { nodelay = true }) end
end)
loop:wrap(function()
  for client in controller:clients() do
    while client:read "*l" do publish() end
    client:close()
  end
end)

pace.say(port, control)
assert(loop:loop())
