--- Programs that evaluate Lua expressions for a spec.
--
-- The script of `start` has its server in the global `server`. A second server,
-- the control server, evaluates each line that it receives. So a spec can read
-- the state of the program, and check at its end that nothing is left.

local testing = require "fes.testing"

local asked = {}

local control = [[
require("fes").listen {
  port = 0, bockets = 64,
  on_connect = function(conn) conn.heard = "" end,
  on_receive = function(conn, data)
    conn.heard = conn.heard .. data
    for line in conn.heard:gmatch "([^\n]*)\n" do
      local chunk, why = load("return " .. line)
      local ok, answer = false, why
      if chunk then ok, answer = pcall(chunk) end
      conn:send((ok and "" or "error: ") .. tostring(answer) .. "\n")
    end
    conn.heard = conn.heard:match "[^\n]*$"
  end,
}
]]

--- Start a program.
-- @tparam string code  of the script; it sets `server` and can use `fes`
-- @tparam[opt] table options  as for `testing.start`
-- @return the program, as from `testing.start`
function asked.start(code, options)
  local all = { code = 'local fes = require "fes"\n' .. code
    .. "\n" .. control }

  for name, value in pairs(options or {}) do all[name] = value end

  local program = testing.start(all)

  program.control = assert(program:connect {
    port = program.ports[#program.ports],
  })
  asked.ask(program, "true") -- it is accepted before any other client
  return program
end

--- Evaluate an expression in the program.
-- @return its value: a number if it is one, else as a string
function asked.ask(program, expression)
  assert(program.control:send((expression:gsub("\n", " ")) .. "\n"))

  local answer = assert(program.control:line())

  if answer:find "^error: " then error(answer, 2) end
  return tonumber(answer) or answer
end

--- Wait until an expression is true in the program.
function asked.await(program, expression)
  testing.wait_until(function()
    return asked.ask(program, expression) == "true"
  end, nil, expression)
end

--- Close all clients, check that the program has freed everything of theirs,
-- and stop it. No handler may have raised an error, unless `raised` is true.
function asked.settle(program, clients, raised)
  for _, each in ipairs(clients) do each:close() end

  local told = "(function(s) return ('%d connections, %d queued, %d of %d "
    .. "bockets'):format(s.connections, s.queued, s.bockets_free, s.bockets)"
    .. " end)(server:stats())"
  local last
  local ok = pcall(testing.wait_until, function()
    last = asked.ask(program, told)
    local free, all = last:match "(%d+) of (%d+)"
    return last:find "^0 connections, 0 queued" and free == all
  end)

  if not ok then error("left behind: " .. last, 2) end
  assert(raised or not program:stderr():find "stack traceback",
    program:stderr())
  program:stop()
end

return asked
