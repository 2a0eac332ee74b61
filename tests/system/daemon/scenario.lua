-- What a libvirt daemon's networks and machines can be: two teams with the same addresses; a network
-- with DHCP, names and isolated cards; a data disk; a disk of one's own, with UEFI and no system.
return {
  title = "On a daemon",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue", count = 2 }, red = { role = "red" } },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24" },
    den = { team = "red", cidr = "10.20.2.0/24", dhcp = true, dns = true, isolate = true },
  },
  machines = {
    web = { team = "blue", image = "server", memory = "160M", nics = { office = "10.20.1.10" } },
    xena = { team = "red", image = "plc", display = true,
             nics = { den = { address = "10.20.2.11", dhcp = true } } },
    yoko = { team = "red", image = "plc", disk = "64M", nics = { den = "10.20.2.12" } },
    zero = { team = "red", image = "test-daemon-disk", nics = { den = "10.20.2.13" } },
  },
  services = {
    site = { title = "Web site", points = 1, every = 5, sla = { after = 3, penalty = 1 },
             check = { http = { on = "web", path = "/" } } },
  },
}
