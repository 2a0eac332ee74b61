---@meta
-- range.lua - types of the scenario language for the Lua language server; nothing here runs.
--
-- Point "Lua.workspace.library" at this folder, set "Lua.runtime.version" to "Lua 5.4", and write
-- ---@type sandtable.Scenario above the table that a scenario returns.

---Seconds, or a text such as "90s", "1m30s", "2h", "500ms".
---@alias sandtable.Time number|string

---A program and its arguments; no shell reads them. ${to}, ${team} and ${NAME} are replaced in
---commands of steps.
---@alias sandtable.Command (string|integer)[]

---@class (exact) sandtable.Scenario
---@field title string
---@field version? string default "1"
---@field briefing? string what participants are told
---@field score? sandtable.Model|sandtable.Model[] how points are counted; default { { model = "uptime" }, { model = "steps" } }
---@field duration sandtable.Time how long the exercise lasts
---@field freeze? sandtable.Time from then on the public is shown no more
---@field seed? integer all chance comes from it; default 0
---@field teams table<string, sandtable.Team>
---@field networks? table<string, sandtable.Network>
---@field machines table<string, sandtable.MachineTable>
---@field routers? table<string, sandtable.Router>
---@field services? table<string, sandtable.Service>
---@field steps? table<string, sandtable.Step>
---@field players? table<string, sandtable.Player>
---@field timeline? sandtable.Entry[]
---@field links? sandtable.LinkEntry[] impaired from the start
---@field exam? sandtable.Exam

---@class (exact) sandtable.Team
---@field role "blue"|"red"|"green"|"white"
---@field count? integer 1 to 64, default 1
---@field titles? string[] at most count
---@field reference? boolean one more team, undefended, unattacked and unranked, to tell the range's faults by

---@class (exact) sandtable.Network
---@field team string the group it belongs to; each of its teams has a copy
---@field cidr string a private range from /16 to /29, such as "10.20.1.0/24"
---@field gateway? string the router, or the machine with forward = true, that routes
---@field checker? string the engine's own address there; default the last usable one
---@field cidr6? string a private /64 network such as "fd00:20:1::/64"
---@field dns? boolean names of the plan are answered at the checker's address
---@field dhcp? boolean|sandtable.Dhcp planned addresses by DHCP, and some for others
---@field isolate? boolean machines reach routers and the checker only
---@field stretch? integer its VXLAN number, and it reaches into the exercise of `run --peer`
---@field vlan_aware? boolean VLANs are kept apart
---@field vlan? integer of the checker, routers and cards that say nothing; default 1
---@field capture? boolean|sandtable.Capture its packets are kept; default false

---@class (exact) sandtable.Capture
---@field keep? sandtable.Time those of the last so long, and of every step; default "5m"
---@field size? string in files of so much in all; 1M to 16G, default "64M"

---@class (exact) sandtable.Dhcp
---@field from string first address for who is not in the plan
---@field to string last one

---@class (exact) sandtable.Card
---@field address string
---@field address6? string default: made of the network's cidr6 and address
---@field dhcp? boolean the machine asks for its address
---@field vlan? integer VLAN of what it sends untagged
---@field trunk? integer[] tagged VLANs

---@class (exact) sandtable.Router
---@field team string the group it belongs to; each of its teams has a copy
---@field nics table<string, string> network = address; {n} is the team's number
---@field zones? table<string, string[]>
---@field policy? "accept"|"drop"|"reject" for what no rule meets; default "accept"
---@field rules? sandtable.Rule[] the first that a packet meets decides
---@field nat? sandtable.Nat[]
---@field one_to_one? string|table<string, string> network = addresses outside, such as "10.200.{n}.0/24"

---@class (exact) sandtable.Rule
---@field name string
---@field action "accept"|"drop"|"reject"
---@field from? string zone
---@field to? string zone
---@field source? string machine, network or address
---@field dest? string machine, network or address
---@field proto? "any"|"tcp"|"udp"|"icmp"
---@field port? integer|string|(integer|string)[] 80, "100-200" or a list

---One of masquerade, snat and dnat.
---@class (exact) sandtable.Nat
---@field masquerade? string zone
---@field snat? string address
---@field dnat? string machine
---@field zone? string
---@field source? string network
---@field proto? "tcp"|"udp"
---@field port? integer
---@field to_port? integer

---@class (exact) sandtable.MachineTable
---@field team string the group it belongs to; each of its teams has a copy
---@field image string the name of a recipe or of an imported image
---@field memory? string such as "256M" or "1G"; 32M to 64G, default "160M"
---@field cpus? integer 1 to 16, default 1
---@field forward? boolean it routes between its cards
---@field display? boolean it has a screen
---@field nics? table<string, string|sandtable.Card> network = address
---@field files? table<string, string|sandtable.File> path = text, or where it comes from
---@field setup? sandtable.Command[] run once, in order, before the machine is ready
---@field logs? string[] files of it whose new lines are in its team's stream (`sandtable siem`)
---@field disk? string|sandtable.Disk survives restarts: "2G"
---@field firmware? "bios"|"uefi"|"uefi-secure" imported images only, like all that follow
---@field tpm? boolean a TPM 2.0
---@field agent? boolean qemu-guest-agent runs in it; without, no command or file reaches it
---@field ready? sandtable.Ready what shows that it is up
---@field cards? "virtio"|"e1000e"|"rtl8139"
---@field bus? "virtio"|"sata"|"ide" of its disk

---@class (exact) sandtable.Disk
---@field size string such as "64M" or "2G"
---@field mount? string where a recipe's machine has it; default "/srv/data"

---Exactly one of tcp, ping and serial.
---@class (exact) sandtable.Ready
---@field tcp? integer a port that can be reached
---@field ping? true it answers
---@field serial? string a text from its serial port
---@field timeout? sandtable.Time default 5 minutes

---@class (exact) sandtable.File
---@field from? string a file in the scenario's folder, at most 4 MiB
---@field content? string its text
---@field mode? string|integer permission bits such as "0640"; default "0644"

---@class (exact) sandtable.Service
---@field title? string
---@field check sandtable.Check
---@field every? sandtable.Time default 15 seconds, at least 1
---@field points? integer for each passed check, default 1
---@field sla? sandtable.Sla

---@class (exact) sandtable.Sla
---@field after integer so many failures in a row …
---@field penalty integer … cost so many points; then the count begins anew

---Exactly one of them.
---@class (exact) sandtable.Check
---@field http? sandtable.Http
---@field tcp? sandtable.Tcp
---@field ssh? sandtable.Ssh
---@field modbus? sandtable.Modbus
---@field ping? sandtable.Ping

---@class (exact) sandtable.Http
---@field on string machine
---@field via? string the network from which one looks
---@field port? integer default 80
---@field timeout? sandtable.Time default 5 seconds
---@field path? string default "/"
---@field status? integer default 200
---@field contains? string a text in the body

---@class (exact) sandtable.Tcp
---@field on string machine
---@field via? string the network from which one looks
---@field port integer
---@field timeout? sandtable.Time default 5 seconds
---@field contains? string a text in what the server says first

---@class (exact) sandtable.Ssh
---@field on string machine
---@field via? string the network from which one looks
---@field port? integer default 22
---@field timeout? sandtable.Time default 5 seconds
---@field contains? string a text in the banner

---@class (exact) sandtable.Modbus
---@field on string machine
---@field via? string the network from which one looks
---@field port? integer default 502
---@field timeout? sandtable.Time default 5 seconds
---@field table "coil"|"discrete"|"holding"|"input"
---@field unit? integer default 1
---@field address integer from 0
---@field min? number the least value that passes, default 0
---@field max? number the largest value that passes, default 65535
---@field value? number min and max at once

---@class (exact) sandtable.Ping
---@field on string machine
---@field via? string the network from which one looks
---@field timeout? sandtable.Time default 5 seconds

---Exactly one of them.
---@class (exact) sandtable.Condition
---@field all? sandtable.Condition[]
---@field any? sandtable.Condition[]
---@field no? sandtable.Condition
---@field http? sandtable.Http
---@field tcp? sandtable.Tcp
---@field ssh? sandtable.Ssh
---@field modbus? sandtable.Modbus
---@field ping? sandtable.Ping
---@field file? sandtable.FileCondition
---@field log? sandtable.LogCondition
---@field exec? sandtable.ExecCondition
---@field grew? sandtable.GrewCondition
---@field counter? sandtable.CounterCondition

---The file is there, and holds the text if one is given.
---@class (exact) sandtable.FileCondition
---@field on string machine
---@field path string
---@field contains? string

---The text is in what was added to the file since the step began.
---@class (exact) sandtable.LogCondition
---@field on string machine
---@field path string
---@field contains string

---@class (exact) sandtable.ExecCondition
---@field on string machine
---@field argv sandtable.Command
---@field status? integer the exit status wanted, default 0
---@field contains? string a text in the output

---The first number the command prints is higher than before the step.
---@class (exact) sandtable.GrewCondition
---@field on string machine
---@field argv sandtable.Command

---The router's rule has met more packets than before the step.
---@class (exact) sandtable.CounterCondition
---@field on string router
---@field rule string

---@class (exact) sandtable.Step
---@field title? string
---@field attack sandtable.Technique
---@field from string machine: where the commands run
---@field to string machine: the target
---@field needs? string a step that must have taken effect on this team before
---@field act sandtable.Command[] run in order
---@field effect sandtable.Condition has it worked?
---@field blocked_by? sandtable.Condition what shows that it was prevented
---@field probe sandtable.Check is the path alive at all?
---@field limit? sandtable.Time for the commands, default 60 seconds
---@field within? sandtable.Time how long the effect may take to show, default 10 seconds
---@field undo? sandtable.Command[]
---@field points? sandtable.Points
---@field repair? string what the team it took effect on should do, for the report
---@field repair_zh? string the same in Chinese

---@class (exact) sandtable.Technique
---@field domain "enterprise"|"ics"|"mobile"
---@field version string of ATT&CK, such as "18.1"
---@field id string such as "T1110.001"

---@class (exact) sandtable.Points
---@field effect? integer to the attacker's group, default 0
---@field blocked? integer to the target's team, default 0

---@class (exact) sandtable.Player
---@field team string a team ("blue1"), or a group ("blue") for each of its teams
---@field title? string
---@field at? sandtable.Time when it begins, default 0
---@field play fun(range: range, me: me)

---What one direction of a link does to frames.
---@class (exact) sandtable.Impairment
---@field delay? string such as "40ms"
---@field jitter? string such as "5ms": the delay varies by so much to either side
---@field loss? string such as "2%"
---@field duplicate? string such as "1%"
---@field reorder? string such as "5%": sent without the delay
---@field corrupt? string such as "0.1%": one bit changed
---@field rate? string such as "5mbit"

---Values for both directions or the one named, or tables for each, or down.
---@class (exact) sandtable.LinkWish : sandtable.Impairment
---@field direction? "in"|"out"|"both" default "both"
---@field in? sandtable.Impairment to the machine
---@field out? sandtable.Impairment from it
---@field down? boolean no carrier

---@class (exact) sandtable.LinkEntry : sandtable.LinkWish
---@field machine string
---@field network? string needed where the machine stands on several

---@class (exact) sandtable.Clear
---@field machine string
---@field network? string default all

---One of step, note, run, impair and clear.
---@class (exact) sandtable.Entry
---@field at? sandtable.Time when, unless it is manual
---@field manual? boolean off the list: fired by hand only
---@field approvals? integer so many people, 1 to 5, must agree that it fires
---@field step? string
---@field undo? boolean not the step, but its undo
---@field note? string a message
---@field run? fun(range: range, me: me)
---@field impair? sandtable.LinkEntry
---@field clear? sandtable.Clear
---@field team? string only this team or group

---What a command printed and how it ended.
---@class (exact) sandtable.Result
---@field status integer
---@field out string the first 64 KiB
---@field err string the first 64 KiB
---@field cut? true there was more of one of them

---Why the world did not do it.
---@class (exact) sandtable.Failure
---@field code string "timeout", "not-found", "machine", "cancelled" …
---@field message string for people

---@class (exact) sandtable.Event
---@field seq integer
---@field at number seconds of exercise time
---@field kind string
---@field team string "" when it concerns none
---@field subject string
---@field body table

---@class (exact) sandtable.EventFilter
---@field kind string such as "step.verdict"
---@field team? string
---@field subject? string
---@field timeout? sandtable.Time default 60 seconds

---@class range
local range = {}

---Waits so long in exercise time.
---@param time sandtable.Time
function range.sleep(time) end

---@return number seconds of exercise time
function range.now() end

---A message to all, or to one team; it is in the record.
---@param text string
---@param team? string
function range.note(text, team) end

---A line for the author, on standard error.
---@param text string
function range.log(text) end

---@return string[] ids of all teams
function range.teams() end

---The machine as the team sees it: its own copy, else a shared one.
---@param name string
---@param team? string
---@return machine
function range.machine(name, team) end

---The router as the team sees it.
---@param name string
---@param team? string
---@return router
function range.router(name, team) end

---Runs a step against a team and waits for its verdict.
---@param name string
---@param team string
---@return "effect"|"blocked"|"inert"|"fault"|"skipped"|nil verdict
---@return sandtable.Failure? failure
function range.step(name, team) end

---Waits for the next event that fits.
---@param filter sandtable.EventFilter
---@return sandtable.Event? event
---@return sandtable.Failure? failure
function range.wait_for(filter) end

---Starts the team's machines and routers anew, as at the beginning, and waits for the machines.
---@param team string
---@return true?
---@return sandtable.Failure? failure
function range.reset(team) end

---Saves the machines of a team, or of all, with its timeline and its place in the score.
---@param options { label: string, team?: string }
---@return true?
---@return sandtable.Failure? failure
function range.checkpoint(options) end

---Puts a team, or all that was saved, back to a checkpoint; the others run on.
---@param options { label: string, team?: string }
---@return true?
---@return sandtable.Failure? failure
function range.restore(options) end

---Runs fn(…) as a task of its own, which may outlive this one.
---@param fn function
---@param ... any
function range.spawn(fn, ...) end

---Waits until all have returned; an error in one ends all and is raised here.
---@param list (fun(): any)[] 1 to 100
---@return any[] results in the order of the list
function range.all(list) end

---Waits for the first to return; the others are ended.
---@param list (fun(): any)[] 1 to 100
---@return integer index
---@return any result
function range.any(list) end

---@class machine
---@field id string such as "blue1/web"
---@field name string such as "web"
---@field team string id of the team it belongs to
local machine = {}

---Runs a command and waits for its end.
---@param argv sandtable.Command
---@param options? { timeout: sandtable.Time } default 60 seconds
---@return sandtable.Result? result
---@return sandtable.Failure? failure
function machine:exec(argv, options) end

---Writes a file; at most 4 MiB.
---@param path string
---@param text string
---@return true?
---@return sandtable.Failure? failure
function machine:write(path, text) end

---@param path string
---@return string? text
---@return sandtable.Failure? failure
function machine:read(path) end

---Starts the machine anew, as at the beginning, and waits until it is ready.
---@return true? ok, sandtable.Failure? failure
function machine:reset() end

---The machine's link to a network; without a name its only one.
---@param network? string
---@return link
function machine:link(network) end

---@class link
---@field id string such as "blue1/web:office"
---@field network string such as "office"
local link = {}

---Impairs the link and waits until the kernel has it so.
---@param wish sandtable.LinkWish
---@return true? ok, sandtable.Failure? failure
function link:impair(wish) end

---The link as it was; verified.
---@return true? ok, sandtable.Failure? failure
function link:clear() end

---Whom a function of the scenario runs for.
---@class me
---@field team string? id; nil for a function of no team
---@field title string?
local me = {}

---The team's machine of that name, else a shared one.
---@param name string
---@return machine
function me:machine(name) end

---The team's router of that name, else a shared one.
---@param name string
---@return router
function me:router(name) end

---@class router
---@field id string such as "blue1/fw"
---@field name string such as "fw"
---@field team string id of the team it belongs to
local router = {}

---Puts a rule before the others, or in place of the one of that name.
---@param rule sandtable.Rule
---@return true? ok, sandtable.Failure? failure
function router:rule(rule) end

---@param name string
---@return true? ok, sandtable.Failure? failure
function router:remove(name) end

---@param name string
---@return integer? packets that the rule has met
---@return sandtable.Failure? failure
function router:packets(name) end

---The rules of the scenario, counters at nothing, connections forgotten.
---@return true? ok, sandtable.Failure? failure
function router:reset() end
