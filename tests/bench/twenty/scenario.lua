-- Twenty machines in which nothing happens: what the engine itself costs.
return {
  title = "Twenty machines",
  version = "1",
  duration = "1h",
  teams = { blue = { role = "blue", count = 20 } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    web = { team = "blue", image = "server", memory = "160M", nics = { office = "10.20.1.10" } },
  },
}
