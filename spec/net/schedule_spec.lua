-- Random schedules against a model: whatever is published, withheld, caught up
-- or refused, a client gets whole messages, of each topic in order, each once,
-- and what it did not get is counted.

local crowd = require "spec.support.crowd"
local testing = require "fes.testing"

local SCHEDULES = 1000
local STEPS = 40
local CLIENTS = 3

local seed = tonumber(os.getenv "FES_SEED") or os.time()
local topics = { "*", "a", "b", "kept" }
local policies = { "drop", "latest", "?drop", "?latest", "none", "close",
  "?close" }

local function pick(list) return list[math.random(#list)] end

-- ----------------------------------------------------------------- the model

-- What each client must have heard of, and when it was subscribed.
local function new_model()
  local model = { clients = {} }

  for i = 1, CLIENTS do
    model.clients[i] = { wants = { ["*"] = {} }, joined = { ["*"] = true },
      sent = 0, mayclose = false }
  end
  return model
end

local numbers = { ["*"] = 0, a = 0, b = 0, kept = 0 } -- for the whole run

local function note_published(model, name, from, to)
  for _, client in ipairs(model.clients) do
    if client.joined[name] and not client.closed then
      client.wants[name] = client.wants[name] or {}
      for n = from, to do client.wants[name][n] = true end
    end
  end
end

-- ----------------------------------------------------------------- the steps

local steps = {}

function steps.publish(all, model)
  local name = pick(topics)
  local from = numbers[name] + 1
  local to = numbers[name] + math.random(1, 40)

  numbers[name] = to
  note_published(model, name, from, to)
  all:ask("publish", name, from, to, name ~= "*" and math.random(0, 4) or 0,
    math.random(20, 250))
end

function steps.read(all)
  all:read(math.random(CLIENTS), math.random(1, 20000))
end

function steps.send(all, model)
  local i = math.random(CLIENTS)
  local client = model.clients[i]

  if all:ask("send", i, "own" .. client.sent + 1) == "sent" then
    client.sent = client.sent + 1
  end
end

function steps.subscribe(all, model)
  local i, name = math.random(CLIENTS), pick { "a", "b", "kept" }

  all:ask("subscribe", i, name)
  model.clients[i].joined[name] = true
end

-- A retained topic sends its picture again to who comes back: not here.
function steps.unsubscribe(all, model)
  local i, name = math.random(CLIENTS), pick { "a", "b" }

  all:ask("unsubscribe", i, name)
  model.clients[i].joined[name] = nil
  model.clients[i].left = true
end

function steps.overflow(all, model)
  local what = pick { "server", "topic", "conn" }
  local which = what == "conn" and math.random(CLIENTS) or pick { "a", "b",
    "kept" }
  local policy = pick(policies)

  all:ask("overflow", what, which, policy)
  if policy:find "close" then
    for _, client in ipairs(model.clients) do client.mayclose = true end
  end
end

local names = { "publish", "publish", "publish", "publish", "read", "read",
  "send", "subscribe", "unsubscribe", "overflow" }

-- ------------------------------------------------------------- the judgement

-- The messages of a client, by topic; its own ones in order.
local function sort_out(got)
  local of, own = {}, 0

  for _, line in ipairs(got) do
    local name, n = line:match "^(%S+) (%d+) "

    if name then
      of[name] = of[name] or {}
      table.insert(of[name], math.tointeger(tonumber(n)))
    elseif line ~= "END" then
      assert.equal("own" .. own + 1, line)
      own = own + 1
    end
  end
  return of, own
end

local function judge_topic(list, wanted, name)
  local got, before = 0, 0

  for _, n in ipairs(list) do
    assert.is_true(n > before, ("%s %d after %d"):format(name, n, before))
    before = n
    if wanted[n] then
      got = got + 1
    else
      assert.equal("kept", name, "it was not subscribed") -- of the picture
    end
  end
  return got
end

local function count(set)
  local n = 0

  for _ in pairs(set) do n = n + 1 end
  return n
end

local function judge(all, model, i)
  local client = model.clients[i]
  local of, own = sort_out(all.clients[i].got)
  local got, wanted, told = 0, 0, 0

  for _, name in ipairs(topics) do
    local wants = client.wants[name] or {}

    told = told + all:ask("told", i, name)

    got = got + judge_topic(of[name] or {}, wants, name)
    wanted = wanted + count(wants)
  end
  if all:ask("ended", i) ~= "no" then
    assert.equal("overflow", all:ask("ended", i))
    assert.is_true(client.mayclose, "closed, though no policy says so")
    return
  end
  assert.equal("", all.clients[i].rest)
  assert.equal("END", all.clients[i].got[#all.clients[i].got])
  assert.equal(client.sent, own)

  local missed = all:ask("missed", i)

  assert.equal(wanted, got + missed, "received plus missed")
  assert.is_true(told == missed or client.left and told < missed,
    ("told %d of %d missed"):format(told, missed))
end

local function run(all)
  local model = new_model()

  all:begin(CLIENTS)
  for _ = 1, STEPS do steps[pick(names)](all, model) end
  all:drain()
  for i in ipairs(model.clients) do
    if all:ask("send", i, "END") == "sent" then all:read_to(i, "END") end
  end
  for i in ipairs(model.clients) do judge(all, model, i) end
  for _, what in ipairs { "server *", "topic a", "topic b", "topic kept" } do
    all:ask("overflow", what, "none")
  end
end

describe("random schedules", function()
  after_each(testing.finish)

  it("lose nothing that is not counted, and keep the order", function()
    local all = crowd.start()

    print("# seed " .. seed)
    for n = 1, SCHEDULES do
      math.randomseed(seed, n)

      local ok, why = xpcall(run, debug.traceback, all)

      if not ok then
        error(("FES_SEED=%d, schedule %d: %s\n%s"):format(seed, n,
          tostring(why), all.program:stderr()), 0)
      end
    end
    all:finish()
  end)
end)
