--- A program with a client that does not read, so that its connection stalls.
--
-- They are connected by a Unix socket: its buffer has a fixed size, so a client
-- that does not read stays stalled. TCP would go on taking bytes for a while.
--
-- In the script, `topic` is a topic to which each connection is subscribed;
-- fill(what, from, to, keys) publishes numbered messages there, or broadcasts
-- them if `what` is the server; `kept` is a topic that retains. `lags` lists
-- the calls of on_lag, `stalls` those of on_stall, `order` both, and `ended`
-- the ends of connections. decide(act) has on_stall call act(conn, queued,
-- topic), and forget() drops `topic` and collects it.

local asked = require "spec.support.asked"

local stalling = {}

local script = [[
_G.fes, lags, stalls, order, conns, ended = fes, {}, {}, {}, {}, {}
local act = function() end
server = fes.listen { path = "slow.sock", size = 256, maxsends = 4,
  sndbuf = 4096, bockets = 4096, framing = "line", %s
  on_connect = function(new)
    conns[#conns + 1] = new
    new:subscribe(fes.topic "t")
  end,
  on_stall = function(conn, queued, topic)
    local name = topic and topic.name or "*"
    local sound = math.type(queued) == "integer" and queued > 0
    stalls[#stalls + 1] = ("%%s queued %%s"):format(name, sound)
    order[#order + 1] = "stall " .. name
    act(conn, queued, topic)
  end,
  on_lag = function(conn, missed, topic)
    order[#order + 1] = "lag " .. (topic and topic.name or "*")
    lags[#lags + 1] = (topic and topic.name or "*") .. missed
    conn:send("lag " .. missed)
  end,
  on_close = function(conn, reason)
    ended[#ended + 1] = reason .. " " .. conn:stats().missed
  end,
}
function forget()
  topic = nil
  collectgarbage()
end
function decide(new) act = new end
function relisten(policy) fes.listen { port = 0, overflow = policy } end
topic, kept = fes.topic "t", fes.topic("kept", { retain = true })
function fill(what, from, to, keys)
  for i = from, to do
    local data = ("%%d "):format(i):rep(40)
    if what == server then server:broadcast(data)
    else what:publish(data, keys and i %% keys) end
  end
end]]

--- Start the program and connect the client.
-- @tparam[opt] string options  more options of its fes.listen
-- @return the program
-- @return the client
function stalling.start(options)
  local program = asked.start(script:format(options or ""))
  local client = assert(program:connect { path = program.path })

  asked.await(program, "#conns == 1")
  return program, client
end

--- Publish one message a turn until the client misses some, then some more.
-- @param program
-- @tparam string what  "topic" or "server"
-- @tparam[opt] integer keys  the number of keys to use in turn
-- @tparam integer more  how many messages to publish after that
-- @param[opt] reader  a client that reads each message of the first part
-- @treturn integer the number of the last message
function stalling.stall(program, what, keys, more, reader)
  local ask = asked.ask
  local n, before = 0, ask(program, "server:stats().missed")

  repeat
    n = n + 1
    ask(program, ("fill(%s, %d, %d, %s)"):format(what, n, n, keys))
    if reader then assert(reader:line()) end
  until ask(program, "server:stats().missed") > before
  ask(program, ("fill(%s, %d, %d, %s)"):format(what, n + 1, n + more, keys))
  return n + more
end

--- Read up to a message.
-- @param client
-- @tparam integer n  its number
-- @treturn table the numbers of all messages read
-- @treturn table the lines read that are not messages
function stalling.read_to(client, n)
  local numbers, others = {}, {}

  repeat
    local line = assert(client:line())
    local number = math.tointeger(tonumber(line:match "^(%d+) "))

    if number then
      numbers[#numbers + 1] = number
    else
      others[#others + 1] = line
    end
  until number == n
  return numbers, others
end

--- Whether each number is above the one before it.
function stalling.ascends(numbers)
  for i = 2, #numbers do
    if numbers[i] <= numbers[i - 1] then return false end
  end
  return true
end

--- How many messages are missing among those from 1 to the last one.
function stalling.missed_in(numbers)
  return numbers[#numbers] - #numbers
end

return stalling
