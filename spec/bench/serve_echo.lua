-- serve_echo.lua - what comes goes back; printed is what floor.c prints
--
-- Both handlers are set, as in most scripts: so that is what an idle
-- connection holds, too. guards=0 switches the watchdog off, guards=2 adds a
-- limit for memory.

local fes = require "fes"
local interval = require "interval"

local settings = interval.settings { connections = 1, guards = 1 }

if settings.guards == 0 then fes.limits { call_seconds = 0 } end
if settings.guards == 2 then fes.limits { memory = 1 << 30 } end

local server = fes.listen {
  port = 0,
  header = "\1",
  on_connect = function() end,
  on_receive = function(conn, data) conn:send(data) end,
}

interval.open {
  settings = settings,
  messages = function() return server:stats().messages_in end,
}
