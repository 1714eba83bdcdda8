-- Addresses as text, and the sites by which connections are counted.

local core = require "spec.support.core"

local site = core.address_site

describe("an address", function()
  it("is shown in its usual notation, with the port", function()
    for literal, shown in pairs {
      ["127.0.0.1"] = "127.0.0.1:4242",
      ["255.255.255.255"] = "255.255.255.255:4242",
      ["::1"] = "[::1]:4242",
      ["2001:DB8:0:0:0:0:0:1"] = "[2001:db8::1]:4242",
    } do
      assert.equal(shown, core.address_format(literal))
    end
  end)

  it("that is IPv4 mapped to IPv6 is treated as IPv4", function()
    assert.equal("192.0.2.7:4242", core.address_format "::ffff:192.0.2.7")
    assert.equal(site "192.0.2.7", site "::ffff:192.0.2.7")
  end)
end)

describe("a site", function()
  it("is one IPv4 address", function()
    assert.equal(site "192.0.2.7", site "192.0.2.7")
    assert.not_equal(site "192.0.2.7", site "192.0.2.8")
    assert.not_equal(site "192.0.2.7", site "193.0.2.7")
  end)

  it("is one IPv6 prefix of 64 bits", function()
    assert.equal(site "2001:db8:1:2::1", site "2001:db8:1:2::2")
    assert.equal(site "2001:db8:1:2::1",
      site "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert.not_equal(site "2001:db8:1:2::1", site "2001:db8:1:3::1")
    assert.not_equal(site "2001:db8:1:2::1", site "2002:db8:1:2::1")
  end)

  it("of IPv4 is never one of IPv6", function()
    -- the first bytes of the IPv6 address read as the IPv4 one
    assert.not_equal(site "32.1.13.184", site "2001:db8:0:80::1")
  end)

  it("is never 0, and differs between addresses", function()
    local seen = {}

    for _, literal in ipairs { "0.0.0.0", "::1", "127.0.0.1", "1.0.0.127",
      "2001:db8::1", "fe80::1", "255.255.255.255" } do
      local its = site(literal)

      assert.not_equal(0, its)
      assert.is_nil(seen[its], literal)
      seen[its] = true
    end
  end)
end)
