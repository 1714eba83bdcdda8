--- What type annotations for editors say, as tables.

local annotations = {}

-- The words of an alias that stand for themselves, the names in its tables.
local function read_choice(text, words)
  local choice = text:match "^[^#]*"

  if choice:find "^fun" then return end
  for _, pattern in ipairs { '"(%w+)"', "(%w+)%??: ", "%d+" } do
    for word in choice:gmatch(pattern) do words[word] = "word" end
  end
end

-- What a line adds. `at` is the class or alias that it belongs to, `owners`
-- the classes of local tables, by their names.
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

--- Read some.
-- @tparam string text
-- @treturn table class -> member -> its type, "?" before it if it may be nil,
-- or "function" for a method; alias -> word -> "word"
function annotations.read(text)
  local all, owners, at = {}, {}, nil

  for line in text:gmatch "[^\n]+" do at = read_line(line, all, at, owners) end
  return all
end

return annotations
