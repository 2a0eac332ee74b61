-- Half of two exercises that share a network: the test writes each one's own numbers for the words
-- in capitals.
return {
  title = "Stretched",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue" } },
  networks = {
    backbone = { team = "blue", cidr = "10.9.0.0/24", checker = "10.9.0.CHECKER", stretch = 700 },
    home = { team = "blue", cidr = "10.20.1.0/24" },
  },
  machines = {
    box = { team = "blue", image = "plc", nics = { backbone = "10.9.0.ME", home = "10.20.1.ME" } },
  },
}
