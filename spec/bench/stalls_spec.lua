-- Does the bench of stalls do the work that it measures? How long it takes is
-- no matter here.

local function bench(arguments)
  local pipe = io.popen("lua5.4 spec/bench/run.lua stalls " .. arguments
    .. " 2>&1")
  local text = pipe:read "a"
  local _, _, status = pipe:close()

  return status, text
end

describe("the bench of stalls", function()
  it("prints a row for each that was asked for", function()
    local status, text = bench("--quick tasks close-19000 wake-latest "
      .. "snapshot-slow outgoing-publish")

    assert.equal(0, status, text)
    for _, row in ipairs {
      "tasks +20.0 ms", "close%-19000 +70.0 ms", "wake%-latest +222 ms",
      "snapshot%-slow +12.7 us", "outgoing%-publish +187 ms",
    } do
      assert.truthy(text:find("\n" .. row .. " +[%d.]+ [mu]s "), text)
    end
    assert.is_nil(text:find("NOT DONE", 1, true), text)
  end)

  it("names the rows when there is none of that name", function()
    local status, text = bench "speed"

    assert.equal(2, status)
    assert.truthy(text:find("idle-close-19000", 1, true), text)
  end)
end)
