local testing = require "fes.testing"

local function raises(code)
  local status, _, err = testing.run {
    code = "local fes = require 'fes'\n" .. code,
  }

  assert.equal(1, status)
  assert.matches("script.lua:2: ", err) -- the caller's line
  return err
end

describe("fes.limits", function()
  after_each(testing.finish)

  it("takes each of its options, and keeps the others", function()
    local status, _, err = testing.run { code = [[
      local fes = require "fes"
      fes.limits { call_seconds = 0.1 }
      fes.limits { retained = 1 << 20, outgoing = 16 }
      fes.limits {}
      fes.after(0, function() while true do end end)
    ]] }

    assert.equal(0, status)
    assert.matches("took longer than 0.1 s", err)
  end)

  for option, value in pairs {
    call_seconds = "-1", retained = "'much'", outgoing = "0",
  } do
    it("raises for a wrong " .. option, function()
      assert.matches("fes.limits: '" .. option .. "' must be ",
        raises(("fes.limits { %s = %s }"):format(option, value)))
    end)
  end

  it("raises for an unknown option, and names the nearest", function()
    assert.matches("fes.limits: unknown option 'outgone', did you mean "
      .. "'outgoing'%?", raises "fes.limits { outgone = 1 }")
  end)

  it("raises for what is no table", function()
    assert.matches("fes.limits: takes one table of options, got 5",
      raises "fes.limits(5)")
  end)
end)
