---@meta
-- values.lua - topics, pools and bockets, described for the Lua language server
--
-- luacheck: ignore 212 241

-------------------------------------------------------------------------- topic

---@class fes.TopicOptions
---@field retain? boolean keep the last message of each key (default false)

---@class fes.Topic
---@field name string
local Topic = {}

---Queue data for every subscriber but `except`.
---@param data string
---@param key? string|integer
---@param except? fes.Conn
---@return integer? subscribers how many it is for
---@return "full"? code the store of kept messages has no room
function Topic:publish(data, key, except) end

---@return integer subscribers
function Topic:count() end

---@return fun(): fes.Conn?
function Topic:subscribers() end

---@param key? string|integer
---@return string? data
function Topic:last(key) end

---Forget what is kept, of one key or of all.
---@param key? string|integer
function Topic:clear(key) end

---@param policy? fes.Overflow
function Topic:set_overflow(policy) end

--------------------------------------------------------------------------- pool

---@class fes.Pool
---@field number integer of bockets
---@field size integer bytes in each
local Pool = {}

---@return fes.Bocket? bocket nil: none is left
function Pool:checkout() end

---@param bocket fes.Bocket of this pool, checked out
function Pool:checkin(bocket) end

---@return integer free
function Pool:count() end

---Dispose of all of it, checked out or not. Again: no effect.
function Pool:close() end

---@class fes.Bocket
---@field offset integer where its slice begins in the slab, bytes
local Bocket = {}

---@param data string
---@param offset? integer bytes (default 0)
function Bocket:write(data, offset) end

---@param offset? integer bytes (default 0)
---@param n? integer bytes at most (default: all that follow)
---@return string data what has been written there
function Bocket:read(offset, n) end
