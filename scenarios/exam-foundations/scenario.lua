-- Foundations exam: one office server a candidate, forty minutes, four skills.
-- What a candidate finds, and what is right, differs by seat; how hard it is does not.

-- One line of a shell, as root, while the machine is set up.
local function sh(line)
  return { "sh", "-c", line }
end

return {
  title = "Foundations exam: one office server",
  version = "1",
  briefing = "You look after one small server. Find out what it offers and what is wrong with it, " ..
      "close the hole, and find out who was there before you. Work only on your own machine. " ..
      "Consoles that are recorded say so first.",
  duration = "90m", -- room for extra time
  seed = 11,

  teams = {
    seat = { role = "blue", count = 2, titles = { "Seat 1", "Seat 2" } },
  },

  networks = {
    office = { team = "seat", cidr = "10.30.1.0/24" },
  },

  machines = {
    server = {
      team = "seat", image = "server", memory = "160M",
      nics = { office = "10.30.1.10" },
      files = {
        ["/var/www/html/index.html"] = "<h1>Foundations</h1>\n<p>Seat of @{candidate}</p>\n",
        ["/var/backups/office.txt"] = "keep this safe: @{backup.secret}\n",
        ["/var/log/remote.log"] = { from = "files/remote.log" },
      },
      setup = {
        sh("useradd -m -s /bin/bash @{weak.account}"),
        sh("echo @{weak.account}:harbour | chpasswd"),
        -- somebody left a second way in
        sh("printf 'Port @{port.number}\\nPort 22\\nPermitRootLogin yes\\n' >> /etc/ssh/sshd_config"),
        sh("for i in $(seq @{failures.count}); do echo 'sshd: Failed password for root from " ..
           "@{intruder.address}'; done >> /var/log/remote.log"),
        sh("echo 'sshd: Accepted password for @{weak.account} from @{intruder.address}' " ..
           ">> /var/log/remote.log"),
      },
    },
  },

  services = {
    site = { title = "Web site", points = 1, every = 30,
             check = { http = { on = "server", path = "/", contains = "Foundations" } } },
  },

  exam = {
    candidates = "seat",
    duration = "40m",
    pass = 60,
    attempts = 3,
    prefix = "EXAM",
    skills = {
      assets = { title = "Identifying assets", pass = 40 },
      weaknesses = { title = "Finding weaknesses", pass = 40 },
      prevention = { title = "Preventing intrusion", pass = 40 },
      forensics = { title = "Forensics", pass = 40 },
    },
    questions = {
      web = {
        title = "The web server", skill = "assets", points = 10, attempts = 1,
        ask = "Which program answers on TCP port 80?",
        choice = { "nginx", "Apache httpd", "lighttpd", "Caddy" }, answer = "nginx",
      },
      port = {
        title = "A second door", skill = "assets", points = 15,
        ask = "Beside 22, on which TCP port is sshd told to listen?",
        variants = {
          { value = 2222, values = { number = "2222" } },
          { value = 2200, values = { number = "2200" } },
          { value = 8022, values = { number = "8022" } },
        },
      },
      backup = {
        title = "A careless backup", skill = "weaknesses", points = 15, secret = true,
        ask = "A backup that everybody may read holds a secret. Give it (EXAM-…).",
      },
      weak = {
        title = "The weak account", skill = "weaknesses", points = 10, attempts = 2,
        ask = "Which account's password is a word of the office?",
        variants = {
          { choice = { "clerk", "backup", "mail", "pilot" }, answer = "clerk", values = { account = "clerk" } },
          { choice = { "backup", "mail", "pilot", "clerk" }, answer = "pilot", values = { account = "pilot" } },
        },
      },
      root = {
        title = "No root from outside", skill = "prevention", points = 20, attempts = 5,
        ask = "Forbid root to log in over SSH (in /etc/ssh/sshd_config). The machine is looked at.",
        effect = { exec = { on = "server", contains = "closed",
          argv = { "sh", "-c",
            "grep -qiE '^ *PermitRootLogin +no' /etc/ssh/sshd_config && " ..
            "! grep -qiE '^ *PermitRootLogin +yes' /etc/ssh/sshd_config && echo closed" } } },
      },
      locked = {
        title = "The backup is closed", skill = "prevention", points = 10, attempts = 5,
        ask = "Let only root read the backup of question “A careless backup”.",
        effect = { exec = { on = "server", contains = "600",
          argv = { "stat", "-c", "%a", "/var/backups/office.txt" } } },
      },
      failures = {
        title = "How often it was tried", skill = "forensics", points = 10,
        ask = "How many failed log-ins as root does /var/log/remote.log show?",
        tolerance = 0,
        variants = {
          { value = 17, values = { count = "17" } },
          { value = 23, values = { count = "23" } },
        },
      },
      intruder = {
        title = "The report", skill = "forensics", points = 10, attempts = 5,
        ask = "Hand in a text file with a line “attacker: ADDRESS” that names where the accepted " ..
            "log-in came from.",
        variants = {
          { file = { pattern = "^attacker: *10\\.30\\.1\\.66\\s*$" }, values = { address = "10.30.1.66" } },
          { file = { pattern = "^attacker: *10\\.30\\.1\\.77\\s*$" }, values = { address = "10.30.1.77" } },
        },
      },
    },
  },
}
