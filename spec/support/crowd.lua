--- A server and a few clients, for random schedules.
--
-- Each message has its topic, its number in that topic, its key, and padding.
-- So a spec can compare what a client has received with what was published,
-- whichever messages the server has skipped for that client.

local socket = require "socket"
local testing = require "fes.testing"

local crowd = {}

local Crowd = {}
Crowd.__index = Crowd

-- The second server runs commands: each line that it receives has the name of a
-- function of `act` and the arguments. A policy "none" is nil.
local script = [[
local fes = require "fes"
local conns, told, ended, by_id = {}, {}, {}, {}
local server

local function choose(policy) return policy ~= "none" and policy or nil end

local act = {
  send = function(i, data) return conns[i]:send(data) and "sent" or "not" end,
  subscribe = function(i, name) conns[i]:subscribe(fes.topic(name)) end,
  unsubscribe = function(i, name) conns[i]:unsubscribe(fes.topic(name)) end,
  overflow = function(what, i, policy)
    if what == "server" then return server:set_overflow(choose(policy)) end
    if what == "topic" then
      return fes.topic(i):set_overflow(choose(policy))
    end
    conns[tonumber(i)]:set_overflow(choose(policy))
  end,
  close = function(i) conns[i]:close() end,
  queued = function() return server:stats().queued end,
  told = function(i, name) return (told[conns[i].id] or {})[name] or 0 end,
  missed = function(i) return conns[i]:stats().missed end,
  ended = function(i) return ended[conns[i].id] or "no" end,
  rest = function()
    local stats = server:stats()
    return stats.connections .. " " .. stats.queued .. " "
      .. stats.bockets - stats.bockets_free
  end,
}

function act.publish(name, from, to, keys, length)
  local topic = name ~= "*" and fes.topic(name)
  for n = from, to do
    local key = keys > 0 and "k" .. n % keys or nil
    local data = ("%s %d %s "):format(name, n, key or "-")
    data = data .. ("."):rep(length - #data)
    if topic then topic:publish(data, key) else server:broadcast(data) end
  end
end

-- Begin a schedule: its clients are those that connect from now on.
function act.begin() conns, told = {}, {} collectgarbage "step" end
function act.count() return #conns end

server = fes.listen {
  port = 0, framing = "line", size = 256, maxsends = 4, sndbuf = 4096,
  bockets = 1024, overflow = "drop", host = "127.0.0.1",
  on_connect = function(conn) conns[#conns + 1] = conn end,
  on_lag = function(conn, missed, topic)
    local of = told[conn.id] or {}
    local name = topic and topic.name or "*"
    told[conn.id], of[name] = of, (of[name] or 0) + missed
  end,
  on_close = function(conn, reason) ended[conn.id] = reason end,
}

kept = fes.topic("kept", { retain = true }) -- the reference keeps it alive
fes.listen {
  port = 0, framing = "line",
  on_receive = function(conn, line)
    local words = {}
    for word in line:gmatch "%S+" do
      words[#words + 1] = math.tointeger(tonumber(word)) or word
    end
    local result = act[words[1] ](table.unpack(words, 2))
    conn:send(tostring(result))
  end,
}]]

local function connect(port, small)
  local client = assert(socket.tcp4())

  if small then assert(client:setoption("recv-buffer-size", 4096)) end
  assert(client:connect("127.0.0.1", port))
  return client
end

--- Start a server.
function crowd.start()
  local program = testing.start { code = script }
  local self = setmetatable({ program = program, clients = {} }, Crowd)

  self.control = connect(program.ports[2])
  self.control:setoption("tcp-nodelay", true)
  self.control:settimeout(testing.patience or 20)
  return self
end

--- Have the server call a function of `act`.
-- @param ...  its name and its arguments
-- @return its result
function Crowd:ask(...)
  assert(self.control:send(table.concat({ ... }, " ") .. "\n"))

  local answer = assert(self.control:receive "*l")

  return tonumber(answer) or answer
end

--- Close all clients and connect `n` new ones.
function Crowd:begin(n)
  for _, client in ipairs(self.clients) do client.socket:close() end
  self.clients = {}
  self:ask "begin"
  for i = 1, n do
    local client = connect(self.program.ports[1], true)

    client:settimeout(0)
    self.clients[i] = { socket = client, got = {}, rest = "" }
    while self:ask "count" < i do socket.select(nil, nil, 0) end
  end
end

--- Close the connection of client `i`.
function Crowd:hang_up(i)
  self.clients[i].socket:close()
  self.clients[i].closed = true
end

--- Read what client `i` has received, at most `bytes`.
-- @return the number of bytes
function Crowd:read(i, bytes)
  local client = self.clients[i]

  if client.closed then return 0 end

  local data, why, part = client.socket:receive(bytes)
  local text = data or part

  if why == "closed" and not client.closed then self:hang_up(i) end
  local all = client.rest .. text
  local after = 1

  for line, next_one in all:gmatch "([^\n]*)\n()" do
    client.got[#client.got + 1] = line
    after = next_one
  end
  client.rest = all:sub(after)
  return #text
end

--- Read from all clients until nothing is queued for any of them.
function Crowd:drain()
  local quiet = 0

  while quiet < 2 do
    local bytes = 0

    for i in ipairs(self.clients) do bytes = bytes + self:read(i, 65536) end
    quiet = bytes == 0 and self:ask "queued" == 0 and quiet + 1 or 0
  end
end

--- Read from client `i` up to this line or the end of the connection.
function Crowd:read_to(i, line)
  local client = self.clients[i]
  local deadline = socket.gettime() + 20

  while client.got[#client.got] ~= line and not client.closed do
    assert(socket.gettime() < deadline, "no " .. line)
    socket.select({ client.socket }, nil, 1)
    self:read(i, 65536)
  end
end

--- The reason for which client `i` was closed, `"no"` if it is still open.
-- @tparam boolean waits  wait until it is closed
function Crowd:ended(i, waits)
  local reason

  repeat
    self:read(i, 65536)
    reason = self:ask("ended", i)
  until reason ~= "no" or not waits
  return reason
end

--- Close all clients, check that nothing is left, and stop the server.
function Crowd:finish()
  self:begin(0)
  testing.wait_until(function() return self:ask "rest" == "0 0 0" end)
  self.control:close()
  self.program:stop()
end

return crowd
