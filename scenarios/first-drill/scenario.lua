-- First drill: two harbour offices, one attacker, five minutes.
-- One team's player hardens its machines in time, the other's does not.

local weak = "harbour"        -- the planted password, in the attacker's word list
local strong = "rQ7-pilot-lamp-31"

return {
  title = "First drill",
  version = "1",
  duration = "5m",
  seed = 7,

  teams = {
    blue = { role = "blue", count = 2, titles = { "Harbour North", "Harbour South" } },
    red  = { role = "red", titles = { "Red cell" } },
  },

  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24", gateway = "gate" },
    plant  = { team = "blue", cidr = "10.20.2.0/24", gateway = "gate" },
  },

  machines = {
    web = {
      team = "blue", image = "server", memory = "160M",
      nics = { office = "10.20.1.10" },
      files = {
        ["/var/www/html/index.html"] = "<h1>Harbour office</h1>\n<p>Berths, tides and pilots.</p>\n",
      },
      setup = {
        { "useradd", "-m", "-s", "/bin/bash", "clerk" },
        { "sh", "-c", "echo clerk:" .. weak .. " | chpasswd" },
        { "chown", "-R", "clerk", "/var/www/html" },
      },
    },
    gate = {
      team = "blue", image = "server", memory = "160M", forward = true,
      nics = { office = "10.20.1.1", plant = "10.20.2.1" },
    },
    plc = {
      team = "blue", image = "plc", memory = "128M",
      nics = { plant = "10.20.2.10" },
    },
    attacker = {
      team = "red", image = "attacker", memory = "192M",
      nics = { office = "10.20.1.66" },
      files = {
        ["/root/users.txt"] = "admin\nroot\nclerk\n",
        ["/root/words.txt"] = "123456\npassword\nletmein\n" .. weak .. "\nsummer\n",
      },
    },
  },

  services = {
    site  = { title = "Web site", points = 5, every = 15, sla = { after = 3, penalty = 10 },
              check = { http = { on = "web", path = "/", contains = "Harbour office" } } },
    ssh   = { title = "Remote log-in", points = 2, every = 15, sla = { after = 3, penalty = 5 },
              check = { ssh = { on = "web" } } },
    gate  = { title = "Plant gateway", points = 2, every = 15, sla = { after = 3, penalty = 5 },
              check = { ping = { on = "gate" } } },
    plc   = { title = "PLC port", points = 2, every = 15, sla = { after = 3, penalty = 5 },
              check = { tcp = { on = "plc", port = 502 } } },
    tank  = { title = "Tank level in band", points = 5, every = 15, sla = { after = 3, penalty = 20 },
              check = { modbus = { on = "plc", table = "input", address = 0, min = 150, max = 350 } } },
  },

  steps = {
    recon = {
      title = "Find the office's services",
      attack = { domain = "enterprise", version = "18.1", id = "T1046" },
      from = "attacker", to = "web", limit = "60s",
      act = { { "nmap", "-n", "-Pn", "-sT", "-p", "22,80,443,502", "-oN", "/root/scan-${team}.txt", "${to}" } },
      effect = { file = { on = "attacker", path = "/root/scan-${team}.txt", contains = "22/tcp  open" } },
      probe = { tcp = { on = "web", port = 80 } },
      points = { effect = 5, blocked = 10 },
    },
    guess = {
      title = "Guess the clerk's password",
      attack = { domain = "enterprise", version = "18.1", id = "T1110.001" },
      from = "attacker", to = "web", needs = "recon", limit = "90s",
      act = { { "hydra", "-I", "-t", "2", "-L", "/root/users.txt", "-P", "/root/words.txt",
                "-o", "/root/creds-${team}.txt", "ssh://${to}" } },
      effect = { file = { on = "attacker", path = "/root/creds-${team}.txt", contains = "login: clerk" } },
      probe = { ssh = { on = "web" } },
      blocked_by = { log = { on = "web", path = "/var/log/auth.log", contains = "Failed password for clerk" } },
      points = { effect = 20, blocked = 20 },
    },
  },

  players = {
    north = { team = "blue1", title = "Hardens in time", at = "5s", play = function(range, me)
      local web = me:machine("web")
      assert(web:exec { "sh", "-c", "echo clerk:" .. strong .. " | chpasswd" })
    end },
  },

  timeline = {
    { at = "20s", step = "recon" },
    { at = "45s", step = "guess" },
    { at = "4m", note = "One minute left" },
  },
}
