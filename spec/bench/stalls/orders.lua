--- What the servers of the stalls have in common: arguments, an echo for the
-- probe, and a port at which they are told what to do.
--
-- @module orders

local fes = require "fes"

local orders = {}

--- The 128 bytes that the clients expect, one after the other.
orders.message = ""
for byte = 0, 127 do orders.message = orders.message .. string.char(byte) end

--- The script's arguments, NAME=NUMBER or NAME=word.
-- @tparam {[string]=number|string} known  the names, and the usual values
-- @treturn {[string]=number|string}
function orders.settings(known)
  for _, word in ipairs(arg) do
    local name, value = word:match "^([%w_]+)=(.+)$"

    assert(known[name], "bad argument: " .. word)
    known[name] = tonumber(value) or value
  end
  return known
end

--- Print a line of figures.
-- @tparam string word  with which it begins
-- @tparam {[string]=number} figures
function orders.say(word, figures)
  local parts = { word }

  for name, value in pairs(figures) do
    parts[#parts + 1] = ("%s=%.9g"):format(name, value)
  end
  print(table.concat(parts, " "))
end

--- Open the echo and the port for orders, after the script's own servers.
-- @tparam {[string]=function} actions  what an order of that name does
function orders.open(actions)
  fes.listen {
    port = 0, header = "\1",
    on_receive = function(conn, data) conn:send(data) end,
  }
  fes.listen {
    port = 0, framing = "line",
    on_receive = function(_, line) actions[line]() end,
  }
end

--- Call a function once for each turn until it returns true, or raises.
-- @tparam function step
function orders.each_turn(step)
  fes.after(0, function()
    if not step() then orders.each_turn(step) end
  end)
end

--- Do something so many times, a slice in each turn, and then something else.
-- @tparam integer count
-- @tparam function act  takes the number, from 1
-- @tparam function done
-- @tparam[opt=20000] integer slice
function orders.in_slices(count, act, done, slice)
  local from = 1

  slice = slice or 20000
  orders.each_turn(function()
    local to = math.min(from + slice - 1, count)

    for number = from, to do act(number) end
    from = to + 1
    if from <= count then return false end
    done()
    return true
  end)
end

return orders
