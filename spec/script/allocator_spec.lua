local core = require "spec.support.core"

describe("memory that is assured", function()
  it("is there for one object, though the state may take nothing", function()
    assert.same({ true, true, false },
      { core.assure(1000, 900, 900) })
  end)

  it("is not there for a second one", function()
    assert.same({ true, true, false, false },
      { core.assure(1000, 900, 900, 900) })
  end)

  it("is nobody's when it is not assured any more", function()
    assert.same({ true, false }, { core.assure(1000, 900) })
  end)

  it("is not what is longer than the spare block", function()
    assert.same({ false, false, false },
      { core.assure(20000, 19000, 900) })
  end)
end)
