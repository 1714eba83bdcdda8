-- serve_echo_task.lua - as serve_echo_line.lua, in a task for each client

local fes = require "fes"
local interval = require "interval"

local server = fes.listen {
  port = 0,
  header = "\1",
  framing = "line",

  handler = function(conn)
    local line = conn:receive()

    while line do
      conn:send(line)
      line = conn:receive()
    end
  end,
}

interval.open {
  settings = interval.settings { connections = 1 },
  messages = function() return server:stats().messages_in end,
}
