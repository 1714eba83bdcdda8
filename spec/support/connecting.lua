--- A program that makes outgoing connections, for specs of fes.connect.
--
-- Its script listens at `server`, and has two functions that connect there
-- unless the options say otherwise: connect(options) calls fes.connect outside
-- of a task, await(options) in one. `conn` is the connection that they made,
-- `far` the other end of it. `seen` lists what the calls returned and which
-- callbacks ran.

local asked = require "spec.support.asked"
local assert = require "luassert"
local uv = require "luv"

local connecting = {}

--- The text of the script, with a %s among the options of its fes.listen.
connecting.script = [[
_G.fes, seen = fes, {}
local function note(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  seen[#seen + 1] = table.concat(words, " ")
end
function said() return table.concat(seen, ", ") end
server = fes.listen { port = 0, %s
  on_connect = function(new) far = new end,
  on_receive = function(_, data) note("far hears", data) end,
  on_close = function(_, reason) note("far ends", reason) end,
}
function connect(options)
  options = options or {}
  options.on_connect = function() note "connected" end
  options.on_receive = options.on_receive
    or function(_, data) note("hears", data) end
  options.on_close = function(_, reason, detail)
    note("ends", reason, detail or "")
  end
  if not options.path then options.port = options.port or server.port end
  local why
  conn, why = fes.connect(options)
  note(conn and "made" or why)
  return conn
end
function await(options)
  fes.spawn(function()
    options.port = options.port or not options.path and server.port or nil
    local new, why, detail = fes.connect(options)
    conn = new
    note("gets", new and "conn" or new, why, detail)
    if new and after then after(new) end
  end)
end
]]

--- Start the program.
-- @tparam[opt] string options  more options of its fes.listen
-- @tparam[opt] string more  more code of the script
-- @tparam[opt] table launch  as for `asked.start`
-- @return the program
function connecting.start(options, more, launch)
  local code = connecting.script:format(options or "") .. (more or "")

  return asked.start(code, launch)
end

--- Wait until `seen` has as many entries as `text`, and compare them.
-- @param program
-- @tparam string text  the entries, separated by ", "
function connecting.said(program, text)
  local _, count = text:gsub("[^,]+", "")

  asked.await(program, "#seen >= " .. count)
  assert.equal(text, asked.ask(program, "said()"))
end

--- Find a port that is not listening.
-- @treturn integer
function connecting.closed_port()
  local handle = uv.new_tcp()

  assert(handle:bind("127.0.0.1", 0))
  local port = handle:getsockname().port
  handle:close()
  uv.run "nowait"
  return port
end

return connecting
