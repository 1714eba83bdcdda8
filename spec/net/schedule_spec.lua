-- Random schedules of publishing, reading, stalling and closing, checked
-- against a model. A client gets whole messages, each once, those of a topic in
-- order. What it does not get is counted, also if it is closed meanwhile. Where
-- every policy is "latest", it has the newest message of each key in the end.

local crowd = require "spec.support.crowd"
local testing = require "fes.testing"

local SCHEDULES = 1000
local STEPS = 40
local CLIENTS = 3

local seed = tonumber(os.getenv "FES_SEED") or os.time()
local topics = { "*", "a", "b", "kept" }
local policies = { "drop", "latest", "none", "close" }

local function pick(list) return list[math.random(#list)] end

-- ----------------------------------------------------------------- the model

local function by_topic()
  return { ["*"] = {}, a = {}, b = {}, kept = {} }
end

-- All messages for a client (`wants`), and those it must have in the end.
local function new_model()
  local model = { clients = {} }

  for i = 1, CLIENTS do
    model.clients[i] = { wants = by_topic(), newest = by_topic(),
      joined = { ["*"] = true }, sent = 0, mayclose = false }
  end
  return model
end

-- For the whole run: the last number of each topic, and the snapshot of "kept".
local numbers = { ["*"] = 0, a = 0, b = 0, kept = 0 }
local snapshot = {}

local function note(client, name, n, key)
  if not client.joined[name] or client.ended then return end
  client.wants[name][n] = true
  client.newest[name][key] = n
end

local function note_published(model, name, from, to, keys)
  for n = from, to do
    local key = keys > 0 and n % keys or "none"

    if name == "kept" then snapshot[key] = n end
    for _, client in ipairs(model.clients) do note(client, name, n, key) end
  end
end

-- ----------------------------------------------------------------- the steps

local steps = {}

function steps.publish(all, model)
  local name = pick(topics)
  local from = numbers[name] + 1
  local to = numbers[name] + math.random(1, 40)
  local keys = name ~= "*" and math.random(0, 4) or 0

  numbers[name] = to
  note_published(model, name, from, to, keys)
  all:ask("publish", name, from, to, keys, math.random(20, 250))
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

  local client = model.clients[i]

  all:ask("subscribe", i, name)
  if client.ended then return end
  if name == "kept" and not client.joined.kept then
    for key, n in pairs(snapshot) do client.newest.kept[key] = n end
  end
  client.joined[name] = true
end

-- Never from "kept": it sends its snapshot again to a client that comes back.
function steps.unsubscribe(all, model)
  local i, name = math.random(CLIENTS), pick { "a", "b" }

  all:ask("unsubscribe", i, name)
  model.clients[i].joined[name] = nil
  model.clients[i].newest[name] = {}
  model.clients[i].left = true
end

-- The server closes: what is queued still comes, but no on_lag of a stall.
function steps.close(all, model)
  local i = math.random(CLIENTS)
  local client = model.clients[i]

  if client.ended then return end
  all:ask("close", i)
  client.ended, client.left, client.newest = "local", true, by_topic()
end

function steps.hang_up(all, model)
  local i = math.random(CLIENTS)

  model.clients[i].ended = "hung up"
  all:hang_up(i)
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

local weights = { publish = 16, read = 8, send = 4, subscribe = 4,
  unsubscribe = 4, overflow = 4, close = 1, hang_up = 1 }
local names = {}

for name, weight in pairs(weights) do
  for _ = 1, weight do names[#names + 1] = name end
end
table.sort(names) -- so that a seed always gives the same schedule

-- In a quarter of the schedules every policy is "latest", and stays so.
local function set_latest(all)
  for _, what in ipairs { "server *", "topic a", "topic b", "topic kept" } do
    all:ask("overflow", what, "latest")
  end
end

-- ---------------------------------------------------------------- the checks

-- The messages of a client by topic, and the number of those to it alone.
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
      assert.equal("kept", name, "it was not subscribed") -- from the snapshot
    end
  end
  return got
end

local function count(set)
  local n = 0

  for _ in pairs(set) do n = n + 1 end
  return n
end

local function judge_newest(list, newest, name)
  local has = {}

  for _, n in ipairs(list) do has[n] = true end
  for key, n in pairs(newest) do
    assert.is_true(has[n], ("%s %d, the newest of %s"):format(name, n, key))
  end
end

-- Returns false if the policy has closed the connection.
local function judge_end(all, client, i)
  local ended = all:ended(i, client.ended)

  if ended == "overflow" then
    assert.is_true(client.mayclose, "closed, though no policy says so")
    return false
  end
  assert.equal(client.ended or "no", ended)
  assert.equal("", all.clients[i].rest)
  if not client.ended then
    assert.equal("END", all.clients[i].got[#all.clients[i].got])
  end
  return true
end

local function judge(all, model, i)
  local client = model.clients[i]
  local of, own = sort_out(all.clients[i].got)
  local got, wanted, told = 0, 0, 0

  for _, name in ipairs(topics) do
    told = told + all:ask("told", i, name)
    got = got + judge_topic(of[name] or {}, client.wants[name], name)
    wanted = wanted + count(client.wants[name])
  end
  if client.ended == "hung up" or not judge_end(all, client, i) then return end
  assert.equal(client.sent, own)
  if model.latest then
    for _, name in ipairs(topics) do
      judge_newest(of[name] or {}, client.newest[name], name)
    end
  end

  local missed = all:ask("missed", i)

  assert.equal(wanted, got + missed, "received plus missed")
  assert.is_true(told == missed or client.left and told < missed,
    ("told %d of %d missed"):format(told, missed))
end

local function step(all, model)
  local name = pick(names)

  if name ~= "overflow" or not model.latest then steps[name](all, model) end
end

local function run(all)
  local model = new_model()

  all:begin(CLIENTS)
  model.latest = math.random(4) == 1
  if model.latest then set_latest(all) end
  for _ = 1, STEPS do step(all, model) end
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

  it("lose no message that is not counted, and keep the order", function()
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
