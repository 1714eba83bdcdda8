-- The architecture of the core (spec/support/layers.lua), checked file by file.
local layers = require "spec.support.layers"
local lfs = require "lfs"

local LONGEST = 400 -- lines

-- Headers that belong to one folder, or to one module.
local foreign = {
  ["ev.h"] = "^net/io/loop$",
  ["ares.h"] = "^net/io/resolve$",
  ["lua.h"] = "^script/",
  ["lauxlib.h"] = "^script/",
  ["lualib.h"] = "^script/",
}

local rank, count = {}, 0

for _, folder in ipairs(layers) do
  for i = 2, #folder do
    local prefix = folder[1] ~= "" and folder[1] .. "/" or ""

    count = count + 1
    rank[prefix .. folder[i]] = count
  end
end

local function lines_of(path)
  local list = {}

  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

local function check(file)
  local name = file:match "^(.*)%.[ch]$"

  describe("core/" .. file, function()
    local text = lines_of("core/" .. file)

    it("has a place in the order", function()
      assert.is_number(rank[name], "add '" .. name .. "' to the order")
    end)

    it("looks only down", function()
      for n, line in ipairs(text) do
        local ours = line:match '^#include "([%w_/]+)%.h"'
        local where = ("line %d: %s"):format(n, line)

        if ours then
          assert.is_true(rank[ours] <= rank[name], where)
        end
      end
    end)

    it("keeps foreign headers where they belong", function()
      for n, line in ipairs(text) do
        local theirs = foreign[line:match "^#include <(.-)>"]

        if theirs then assert.truthy(name:find(theirs), "line " .. n) end
      end
    end)

    it("is short enough to read", function()
      assert.is_true(#text <= LONGEST, #text .. " lines")
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
