-- serve_fields.lua - connections with three fields each, kept over reloads
--
-- "kept ..." is printed after a reload: the connections and fields there are.

local fes = require "fes"
local orders = require "orders"

local server = fes.listen {
  port = 0, header = "\1",
  on_connect = function(conn)
    conn.nick, conn.since, conn.tags = "client", conn.id, { "one", "two" }
  end,
}

local function count()
  local connections, fields = 0, 0

  for conn in server:connections() do
    connections = connections + 1
    fields = fields + (conn.nick and 1 or 0) + (conn.since and 1 or 0)
      + (conn.tags and 1 or 0)
  end
  orders.say("kept", { connections = connections, fields = fields })
end

fes.on_reload(function() return true end)
orders.open {}
-- Later, so that counting is no part of the reload.
if fes.state() then fes.after(0.1, count) end
