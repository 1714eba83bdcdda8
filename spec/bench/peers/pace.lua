--- What the servers of the comparison have in common that are Lua scripts.
--
-- They take NAME=NUMBER arguments, greet each client with one byte, and print
-- two ports, the clients' and the control port. Whatever is sent to that makes
-- them publish `messages`, `batch` in each turn, at the pace at which all
-- `connections` together get `rate` messages a second.
--
-- @module pace

local pace = {}

--- The arguments.
-- @tparam {string,...} arguments
-- @treturn {[string]=number}  with `period`, the seconds from turn to turn
function pace.settings(arguments)
  local settings = {
    connections = 1, batch = 1, rate = 20000, messages = 16, sndbuf = 65536,
  }

  for _, word in ipairs(arguments) do
    local name, value = word:match "^([%w_]+)=(%d+)$"

    assert(settings[name], "bad argument: " .. word)
    settings[name] = tonumber(value)
  end
  settings.period = settings.batch * settings.connections / settings.rate
  return settings
end

local bytes = {}

for byte = 0, 127 do bytes[#bytes + 1] = string.char(byte) end

local plain = table.concat(bytes)
local head, tail = plain:sub(1, 8), plain:sub(17)

--- A message: bytes 8 to 15 say when it was made.
-- @tparam integer time  nanoseconds of CLOCK_MONOTONIC
-- @treturn string
function pace.message(time)
  return head .. ("<i8"):pack(time) .. tail
end

--- Say where to connect to.
-- @tparam integer port  for clients
-- @tparam integer control
function pace.say(port, control)
  io.stdout:setvbuf "line"
  print("listening 127.0.0.1:" .. port)
  print("listening 127.0.0.1:" .. control)
end

return pace
