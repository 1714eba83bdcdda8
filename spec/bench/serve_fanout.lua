-- serve_fanout.lua - the same 128 bytes to all, turn after turn
--
--     $ fes spec/bench/serve_fanout.lua batch=16
--
-- The arguments and what it prints are those of floor.c.

local fes = require "fes"
local interval = require "interval"

local settings = interval.settings {
  connections = 1, batch = 1, rate = 0, stamp = 0,
}
local published = 0
local server, measured, timer

local function message_bytes(from, to)
  local bytes = {}

  for byte = from, to do bytes[#bytes + 1] = string.char(byte) end
  return table.concat(bytes)
end

local plain = message_bytes(0, 127)
local head, tail = plain:sub(1, 8), plain:sub(17)

local function message()
  if settings.stamp == 0 then return plain end
  return head .. ("<i8"):pack(math.floor(fes.now() * 1e9)) .. tail
end

-- The next messages leave when nothing is queued any more.
local function turn()
  if server:stats().queued > 0 then return end
  if measured:is_due() then measured:step() end
  if not measured.running then return end

  for _ = 1, settings.batch do assert(server:broadcast(message())) end
  published = published + settings.batch
end

local function period()
  if settings.rate == 0 then return 0 end
  return settings.batch * settings.connections / settings.rate
end

server = fes.listen {
  port = 0,
  header = "\1",
  on_receive = function(conn, data) conn:send(data) end,
}
measured = interval.open {
  settings = settings,
  by_hand = true,
  messages = function() return published end,
  begin = function() timer = fes.every(period(), turn) end,
  finish = function() timer:stop() end,
}
