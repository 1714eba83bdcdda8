-- tickers.lua - real prices, a topic for each symbol
--
--     $ fes scripts/tickers.lua [prices a second [port]]
--     $ nc 127.0.0.1 4242
--
-- A client gets the prices of all symbols; one that sends symbols, a line each,
-- gets only those. The last price of each comes first. A slow client misses
-- prices, but always gets the newest one of each symbol.

local fes = require "fes"

local rate = tonumber(arg[1]) or 10
local port = tonumber(arg[2]) or 4242

local topics, prices = {}, {} -- topics by symbol; prices in order of the file

for line in io.lines(arg[0]:gsub("[^/]*$", "") .. "data/stocks.csv") do
  local symbol, date, price = line:match "^(%u+),([^,]+),(.+)$"

  if symbol then
    topics[symbol] = topics[symbol] or fes.topic(symbol, { retain = true })
    prices[#prices + 1] = { symbol, ("%s %s %s"):format(symbol, price, date) }
  end
end

fes.listen {
  port = port,
  framing = "line",
  maxmessage = 64,
  overflow = "latest",

  on_connect = function(conn)
    for _, topic in pairs(topics) do conn:subscribe(topic) end
  end,

  on_receive = function(conn, symbol)
    local topic = topics[symbol:upper()]

    if not topic then return conn:send("no such symbol: " .. symbol) end
    if not conn.chosen then
      conn.chosen = true
      for each in conn:topics() do conn:unsubscribe(each) end
    end
    conn:subscribe(topic)
  end,
}

local at = 0

fes.every(1 / rate, function()
  at = at % #prices + 1
  topics[prices[at][1]]:publish(prices[at][2])
end)
