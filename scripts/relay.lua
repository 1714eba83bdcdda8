-- relay.lua - one connection to a feed of lines, many clients of our own
--
--     $ fes scripts/relay.lua host port [own port]
--     $ nc 127.0.0.1 4243
--
-- When the feed is lost, the relay comes back to it: after a second or so, then
-- after twice as long each time, up to a minute. Chance spreads the relays of
-- one feed over that time, so that they do not all come at once.

local fes = require "fes"

local host, port = arg[1], tonumber(arg[2])
local first, longest = 1, 60

if not port then error("usage: relay.lua host port [own port]", 0) end

-- Who is too slow misses lines, but never a part of one.
local server = fes.listen {
  port = tonumber(arg[3]) or 4243,
  framing = "line",
  overflow = "drop",
}

-- Pass on what the feed says. Gives how many lines, and why it ended.
local function relay()
  local feed, why, detail = fes.connect {
    host = host, port = port, framing = "line",
  }
  if not feed then return 0, detail or why end

  local lines = 0
  local line
  line, why = feed:receive()
  while line do
    server:broadcast(line)
    lines = lines + 1
    line, why = feed:receive()
  end
  feed:close()
  return lines, why
end

fes.spawn(function()
  local pause = first

  while true do
    local lines, why = relay()
    if lines > 0 then pause = first end -- it was a feed, not just a door

    fes.log.warn("%s:%d: %s after %d lines", host, port, why, lines)
    fes.sleep(pause * (0.5 + math.random() / 2))
    pause = math.min(2 * pause, longest)
  end
end)
