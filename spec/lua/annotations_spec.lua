-- The type annotations in lua/fes have the same functions, fields and options
-- as the program. There is no list of them here: the program prints its own.
local annotations = require "spec.support.annotations"
local testing = require "fes.testing"

-- Prints a line for each name that a script can use: the class that it belongs
-- to, the name, and the kind of value.
local inventory = [[
local fes = require "fes"
local server = fes.listen { port = 0 }
local conn = fes.connect { port = server.port }
local pool = fes.pool(1, 16)

local function tell(...) print(table.concat({ "has", ... }, "\t")) end
local function kind_of(value) return math.type(value) or type(value) end

-- A plain table.
local function contents(class, all)
  for name, value in pairs(all) do tell(class, name, kind_of(value)) end
end

-- An object: the first upvalue of its __index is the table of all members.
local function members(class, object)
  local index = debug.getmetatable(object).__index
  local _, all = debug.getupvalue(index, 1)

  for name in pairs(all) do tell(class, name, kind_of(object[name])) end
end

-- What `fn` accepts for an option, from its error for a value of a wrong type.
local function expected(fn, given, name)
  local wrong = setmetatable({ [name] = coroutine.create(print) },
    { __index = given })
  local _, why = pcall(fn, wrong)

  return (why:match ("'" .. name .. "' must be (.*), got ") or why)
end

-- The options of `fn`, which reads all that exist from the table it is given.
local function options(class, fn, given)
  local asked = {}

  fn(setmetatable({}, { __index = function(_, name)
    asked[name] = true
    return given[name]
  end }))
  for name in pairs(asked) do tell(class, name, expected(fn, given, name)) end
end

local function words(alias, text)
  for word in text:gmatch '"(%w+)"' do tell(alias, word, "word") end
end

contents("fes", fes)
contents("fes.Log", fes.log)
members("fes.Server", server)
members("fes.Conn", conn)
members("fes.Topic", fes.topic "t")
members("fes.Timer", fes.every(1, print))
members("fes.Pool", pool)
members("fes.Bocket", pool:checkout())
contents("fes.Stats", fes.stats())
for _, name in ipairs { "turns", "handlers", "collector" } do
  contents("fes.Times", fes.stats()[name])
end
contents("fes.ServerStats", server:stats())
contents("fes.ConnStats", conn:stats())
for reason in pairs(server:stats().closed) do
  tell("fes.Reason", reason, "word")
end
for policy in pairs(server:stats().missed_by) do
  tell("fes.Overflow", policy, "word")
end

options("fes.ListenOptions", fes.listen, { port = 0 })
options("fes.ConnectOptions", fes.connect, { port = server.port })
options("fes.Limits", fes.limits, {})
options("fes.TopicOptions", function(given) fes.topic("u", given) end, {})

-- Framings: the error names them; the options of one are read from its table.
local framings = expected(fes.listen, { port = 0 }, "framing")
words("fes.Framing", framings)
for name in framings:gmatch "(%w+) = " do tell("fes.Framing", name, "word") end
for width in framings:gmatch "%d" do tell("fes.Framing", width, "word") end
fes.listen { port = 0, framing = setmetatable({ fixed = 1 }, {
  __index = function(_, name) tell("fes.Framing", name, "word") end }) }
words("fes.Framing", select(2, pcall(fes.listen, { port = 0,
  framing = { length = 1, endian = 1 } })))

-- The arguments of conn:receive, from its errors for wrong ones, in a task.
fes.spawn(function()
  local function why(...) return select(2, pcall(conn.receive, conn, ...)) end

  words("fes.Wanted", why(-1))
  tell("fes.ReceiveOptions", why(1, { x = 1 }):match "'(%w+)'",
    why(1, { timeout = "x" }):match "must be (.*), got")
  print "told"
end)
]]

-- The names of the program, in the form that annotations.read returns.
local function program_names()
  local program = testing.start { code = inventory }
  local all = {}

  program:expect "told\n"
  for class, name, kind in program:stdout():gmatch
    "has\t([^\n\t]*)\t([^\n\t]*)\t([^\n\t]*)\n" do
    all[class] = all[class] or {}
    all[class][name] = kind
  end
  program:stop()
  return all
end

local function annotated()
  local texts = {}

  for _, path in ipairs { "lua/fes/api.lua", "lua/fes/api/values.lua" } do
    local file = assert(io.open(path))

    texts[#texts + 1] = file:read "a"
    file:close()
  end
  return table.concat(texts)
end

-- Kinds that the program prints -> types in annotations that match.
local types = {
  { "^an integer", "^%??integer$" }, { "^integer$", "^%??integer$" },
  { "^a number", "^%??number$" }, { "^float$", "^number$" },
  { "^a string", "^%??string$" }, { "^string$", "^%??string$" },
  { "^true or false", "^%??boolean$" }, { "^boolean$", "^boolean$" },
  { "^a function", "^%??fun%(" }, { "^function$", "^function$" },
  { "^function$", "^fun%(" },
  { "^table$", "^fes%.%u" }, { "^table$", "^table<" },
  { '^"', "^%?fes%.%u" }, { "^nil$", "^%?" }, { "^word$", "^word$" },
}

local function fits(kind, annotation)
  for _, pair in ipairs(types) do
    if kind:find(pair[1]) and annotation:find(pair[2]) then return true end
  end
end

-- The differences between the two, one line each.
local function differences(program, annotation)
  local list = {}
  local function note(...) list[#list + 1] = table.concat({ ... }, " ") end

  for class, members in pairs(program) do
    for name, kind in pairs(members) do
      local said = (annotation[class] or {})[name]

      if not said then
        note(class, name, "is not annotated")
      elseif not fits(kind, said) then
        note(class, name, "is", kind, "and annotated", said)
      end
    end
  end
  for class, members in pairs(annotation) do
    for name in pairs(members) do
      if not (program[class] or {})[name] then
        note(class, name, "does not exist")
      end
    end
  end
  table.sort(list)
  return list
end

-- Lines of annotations that each add a member.
local names_one = {
  "^%-%-%-@field %l", "^function ", "^%-%-%-| \"", "^%-%-%-| {",
}

local function names_something(line)
  for _, pattern in ipairs(names_one) do
    if line:find(pattern) then return true end
  end
end

describe("the annotations", function()
  local program, text

  setup(function()
    program, text = program_names(), annotated()
  end)
  teardown(testing.finish)

  it("have each name of the program with its type, and no other",
    function()
      assert.same({}, differences(program, annotations.read(text)))
    end)

  it("lack a name if any one of their lines is removed", function()
    local lines = 0

    for from, line, to in text:gmatch "()([^\n]+)()" do
      if names_something(line) then
        local less = annotations.read(text:sub(1, from - 1) .. text:sub(to))

        lines = lines + 1
        assert.equal(1, math.min(1, #differences(program, less)), line)
      end
    end
    assert.is_true(lines > 150, lines .. " lines")
  end)

  it("have a name too many if the program lacks any one", function()
    local all = annotations.read(text)

    for class, members in pairs(program) do
      for name, kind in pairs(members) do
        members[name] = nil
        assert.same({ class .. " " .. name .. " does not exist" },
          differences(program, all))
        members[name] = kind
      end
    end
  end)
end)
