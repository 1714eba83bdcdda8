---@meta
-- values.lua - topics, pools and bockets, annotated for the Lua language server
--
-- luacheck: ignore 212 241

-------------------------------------------------------------------------- topic

---@class fes.TopicOptions
---@field retain? boolean retain the last message of each key (default false)

---@class fes.Topic
---@field name string
local Topic = {}

---Queue data for every subscriber, without `except`.
---@param data string
---@param key? string|integer
---@param except? fes.Conn
---@return integer? subscribers their number
---@return "full"? code no space to retain the message
function Topic:publish(data, key, except) end

---@return integer subscribers
function Topic:count() end

---@return fun(): fes.Conn?
function Topic:subscribers() end

---The last message of a key, if the topic stores it.
---@param key? string|integer
---@return string? data
function Topic:last(key) end

---Forget the stored message of one key, or of all; nothing is sent.
---@param key? string|integer
function Topic:clear(key) end

---Set a policy for its subscribers; nil removes it.
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

---@return integer free bockets
function Pool:count() end

---Free the slab, with bockets checked out or not. No effect on a closed pool.
function Pool:close() end

---@class fes.Bocket
---@field offset integer where the bocket begins in the slab, bytes
local Bocket = {}

---@param data string
---@param offset? integer bytes (default 0)
function Bocket:write(data, offset) end

---@param offset? integer bytes (default 0)
---@param n? integer bytes at most (default: all that follow)
---@return string data the bytes written there
function Bocket:read(offset, n) end
