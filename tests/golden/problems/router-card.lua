-- A router between an office and a backbone; mistakes of one kind are planted in it.
return {
  title = "Routed",
  duration = "10m",
  teams = { blue = { role = "blue", count = 2 }, red = { role = "red" } },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24", gateway = "fw" },
    backbone = { team = "red", cidr = "10.200.0.0/16" },
  },
  routers = {
    fw = {
      team = "blue",
      nics = { office = "10.20.1.1", backbone = "10.200.0.{n}" },
      zones = { inside = { "office" }, outside = { "backbone" } },

    },
  },
  machines = {
    web = { team = "blue", image = "server", nics = { office = { address = "10.20.1.10", dhcp = true, vlan = 10, address6 = "fd00:1::1" } } },
    attacker = { team = "red", image = "attacker", nics = { backbone = "10.200.255.66" } },
  },
  services = {
    site = { check = { http = { on = "web" } } },
  },
  steps = {
    fetch = {
      attack = { domain = "enterprise", version = "18.1", id = "T1190" },
      from = "attacker", to = "web", act = { { "curl", "${to}" } },
      effect = { file = { on = "attacker", path = "/root/x" } },
      blocked_by = { counter = { on = "fw", rule = "web" } },
      probe = { ping = { on = "web" } },
    },
  },
}
