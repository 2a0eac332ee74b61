-- What a libvirt daemon's networks can do: two teams with the same addresses, DHCP, names, isolation.
return {
  title = "On a daemon",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue", count = 2 } },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24", dns = true, dhcp = true, isolate = true },
  },
  machines = {
    web = {
      team = "blue", image = "server", memory = "160M",
      nics = { office = { address = "10.20.1.10", dhcp = true } },
    },
  },
  services = {
    site = { title = "Web site", points = 1, every = 5, sla = { after = 3, penalty = 1 },
             check = { http = { on = "web", path = "/" } } },
  },
}
