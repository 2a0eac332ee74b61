-- Two teams and one attacker: what a reset or a restore of one team must not touch is the other.

local function diligent(_, me)
  me:machine("web"):write("/root/work", "done\n")
end

local function keeper(range, me)
  assert(range.checkpoint { label = "kept", team = me.team })
  me:machine("web"):write("/root/scrap", "x")
  assert(range.restore { label = "kept" })
  local again, failure = range.checkpoint { label = "kept" }
  range.note(again and "twice" or failure.message)
  assert(me:machine("store"):reset())
  assert(range.reset(me.team))
  range.note("all done")
end

local function step(name)
  return {
    title = name,
    attack = { domain = "enterprise", version = "18.1", id = "T1046" },
    from = "attacker",
    to = "web",
    limit = "5s",
    within = "2s",
    act = { { name, "${to}" } },
    effect = { file = { on = "web", path = "/root/" .. name, contains = "yes" } },
    probe = { tcp = { on = "web", port = 80 } },
    points = { effect = 10, blocked = 10 },
  }
end

local second = step "second"
second.needs = "open"

return {
  title = "Back and forth",
  version = "1",
  duration = "5m",
  teams = {
    blue = { role = "blue", count = 2 },
    red = { role = "red" },
  },
  networks = { lan = { team = "blue", cidr = "10.1.0.0/24" } },
  machines = {
    web = {
      team = "blue",
      image = "server",
      memory = "128M",
      nics = { lan = "10.1.0.10" },
      files = { ["/etc/first"] = "as at the beginning" },
    },
    store = { team = "blue", image = "server", memory = "128M", nics = { lan = "10.1.0.11" } },
    attacker = { team = "red", image = "attacker", memory = "128M", nics = { lan = "10.1.0.66" } },
  },
  services = {
    site = {
      title = "Site",
      points = 1,
      every = 5,
      sla = { after = 3, penalty = 2 },
      check = { http = { on = "web", path = "/" } },
    },
    shelf = { title = "Shelf", points = 1, every = 5, check = { http = { on = "store", path = "/" } } },
  },
  steps = { open = step "open", second = second },
  players = {
    diligent = { team = "blue1", title = "Works", at = "50s", play = diligent },
    keeper = { team = "blue2", title = "Tries it all", at = "200s", play = keeper },
  },
  timeline = {
    { at = "40s", step = "open" },
    { at = "60s", step = "second" },
    { at = "2m", note = "half time" },
  },
}
