-- chat.lua - a chat room for netcat
--
--     $ fes scripts/chat.lua [port]
--     $ nc 127.0.0.1 4242
--
-- The first line that a client sends is its name; later lines are sent to all
-- others. Names are fields of connections, which are kept when the script is
-- reloaded (kill -HUP).

local fes = require "fes"

local room

local function hear(conn, line)
  if conn.nick then return room:broadcast(conn.nick .. ": " .. line, conn) end
  conn.nick = line
  conn:send("* welcome, " .. line)
  room:broadcast("* " .. line .. " has joined", conn)
end

local function leave(conn)
  if conn.nick then room:broadcast("* " .. conn.nick .. " has left") end
end

room = fes.listen {
  port = tonumber(arg[1]) or 4242,
  framing = "line",
  maxmessage = 512,

  on_connect = function(conn) conn:send "* your name?" end,
  on_receive = hear,
  on_close = leave,
}
