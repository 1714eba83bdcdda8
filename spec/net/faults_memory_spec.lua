-- mmap() that fails: at the start of the program, and while it runs.

local asked = require "spec.support.asked"
local faulty = require "spec.support.faulty"
local shim = require "spec.support.shim"
local testing = require "fes.testing"

local ask, settle = asked.ask, asked.settle
local start, echoes, connect = faulty.start, faulty.echoes, faulty.connect

describe("mmap that fails", function()
  after_each(testing.finish)

  local refusal = "Cannot allocate memory\n"

  -- Let the call fail that follows `skip` successful ones.
  local function run(skip, code)
    return testing.run { code = code, env = {
      LD_PRELOAD = shim.env.LD_PRELOAD, FES_FAULT = "mmap ENOMEM 1 " .. skip,
    } }
  end

  it("anywhere in the start ends the program with a message", function()
    local refused = 0
    local status, out, err

    repeat
      status, out, err = run(refused, [[
require "fes".listen { port = 0 }
require "fes".stop()]])
      if status ~= 0 then
        assert.equal(1, status)
        assert.equal("", out)
        assert.is_truthy(err:find("^fes: ") and err:find(refusal), err)
        refused = refused + 1
      end
    until status == 0
    assert.is_true(refused >= 5, refused .. " refused")
    assert.is_truthy(out:find "^listening ")
  end)

  it("in fes.listen or fes.pool raises, and leaks no descriptor", function()
    local program = start [[

function descriptors()
  local n = 0
  for _ in require "lfs".dir "/proc/self/fd" do n = n + 1 end
  return n
end

function try(call, refusal)
  local before, errors, ok, result = descriptors(), 0, nil, nil
  repeat
    faults.set("mmap ENOMEM 1 " .. errors)
    ok, result = pcall(call)
    if not ok then
      assert(result:find(refusal), result)
      errors = errors + 1
    end
  until ok
  result:close()
  assert(descriptors() <= before)
  return errors
end]]
    local client = connect(program, 1)[1]

    assert.equal(4, ask(program,
      "try(function() return require 'fes'.listen { port = 0 } end, "
      .. "'Cannot allocate memory')"))
    assert.equal(2, ask(program,
      "try(function() return require 'fes'.pool(4, 64) end, "
      .. "'no room for 4 bockets')"))
    echoes(client, "still")
    settle(program, { client })
  end)
end)
