-- Networks that change in the run: rules of routers, links, captures; and what a checkpoint, a reset
-- and a resume must bring back of them.

local function keeper(range, me)
  local fw = me:router("fw")
  assert(fw:rule { name = "mine", action = "drop", from = "outside" })
  range.sleep(5)
  assert(fw:reset())
  local ok, why = pcall(fw.packets, fw)
  range.note(ok and "taken" or why:match("string expected") or why)
end

return {
  title = "Wired",
  version = "1",
  duration = "75s",
  seed = 5,
  teams = {
    blue = { role = "blue", count = 2 },
    red = { role = "red" },
  },
  networks = {
    lan = { team = "blue", cidr = "10.1.0.0/24", gateway = "fw" },
    backbone = { team = "red", cidr = "10.200.0.0/16", capture = true },
  },
  routers = {
    fw = {
      team = "blue",
      nics = { lan = "10.1.0.1", backbone = "10.200.0.{n}" },
      zones = { inside = { "lan" }, outside = { "backbone" } },
      policy = "drop",
      rules = {
        { name = "out", action = "accept", from = "inside" },
        { name = "web", action = "accept", from = "outside", dest = "web", proto = "tcp", port = 80 },
      },
      one_to_one = "10.200.{n}.0/24",
    },
  },
  machines = {
    web = { team = "blue", image = "server", memory = "128M", nics = { lan = "10.1.0.10" } },
    attacker = { team = "red", image = "attacker", memory = "128M",
                 nics = { backbone = "10.200.255.66" } },
  },
  services = {
    site = { title = "Site", points = 1, every = 10,
             check = { http = { on = "web", path = "/" } } },
  },
  links = {
    { machine = "web", delay = "10ms" },
  },
  players = {
    keeper = { team = "blue2", title = "Tries it", at = "35s", play = keeper },
  },
}
