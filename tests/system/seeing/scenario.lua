-- Two machines on a network whose packets are kept; one has a screen.
return {
  title = "Seeing",
  version = "1",
  duration = "10m",
  teams = {
    blue = { role = "blue", count = 1 },
    red = { role = "red" },
  },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24", capture = { keep = "5m", size = "8M" } },
    back = { team = "red", cidr = "10.20.9.0/24" },
  },
  machines = {
    web = { team = "blue", image = "server", memory = "160M", display = true,
            nics = { office = "10.20.1.10" } },
    mole = { team = "red", image = "server", memory = "160M",
             nics = { office = "10.20.1.66", back = "10.20.9.66" } },
  },
  services = {
    site = { title = "Web site", points = 1, every = 5, sla = { after = 3, penalty = 1 },
             check = { http = { on = "web", path = "/" } } },
  },
  steps = {
    knock = {
      title = "Look at the web site",
      attack = { domain = "enterprise", version = "18.1", id = "T1595" },
      from = "mole", to = "web", limit = "30s",
      act = { { "curl", "-s", "-o", "/root/page.html", "http://${to}/knock-knock" } },
      effect = { file = { on = "mole", path = "/root/page.html", contains = "404" } },
      probe = { tcp = { on = "web", port = 80 } },
      points = { effect = 1, blocked = 1 },
    },
  },
  timeline = { { at = "1s", step = "knock" } },
}
