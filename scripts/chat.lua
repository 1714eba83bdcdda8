-- chat.lua - everyone hears everyone: a chat room for netcat
--
--     $ fes scripts/chat.lua [port]
--     $ nc 127.0.0.1 4242
--
-- The first line that you type is your name.

local fes = require "fes"

local LONGEST = 512 -- bytes in a line
local room

local function say(from, text) room:broadcast(text .. "\n", from) end

local function hear(conn, line)
  if conn.nick then return say(conn, conn.nick .. ": " .. line) end
  conn.nick = line
  conn:send("* welcome, " .. line .. "\n")
  say(conn, "* " .. line .. " has joined")
end

local function leave(conn)
  if conn.nick then say(conn, "* " .. conn.nick .. " has left") end
end

room = fes.listen {
  port = tonumber(arg[1]) or 4242,
  on_connect = function(conn) conn:send("* your name?\n") end,
  on_close = leave,

  on_receive = function(conn, data)
    local text = (conn.begun or "") .. data -- a line may come in pieces
    local rest = 1

    for line, after in text:gmatch "([^\n]*)\n()" do
      hear(conn, (line:gsub("\r$", "")))
      rest = after
    end
    conn.begun = text:sub(rest)
    if #conn.begun > LONGEST then conn:close() end
  end,
}
