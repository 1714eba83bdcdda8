--- Type annotations for editors (LuaCATS), read into tables.

local annotations = {}

-- Add the words of an alias's line: its literals, and the names in its tables.
local function read_choice(text, words)
  local choice = text:match "^[^#]*"

  if choice:find "^fun" then return end
  for _, pattern in ipairs { '"(%w+)"', "(%w+)%??: ", "%d+" } do
    for word in choice:gmatch(pattern) do words[word] = "word" end
  end
end

-- Add what a line declares to `all`. `at` is the class or alias that the line
-- belongs to; `owners` has the class of each local table, by its name. Returns
-- the class or alias of the next line.
local function read_line(line, all, at, owners)
  local begun = line:match "^%-%-%-@class ([%w.]+)"
    or line:match "^%-%-%-@alias ([%w.]+)$"
  local name, what = line:match "^%-%-%-@field ([%w_]+%??) (%S+)"
  local choice = line:match "^%-%-%-| (.*)"
  local owner = line:match "^local (%w+) = {}$"
  local object, method = line:match "^function (%w+)[.:]([%w_]+)%("

  if begun then
    all[begun] = {}
    return begun
  elseif name then
    all[at][name:match "^[^?]*"] = (name:match "%?$" or "") .. what
  elseif choice then
    read_choice(choice, all[at])
  elseif owner then
    owners[owner] = at
  elseif method then
    all[owners[object]][method] = "function"
  end
  return at
end

--- Read annotations.
-- @tparam string text
-- @treturn table class -> member -> type, which begins with "?" if it may be
-- nil, or "function" for a method; alias -> word -> "word"
function annotations.read(text)
  local all, owners, at = {}, {}, nil

  for line in text:gmatch "[^\n]+" do at = read_line(line, all, at, owners) end
  return all
end

return annotations
