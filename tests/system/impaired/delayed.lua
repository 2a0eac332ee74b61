-- delayed.lua - one machine whose link is late; for a kernel with netem.
return {
  title = "A late line",
  duration = "10m",
  teams = { blue = { role = "blue" } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    web = { team = "blue", image = "plc", memory = "128M", nics = { office = "10.20.1.10" } },
  },
  timeline = {
    { at = "1m", impair = { machine = "web", delay = "40ms" } },
  },
}
