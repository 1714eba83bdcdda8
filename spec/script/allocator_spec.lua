-- The allocator of a Lua state: its spare block, which assures that one object
-- can be made although the state has reached its memory limit.
local core = require "spec.support.core"

describe("memory that is assured", function()
  it("is available for one object at the memory limit", function()
    assert.same({ true, true, false },
      { core.assure(1000, 900, 900) })
  end)

  it("is not available for a second object", function()
    assert.same({ true, true, false, false },
      { core.assure(1000, 900, 900, 900) })
  end)

  it("is not available after allocator_relax", function()
    assert.same({ true, false }, { core.assure(1000, 900) })
  end)

  it("cannot exceed the spare block", function()
    assert.same({ false, false, false },
      { core.assure(20000, 19000, 900) })
  end)
end)
