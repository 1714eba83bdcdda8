--- Temporary directories, and files that processes write into them.
--
-- @module fes.testing.files

local uv = require "luv"

local files = {}

--- Make a new, empty directory. All users may read it, so that a program that
-- gives up its privileges can still read its script.
-- @treturn string its absolute path
function files.directory()
  local path = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/fes-XXXXXX"))

  assert(uv.fs_chmod(path, tonumber("755", 8)))
  return path
end

--- Write a file. Replaces an existing one.
-- @tparam string path
-- @tparam string text
-- @treturn string the path
function files.write(path, text)
  local file = assert(io.open(path, "wb"))

  assert(file:write(text))
  assert(file:close())
  return path
end

--- Remove a directory with its contents. No error if it does not exist.
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

--- Make a file for the output of a process. Unlike a pipe, it cannot fill up
-- and block the process. Its descriptors are closed on exec.
-- @tparam string path
-- @treturn Output `output.fd` is for the process; see @{Output:started}
function files.output(path)
  return setmetatable({
    fd = assert(uv.fs_open(path, "a", tonumber("644", 8))),
    source = assert(uv.fs_open(path, "r", 0)),
    text = "",
    expected = 1, -- offset where the next match may begin
  }, Output)
end

--- Close `fd`: the process has its own copy.
function Output:started()
  uv.fs_close(self.fd)
end

--- Everything that was written so far.
-- @treturn string
function Output:read()
  while self.source do
    local new = assert(uv.fs_read(self.source, 65536, #self.text))

    if new == "" then break end
    self.text = self.text .. new
  end
  return self.text
end

--- Look for a pattern after the previous match, in complete lines only: the
-- process may still be writing the last one.
-- @tparam string pattern
-- @tparam boolean complete  the process has ended: the last line counts too
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

--- The text after the previous match.
-- @treturn string
function Output:rest()
  return self:read():sub(self.expected)
end

--- Read the rest of the file and close it. The text can still be read. May be
-- called more than once.
function Output:close()
  if not self.source then return end
  self:read()
  uv.fs_close(self.source)
  self.source = nil
end

return files
