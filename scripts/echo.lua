-- echo.lua - every client gets back what it sends
--
--     $ fes scripts/echo.lua [port]
--     $ echo hello | nc -N 127.0.0.1 4242
--
-- A client may send without reading: while more than half of its queue is in
-- use, fes does not read it.

local fes = require "fes"

fes.listen {
  port = tonumber(arg[1]) or 4242,
  on_receive = function(conn, data) conn:send(data) end,
}
