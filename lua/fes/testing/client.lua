--- A client whose calls block, each for a bounded time.
--
-- A client reads only inside a reading call. Between calls it is a slow client:
-- what the server sends stays in the kernel. The last argument of every call
-- that waits is the number of seconds that it may take, by default the client's
-- `timeout`.
--
--     local client = assert(server:connect())
--     assert(client:send "hello\n")
--     assert.equal("hello", client:line())
--     client:half_close()
--     assert.same({ "", "eof" }, { client:read_all() })
--
-- A reading call that cannot return what was asked for returns nil, then
-- `"eof"`, `"reset"` or `"timeout"`, then the data that came instead, which the
-- next call does not return again.
--
-- @module fes.testing.client

local uv = require "luv"
local loop = require "fes.testing.loop"

local client = {}

local Client = {}
Client.__index = Client

local function new_handle(options)
  if options.path then
    assert(not (options.rcvbuf or options.sndbuf or options.from),
      "'rcvbuf', 'sndbuf' and 'from' are for TCP")
    return uv.new_pipe(false)
  end

  local handle = uv.new_tcp(options.host:find(":", 1, true) and "inet6"
    or "inet")

  if options.rcvbuf then assert(handle:recv_buffer_size(options.rcvbuf)) end
  if options.sndbuf then assert(handle:send_buffer_size(options.sndbuf)) end
  if options.from then assert(handle:bind(options.from, 0)) end
  return handle
end

--- Begin to connect. `client.await` returns the result.
-- @see client.connect
-- @tparam table options
-- @treturn Client
function client.begin(options)
  options = setmetatable({ host = options.host or "127.0.0.1" },
    { __index = options })

  local handle = new_handle(options)
  local self = setmetatable({
    handle = handle,
    path = options.path,
    timeout = options.timeout or loop.patience,
    chunks = {}, -- data that was read and not returned yet
    size = 0,    -- bytes in them
  }, Client)

  local function connected(err) self.connected = err or true end

  if options.path then
    handle:connect(options.path, connected)
  else
    assert(handle:connect(options.host, options.port, connected))
  end
  return self
end

--- Wait until a connection that was begun is established.
-- @tparam Client self
-- @treturn Client
-- @treturn[2] nil
-- @treturn[2] string `"timeout"`, or the error's name: `"ECONNREFUSED"`
function client.await(self)
  local state = loop.wait(function() return self.connected end, self.timeout)

  if state == true then return self end
  self:close()
  return nil, state or "timeout"
end

--- Connect.
-- @tparam table options
-- @tparam[opt="127.0.0.1"] string options.host  an address
-- @tparam[opt] integer options.port
-- @tparam[opt] string options.path  a Unix socket instead
-- @tparam[opt] string options.from  address to connect from, "127.0.0.2"
-- @tparam[opt] integer options.rcvbuf  SO_RCVBUF, set before connecting
-- @tparam[opt] integer options.sndbuf  SO_SNDBUF, likewise
-- @tparam[opt=20] number options.timeout  seconds, for every call that waits
-- @treturn Client
-- @treturn[2] nil
-- @treturn[2] string `"timeout"`, or the error's name: `"ECONNREFUSED"`
function client.connect(options)
  return client.await(client.begin(options))
end

--- The client's own address, as the server sees it.
-- @treturn string `"127.0.0.1:50123"`, `"[::1]:50123"`, `"unix"`
function Client:name()
  if self.path then return "unix" end

  local name = assert(self.handle:getsockname())
  local form = name.family == "inet6" and "[%s]:%d" or "%s:%d"

  return form:format(name.ip, name.port)
end

-- ---------------------------------------------------------------- sending

--- Send all bytes.
-- @tparam string bytes
-- @tparam[opt] number seconds
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string `"closed"`, or `"timeout"`: the rest is still sent during
-- later calls that wait
-- @treturn[2] integer bytes that the kernel has taken
function Client:send(bytes, seconds)
  local done, why
  local ok = self.handle:write(bytes, function(err) done, why = true, err end)
  local function written() return done end

  if ok and loop.wait(written, seconds or self.timeout) and not why then
    return true
  end

  local queued = self.handle:get_write_queue_size()
  local problem = ok and not done and "timeout" or "closed"

  return nil, problem, #bytes - math.min(#bytes, queued)
end

--- Queue bytes without waiting. They are sent during later calls that wait.
-- @tparam string bytes
function Client:queue(bytes)
  assert(self.handle:write(bytes))
end

--- Send as much as the kernel takes at once.
-- @tparam string bytes
-- @treturn integer bytes taken, perhaps 0
-- @treturn[2] nil
-- @treturn[2] string `"closed"`
function Client:try_send(bytes)
  local taken, _, why = self.handle:try_write(bytes)

  if taken then return taken end
  if why == "EAGAIN" then return 0 end
  return nil, "closed"
end

--- End the client's side of the stream, after everything that was sent.
-- @tparam[opt] number seconds
-- @treturn boolean true
-- @treturn[2] nil
-- @treturn[2] string `"closed"` or `"timeout"`
function Client:half_close(seconds)
  local done, why
  local ok = self.handle:shutdown(function(err) done, why = true, err end)

  if not ok then return nil, "closed" end
  loop.wait(function() return done end, seconds or self.timeout)
  if not done then return nil, "timeout" end
  if why then return nil, "closed" end
  return true
end

-- -------------------------------------------------------------- receiving

local endings = { ECONNRESET = "reset", EPIPE = "reset" }

-- Read one chunk: reading stops as soon as data has come.
local function read_chunk(self)
  self.handle:read_start(function(err, data)
    self.handle:read_stop()
    if data then
      self.chunks[#self.chunks + 1] = data
      self.size = self.size + #data
    else
      self.ended = err and (endings[err] or err) or "eof"
    end
  end)
end

-- Read until there is enough data, the stream ends, or the time is up.
local function await(self, enough, seconds)
  local found = loop.wait(function()
    if enough() or self.ended then return true end
    if self.handle:is_closing() then self.ended = "closed" return true end
    read_chunk(self)
  end, seconds or self.timeout)

  if not self.handle:is_closing() then self.handle:read_stop() end
  return found and enough()
end

local function gathered(self)
  if #self.chunks ~= 1 then self.chunks = { table.concat(self.chunks) } end
  return self.chunks[1]
end

local function take(self, n)
  local text = gathered(self)

  self.chunks = { text:sub(n + 1) }
  self.size = #text - n
  return text:sub(1, n)
end

local function fail(self)
  return nil, self.ended or "timeout", take(self, self.size)
end

--- Read exactly `n` bytes.
-- @tparam integer n
-- @tparam[opt] number seconds
-- @treturn string
function Client:read(n, seconds)
  local function enough() return self.size >= n end

  if await(self, enough, seconds) then return take(self, n) end
  return fail(self)
end

--- Read a line.
-- @tparam[opt] number seconds
-- @treturn string without its "\n"; a "\r" before it is kept
function Client:line(seconds)
  local looked, stop = 1, nil

  local function enough()
    local text = gathered(self)

    stop = stop or text:find("\n", looked, true)
    looked = #text + 1
    return stop
  end

  if await(self, enough, seconds) then return (take(self, stop):sub(1, -2)) end
  return fail(self)
end

--- Read what has come, or the next chunk: at least one byte.
-- @tparam[opt] number seconds
-- @treturn string
function Client:read_some(seconds)
  local function enough() return self.size > 0 end

  if await(self, enough, seconds) then return take(self, self.size) end
  return fail(self)
end

--- Read until the stream ends.
-- @tparam[opt] number seconds
-- @treturn string
-- @treturn string how it ended: `"eof"` or `"reset"`
function Client:read_all(seconds)
  local function enough() return self.ended end

  if await(self, enough, seconds) then
    return take(self, self.size), self.ended
  end
  return fail(self)
end

--- Wait until the stream has ended. Data that comes before that is kept for
-- later reading calls.
-- @tparam[opt] number seconds
-- @treturn boolean true; false when the time is up
-- @treturn string how it ended: `"eof"` or `"reset"`
function Client:closed(seconds)
  local function enough() return self.ended end

  if await(self, enough, seconds) then return true, self.ended end
  return false
end

-- ---------------------------------------------------------------- closing

--- Close. The kernel resets the connection if data came that was not read. May
-- be called more than once.
function Client:close()
  if not self.handle:is_closing() then self.handle:close() end
end

--- Close with a reset. Only for TCP, and not after `half_close`.
function Client:reset()
  assert(self.handle:close_reset())
end

return client
