-- serve_fes.lua - fes among its peers: server:broadcast

local fes = require "fes"
local pace = require "pace"

local settings = pace.settings(arg)
local left, timer = 0, nil

local server = fes.listen {
  port = 0,
  header = "\1",
  overflow = "drop",
  sndbuf = settings.sndbuf,
}

local function turn()
  for _ = 1, settings.batch do
    assert(server:broadcast(pace.message(math.floor(fes.now() * 1e9))))
  end
  left = left - settings.batch
  if left <= 0 then timer:stop() end
end

fes.listen {
  port = 0,
  on_receive = function()
    left = settings.messages
    timer = fes.every(settings.period, turn)
  end,
}
