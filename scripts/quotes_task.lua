-- quotes_task.lua - as quotes.lua, with a task for each client
--
--     $ fes scripts/quotes_task.lua [seconds [bytes [port]]]
--     $ nc 127.0.0.1 4242 | xxd
--
-- The handler is the whole life of one connection. While it waits in sleep or
-- send, the tasks of other connections run.

local fes = require "fes"

local period = tonumber(arg[1]) or 1
local quote = ("\1"):rep(tonumber(arg[2]) or 128)

fes.listen {
  port = tonumber(arg[3]) or 4242,
  header = "\1",

  handler = function(conn)
    repeat fes.sleep(period) until not conn:send(quote)
  end,
}
