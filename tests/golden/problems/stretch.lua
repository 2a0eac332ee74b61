-- Networks that cannot reach into another exercise.
return {
  title = "Stretched",
  duration = "10m",
  teams = { blue = { role = "blue", count = 2 } },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24", stretch = 7, dhcp = true },
    plant = { team = "blue", cidr = "10.20.2.0/24", stretch = -1 },
    floor = { team = "blue", cidr = "10.20.3.0/24", stretch = 16777215, isolate = true },
  },
  machines = {
    web = { team = "blue", image = "server", nics = { office = "10.20.1.10" } },
  },
}
