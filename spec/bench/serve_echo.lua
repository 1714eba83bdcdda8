-- serve_echo.lua - what comes goes back; printed is what floor.c prints
--
-- Both handlers are set, as in most scripts: so that is what an idle
-- connection holds, too.

local fes = require "fes"
local interval = require "interval"

local server = fes.listen {
  port = 0,
  header = "\1",
  on_connect = function() end,
  on_receive = function(conn, data) conn:send(data) end,
}

interval.open {
  settings = interval.settings { connections = 1 },
  messages = function() return server:stats().messages_in end,
}
