--- A name server on loopback, with the names that a spec gives it.
--
-- It runs in the event loop of the spec, so it answers while the spec waits. It
-- answers that other names do not exist. Questions for a name whose addresses
-- are `false` get no answer.

local loop = require "fes.testing.loop"
local uv = require "luv"

local name_server = {}

-- The name in a question, and the position after it.
local function name_of(query)
  local labels, at = {}, 13

  while query:byte(at) > 0 do
    local label

    label, at = string.unpack("s1", query, at)
    labels[#labels + 1] = label
  end
  return table.concat(labels, "."), at + 1
end

local function answer(query, known)
  local name, at = name_of(query)
  local kind = string.unpack(">I2", query, at)
  local addresses = known[name]
  local records = {}

  if addresses == false then return nil end
  for _, address in ipairs(kind == 1 and addresses or {}) do
    local a, b, c, d = address:match "(%d+)%.(%d+)%.(%d+)%.(%d+)"

    records[#records + 1] = "\xc0\x0c" .. string.pack(">I2I2I4I2BBBB", 1, 1, 60,
      4, tonumber(a), tonumber(b), tonumber(c), tonumber(d))
  end
  return query:sub(1, 2)
    .. string.pack(">I2I2I2I2I2", addresses and 0x8180 or 0x8183, 1, #records,
      0, 0)
    .. query:sub(13, at + 3) .. table.concat(records)
end

--- Start a name server.
-- @tparam table known  name -> list of IPv4 addresses, in order, or false
-- @return the server: `address` for $FES_NAMESERVERS, `asked`, the number of
-- questions, `hold`, which delays all answers until `release`, and `close`,
-- which waits until the handle is closed: luv crashes at exit while one closes
function name_server.start(known)
  local self = { handle = uv.new_udp(), asked = 0 }

  assert(self.handle:bind("127.0.0.1", 0))
  self.address = "127.0.0.1:" .. self.handle:getsockname().port
  local held

  local function reply(query, from)
    local text = answer(query, known)

    if text then self.handle:send(text, from.ip, from.port) end
  end

  assert(self.handle:recv_start(function(_, query, from)
    if not query then return end
    self.asked = self.asked + 1
    if held then held[#held + 1] = { query, from } else reply(query, from) end
  end))

  function self.hold() held = {} end

  function self.release()
    for _, each in ipairs(held) do reply(table.unpack(each)) end
    held = nil
  end

  function self.close()
    local closed = self.handle:is_closing()

    if closed then return end
    self.handle:close(function() closed = true end)
    loop.wait(function() return closed end)
  end

  return self
end

return name_server
