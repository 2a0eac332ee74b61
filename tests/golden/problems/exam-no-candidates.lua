-- A small exam; one mistake is planted in it.
return {
  title = "Exam", version = "1", duration = "60m",
  teams = { seat = { role = "blue", count = 2 } },
  networks = { lan = { team = "seat", cidr = "10.1.0.0/24" } },
  machines = {
    box = {
      team = "seat", image = "server", nics = { lan = "10.1.0.10" },
      setup = { { "echo", "@{port.number}" } },
    },
  },
  exam = {
    candidates = "saet", duration = "40m",
    skills = { assets = { title = "Assets", pass = 40 } },
    questions = {
      web = { ask = "Which?", skill = "assets", choice = { "nginx", "Apache" }, answer = "nginx" },
      port = {
        ask = "Which port?", skill = "assets",
        variants = {
          { value = 22, values = { number = "22" } },
          { value = 23, values = { number = "23" } },
        },
      },
      done = { ask = "Close it.", effect = { file = { on = "box", path = "/a", contains = "b" } } },
    },
  },
}
