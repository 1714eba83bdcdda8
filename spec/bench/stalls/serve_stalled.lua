-- serve_stalled.lua - a stall of very many, and its end
--
-- "stall" broadcasts until each connection has 40 KB waiting, and so much more
-- that messages are withheld from all. "done ..." is printed when each has been
-- told what it missed.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { expect = 1, overflow = "drop" }
local kilobyte = orders.message:rep(8)
local waiting_kb = 40
local lags, missed, most = 0, 0, 0
local server

server = fes.listen {
  port = 0, header = "\1", sndbuf = 4096, maxsends = waiting_kb // 4,
  overflow = settings.overflow,
  on_lag = function(_, count)
    lags, missed, most = lags + 1, missed + count, math.max(most, count)
    if lags == settings.expect then
      orders.say("done", { lags = lags, missed = missed, most = most })
    end
  end,
}

local function some()
  for _ = 1, waiting_kb // 2 do server:broadcast(kilobyte) end
end

-- What the kernel takes differs; so there are a few rounds in which the queues
-- are filled and one in which nobody can take more.
local function stall()
  local rounds = 6

  orders.each_turn(function()
    some()
    rounds = rounds - 1
    if rounds > 0 then return false end
    orders.say("stalled", { queued = server:stats().queued })
    return true
  end)
end

orders.open { stall = stall }
