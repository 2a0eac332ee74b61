return {
  title = "Logs that are none", version = "1", duration = "1m",
  teams = { blue = { role = "blue" } },
  networks = { lan = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    web = { team = "blue", image = "server", nics = { lan = "10.20.1.10" },
            logs = { "var/log/auth.log", "/var/log/", "/var/../etc/shadow", "/var/log/a\27[2J",
                     "/var/log/syslog", "/var/log/syslog" } },
    many = { team = "blue", image = "server", nics = { lan = "10.20.1.11" },
             logs = { "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9" } },
    odd = { team = "blue", image = "server", nics = { lan = "10.20.1.12" },
            logs = "/var/log/syslog" },
    worse = { team = "blue", image = "server", nics = { lan = "10.20.1.13" },
              logs = { 7 } },
  },
}
