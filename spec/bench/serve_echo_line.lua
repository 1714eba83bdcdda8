-- serve_echo_line.lua - as serve_echo.lua, one line at a time

local fes = require "fes"
local interval = require "interval"

local server = fes.listen {
  port = 0,
  header = "\1",
  framing = "line",
  on_receive = function(conn, line) conn:send(line) end,
}

interval.open {
  settings = interval.settings { connections = 1 },
  messages = function() return server:stats().messages_in end,
}
