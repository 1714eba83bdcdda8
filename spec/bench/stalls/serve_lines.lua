-- serve_lines.lua - lines come; each takes the handler some time
--
-- answer=1 sends each of them back. "done ..." is printed when `expect` lines
-- have come. A timer of 10 ms notes how late it is, and tells the subscribers
-- of a second server the time at each tick.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { handler_us = 0, expect = 0, answer = 0 }
local busy = settings.handler_us / 1e6
local handled, latest = 0, 0
local start = fes.now()
local period = 0.01
local due = start + period

local function handle(conn, line)
  if busy > 0 then
    local over = fes.now() + busy

    while fes.now() < over do end
  end
  if settings.answer > 0 then conn:send(line) end
  handled = handled + 1
  if handled == settings.expect then
    orders.say("done", { handled = handled, late_ms = latest * 1000 })
  end
end

fes.listen {
  port = 0, header = "\1", framing = "line", backlog = 4096,
  on_receive = handle,
}

local clock = fes.listen { port = 0, header = "\1" }

fes.every(period, function()
  local now = fes.now()

  latest = math.max(latest, now - due)
  due = start + ((now - start) // period + 1) * period
  clock:broadcast(("<i8"):pack(math.floor(now * 1e9)))
end)

orders.open {
  late = function()
    orders.say("late", { late_ms = latest * 1000 })
    latest = 0
  end,
}
