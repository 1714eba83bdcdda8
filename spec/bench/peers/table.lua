--- The results as tables in Markdown.
--
-- @module spec.bench.peers.table

local tables = {}

local function row(cells) return "| " .. table.concat(cells, " | ") .. " |" end

local function rows_of(head, body)
  local rule = {}

  for i = 1, #head do rule[i] = i == 1 and "---" or "---:" end

  local lines = { row(head), row(rule) }

  for _, cells in ipairs(body) do lines[#lines + 1] = row(cells) end
  return table.concat(lines, "\n") .. "\n"
end

--- A number for people: 12,300.
-- @tparam number value
-- @treturn string
function tables.number(value)
  local text = ("%.0f"):format(value)

  repeat
    local longer, changed = text:gsub("^(-?%d+)(%d%d%d)", "%1,%2")

    text = longer
  until changed == 0
  return text
end

local function name_of(result)
  return result.peer.label .. (result.nagle and " (1)" or "")
end

local function cell(found, format)
  return found and format(found) or "-"
end

local function rate_of(found) return tables.number(found.rate / 1000) end

local function times_of(found)
  return ("%.1f / %.1f / %.1f"):format(found.latency_p50 / 1000,
    found.latency_p99 / 1000, found.latency_p999 / 1000)
end

local function bytes_of(found) return tables.number(found.memory) end

local function ratio_of(found)
  return ("%.2f (%.2f to %.2f)"):format(found.ratio,
    math.min(table.unpack(found.ratios)), math.max(table.unpack(found.ratios)))
end

local function cost_of(found) return found.ratio and ratio_of(found) or "1" end

-- A column for each of some numbers of connections, and messages a turn.
local function each_way(results, options, counts, title, format)
  local head, body = { title }, {}

  for i, result in ipairs(results) do body[i] = { name_of(result) } end
  for _, connections in ipairs(counts) do
    for _, batch in ipairs(options.batches) do
      head[#head + 1] = ("%s x %d"):format(tables.number(connections), batch)
      for i, result in ipairs(results) do
        local found = result[connections] and result[connections][batch]

        table.insert(body[i], cell(found, format))
      end
    end
  end
  return rows_of(head, body)
end

local function others(results, options)
  local few, many = options.connections[1], options.connections[2]
  local first = options.batches[1]
  local head = {
    "", "bytes a connection, " .. tables.number(few),
    "p50 / p99 / p99.9, ms",
  }
  local body = {}

  if many then
    table.insert(head, 3, tables.number(many))
    head[#head + 1] = tables.number(many)
  end
  for i, result in ipairs(results) do
    local at_few = result[few] and result[few][first]
    local at_many = many and result[many] and result[many][first]

    body[i] = {
      name_of(result), cell(at_few, bytes_of), cell(at_few, times_of),
    }
    if many then
      table.insert(body[i], 3, cell(at_many, bytes_of))
      table.insert(body[i], cell(at_many, times_of))
    end
  end
  return rows_of(head, body)
end

local function growth_of(found)
  return ("%.0f KiB"):format(found.growth / 1024)
end

local function stalled(results)
  local body = {}

  for _, result in ipairs(results) do
    if not result.peer.not_stalled then
      body[#body + 1] = {
        name_of(result), cell(result.stalled, ratio_of),
        cell(result.stalled, growth_of),
      }
    end
  end
  return rows_of({ "1 % don't read", "p99 with / without", "growth" }, body)
end

local function work(options)
  local rates = {}

  for i, how in ipairs(options.how) do
    rates[i] = ("%s messages a second to %s receivers"):format(
      tables.number(how.rate), tables.number(options.connections[i]))
  end
  return ("Receivers x messages a turn; %s, all together.\n"):format(
    table.concat(rates, ", "))
end

--- Everything that was found.
-- @tparam table results  of run.lua
-- @tparam table options
-- @treturn string
function tables.render(results, options)
  local text = {
    work(options),
    each_way(results, options, options.connections,
      "thousand messages a CPU second", rate_of),
    "What a message costs, over what it costs fes just before and after.\n",
    each_way(results, options, { options.connections[1] }, "cost, fes = 1",
      cost_of),
    ("Connections that are idle; latency with %d message a turn.\n")
      :format(options.batches[1]),
    others(results, options),
    ("%s receivers, %d of them stalled, %d messages a turn.\n"):format(
      tables.number(options.connections[1]), options.stalled,
      options.stalled_batch),
    stalled(results),
  }

  for _, result in ipairs(results) do
    if result.nagle then
      text[#text + 1] = "(1) leaves Nagle's algorithm on: it is not compared."
      break
    end
  end
  return table.concat(text, "\n") .. "\n"
end

return tables
