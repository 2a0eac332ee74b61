# table.awk - what benchmarks print, a JSON object a line, as a table for people.
function field(key,    rest) {
    if (!match($0, "\"" key "\": *(\"[^\"]*\"|[^,}]*)")) { return "?" }
    rest = substr($0, RSTART, RLENGTH)
    sub(/^"[^"]*": */, "", rest)
    gsub(/"/, "", rest)
    return rest
}
BEGIN { printf "%-44s %14s %14s %-8s %8s %8s  %s\n", "measure", "ours", "peer", "unit", "ratio", "goal", "ok" }
{ printf "%-44s %14s %14s %-8s %8s %8s  %s\n", field("name"), field("ours"), field("peer"),
    field("unit"), field("ratio"), field("goal"), field("ok") == "true" ? "yes" : "NO" }
