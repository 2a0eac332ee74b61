-- Attacks whose commands may be cut off, and every kind of evidence against them.

local log = { log = { on = "web", path = "/var/log/auth.log", contains = "denied" } }
local grew = { grew = { on = "web", argv = { "counter" } } }

local function step(blocked_by, act)
  return {
    title = "A step",
    attack = { domain = "enterprise", version = "18.1", id = "T1110" },
    from = "attacker", to = "web", limit = "5s", within = "2s",
    act = act or { { "try", "${to}" } },
    effect = { file = { on = "attacker", path = "/root/in", contains = "yes" } },
    probe = { tcp = { on = "web", port = 80 } },
    blocked_by = blocked_by,
  }
end

return {
  title = "Cut off",
  version = "1",
  duration = "3m",
  teams = {
    blue = { role = "blue", count = 1 },
    red = { role = "red" },
  },
  networks = { lan = { team = "blue", cidr = "10.1.0.0/24" } },
  routers = {
    fw = {
      team = "blue", nics = { lan = "10.1.0.1" }, zones = { inside = { "lan" } },
      rules = { { name = "no-way", action = "drop", from = "inside" } },
    },
  },
  machines = {
    web = { team = "blue", image = "server", memory = "128M", nics = { lan = "10.1.0.10" } },
    attacker = { team = "red", image = "attacker", memory = "128M", nics = { lan = "10.1.0.66" } },
  },
  steps = {
    line = step(log),
    number = step(grew),
    rule = step { counter = { on = "fw", rule = "no-way" } },
    either = step { any = { log, grew } },
    lines = step { any = { log, { log = { on = "web", path = "/var/log/auth.log", contains = "try" } } } },
    both = step { all = { log, grew } },
    closed = step { no = { tcp = { on = "web", port = 81 } } },
    silent = step { no = { log = { on = "web", path = "/var/log/auth.log", contains = "accepted" } } },
    bare = step(nil),
    late = step(log, { { "slow" }, { "never" } }),
  },
  timeline = {
    { at = "10s", step = "line" },
    { at = "20s", step = "number" },
    { at = "30s", step = "rule" },
    { at = "40s", step = "either" },
    { at = "50s", step = "lines" },
    { at = "60s", step = "both" },
    { at = "70s", step = "closed" },
    { at = "80s", step = "silent" },
    { at = "90s", step = "bare" },
    { at = "100s", step = "late" },
  },
}
