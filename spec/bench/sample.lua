--- Some measurements of one thing, and what can be said of them.
--
-- @module spec.bench.sample

local sample = {}

--- The value in the middle; the mean of both, if there are two.
-- @tparam {number,...} values
-- @treturn number
function sample.median(values)
  local sorted = table.move(values, 1, #values, 1, {})
  local half = #sorted // 2

  table.sort(sorted)
  if #sorted % 2 == 1 then return sorted[half + 1] end
  return (sorted[half] + sorted[half + 1]) / 2
end

--- What each value of one list is to the mean of its neighbours in another:
-- of those before and after it. A machine that grows slower or faster while it
-- is measured does so for both.
-- @tparam {number,...} values  n of them
-- @tparam {number,...} around  n + 1
-- @treturn {number,...}
function sample.ratios(values, around)
  local ratios = {}

  for i, value in ipairs(values) do
    ratios[i] = value / ((around[i] + around[i + 1]) / 2)
  end
  return ratios
end

return sample
