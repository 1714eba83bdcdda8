--- A program with a topic, "news", and clients that it can subscribe.
--
-- In its script, `topic` is that topic, conns[i] the connection of the i-th
-- client, and join(i, name) subscribes it to a topic, else to "news".

local asked = require "spec.support.asked"
local assert = require "luassert"

local subscribing = {}

local script = [[
_G.fes, conns = fes, {}
server = fes.listen { port = 0, %s
  on_connect = function(new) conns[#conns + 1] = new end,
}
topic = fes.topic "news"
function join(i, name) return conns[i]:subscribe(fes.topic(name or "news")) end
]]

--- Start the program and connect clients.
-- @tparam integer n  how many
-- @tparam[opt] string options  more options of its fes.listen
-- @return the program
-- @treturn table the clients
function subscribing.start(n, options)
  local program = asked.start(script:format(options or ""))
  local clients = {}

  for i = 1, n do
    clients[i] = assert(program:connect())
    asked.await(program, "#conns == " .. i)
  end
  return program, clients
end

--- Compare what a client reads next.
function subscribing.reads(client, bytes)
  assert.equal(bytes, client:read(#bytes))
end

return subscribing
