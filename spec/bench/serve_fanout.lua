-- serve_fanout.lua - the same 128 bytes to all, turn after turn
--
--     $ fes spec/bench/serve_fanout.lua batch=16 topics=4
--
-- The arguments and what it prints are those of floor.c. With `topics`, the
-- messages go by turns to so many, of which everybody is a subscriber.

local fes = require "fes"
local interval = require "interval"

local settings = interval.settings {
  connections = 1, batch = 1, rate = 0, stamp = 0,
  topics = 0, ask = 1,
}
local published = 0
local topics = {}
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

local receivers, send -- whom the messages go to, by turns, and how

-- The next messages leave when nothing is queued any more, if we are to ask.
local function turn()
  if settings.ask > 0 and server:stats().queued > 0 then return end
  if measured:is_due() then measured:step() end
  if not measured.running then return end

  for i = 1, settings.batch do
    assert(send(receivers[(i - 1) % #receivers + 1], message()))
  end
  published = published + settings.batch
end

local function period()
  if settings.rate == 0 then return 0 end
  return settings.batch * settings.connections / settings.rate
end

for i = 1, settings.topics do topics[i] = fes.topic("topic " .. i) end

server = fes.listen {
  port = 0,
  header = "\1",
  on_connect = function(conn)
    for _, topic in ipairs(topics) do assert(conn:subscribe(topic)) end
  end,
  on_receive = function(conn, data) conn:send(data) end,
}
receivers = #topics > 0 and topics or { server }
send = receivers[1].publish or server.broadcast
measured = interval.open {
  settings = settings,
  by_hand = true,
  messages = function() return published end,
  begin = function() timer = fes.every(period(), turn) end,
  finish = function() timer:stop() end,
}
