--- What the kernel tells of a process.
--
-- @module spec.bench.process

local uv = require "luv"

local process = {}

local function read(format, pid)
  local file = io.open(format:format(pid))
  local text = file and file:read "a"

  if file then file:close() end
  return text
end

-- Its processes: itself, and its children, theirs too.
local function family(pid, all)
  all = all or {}
  all[#all + 1] = pid

  local children = read("/proc/%d/task/" .. pid .. "/children", pid) or ""

  for child in children:gmatch "%d+" do family(tonumber(child), all) end
  return all
end

local function sum(pid, fn)
  local total = 0

  for _, each in ipairs(family(pid)) do total = total + (fn(each) or 0) end
  return total
end

-- Of each thread, in nanoseconds; /proc/PID/stat tells hundredths of a second,
-- which is too coarse for what takes a few of them.
local function cpu_of(pid)
  local total = 0
  local threads = uv.fs_scandir(("/proc/%d/task"):format(pid))

  for thread in uv.fs_scandir_next, threads do
    local stat = read("/proc/%d/task/" .. thread .. "/schedstat", pid)

    total = total + (tonumber((stat or ""):match "^%d+") or 0)
  end
  return total / 1e9
end

-- Exact, where VmRSS of /proc/PID/status may lag behind by some pages.
local function resident_of(pid)
  local rollup = read("/proc/%d/smaps_rollup", pid) or ""
  local kilobytes = rollup:match "\nRss:%s*(%d+) kB"

  return kilobytes and tonumber(kilobytes) * 1024
end

--- CPU seconds that a process and its children have taken, user and system,
-- all threads that are still there.
-- @tparam integer pid
-- @treturn number
function process.cpu(pid) return sum(pid, cpu_of) end

--- Resident bytes of a process and its children.
-- @tparam integer pid
-- @treturn integer
function process.resident(pid) return sum(pid, resident_of) end

--- Resident bytes, once they have not changed for a while.
-- @tparam integer pid
-- @tparam function pause  takes seconds
-- @treturn integer
function process.settled(pid, pause)
  local last, same = process.resident(pid), 0

  for _ = 1, 50 do
    pause(0.1)

    local bytes = process.resident(pid)

    same = bytes == last and same + 1 or 0
    last = bytes
    if same == 5 then break end
  end
  return last
end

return process
