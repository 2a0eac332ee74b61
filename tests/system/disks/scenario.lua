-- Machines with disks: a Debian of one's own that cloud-init makes itself, the same without an agent
-- by UEFI, a boot sector that only talks, a firmware with a TPM and no system, a recipe's data disk.
return {
  title = "Disks",
  version = "1",
  duration = "20m",
  teams = { blue = { role = "blue" } },
  networks = { office = { team = "blue", cidr = "10.20.1.0/24" } },
  machines = {
    box = { team = "blue", image = "disks-debian", nics = { office = "10.20.1.10" }, disk = "2G",
            files = { ["/srv/note"] = "from the plan\n" },
            setup = { { "sh", "-c", "cp /srv/note /srv/set-up" } },
            ready = { tcp = 80, timeout = "4m" } },
    efi = { team = "blue", image = "disks-debian", firmware = "uefi", agent = false, bus = "sata",
            cards = "e1000e", memory = "256M", nics = { office = "10.20.1.11" },
            ready = { serial = "GRUB: efi" } },
    brick = { team = "blue", image = "disks-brick" },
    glass = { team = "blue", image = "disks-glass", nics = { office = "10.20.1.13" } },
    plain = { team = "blue", image = "plc", disk = { size = "64M", mount = "/srv/kept" },
              nics = { office = "10.20.1.14" } },
  },
  services = {
    site = { points = 1, every = 5, check = { http = { on = "box", contains = "imported" } } },
  },
}
