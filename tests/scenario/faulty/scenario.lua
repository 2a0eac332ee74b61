-- Two teams and a reference, two services: whose fault is a failed look?

return {
  title = "Faulty",
  version = "1",
  duration = "3m",
  teams = {
    blue = { role = "blue", count = 2, reference = true },
    red = { role = "red" },
  },
  networks = { lan = { team = "blue", cidr = "10.1.0.0/24" } },
  machines = {
    web = { team = "blue", image = "server", memory = "128M", nics = { lan = "10.1.0.10" } },
    attacker = { team = "red", image = "attacker", memory = "128M", nics = { lan = "10.1.0.66" } },
  },
  services = {
    site = { title = "Site", points = 1, every = 10, check = { http = { on = "web", path = "/" } } },
    shell = { title = "Shell", points = 1, every = 10, check = { ssh = { on = "web" } } },
  },
  steps = {
    open = {
      title = "Open",
      attack = { domain = "enterprise", version = "18.1", id = "T1046" },
      from = "attacker",
      to = "web",
      limit = "5s",
      within = "2s",
      act = { { "open", "${to}" } },
      probe = { tcp = { on = "web", port = 80 } },
      effect = { file = { on = "attacker", path = "/root/open", contains = "yes" } },
      points = { effect = 10, blocked = 10 },
    },
  },
  players = {
    harden = {
      team = "blue",
      title = "Says who there is",
      at = "1s",
      play = function(range)
        for _, team in ipairs(range.teams()) do
          range.note("team " .. team)
        end
      end,
    },
  },
  timeline = {
    { at = "5s", step = "open" },
  },
}
