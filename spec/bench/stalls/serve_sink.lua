-- serve_sink.lua - it counts what comes
--
-- "come ..." is printed when `expect` messages of 128 bytes have come. It has
-- several ports, since one has no room for all connections that come at once.

local fes = require "fes"
local orders = require "orders"

local settings = orders.settings { expect = 1, servers = 10 }
local come = 0

local function note(_, data)
  assert(data == orders.message)
  come = come + 1
  if come == settings.expect then orders.say("come", { messages = come }) end
end

for _ = 1, settings.servers do
  fes.listen {
    port = 0, backlog = 2048, framing = { fixed = 128 }, bockets = 2048,
    on_receive = note,
  }
end

orders.open {}
