-- The smallest exercise that has everything a kill could leave behind: two teams, two machines.
return {
  title = "Two machines",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue", count = 2 } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    web = { team = "blue", image = "server", memory = "160M", nics = { office = "10.20.1.10" } },
  },
  services = {
    site = { title = "Web site", points = 1, every = 5, sla = { after = 3, penalty = 1 },
             check = { http = { on = "web", path = "/" } } },
  },
}
