-- What a resume has to bring back, in one short exercise: steps that take effect, are blocked, need
-- each other and are undone; notes; functions that ask for steps; checks that fail for a while.

local function harden(range, me)
  local web = me:machine("web")
  web:write("/root/hardened", "yes\n")
  range.sleep(7)
  web:exec { "harden" }
  local verdict = range.step("mine", me.team)
  range.note("mine: " .. verdict)
  range.sleep(20)
  web:exec { "polish" }
end

local function errand(range, me)
  local first = range.step("errand", me.team)
  range.sleep(6)
  range.note("errand: " .. first)
end

local function step(fields)
  fields.title = fields.title or "A step"
  fields.attack = { domain = "enterprise", version = "18.1", id = "T1046" }
  fields.from, fields.to = "attacker", "web"
  fields.limit, fields.within = "5s", "3s"
  fields.probe = { tcp = { on = "web", port = 80 } }
  fields.effect = fields.effect or { file = { on = "attacker", path = "/root/never", contains = "x" } }
  fields.points = { effect = 10, blocked = 7 }
  return fields
end

local function leaves(name)
  return { file = { on = "attacker", path = "/root/" .. name, contains = "yes" } }
end

return {
  title = "Resumed",
  version = "1",
  duration = "75s",
  seed = 11,
  teams = {
    blue = { role = "blue", count = 1 },
    red = { role = "red" },
  },
  networks = { lan = { team = "blue", cidr = "10.1.0.0/24" } },
  machines = {
    web = { team = "blue", image = "server", memory = "128M", nics = { lan = "10.1.0.10" } },
    attacker = { team = "red", image = "attacker", memory = "128M", nics = { lan = "10.1.0.66" } },
  },
  services = {
    site = { title = "Site", points = 1, every = 10, sla = { after = 2, penalty = 5 },
             check = { http = { on = "web", path = "/" } } },
    shell = { title = "Shell", points = 2, every = 15, check = { tcp = { on = "web", port = 22 } } },
  },
  steps = {
    open = step { act = { { "open" }, { "look" } }, effect = leaves("open"),
                  undo = { { "close" } } },
    second = step { needs = "open", act = { { "second" } }, effect = leaves("second") },
    log = step { act = { { "log" } },
                 blocked_by = { file = { on = "web", path = "/var/log/deny", contains = "denied" } } },
    early = step { act = { { "early" } }, effect = leaves("early") },
    mine = step { act = { { "mine" } }, effect = leaves("mine") },
    errand = step { act = { { "errand" } }, effect = leaves("errand") },
  },
  players = {
    harden = { team = "blue1", title = "Hardens", at = "1s", play = harden },
  },
  timeline = {
    { at = "5s", note = "it begins" },
    { at = "12s", step = "open" },
    { at = "22s", step = "second" },
    { at = "25s", team = "blue1", run = errand },
    { at = "30s", step = "log" },
    { at = "45s", step = "open", undo = true },
    { at = "55s", note = "soon over" },
    { at = "70s", step = "early" },
  },
}
