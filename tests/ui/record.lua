-- record.lua - writes tests/ui/first-drill.ndjson: a drill as docs/events.md describes it.
-- Run: lua5.4 tests/ui/record.lua > tests/ui/first-drill.ndjson
-- Hashes are made up: this is input for the display, not a ledger that verifies.

local seq, start = 0, 1767261600000000 -- 2026-01-01 10:00:00 UTC
local queue = {}

local function quote(s) return '"' .. s:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"' end

local function json(v)
  if type(v) == "string" then return quote(v) end
  if type(v) ~= "table" then return tostring(v) end
  local out = {}
  if v[1] ~= nil or v.list then
    for _, item in ipairs(v) do out[#out + 1] = json(item) end
    return "[" .. table.concat(out, ",") .. "]"
  end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys)
  for _, k in ipairs(keys) do out[#out + 1] = quote(k) .. ":" .. json(v[k]) end
  return "{" .. table.concat(out, ",") .. "}"
end

local function at(s, kind, team, subject, body)
  queue[#queue + 1] = { s = s, n = #queue, kind = kind, team = team, subject = subject, body = body }
end

local function attack(domain, id) return { domain = domain, version = "18.1", id = id } end

local teams = {
  { id = "blue1", title = "蓝鲸 Harbour North", group = "blue", role = "blue", number = 1 },
  { id = "blue2", title = "Harbour South", group = "blue", role = "blue", number = 2 },
  { id = "red", title = "Red cell", group = "red", role = "red", number = 1 },
}
local steps = {
  { name = "recon", title = "Find the office's services", from = "attacker", to = "web", attacker = "red",
    attack = attack("enterprise", "T1046"), points_effect = 5, points_blocked = 10 },
  { name = "guess", title = "Guess the clerk's password", from = "attacker", to = "web", attacker = "red",
    attack = attack("enterprise", "T1110.001"), points_effect = 20, points_blocked = 20 },
  { name = "login", title = "Log in as the clerk", from = "attacker", to = "web", attacker = "red",
    attack = attack("enterprise", "T1078"), points_effect = 20, points_blocked = 20 },
  { name = "deface", title = "Deface the web site", from = "attacker", to = "web", attacker = "red",
    attack = attack("enterprise", "T1491"), points_effect = 30, points_blocked = 20 },
  { name = "setpoint", title = "Raise the tank's set-point", from = "web", to = "plc", attacker = "red",
    attack = attack("ics", "T0836"), points_effect = 50, points_blocked = 30 },
}
local services = {
  { "site", "Web site", "web", "http", 80, 5, 10 }, { "ssh", "Remote log-in", "web", "ssh", 22, 2, 5 },
  { "gate", "Plant gateway", "gate", "ping", 0, 2, 5 }, { "plc", "PLC port", "plc", "tcp", 502, 2, 5 },
  { "tank", "Tank level", "plc", "modbus", 502, 5, 20 },
}

local plan = { name = "first-drill", title = "First drill", version = "1", digest = ("ab"):rep(32), seed = 7,
  duration_us = 300000000, teams = teams, networks = {}, machines = {}, services = {}, steps = steps,
  players = { { name = "north", team = "blue1", title = "Hardens in time" } }, injects = {} }
for i, s in ipairs(services) do
  plan.services[i] = { name = s[1], title = s[2], machine = s[3], protocol = s[4], port = s[5],
    every_us = 15000000, points = s[6], sla_after = 3, sla_penalty = s[7], group = "blue" }
end
local function nic(network, address, last)
  return { network = network, address = address, mac = ("52:54:00:00:00:%02x"):format(last) }
end
for i, t in ipairs { "blue1", "blue2" } do
  local office, plant = t .. "/office", t .. "/plant"
  table.insert(plan.networks, { id = office, name = "office", team = t, cidr = "10.20.1.0/24" })
  table.insert(plan.networks, { id = plant, name = "plant", team = t, cidr = "10.20.2.0/24" })
  local function machine(name, image, memory, nics)
    table.insert(plan.machines, { id = t .. "/" .. name, name = name, team = t, image = image,
      memory_mib = memory, nics = nics })
  end
  machine("web", "server", 160, { nic(office, "10.20.1.10", i * 16 + 1) })
  machine("gate", "server", 160, { nic(office, "10.20.1.1", i * 16 + 2), nic(plant, "10.20.2.1", i * 16 + 3) })
  machine("plc", "plc", 128, { nic(plant, "10.20.2.10", i * 16 + 4) })
end
table.insert(plan.machines, { id = "attacker", name = "attacker", team = "red", image = "attacker",
  memory_mib = 192, nics = { nic("blue1/office", "10.20.1.66", 8), nic("blue2/office", "10.20.1.66", 9) } })
local timeline = { { 20, "recon" }, { 45, "guess" }, { 100, "login" }, { 130, "deface" }, { 180, "setpoint" } }
for _, entry in ipairs(timeline) do
  for t = 1, 2 do
    local title
    for _, s in ipairs(steps) do title = s.name == entry[2] and s.title or title end
    table.insert(plan.injects, { id = entry[2] .. "@blue" .. t, at_us = entry[1] * 1000000,
      team = "blue" .. t, step = entry[2], title = title })
  end
end
table.insert(plan.injects, { id = "note-6", at_us = 240000000, team = "", step = "", title = "One minute left" })
table.insert(plan.injects, { id = "note-7", at_us = 290000000, team = "", step = "", title = "Hands off keyboards" })

at(-40, "exercise.created", "", "exercise", { schema = 1, engine = "0.1.0", accel = "tcg",
  accel_why = "no guest boots under KVM here", plan = plan })
at(-39.9, "exercise.state", "", "exercise", { state = "setup", by = "engine", reason = "" })
for i, m in ipairs(plan.machines) do
  local team = m.team
  at(-39.5 + i / 100, "machine.state", team, m.id, { state = "defined", reason = "", since_start_ms = 0 })
  at(-39 + i / 10, "machine.state", team, m.id, { state = "starting", reason = "", since_start_ms = 0 })
  at(-24 + i / 2, "machine.state", team, m.id, { state = "booted", reason = "", since_start_ms = 15000 + 400 * i })
  at(-9 + i, "machine.state", team, m.id, { state = "ready", reason = "", since_start_ms = 30000 + 900 * i })
end
at(-1, "exercise.state", "", "exercise", { state = "ready", by = "engine", reason = "all machines are ready" })
at(0, "exercise.state", "", "exercise", { state = "running", by = "engine", reason = "" })

at(5, "player.action", "blue1", "north", { action = "started" })
at(5.2, "player.action", "blue1", "north", { action = "exec", machine = "blue1/web", status = 0,
  argv = { "passwd", "-l", "clerk" } })
at(9.4, "player.action", "blue1", "north", { action = "exec", machine = "blue1/web", status = 0,
  argv = { "chown", "-R", "root", "/var/www/html" } })
at(14, "player.action", "blue1", "north", { action = "exec", machine = "blue1/gate", status = 0,
  argv = { "nft", "add", "rule", "inet", "filter", "forward", "tcp", "dport", "502", "drop" } })
at(15, "player.action", "blue1", "north", { action = "ended" })

local verdicts = { recon = { "effect", "effect" }, guess = { "blocked", "effect" }, login = { "blocked", "effect" },
  deface = { "blocked", "effect" }, setpoint = { "blocked", "effect" } }
local took = { recon = 6, guess = 31, login = 5, deface = 7, setpoint = 24 }
for _, entry in ipairs(timeline) do
  for t = 1, 2 do
    local step
    for _, s in ipairs(steps) do step = s.name == entry[2] and s or step end
    local team, begin = "blue" .. t, entry[1] + t * 0.05
    local from = step.from == "attacker" and "attacker" or team .. "/" .. step.from
    local ends = begin + took[step.name] + t * 0.4
    local verdict = verdicts[step.name][t]
    at(begin, "inject.state", team, step.name .. "@" .. team,
      { state = "fired", step = step.name, at_us = entry[1] * 1000000, by = "timeline" })
    at(begin + 0.1, "step.state", team, step.name, { step = step.name, state = "running", from = from,
      to = team .. "/" .. step.to, attack = step.attack })
    at(ends, "step.verdict", team, step.name, { step = step.name, verdict = verdict, attacker = "red",
      from = from, to = team .. "/" .. step.to, attack = step.attack, title = step.title, reason = "",
      took_us = (took[step.name]) * 1000000,
      evidence = { commands = { { argv = { "true" }, status = 0, out = "", err = "" } },
        effect = { ok = verdict == "effect", why = "read from the machine", value = 0,
          seen_at_us = math.floor(ends * 1000000) } } })
    at(ends + 0.01, "inject.state", team, step.name .. "@" .. team,
      { state = "done", step = step.name, at_us = entry[1] * 1000000, by = "" })
  end
end

-- What fails, and when: {team, service, from, to, status, detail}
local outages = {
  { "blue2", "site", 137, 300, "mumble", "the page does not contain \"Harbour office\"" },
  { "blue2", "tank", 200, 300, "down", "412 is above 350" },
  { "blue1", "ssh", 30, 46, "down", "no banner within 3 s" },
  { "blue1", "ssh", 60, 76, "down", "no banner within 3 s" },
  { "blue2", "gate", 150, 166, "down", "no answer within 2 s" },
}
for round = 1, 20 do
  for t = 1, 2 do
    for i, s in ipairs(services) do
      local when, team = round * 15 - 0.8 + t * 0.1 + i * 0.02, "blue" .. t
      if round * 15 <= 299 then
        local kind, body = "check.ok", { round = round, took_us = 3000 + i * 700, detail = "" }
        for _, o in ipairs(outages) do
          if o[1] == team and o[2] == s[1] and when >= o[3] and when < o[4] then
            kind, body.status, body.detail = "check.down", o[5], o[6]
          end
        end
        if s[1] == "tank" then body.value = kind == "check.down" and 412 or 248 end
        if team == "blue1" and s[1] == "plc" and round == 9 then
          kind, body.detail = "check.fault", "check space busy"
        end
        at(when, kind, team, s[1], body)
      end
    end
  end
end
at(158, "machine.state", "blue2", "blue2/gate", { state = "crashed", reason = "guest panicked", since_start_ms = 0 })
at(158.1, "alarm.raised", "blue2", "blue2/gate",
  { alarm = "machine-crashed", text = "blue2/gate crashed: guest panicked" })
at(163, "machine.state", "blue2", "blue2/gate", { state = "starting", reason = "restart", since_start_ms = 0 })
at(172, "machine.state", "blue2", "blue2/gate", { state = "ready", reason = "", since_start_ms = 9000 })
at(172.1, "alarm.cleared", "blue2", "blue2/gate", { alarm = "machine-crashed" })
at(206, "alarm.raised", "blue2", "blue2/plc",
  { alarm = "tank-overflow", text = "blue2/plc: tank at 412 of 400, overflowing" })
at(115, "operator.action", "", "exercise", { action = "hold", by = "mira", inject = "note-7" })
at(115.1, "inject.state", "", "note-7", { state = "held", step = "", at_us = 290000000, by = "mira" })
at(60, "note", "blue1", "exercise", { text = "防火墙日志请在五分钟内提交", by = "mira" })
at(240, "inject.state", "", "note-6", { state = "fired", step = "", at_us = 240000000, by = "timeline" })
at(240.05, "note", "", "exercise", { text = "One minute left", by = "timeline" })
at(240.1, "inject.state", "", "note-6", { state = "done", step = "", at_us = 240000000, by = "" })
at(300, "exercise.state", "", "exercise", { state = "ended", by = "engine", reason = "the time is up" })
at(302, "exercise.state", "", "exercise", { state = "down", by = "engine", reason = "" })

table.sort(queue, function(a, b) if a.s ~= b.s then return a.s < b.s end return a.n < b.n end)
for _, e in ipairs(queue) do
  seq = seq + 1
  local at_us, wall = math.floor(math.min(math.max(e.s, 0), 300) * 1000000), start + math.floor(e.s * 1000000)
  print(('{"seq":%d,"at_us":%d,"wall_us":%d,"kind":%s,"team":%s,"subject":%s,"body":%s,"hash":"%064x"}')
    :format(seq, at_us, wall, json(e.kind), json(e.team), json(e.subject), json(e.body), seq))
end
