-- quotes.lua - a quote to every client, every second
--
--     $ fes scripts/quotes.lua [seconds [bytes [port]]]
--     $ nc 127.0.0.1 4242 | xxd

local fes = require "fes"

local period = tonumber(arg[1]) or 1
local bytes = tonumber(arg[2]) or 128
local port = tonumber(arg[3]) or 4242

local quote = ("\1"):rep(bytes)
local accepted, sent = 0, 0

local server = fes.listen {
  port = port,
  header = "\1", -- sent to each client first

  on_connect = function()
    accepted = accepted + 1
    if accepted % 1000 == 0 then print(accepted .. " Clients accepted") end
  end,
}

fes.every(period, function() sent = sent + (server:broadcast(quote) or 0) end)

fes.every(1, function()
  print("Quotes per sec: " .. sent)
  sent = 0
end)
