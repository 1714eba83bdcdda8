-- The order in which the subscribers of a topic or server are sent a message.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

describe("a pass over the subscribers", function()
  after_each(testing.finish)

  for _, what in ipairs { "server:broadcast", "topic:publish" } do
    it("begins with the one that was served last: " .. what, function()
      local trace = testing.directory() .. "/trace"
      local program = asked.start([[
        topic = fes.topic "t"
        server = fes.listen { port = 0,
          on_connect = function(conn) conn:subscribe(topic) end,
        }]], {
          prefix = { "strace", "-D", "-o", trace, "-e", "trace=sendto" },
        })
      local clients = {}

      for i = 1, 3 do
        clients[i] = assert(program:connect())
        await(program, "server:count() == " .. i)
      end
      for i = 1, 6 do
        ask(program, ("%s 'round %d'"):format(what, i))
        for _, client in ipairs(clients) do assert(client:read(7)) end
      end
      settle(program, clients)

      local orders = {}

      for line in io.lines(trace) do
        local fd, round = line:match '^sendto%((%d+), "round (%d+)"'

        if fd then
          orders[round] = orders[round] or {}
          table.insert(orders[round], fd)
        end
      end

      local order = orders["1"]

      for i = 1, 6 do
        assert.same(order, orders[tostring(i)])
        order = { order[3], order[1], order[2] }
      end
    end)
  end
end)
