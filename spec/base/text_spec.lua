-- base/text: escaping of text for output, and the edit distance of two names.
local core = require "spec.support.core"

local function escaped(bytes, size)
  return core.text_escape(bytes, size or 1000)
end

describe("escaped text", function()
  it("is unchanged if it is plain", function()
    local plain = "Hello, <world>! ~"

    assert.equal(plain, escaped(plain))
    assert.equal("", escaped "")
  end)

  it("has no control characters", function()
    assert.equal([[a\nb\tc\rd\x00e\x1b[2Jf\x7f]],
      escaped "a\nb\tc\rd\0e\27[2Jf\127")
    for byte = 0, 31 do
      assert.is_nil(escaped(string.char(byte)):find "%c")
    end
  end)

  it("keeps valid UTF-8", function()
    local letters = "Grüße, 世界 \u{a0}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}"

    assert.equal(letters, escaped(letters))
  end)

  it("has no control characters encoded as UTF-8", function()
    assert.equal([[\xc2\x9b2J \xc2\x85]], escaped "\u{9b}2J \u{85}")
  end)

  it("has no bytes that are not valid UTF-8", function()
    for bytes, shown in pairs {
      ["\x80"] = [[\x80]], ["\xff"] = [[\xff]], ["\x9b2J"] = [[\x9b2J]],
      ["\xc3"] = [[\xc3]], ["\xc3("] = [[\xc3(]], -- truncated, broken
      ["\xe4\xb8"] = [[\xe4\xb8]], ["\xe4\xb8a"] = [[\xe4\xb8a]],
      ["\xc0\xaf"] = [[\xc0\xaf]], -- overlong
      ["\xe0\x80\xaf"] = [[\xe0\x80\xaf]],
      ["\xf0\x80\x80\xaf"] = [[\xf0\x80\x80\xaf]],
      ["\xed\xa0\x80"] = [[\xed\xa0\x80]], -- half of a surrogate pair
      ["\xf4\x90\x80\x80"] = [[\xf4\x90\x80\x80]], -- beyond U+10FFFF
      ["\xf5\x80\x80\x80"] = [[\xf5\x80\x80\x80]],
    } do
      assert.equal(shown, escaped(bytes))
    end
  end)

  it("is cut to the given size, not in a letter or an escape", function()
    local whole = [[ab\ncü\x1bd世e]]

    for size = 0, 40 do
      local cut = escaped("ab\ncü\27d世e", size)

      assert.is_true(#cut <= size)
      assert.equal(whole:sub(1, #cut), cut)
      assert.is_truthy(utf8.len(cut))
      assert.is_nil(cut:find "\\$" or cut:find "\\x%x?$")
    end
    assert.equal(whole, escaped("ab\ncü\27d世e", 40))
  end)
end)

describe("the edit distance of", function()
  for _, each in ipairs {
    { "size", "size", 0 }, { "", "", 0 }, { "", "abc", 3 },
    { "prot", "port", 1 },                       -- swapped
    { "maxsend", "maxsends", 1 },                -- left out
    { "portt", "port", 1 },                      -- added
    { "sise", "size", 1 },                       -- replaced
    { "kitten", "sitting", 3 },
    { "ca", "abc", 3 },                          -- no letter is moved twice
    { "host", "bockets", 5 },
    { ("a"):rep(32), ("b"):rep(32), 32 },
  } do
    local a, b, distance = table.unpack(each)

    it(("%q and %q is %d"):format(a, b, distance), function()
      assert.equal(distance, core.text_distance(a, b))
      assert.equal(distance, core.text_distance(b, a))
    end)
  end

  it("a name of more than 32 bytes is the maximum", function()
    local long = ("a"):rep(33)

    assert.equal(0x7fffffff, core.text_distance(long, "a"))
    assert.equal(0x7fffffff, core.text_distance("a", long))
  end)
end)
