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
      logs = { "/var/log/nginx/access.log", "/var/log/auth.log" }, -- what blue sees of it
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
        ["/root/users.txt"] = "clerk\nadmin\n",
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
      repair = "A scan of open ports cannot be prevented, but it can be seen and made poor: let the gate drop "
        .. "what the office does not need, keep only ports 22 and 80 open, and look for many ports asked "
        .. "from one address in the gate's log.",
      repair_zh = "端口扫描无法杜绝，但可以发现并使其收获有限：在网关上丢弃办公网不需要的流量，只开放 22 和 80 端口，"
        .. "并在网关日志中留意同一地址对大量端口的访问。",
    },
    guess = {
      title = "Guess the clerk's password",
      attack = { domain = "enterprise", version = "18.1", id = "T1110.001" },
      from = "attacker", to = "web", needs = "recon", limit = "75s",
      act = { { "hydra", "-I", "-f", "-t", "2", "-L", "/root/users.txt", "-P", "/root/words.txt",
                "-o", "/root/creds-${team}.txt", "ssh://${to}" } },
      effect = { file = { on = "attacker", path = "/root/creds-${team}.txt",
                          contains = "login: clerk" } },
      probe = { ssh = { on = "web", timeout = "15s" } },
      blocked_by = { log = { on = "web", path = "/var/log/auth.log",
                             contains = "Failed password for clerk" } },
      points = { effect = 20, blocked = 20 },
      repair = "Replace the clerk's weak password (chpasswd), better still allow keys only: "
        .. "PasswordAuthentication no in /etc/ssh/sshd_config. Limit attempts with MaxAuthTries or fail2ban "
        .. "and watch /var/log/auth.log for \"Failed password\".",
      repair_zh = "更换职员账号的弱口令（chpasswd），最好只允许密钥登录：在 /etc/ssh/sshd_config 中设 PasswordAuthentication no；"
        .. "用 MaxAuthTries 或 fail2ban 限制尝试次数，并留意 /var/log/auth.log 中的“Failed password”。",
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
      repair = "End the sessions (loginctl terminate-user clerk), change the password, look in /var/log/auth.log "
        .. "for \"Accepted password\" from addresses that are not the office's, and check ~clerk/.ssh and cron "
        .. "for what the visitor left.",
      repair_zh = "终止会话（loginctl terminate-user clerk），修改口令，在 /var/log/auth.log 中查找来自非办公地址的"
        .. "“Accepted password”，并检查 ~clerk/.ssh 与 cron 中是否留有后门。",
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
      repair = "Restore /var/www/html/index.html from a copy, give the web root to root (chown -R root:root "
        .. "/var/www/html) so that the clerk cannot write there, and compare its checksums regularly.",
      repair_zh = "用备份恢复 /var/www/html/index.html；将网站目录属主改为 root（chown -R root:root /var/www/html），"
        .. "使职员账号无法写入；并定期比对校验值。",
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
      repair = "Set the set-point back to 250 and let nobody in the office write to the PLC: on the gate drop TCP "
        .. "port 502 to 10.20.2.10 except from the operator's station. Alarm on a level above 350.",
      repair_zh = "将设定值恢复为 250；禁止办公网写入 PLC：在网关上丢弃发往 10.20.2.10 的 TCP 502 流量，操作员站除外；"
        .. "并对高于 350 的液位告警。",
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
