-- The coroutine functions that fes gives to scripts in place of Lua's own, so
-- that the watchdog can end coroutines: they behave as those of stock Lua.
local testing = require "fes.testing"

describe("the coroutine functions of a script", function()
  after_each(testing.finish)

  -- Stock Lua and fes run each of these and must print the same.
  local cases = {
    [[print(coroutine.resume(coroutine.create(function(...)
        return coroutine.yield(...) end), 1, nil, 3))]],
    [[local co = coroutine.create(error)
      print(coroutine.resume(co, "x")) print(coroutine.resume(co))
      print(coroutine.status(co), coroutine.close(co))]],
    [[local co = coroutine.wrap(function() error "in" end)
      print(pcall(co)) print(pcall(co))]],
    [[print(pcall(coroutine.wrap(function() error { 1 } end)))]],
    [[print(pcall(coroutine.wrap, 1)) print(pcall(coroutine.resume, 1))]],
    [[print(pcall(coroutine.close, coroutine.running()))]],
    [[local co = coroutine.create(function()
        local last <close> = setmetatable({}, { __close = print })
        coroutine.yield(1)
      end)
      print(select("#", coroutine.resume(co)))
      print(coroutine.close(co), coroutine.status(co))
      print(coroutine.close(co))]],
    [[local co = coroutine.wrap(function()
        local last <close> = setmetatable({}, {
          __close = function(_, e) error("closing: " .. e, 0) end })
        error("first", 0)
      end)
      print(pcall(co))]],
    [[local co co = coroutine.wrap(function() return pcall(co) end)
      print(co())]],
    [[local function deep(n)
        if n == 0 then return "bottom" end
        return coroutine.wrap(deep)(n - 1)
      end
      print(deep(100))
      print(select(2, pcall(deep, 300)):match "[^ ]* stack overflow")]],
    [[print(xpcall(function(...) return ... end, print, 1, nil))
      print(xpcall(error, function(e, ...) return "<" .. e, ... end, "e"))
      print(pcall(xpcall)) print(pcall(xpcall, print, "no function"))
      print(select(2, xpcall(error, debug.traceback, "e")))]],
    [[local co = coroutine.wrap(function()
        return xpcall(function() return coroutine.yield(1) end, print)
      end)
      print(co()) print(co(2, 3))]],
  }

  for i, code in ipairs(cases) do
    it("behave as in stock Lua (" .. i .. ")", function()
      local path = testing.write(testing.directory() .. "/case.lua", code)
      local stock = assert(io.popen("env -u LD_PRELOAD lua5.4 " .. path))
      local wanted = stock:read "a"

      stock:close()
      local status, out = testing.run { script = path }

      out = out:gsub("0x%x+", "")
      wanted = wanted:gsub("0x%x+", "")
      assert.same({ 0, wanted }, { status, out })
    end)
  end
end)
