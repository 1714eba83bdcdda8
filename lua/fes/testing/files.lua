--- Temporary directories, and what processes write into them.
--
-- @module fes.testing.files

local uv = require "luv"

local files = {}

--- Make a new, empty directory. Everyone may read it, so that a program that
-- gives up its privileges still finds its script there.
-- @treturn string its absolute path
function files.directory()
  local path = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/fes-XXXXXX"))

  assert(uv.fs_chmod(path, tonumber("755", 8)))
  return path
end

--- Write a file, in place of one that may be there.
-- @tparam string path
-- @tparam string text
-- @treturn string the path
function files.write(path, text)
  local file = assert(io.open(path, "wb"))

  assert(file:write(text))
  assert(file:close())
  return path
end

--- Remove a directory with all that is in it. One that is gone already is
-- fine.
-- @tparam string path
function files.remove(path)
  local entries = uv.fs_scandir(path)

  if not entries then return end
  for name, kind in uv.fs_scandir_next, entries do
    local entry = path .. "/" .. name

    if kind == "directory" then files.remove(entry) else uv.fs_unlink(entry) end
  end
  uv.fs_rmdir(path)
end

local Output = {}
Output.__index = Output

--- Make a file that a process is to write to. It can't fill up and block the
-- process, as a pipe would. Descriptors made here are closed on exec.
-- @tparam string path
-- @treturn Output `output.fd` is for the process; see @{Output:started}
function files.output(path)
  return setmetatable({
    fd = assert(uv.fs_open(path, "a", tonumber("644", 8))),
    source = assert(uv.fs_open(path, "r", 0)),
    text = "",
    expected = 1, -- where the next match may begin
  }, Output)
end

--- The process has its copy of `fd`; ours is not needed any more.
function Output:started()
  uv.fs_close(self.fd)
end

--- All that was written so far.
-- @treturn string
function Output:read()
  while self.source do
    local new = assert(uv.fs_read(self.source, 65536, #self.text))

    if new == "" then break end
    self.text = self.text .. new
  end
  return self.text
end

--- Look for a pattern behind the previous match, in whole lines only: the
-- last one may still be in the making, unless all is written.
-- @tparam string pattern
-- @tparam boolean complete  nothing more is coming
-- @return the captures, or the match; nil if there is none
function Output:match(pattern, complete)
  local text = self:read()
  local last = complete and #text or text:match "^.*()\n" or 0
  local found = table.pack(text:sub(1, last):find(pattern, self.expected))

  if not found[1] then return nil end
  self.expected = found[2] + 1
  if found.n == 2 then return text:sub(found[1], found[2]) end
  return table.unpack(found, 3, found.n)
end

--- What the next match will look at.
-- @treturn string
function Output:rest()
  return self:read():sub(self.expected)
end

--- Keep the text, let the file go. Once or many times.
function Output:close()
  if not self.source then return end
  self:read()
  uv.fs_close(self.source)
  self.source = nil
end

return files
