-- One machine with a disk of its own.
return {
  title = "Kept",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue" } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    safe = { team = "blue", image = "plc", memory = "128M", disk = "64M",
             nics = { office = "10.20.1.10" } },
  },
}
