-- A small plant; one mistake is planted in it.
return {
  title = "Plant",
  version = "1",
  duration = "10m",
  teams = {
    blue = { role = "blue", count = 2 },
    red = { role = "red" },
  },
  networks = {
    office = { team = "blue", cidr = "10.1.0.0/24", gateway = "gate" },
    scada = { team = "blue", cidr = "10.2.0.0/24", gateway = "gate" },
  },
  machines = {
    gate = {
      team = "blue", image = "server", forward = true,
      nics = { office = "10.1.0.1", scada = "10.2.0.1" },
    },
    web = {
      team = "blue",
      image = "server",
      memory = "160M",
      nics = { office = "10.1.0.10" },
      files = { ["/etc/motd"] = "hello\n" },
    },
    hmi = {
      team = "blue",
      image = "plc",
      nics = {
        scada = "10.2.0.10",
      },
    },
    attacker = { team = "red", image = "attacker", nics = { office = "10.1.0.66" } },
  },
  services = {
    site = { every = 15, check = { http = { on = "web", path = "/" } } },
    level = { every = 15,
              check = { modbus = { on = "hmi", table = "input", address = 0, min = 1, max = 9 } } },
  },
  steps = {
    recon = {
      attack = { domain = "enterprise", version = "18.1", id = "T1046" },
      from = "attacker",
      to = "web",
      act = { { "nmap", "-sT", "${to}" } },
      effect = { file = { on = "attacker", path = "/root/scan", contains = "open" } },
      probe = { tcp = { on = "web", port = 80 } },
    },
    write = {
      attack = { domain = "ics", version = "18.1", id = "T0836" },
      from = "attacker", to = "hmi", needs = "recon",
      act = { { "mbpoll", "${hmi}" } },
      effect = { modbus = { on = "hmi", table = "holding", address = 0, min = 400 } },
      probe = { ping = { on = "hmi" } },
    },
  },
  players = {
    north = { team = "blue1", at = "5s", play = function(range, me)
      me:machine("web"):exec { "true" }
    end },
  },
  timeline = {
    { at = "20s", manual = true, step = "recon" },
    { at = "1m", step = "write", team = "blue2" },
    { at = "9m", note = "One minute left" },
  },
}
