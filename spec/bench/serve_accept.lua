-- serve_accept.lua - clients come, are greeted, and go
--
-- As in most scripts, there is something to do for each that comes.

local fes = require "fes"
local interval = require "interval"

local came = 0

fes.listen {
  port = 0,
  header = "\1",
  on_connect = function() came = came + 1 end,
}

interval.open {
  settings = interval.settings { connections = 1 },
  messages = function() return came end,
}
