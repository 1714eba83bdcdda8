--- A program whose connections are received from in a task.
--
-- The caller gives the body of the handler that runs for each connection. In
-- it, `conn` is the connection, and take(...) calls conn:receive(...) and adds
-- what that returned to `got`, as text. `ended` lists the reasons of on_close.

local asked = require "spec.support.asked"
local assert = require "luassert"

local receiving = {}

local script = [[
got, ended, _G.fes = {}, {}, fes
local function text(value)
  return type(value) == "string" and ("%%q"):format(value) or tostring(value)
end
function take(...)
  local data, why = conn:receive(...)
  got[#got + 1] = text(data) .. (why and " " .. why or "")
  return data, why
end
function said() return table.concat(got, ", ") end
server = fes.listen { port = 0, %s
  handler = function(new)
    conn = new
    %s
  end,
  on_close = function(_, reason, detail)
    ended[#ended + 1] = reason .. (detail and ": " .. detail or "")
  end,
}]]

--- The body of a handler that receives until the connection has ended.
receiving.forever = "while take() do end"

--- Start the program.
-- @tparam string options  more options of its fes.listen
-- @tparam string body  of the handler
-- @return the program
function receiving.program(options, body)
  return asked.start(script:format(options, body))
end

--- Start the program and connect a client.
-- @tparam string options  more options of its fes.listen
-- @tparam string body  of the handler
-- @return the program
-- @return the client
function receiving.start(options, body)
  local program = receiving.program(options, body)

  return program, assert(program:connect())
end

--- Wait until `got` has as many entries as `text`, and compare them.
-- @param program
-- @tparam string text  the entries, separated by ", "
function receiving.said(program, text)
  local _, count = text:gsub("[^,]+", "")

  asked.await(program, "#got >= " .. count)
  assert.equal(text, asked.ask(program, "said()"))
end

--- Wait until one connection has ended, and compare its reason.
function receiving.ends_with(program, reason)
  asked.await(program, "#ended == 1")
  assert.equal(reason, asked.ask(program, "ended[1]"))
end

--- Wait until the program has read this many bytes.
function receiving.has(program, bytes)
  asked.await(program, "server:stats().bytes_in == " .. bytes)
end

--- Settle a program whose handler sleeps: it does not notice that its client
-- has closed.
function receiving.settle_asleep(program, clients)
  asked.ask(program, "conn:close(0)")
  asked.settle(program, clients)
end

return receiving
