--- A chart: for each number of messages a turn, a bar for each peer.
--
-- It is readable on a light ground and on a dark one: SVG, with colours that
-- follow the reader's.
--
-- @module spec.bench.peers.chart

local tables = require "spec.bench.peers.table"

local chart = {}

local LEFT, PANEL, GAP, TOP, LINE, BAR = 130, 200, 70, 64, 24, 15

local head = [[
<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"
     viewBox="0 0 %d %d" role="img" aria-label="%s">
<style>
  text { font: 13px sans-serif; fill: #1f2328 }
  .title { font-weight: bold }
  .name { text-anchor: end }
  .fes { fill: #1a7f37 }
  .floor { fill: #8c959f }
  .peer { fill: #4a8fd4 }
  .nagle { fill: none; stroke: #4a8fd4; stroke-dasharray: 3 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .fes { fill: #3fb950 }
    .floor { fill: #6e7681 }
    .peer { fill: #58a6ff }
    .nagle { stroke: #58a6ff }
  }
</style>
]]

local function text(x, y, class, format, ...)
  return ('<text x="%d" y="%d" class="%s">%s</text>\n'):format(x, y, class,
    format:format(...))
end

local function class_of(result)
  if result.nagle then return "nagle" end

  local own = result.peer.name

  return (own == "fes" or own == "floor") and own or "peer"
end

local function rate_of(result, connections, batch)
  local found = result[connections] and result[connections][batch]

  return found and found.rate
end

local function most(results, connections, batch)
  local top = 1

  for _, result in ipairs(results) do
    top = math.max(top, rate_of(result, connections, batch) or 0)
  end
  return top
end

local function bar(x, y, result, rate, top)
  local width = math.max(1, math.floor(PANEL * rate / top))

  return ('<rect x="%d" y="%d" width="%d" height="%d" class="%s"/>\n')
    :format(x, y, width, BAR, class_of(result))
    .. text(x + width + 5, y + 12, "value", "%s", tables.number(rate / 1000))
end

local function panel(results, connections, batch, x)
  local top = most(results, connections, batch)
  local parts = {
    text(x, TOP - 12, "title", "%d message%s a turn", batch,
      batch > 1 and "s" or ""),
  }

  for i, result in ipairs(results) do
    local rate = rate_of(result, connections, batch)
    local y = TOP + (i - 1) * LINE

    parts[#parts + 1] = rate and bar(x, y, result, rate, top)
      or text(x, y + 12, "value", "none")
  end
  return table.concat(parts)
end

--- Draw it.
-- @tparam table results  of run.lua
-- @tparam integer connections
-- @tparam {integer,...} batches
-- @treturn string the SVG
function chart.render(results, connections, batches)
  local width = LEFT + #batches * (PANEL + GAP)
  local height = TOP + #results * LINE + 14
  local title = ("Thousand messages a CPU second of the server, to %s "
    .. "receivers"):format(tables.number(connections))
  local parts = {
    head:format(width, height, width, height, title),
    text(10, 22, "title", "%s", title),
  }

  for i, result in ipairs(results) do
    parts[#parts + 1] = text(LEFT - 8, TOP + (i - 1) * LINE + 12, "name", "%s",
      result.peer.label)
  end
  for i, batch in ipairs(batches) do
    parts[#parts + 1] = panel(results, connections, batch,
      LEFT + (i - 1) * (PANEL + GAP))
  end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

return chart
