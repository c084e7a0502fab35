-- SPDX-License-Identifier: MIT
-- trees.lua SCALE - trees of tables, strings joined and dropped; the collector frees them.
local scale = tonumber(arg[1])
local kept, length = {}, 0
for round = 1, 6 do
  local nodes = {}
  for i = 1, scale * 40 do nodes[i] = {id = i, name = "node" .. i, children = {}} end
  for i = 2, #nodes do
    local siblings = nodes[i // 2].children
    siblings[#siblings + 1] = nodes[i]
  end
  local names = {}
  for i = 1, #nodes, 3 do names[#names + 1] = nodes[i].name .. ":" .. #nodes[i].children end
  length = length + #table.concat(names, ",")
  kept[round % 3] = nodes
end
print(length, kept[0][1].id)
