-- Two teams, links impaired from the start, by the timeline and by a player.

local function careful(range, me)
  local link = me:machine("web"):link("office")
  assert(link.id == me.team .. "/web:office" and link.network == "office")
  assert(link:impair { ["in"] = { delay = "10ms" }, out = { loss = "5%" } })
  range.sleep("20s")
  assert(link:impair { down = true })
  assert(link:clear())
  local ok, why = pcall(link.impair, link, { delay = "40" })
  range.note(ok and "taken" or why:match("expected a time") or why)
  ok, why = pcall(link.impair, link, { latency = "40ms" })
  range.note(ok and "taken" or why:match('unknown "latency"') or why)
end

return {
  title = "Links",
  duration = "20m",
  seed = 3,
  teams = {
    blue = { role = "blue", count = 2 },
    red = { role = "red" },
  },
  networks = {
    office = { team = "blue", cidr = "10.20.1.0/24" },
    plant = { team = "blue", cidr = "10.20.2.0/24" },
  },
  machines = {
    web = { team = "blue", image = "server", nics = { office = "10.20.1.10", plant = "10.20.2.1" } },
    plc = { team = "blue", image = "plc", nics = { plant = "10.20.2.10" } },
    attacker = { team = "red", image = "attacker", nics = { office = "10.20.1.66" } },
  },
  links = {
    { machine = "plc", delay = "40ms", jitter = "5ms", loss = "2%", rate = "5mbit" },
    { machine = "attacker", direction = "out", rate = "1mbit" },
  },
  players = {
    careful = { team = "blue2", at = "2m", play = careful },
  },
  timeline = {
    { at = "10s", impair = { machine = "web", network = "office", out = { delay = "20ms", reorder = "10%" } } },
    { at = "60s", clear = { machine = "web" } },
    { at = "90s", team = "blue1", impair = { machine = "web", network = "plant", down = true } },
    { at = "100s", team = "blue1", clear = { machine = "web", network = "plant" } },
  },
}
