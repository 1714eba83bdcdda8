-- The modules of the core, from the ground up. A file may include headers of
-- modules above it in this list, never below: the list is the architecture,
-- and the order to read it in.
local order = {
  -- base: no sockets, no Lua
  "base/list", "base/clock", "base/times", "base/memory", "base/text",
  "base/stamp", "base/log", "base/heap", "base/wheel", "base/sites",
  "base/table",
  -- net: the engine; no Lua
  "net/loop", "net/pool", "net/slab", "net/inbox", "net/form", "net/queue",
  "net/stream", "net/cells", "net/picture", "net/overflow", "net/channel",
  "net/address", "net/socket", "net/inherit", "net/notify", "net/reason",
  "net/age", "net/hangup", "net/conn", "net/event", "net/shard", "net/server",
  "net/topic", "net/pending", "net/lag", "net/ending", "net/drain",
  "net/reframe", "net/absorb", "net/parcel", "net/fanout", "net/room",
  "net/keep", "net/catchup", "net/closing", "net/pull", "net/receive",
  "net/resolve", "net/dial", "net/accept", "net/deliver", "net/listener",
  "net/serve", "net/adopt", "net/outgoing", "net/turn", "net/command",
  "net/publish", "net/policy",
  -- script: the Lua side
  "script/config", "script/options", "script/framing", "script/trace",
  "script/watchdog", "script/allocator", "script/standard", "script/limits",
  "script/policy", "script/state", "script/type", "script/task", "script/await",
  "script/tasks", "script/coroutine", "script/server", "script/servers",
  "script/stopping", "script/collector", "script/timer", "script/stats",
  "script/conn", "script/handle", "script/steer",
  "script/received", "script/transfer", "script/topic", "script/subscription",
  "script/listen", "script/connect", "script/pool", "script/log",
  "script/packed", "script/pack", "script/unpack", "script/files",
  "script/load", "script/dispatch", "script/defer", "script/reload",
  "script/fes", "script/announce", "script/script",
  "main",
}

-- Headers that belong to one room, or to one module.
local foreign = {
  ["ev.h"] = "^net/loop$",
  ["ares.h"] = "^net/resolve$",
  ["lua.h"] = "^script/",
  ["lauxlib.h"] = "^script/",
  ["lualib.h"] = "^script/",
}

-- What holds the state together may know the types that fill it.
local looks_up = {
  ["script/state.c"] = {
    ["script/servers"] = true, ["script/stopping"] = true,
    ["script/collector"] = true, ["script/conn"] = true,
    ["script/tasks"] = true, ["script/timer"] = true,
  },
  ["script/server.c"] = { ["script/conn"] = true },
  ["script/conn.c"] = { ["script/handle"] = true },
}

local LONGEST = 400
local lfs = require "lfs"
local rank = {}

for i, name in ipairs(order) do rank[name] = i end

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

        if ours and not (looks_up[file] or {})[ours] then
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

for _, room in ipairs { "", "base/", "net/", "script/" } do
  for file in lfs.dir("core/" .. room) do
    if file:match "%.[ch]$" then check(room .. file) end
  end
end
