-- The architecture of the core (spec/support/layers.lua), checked file by file:
-- what modules include, which symbols they use, how their functions are called.
local layers = require "spec.support.layers"
local lfs = require "lfs"

local LONGEST = 400 -- lines
local NAMED = 0.9   -- exported functions whose name begins with their file's

-- Headers that belong to one folder, or to one module.
local foreign = {
  ["ev.h"] = "^net/io/loop$",
  ["ares.h"] = "^net/io/resolve$",
  ["lua.h"] = "^script/",
  ["lauxlib.h"] = "^script/",
  ["lualib.h"] = "^script/",
}

-- What script/ may include of net/: commands and events, and what knows no
-- connection.
local for_scripts = {
  "^net/command/", "^net/state/event$", "^net/io/loop$", "^net/io/notify$",
  "^net/io/address$", "^net/memory/pool$",
}

-- The records of the engine, of which script/ sees no field.
local opaque = {
  ["net/state/conn"] = true, ["net/state/channel"] = true,
  ["net/state/server"] = true, ["net/state/topic"] = true,
  ["net/state/engine"] = true,
}

local rank, modules = {}, {}

for _, folder in ipairs(layers) do
  local prefix = folder[1] ~= "" and folder[1] .. "/" or ""

  for i = 2, #folder do
    modules[#modules + 1] = prefix .. folder[i]
    rank[prefix .. folder[i]] = #modules
  end
end

local function exists(path)
  return lfs.attributes(path, "mode") == "file"
end

local function lines_of(path)
  local list = {}

  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

local function includes_of(path)
  local list = {}

  for _, line in ipairs(lines_of(path)) do
    list[#list + 1] = line:match '^#include "([%w_/]+)%.h"'
  end
  return list
end

-- ---------------------------------------------------------------- includes

local function is_allowed(header)
  for _, pattern in ipairs(for_scripts) do
    if header:find(pattern) then return true end
  end
  return not header:find "^net/"
end

-- The way from a header to a record that it makes visible, or nil.
local function way_to_record(header, seen)
  if opaque[header] then return header end
  if seen[header] then return nil end
  seen[header] = true
  for _, next in ipairs(includes_of("core/" .. header .. ".h")) do
    local way = way_to_record(next, seen)

    if way then return header .. " -> " .. way end
  end
end

local function check(file)
  local name = file:match "^(.*)%.[ch]$"

  describe("core/" .. file, function()
    local text = lines_of("core/" .. file)
    local includes = includes_of("core/" .. file)

    it("has a place in the order", function()
      assert.is_number(rank[name], "add '" .. name .. "' to the order")
    end)

    it("includes only what comes before it", function()
      for _, header in ipairs(includes) do
        assert.is_true(rank[header] <= rank[name], header)
      end
    end)

    it("includes foreign headers only where they belong", function()
      for n, line in ipairs(text) do
        local theirs = foreign[line:match "^#include <(.-)>"]

        if theirs then assert.truthy(name:find(theirs), "line " .. n) end
      end
    end)

    it("is short enough to read", function()
      assert.is_true(#text <= LONGEST, #text .. " lines")
    end)

    if not name:find "^script/" then return end

    it("sees commands and events of the engine, but no record", function()
      for _, header in ipairs(includes) do
        assert.is_true(is_allowed(header), header)
        assert.is_nil(way_to_record(header, {}))
      end
    end)
  end)
end

local function check_all(folder)
  for entry in lfs.dir("core/" .. folder) do
    local path = folder .. entry

    if entry:match "%.[ch]$" then
      check(path)
    elseif entry ~= "share" and not entry:match "^%."
      and lfs.attributes("core/" .. path, "mode") == "directory" then
      check_all(path .. "/")
    end
  end
end

check_all ""

-- ----------------------------------------------------------------- symbols

-- What an object defines, and what it takes from others; functions apart.
local function symbols_of(object)
  local defined, functions, taken = {}, {}, {}
  local pipe = assert(io.popen("nm -g " .. object))

  for line in pipe:lines() do
    local kind, symbol = line:match "(%a) (%S+)$"

    if kind == "U" then
      taken[#taken + 1] = symbol
    elseif kind then
      defined[#defined + 1] = symbol
      if kind == "T" then functions[#functions + 1] = symbol end
    end
  end
  assert(pipe:close())
  return defined, functions, taken
end

local objects = os.getenv "FES_BUILD" .. "/CMakeFiles/fes_core.dir/core/"

describe("the symbols of the core", function()
  local owner, taken, exported = {}, {}, {}

  for _, name in ipairs(modules) do
    local object = objects .. name .. ".c.o"

    if name ~= "main" and exists("core/" .. name .. ".c") then
      local defined

      defined, exported[name], taken[name] = symbols_of(object)
      for _, symbol in ipairs(defined) do owner[symbol] = name end
    end
  end

  it("are used only by modules that come after theirs", function()
    for name, symbols in pairs(taken) do
      for _, symbol in ipairs(symbols) do
        local from = owner[symbol]

        assert.is_true(not from or rank[from] <= rank[name],
          ("%s takes %s from %s"):format(name, symbol, tostring(from)))
      end
    end
  end)

  it("begin with the name of their file, nine of ten functions", function()
    local count, named = 0, 0

    for name, functions in pairs(exported) do
      local file = name:match "[^/]*$"

      for _, symbol in ipairs(functions) do
        local fits = symbol == file or symbol:find("^" .. file .. "_")

        count = count + 1
        named = named + (fits and 1 or 0)
      end
    end
    assert.is_true(count > 400)
    assert.is_true(named >= NAMED * count, ("%d of %d"):format(named, count))
  end)
end)

-- --------------------------------------------------------------- documents

describe("core/README.md", function()
  it("lists the folders and their modules in this order", function()
    local listed, folder = {}, nil

    for _, line in ipairs(lines_of "core/README.md") do
      local module = line:match "^| `([%w_]+)` |"

      folder = line:match "^### ([%w/]+)$" or folder
      if line:find "^## " then folder = nil end
      if folder and module then
        listed[#listed + 1] = folder .. "/" .. module
      end
    end

    local expected = table.move(modules, 1, #modules - 1, 1, {})

    assert.same(expected, listed)
  end)
end)
