-- serve_reload.lua - a numbered message to all, so many a second, over reloads
--
--     $ fes spec/bench/serve_reload.lua rate=20
--
-- Each connection has a field, as in most scripts; that is carried over, too.

local fes = require "fes"

local rate = tonumber((arg[1] or "rate=20"):match "^rate=(%d+)$")
local filler = {}

for byte = 8, 127 do filler[#filler + 1] = string.char(byte) end
filler = table.concat(filler)

local number = fes.state() or 0

fes.on_reload(function() return number end)

local server = fes.listen {
  port = 0,
  header = "\1",
  on_connect = function(conn) conn.since = number end,
}

fes.every(1 / rate, function()
  assert(server:broadcast(("<i8"):pack(number) .. filler))
  number = number + 1
end)
