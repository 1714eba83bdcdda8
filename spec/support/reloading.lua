--- Programs whose script is replaced and reloaded while they run.

local testing = require "fes.testing"

local reloading = {}

local head = 'local fes = require "fes"\n'

--- Start a program.
-- @tparam string code  of the script; it can use `fes`
-- @tparam[opt] table options  as for `testing.start`
-- @return the program
function reloading.start(code, options)
  local all = { code = head .. code }

  for name, value in pairs(options or {}) do all[name] = value end
  return testing.start(all)
end

--- Replace the script file without a reload.
function reloading.write(program, code)
  testing.write(program.directory .. "/script.lua", head .. code)
end

--- Replace the script file and reload it.
function reloading.reload(program, code)
  reloading.write(program, code)
  program:signal "sighup"
  program:expect("info  reloaded\n", "stderr")
end

--- Replace the script file and request a reload, which must fail.
-- @tparam string why  a pattern that the logged error must match
function reloading.fail(program, code, why)
  reloading.write(program, code)
  program:signal "sighup"
  program:expect("error [^\n]*" .. why, "stderr")
  program:expect("error the reload failed", "stderr")
end

--- The code of a script that listens on a free port and answers whatever it
-- receives with one word. Its global `server` is the server.
-- @tparam string word
-- @tparam[opt] string options  more options of fes.listen, each with a comma
function reloading.answering(word, options)
  return ([[
    server = fes.listen {
      port = 0, %s
      on_receive = function(conn) conn:send %q end,
    }
  ]]):format(options or "", word)
end

--- Send something on a connection and check that the answer is this word.
function reloading.expect_answer(client, word)
  assert(client:send "?")

  local heard, why = client:read(#word)

  if heard ~= word then
    error(("%q was heard, not %q"):format(heard or why, word), 2)
  end
end

return reloading
