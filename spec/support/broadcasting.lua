--- A program that broadcasts, and its clients.

local asked = require "spec.support.asked"

local broadcasting = {}

--- A script with one server; `last` is the connection that came last.
broadcasting.plain = [[
last = nil
server = fes.listen { port = 0, on_connect = function(conn) last = conn end }
]]

--- Connect clients, and wait until the program has accepted them.
-- @param program
-- @tparam integer count  how many
-- @tparam[opt] table options  as for `program:connect`
-- @treturn table the clients
function broadcasting.connect(program, count, options)
  local before = asked.ask(program, "server:count()")
  local clients = assert(program:connect_all(count, options))

  asked.await(program, ("server:count() == %d"):format(before + count))
  return clients
end

return broadcasting
