-- Much to do in one turn of the loop is done in slices: others are served in
-- between. Each piece of work takes a millisecond, so all of it takes a second
-- without the slices, in which nobody would be answered.

local asked = require "spec.support.asked"
local testing = require "fes.testing"

local ask, await, settle = asked.ask, asked.await, asked.settle

local WORK = 1000

local script = [[
_G.fes, done, seen, conns = fes, 0, nil, {}
local watcher
function work()
  if seen then return end
  done = done + 1
  if done == 1 then watcher:send "begun\n" end
  local from = fes.now()
  while fes.now() - from < 0.001 do end
end
function each(list, method)
  for _, conn in ipairs(list) do conn[method](conn) end
end
server = fes.listen { port = 0, framing = "line", on_receive = work,
  on_connect = function(conn) conns[#conns + 1] = conn end,
  on_close = function(conn) if conn ~= watcher then work() end end }
fes.listen { port = 0,
  on_connect = function(conn) watcher = conn end,
  on_receive = function() seen = done end }
]]

describe("others are served while", function()
  after_each(testing.finish)

  local function check_seen(program, watcher)
    assert.equal("begun", watcher:line())
    assert(watcher:send "seen?")
    await(program, "seen ~= nil")
    assert.is_true(ask(program, "seen") < WORK / 2)
  end

  local function check(doing, clients)
    local program = asked.start(script)
    local watcher = assert(program:connect { port = program.ports[2] })
    local crowd = assert(program:connect_all(clients))

    await(program, "#conns == " .. clients)
    ask(program, ("(function() for i = 1, %d do %s end end)()"):format(WORK,
      doing))
    check_seen(program, watcher)
    crowd[#crowd + 1] = watcher
    settle(program, crowd)
  end

  it("timers are due", function() check("fes.after(0, work)", 0) end)

  it("tasks wake up", function()
    check("fes.spawn(function() fes.sleep(0) work() end)", 0)
  end)

  it("connections end", function()
    check("if conns[i] then conns[i]:close(0) end", 800)
  end)

  for what, data in pairs {
    ["one client sends many"] = ("x\n"):rep(WORK),
    ["many clients send"] = ("x\n"):rep(WORK / 20),
  } do
    it(what .. " messages", function()
      local program = asked.start(script)
      local watcher = assert(program:connect { port = program.ports[2] })
      local crowd = assert(program:connect_all(WORK * 2 // #data))

      await(program, "#conns == " .. #crowd)
      ask(program, "each(conns, 'pause')")
      for _, client in ipairs(crowd) do assert(client:send(data)) end
      ask(program, "each(conns, 'resume')")
      check_seen(program, watcher)
      crowd[#crowd + 1] = watcher
      settle(program, crowd)
    end)
  end
end)
