-- Two zones: two teams with the same addresses behind a router each, one attacker on a backbone.
-- A rule that one team writes in the run stops a step, and the router's counter is the evidence.

local function fetch(path)
  return { "curl", "-sS", "--max-time", "20", "-o", "/root/${team}" .. path, "http://${to}/secret" }
end

-- What a good team does: nobody but its own office asks the web server.
local function close_the_door(range, me)
  range.sleep("5s")
  assert(me:router("fw"):rule {
    name = "no-web", action = "drop", from = "outside", dest = "web", proto = "tcp", port = 80,
  })
  range.note("North has closed its web server to the outside")
end

return {
  title = "Two zones",
  version = "1",
  duration = "3m",
  seed = 3,

  teams = {
    blue = { role = "blue", count = 2, titles = { "North", "South" } },
    red  = { role = "red", titles = { "Red cell" } },
  },

  networks = {
    office   = { team = "blue", cidr = "10.20.1.0/24", cidr6 = "fd00:20:1::/64", gateway = "fw",
                 dns = true, dhcp = { from = "10.20.1.100", to = "10.20.1.150" } },
    backbone = { team = "red", cidr = "10.200.0.0/16", dns = true },
  },

  -- 10.20.1.x of team n is 10.200.n.x on the backbone
  routers = {
    fw = {
      team = "blue",
      nics = { office = "10.20.1.1", backbone = "10.200.0.{n}" },
      zones = { inside = { "office" }, outside = { "backbone" } },
      policy = "drop",
      rules = {
        { name = "out", action = "accept", from = "inside" },
        { name = "web", action = "accept", from = "outside", dest = "web", proto = "tcp", port = 80 },
        { name = "ping", action = "accept", from = "outside", to = "inside", proto = "icmp" },
      },
      one_to_one = "10.200.{n}.0/24",
    },
  },

  machines = {
    web = {
      team = "blue", image = "server", memory = "160M",
      nics = { office = { address = "10.20.1.10", dhcp = true } },
      files = { ["/var/www/html/secret"] = "the tide tables\n" },
    },
    attacker = {
      team = "red", image = "attacker", memory = "192M",
      nics = { backbone = "10.200.255.66" },
    },
  },

  services = {
    site    = { title = "Web site, from the office", points = 2, every = 15,
                check = { http = { on = "web", path = "/secret", contains = "tide" } } },
    outside = { title = "Web server's network, from the backbone", points = 1, every = 15,
                check = { ping = { on = "web", via = "backbone" } } },
  },

  steps = {
    fetch = {
      title = "Fetch the secret from the web server",
      attack = { domain = "enterprise", version = "18.1", id = "T1190" },
      from = "attacker", to = "web", limit = "40s", within = "5s",
      act = { fetch("") },
      effect = { file = { on = "attacker", path = "/root/${team}", contains = "tide" } },
      probe = { ping = { on = "web", via = "backbone" } },
      blocked_by = { counter = { on = "fw", rule = "no-web" } },
      points = { effect = 20, blocked = 20 },
    },
  },

  players = {
    north = { team = "blue1", title = "Closes the door", at = "0s", play = close_the_door },
  },

  timeline = {
    { at = "20s", step = "fetch" },
  },
}
