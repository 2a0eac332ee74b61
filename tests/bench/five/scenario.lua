-- A team of five servers that are looked at: what a reset, a checkpoint and a restore of it cost.
local machines, services = {}, {}
for i = 1, 5 do
  local id = "web" .. i
  machines[id] = {
    team = "blue",
    image = "server",
    memory = "160M",
    nics = { office = "10.20.1.1" .. i },
  }
  services["site" .. i] = {
    title = "Web site " .. i, points = 1, every = 5, sla = { after = 3, penalty = 1 },
    check = { http = { on = id, path = "/" } },
  }
end

return {
  title = "Five machines",
  version = "1",
  duration = "1h",
  teams = { blue = { role = "blue", count = 1 } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = machines,
  services = services,
}
