-- One machine whose link is slow from the start, and dead for a while; for a kernel without netem.
return {
  title = "A slow line",
  duration = "10m",
  teams = { blue = { role = "blue" } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    web = { team = "blue", image = "plc", memory = "128M", nics = { office = "10.20.1.10" } },
  },
  services = {
    line = { every = "2s", check = { ping = { on = "web", timeout = "1s" } } },
  },
  links = {
    { machine = "web", out = { rate = "4mbit" } },
  },
}
