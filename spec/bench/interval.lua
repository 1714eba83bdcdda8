--- The stretch of a handler script's life that is measured: interval.h in Lua.
--
-- Whatever is sent to the control port begins an interval: a warm-up, and then
-- the measured time, after which a line of counts is printed. A script that
-- never ends a turn with bytes of its own under way lets it step by itself;
-- one that does calls `step` when nothing is queued.
--
-- @module interval

local fes = require "fes"

local interval = {}

local Interval = {}
Interval.__index = Interval

local defaults = { warmup_ms = 100, measure_ms = 1000, messages = 0 }

--- The script's arguments, NAME=NUMBER.
-- @tparam {[string]=number} known  the names, and what they are by default
-- @treturn {[string]=number}
function interval.settings(known)
  local settings = {}

  for _, list in ipairs { defaults, known } do
    for name, value in pairs(list) do settings[name] = value end
  end
  for _, word in ipairs(arg) do
    local name, value = word:match "^([%w_]+)=(%d+)$"

    assert(settings[name], "bad argument: " .. word)
    settings[name] = tonumber(value)
  end
  return settings
end

--- Open the control port, after the script's own.
-- @tparam table options
-- @tparam table options.settings
-- @tparam function options.messages  how many there have been
-- @tparam[opt] function options.begin  called when an interval begins
-- @tparam[opt] function options.finish  called when it ends
-- @tparam[opt=false] boolean options.by_hand  the script calls `step`
-- @treturn Interval
function interval.open(options)
  local self = setmetatable(options, Interval)

  self.running, self.due = false, false
  fes.listen { port = 0, on_receive = function() self:run() end }
  fes.on_stop(function()
    self:halt()
    print(("total messages=%d"):format(self.messages()))
  end)
  return self
end

local function step_after(self, ms)
  self.timer = fes.after(ms / 1000, function()
    self.due = true
    if not self.by_hand then self:step() end
  end)
end

function Interval:run()
  if self.running then return end
  self.running = true
  if self.begin then self.begin() end
  step_after(self, self.settings.warmup_ms)
end

function Interval:halt()
  if not self.running then return end
  self.running, self.due, self.start = false, false, nil
  self.timer:stop()
  if self.finish then self.finish() end
end

--- Is it time to step?
-- @treturn boolean
function Interval:is_due()
  local limit = self.settings.messages

  return self.due or limit > 0 and self.start ~= nil
    and self.messages() - self.start.messages >= limit
end

-- os.clock is the CPU time of the whole process, user and system.
local function counts(self)
  return { messages = self.messages(), cpu = os.clock(), wall = fes.now() }
end

--- Begin to measure, or end and print the difference.
function Interval:step()
  local now, start = counts(self), self.start

  self.due = false
  if start then
    self:halt()
    print(("measured messages=%d cpu=%.6f wall=%.6f"):format(
      now.messages - start.messages, now.cpu - start.cpu,
      now.wall - start.wall))
  else
    self.start = now
    if self.settings.messages == 0 then
      step_after(self, self.settings.measure_ms)
    end
  end
end

return interval
