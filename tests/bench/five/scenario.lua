-- A team of five machines that work: what a reset, a checkpoint and a restore of it cost.
local function worker()
  return {
    team = "blue",
    image = "server",
    memory = "160M",
    setup = {
      { "sh", "-c", "(while :; do date >>/run/work; sleep 0.05; done) >/dev/null 2>&1 &" },
    },
  }
end

local machines = {}
for i = 1, 5 do
  machines["web" .. i] = worker()
  machines["web" .. i].nics = { office = "10.20.1.1" .. i }
end

return {
  title = "Five machines",
  version = "1",
  duration = "1h",
  teams = { blue = { role = "blue", count = 1 } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = machines,
}
