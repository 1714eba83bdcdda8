-- relay.lua - one connection to a feed of lines, relayed to many clients
--
--     $ fes scripts/relay.lua host port [own port]
--     $ nc 127.0.0.1 4243
--
-- When the connection to the feed is lost, the relay connects again: after at
-- most a second, then at most twice as long each time, up to a minute. Pauses
-- are random, so that the relays of one feed do not all return at once.

local fes = require "fes"

local host, port = arg[1], tonumber(arg[2])
local first, longest = 1, 60

if not port then error("usage: relay.lua host port [own port]", 0) end

-- A client that is too slow misses lines, but never a part of a line.
local server = fes.listen {
  port = tonumber(arg[3]) or 4243,
  framing = "line",
  overflow = "drop",
}

-- Connect to the feed and relay its lines until it ends. Returns the number of
-- lines and the reason of the end.
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
    if lines > 0 then pause = first end -- not if it only accepted us

    fes.log.warn("%s:%d: %s after %d lines", host, port, why, lines)
    fes.sleep(pause * (0.5 + math.random() / 2))
    pause = math.min(2 * pause, longest)
  end
end)
