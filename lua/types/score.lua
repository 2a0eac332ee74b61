---@meta
-- score.lua - types of score = … in a scenario, for the Lua language server; nothing here runs.

---@class sandtable.Model
---@field model string "uptime", "steps", "faust" …: `sandtable rescore --models` lists them
---@field weight? number times this, default 1
---@field max? number what the model can give at most: its points count as weight · 100 · points / max
---@field [string] number|string|boolean settings of the model
