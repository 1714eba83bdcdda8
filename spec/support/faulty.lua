--- A program whose system calls can be made to fail, see faults.c.
--
-- It echoes what it receives. To "you N" it answers with N bytes, and for
-- "all N" it broadcasts N bytes. It prints the end of each connection.

local asked = require "spec.support.asked"
local assert = require "luassert"
local shim = require "spec.support.shim"

local faulty = {}

local script = shim.code .. [[
server = fes.listen { port = 0, size = 256, maxsends = 16,
  on_receive = function(conn, data)
    local to, times = data:match "^(%a+) (%d+)$"
    if to == "all" then server:broadcast(("x"):rep(times))
    elseif to == "you" then conn:send(("x"):rep(times))
    else conn:send(data) end
  end,
  on_close = function(conn, reason, detail)
    print("closed", conn.peer, reason, detail)
  end }

function all(method)
  for conn in server:connections() do conn[method](conn) end
end

function fill(peer)
  for conn in server:connections() do
    local taken = 0

    while conn.peer == peer do
      local ok, why = conn:send(("x"):rep(1000))
      if not ok then return taken .. " " .. why end
      taken = taken + 1
    end
  end
end]]

--- Start the program.
-- @tparam[opt] string more  more code of the script
-- @return the program
function faulty.start(more)
  return asked.start(script .. (more or ""), { env = shim.env })
end

--- Make the next calls of one kind fail.
-- @param program
-- @tparam string call  the call and its error, "send ENOMEM"
-- @tparam integer times  how many calls
-- @param[opt] client  whose connection they concern, else the listener
-- @tparam[opt=0] integer skip  how many calls succeed before that
function faulty.break_call(program, call, times, client, skip)
  local port = client and client:name():match "%d+$" or program.port

  asked.ask(program, ("faults.set '%s %d %d %d'")
    :format(call, times, skip or 0, port))
end

--- How many calls have failed.
function faulty.hits(program, call)
  return asked.ask(program, ("faults.hits %q"):format(call:match "%S+"))
end

--- A client sends a text, and must receive the same.
function faulty.echoes(client, text)
  assert(client:send(text))
  assert.equal(text, client:read(#text))
end

--- Connect clients that are served.
-- @param program
-- @tparam integer count  how many
-- @treturn table the clients
function faulty.connect(program, count)
  local clients = assert(program:connect_all(count))

  for i, client in ipairs(clients) do faulty.echoes(client, "in " .. i) end
  return clients
end

--- Wait until the program has printed the end of a client's connection.
function faulty.expect_end(program, client, reason, detail)
  local line = ("closed\t%s\t%s\t%s\n"):format(client:name(), reason,
    detail or "nil")

  program:expect((line:gsub("%p", "%%%0")))
end

return faulty
