-- A short exercise with something of everything that a resume must bring back, on two machines.

local function harden(range, me)
  local web = me:machine("web")
  web:write("/root/hardened", "yes\n")
  range.sleep(4)
  web:exec { "sh", "-c", "echo polished >> /root/hardened" }
end

return {
  title = "Recovery",
  version = "1",
  duration = "30s",
  teams = { blue = { role = "blue", count = 1 }, red = { role = "red" } },
  networks = { lan = { team = "blue", cidr = "10.20.1.0/24" } },
  routers = {
    fw = { team = "blue", nics = { lan = "10.20.1.1" }, zones = { inside = { "lan" } },
           policy = "accept", rules = {} },
  },
  machines = {
    web = { team = "blue", image = "server", memory = "160M", nics = { lan = "10.20.1.10" },
            files = { ["/root/once"] = "set up\n" },
            setup = { { "sh", "-c", "echo again >> /root/once" } } },
    attacker = { team = "red", image = "attacker", memory = "160M", nics = { lan = "10.20.1.66" } },
  },
  services = {
    site = { title = "Site", points = 1, every = 4, sla = { after = 3, penalty = 5 },
             check = { http = { on = "web", path = "/", timeout = 3 } } },
  },
  steps = {
    visit = {
      title = "Visit the site",
      attack = { domain = "enterprise", version = "18.1", id = "T1595" },
      from = "attacker", to = "web",
      act = { { "sh", "-c", "echo run >> /root/runs; curl -s -o /root/page http://${to}/" } },
      effect = { file = { on = "attacker", path = "/root/page", contains = "<" } },
      probe = { tcp = { on = "web", port = 80 } },
      within = "3s", limit = "10s",
      points = { effect = 10, blocked = 7 },
    },
  },
  players = { harden = { team = "blue1", title = "Hardens", at = "2s", play = harden } },
  timeline = {
    { at = "3s", note = "it begins" },
    { at = "8s", step = "visit" },
    { at = "20s", note = "nearly over" },
  },
}
