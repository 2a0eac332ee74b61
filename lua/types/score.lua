---@meta
-- score.lua - types of score = … in a scenario, for the Lua language server; nothing here runs.

---@class sandtable.Model
---@field model string "uptime", "steps", "faust" …: `sandtable rescore --models` lists them
---@field weight? number times this, default 1
---@field max? number what the model can give at most: its points count as weight · 100 · points / max
---@field from? string of the model "custom": its file, which returns a sandtable.ScoreRule
---@field [string] number|string|boolean settings of the model

---What the file of a model "custom" returns.
---@class sandtable.ScoreRule
---@field parts? string[] what its points are called, 1 to 6; default { "custom" }
---@field events string[] kinds of events that it reads: "check.ok", "flag.*"
---@field score fun(event: sandtable.ScoreEvent, give: fun(team: string, part: string, points: number, why?: string, credited?: sandtable.ScoreEvent|integer), settings: table<string, number|string>)

---@class sandtable.ScoreEvent
---@field seq integer from 1
---@field at_us integer exercise time in microseconds
---@field kind string
---@field team string a team's id, or ""
---@field subject string
---@field body table as docs/events.md says
