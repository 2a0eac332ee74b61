-- A team with two machines that will compute, beside another team's server.
return {
  title = "Miners",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue" }, red = { role = "red" } },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24" },
    pit = { team = "red", cidr = "10.20.2.0/24" },
  },
  machines = {
    api = { team = "blue", image = "server", memory = "160M", nics = { office = "10.20.1.10" } },
    mole = { team = "red", image = "server", memory = "160M", nics = { pit = "10.20.2.11" } },
    vole = { team = "red", image = "server", memory = "160M", nics = { pit = "10.20.2.12" } },
  },
  services = {
    site = { title = "Web site", points = 1, every = 6, sla = { after = 3, penalty = 1 },
             check = { http = { on = "api", path = "/", timeout = 6 } } },
  },
}
