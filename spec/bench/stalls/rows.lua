--- The rows of the bench of stalls.
--
-- A row has a `name`, the text `what`, a `unit`, the figure `before` (of the
-- program on which the targets were set; a number or a word), a `target`, which
-- is the most allowed (or "idle": one and a half times the idle value), perhaps
-- the number of `clients` that it needs descriptors for, perhaps `impossible`,
-- which returns why it cannot be measured, and a function `measure`. It takes a
-- function that scales a number down where a run only shows that it works, and
-- returns the figure, its idle value or nil, and nil or what was not done: then
-- the figure does not count.
--
-- @module spec.bench.stalls.rows

local rows = {}

local by_name = {}

for _, part in ipairs { "script", "clients", "queues", "topics", "outgoing" } do
  for _, row in ipairs(require("spec.bench.stalls.rows_" .. part)) do
    rows[#rows + 1] = row
    by_name[row.name] = row
  end
end

--- Find a row.
-- @tparam string name
-- @treturn table or nil
function rows.find(name) return by_name[name] end

return rows
