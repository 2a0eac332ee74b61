---@meta
-- exam.lua - types of exam = { … } in a scenario, for the Lua language server; nothing here runs.

---@class (exact) sandtable.Exam
---@field candidates string a group with the role "blue"
---@field duration sandtable.Time on the candidate's clock, before extra time
---@field pass? integer per cent of all points, default 60
---@field attempts? integer of questions that do not say; default 3, 0: any number
---@field two_persons? boolean extra time needs a second person; default true
---@field feedback? boolean candidates are told what was right; default true
---@field prefix? string of secrets, default "FLAG"
---@field skills? table<string, sandtable.Skill>
---@field questions table<string, sandtable.Question>

---@class (exact) sandtable.Skill
---@field title? string
---@field pass? integer per cent of its questions' points

---@class (exact) sandtable.Variant
---@field ask? string what the candidate reads
---@field choice? string[] 2 to 20
---@field answer? string the right one of choice
---@field value? number
---@field tolerance? number
---@field secret? boolean the candidate's own
---@field file? sandtable.AnswerFile
---@field effect? sandtable.Condition about the candidates' machines
---@field values? table<string, string> for @{QUESTION.NAME} in files and setup

---@class (exact) sandtable.AnswerFile
---@field sha256? string
---@field pattern? string a regular expression

---@class (exact) sandtable.Window
---@field from? sandtable.Time
---@field to? sandtable.Time

---@class (exact) sandtable.Question: sandtable.Variant
---@field title? string
---@field skill? string
---@field points? integer default 10
---@field attempts? integer 0: any number
---@field window? sandtable.Window on the candidate's clock
---@field variants? sandtable.Variant[] each candidate gets one
