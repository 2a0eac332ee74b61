-- Sixteen teams with a server each that notes, before anything else of the scenario runs in it, the
-- first random bytes it is given.
return {
  title = "Clones",
  version = "1",
  duration = "10m",
  teams = { blue = { role = "blue", count = 16 } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    web = {
      team = "blue", image = "server", memory = "160M", nics = { office = "10.20.1.10" },
      setup = { { "sh", "-c", "head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n' >/run/first" } },
    },
  },
}
