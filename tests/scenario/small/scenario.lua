-- One team, one attacker: what the tests of run/ need, and no more.

local function clumsy()
  error("tripped over a cable")
end

local function astray(range)
  local verdict, failure = range.step("open", "red")
  range.note(verdict or failure.code)
end

local function step(fields)
  fields.title = fields.title or "A step"
  fields.attack = { domain = "enterprise", version = "18.1", id = "T1046" }
  fields.from, fields.to = "attacker", "web"
  fields.limit, fields.within = "5s", "2s"
  fields.probe = { tcp = { on = "web", port = 80 } }
  fields.effect = fields.effect or { file = { on = "attacker", path = "/root/never", contains = "x" } }
  fields.points = { effect = 10, blocked = 10 }
  return fields
end

return {
  title = "Small",
  version = "1",
  duration = "2m",
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
    site = { title = "Site", points = 1, every = 10, check = { http = { on = "web", path = "/" } } },
  },
  steps = {
    open = step {
      act = { { "open", "${to}" } },
      effect = { file = { on = "attacker", path = "/root/open", contains = "yes" } },
      undo = { { "close", "${to}" } },
    },
    second = step { needs = "open", act = { { "second" } } },
    log = step {
      act = { { "log" } },
      blocked_by = { log = { on = "web", path = "/var/log/auth.log", contains = "denied" } },
    },
    count = step {
      act = { { "count" } },
      blocked_by = { grew = { on = "web", argv = { "counter" } } },
    },
  },
  players = {
    clumsy = { team = "blue1", title = "Fails", at = "1s", play = clumsy },
    astray = { team = "blue1", title = "Asks for too much", at = "2s", play = astray },
  },
  timeline = {
    { at = "10s", step = "open" },
    { at = "20s", step = "second" },
    { at = "30s", step = "log" },
    { at = "40s", step = "count" },
    { at = "60s", step = "open", undo = true },
  },
}
