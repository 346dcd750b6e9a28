# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# From what was measured and the lines, tables for people: one in each file DIR/NAME.md.

function key(name, i, part)
{
	for (i = 2; i <= NF; i++) {
		split($i, part, "=")
		if (part[1] == name)
			return part[2]
	}
	return ""
}

function rate(pattern, cpus, engine, transfer, outside)
{
	return faults[pattern, cpus, engine, transfer, outside]
}

function short(x)
{
	return x == "" ? "" : x >= 100 ? sprintf("%.0f", x) : sprintf("%.3g", x)
}

# What the model says of this machine, and what it did.
function compare(what, pattern, engine, name)
{
	if (!((name, engine) in measured))
		return
	printf "| %s | %s | %s ns | %s ns |\n", what, engine, short(measured[name, engine]),
		short(1000 / rate(pattern, 2, engine, transfer, 0)) >out
}

function cpus_table(pattern, outside, cpus, e, t)
{
	open_table(pattern (outside ? "-" outside : ""), "| CPUs | stage2 | kvm-6.12 | kvm-6.1 | stage2 / best other |")
	for (cpus = 1; cpus <= 512; cpus *= 2) {
		printf "| %d |", cpus >out
		best = 0
		for (e = 1; e <= engines; e++) {
			t = rate(pattern, cpus, engine[e], 100, outside)
			printf " %s |", short(t) >out
			if (e > 1 && t > best)
				best = t
		}
		printf " %s |\n", best ? short(rate(pattern, cpus, "stage2", 100, outside) / best) : "" >out
	}
}

# Faults of a microsecond that were reported of KVM's scheme with readers (docs/scaling.md).
function reported_table(i, cpus, row)
{
	open_table("reported", "| CPUs | reported | model, 50 ns | model, 100 ns |")
	split("1 1.14,2 1.78,4 3.36,8 6.17,16 8.03,32 7.51", row, ",")
	for (i = 1; i in row; i++) {
		split(row[i], cpus, " ")
		printf "| %s | %s | %s | %s |\n", cpus[1], cpus[2],
			short(rate("own", cpus[1] + 0, "kvm-6.12", 50, 800)),
			short(rate("own", cpus[1] + 0, "kvm-6.12", 100, 800)) >out
	}
}

BEGIN {
	engines = split("stage2 kvm-6.12 kvm-6.1", engine, " ")
}

$1 == "parallel" { measured[$2, $3] = $4 }
$1 == "transfer" { transfer = $2 + 0 }
$1 == "cost:" { costs[++n_costs] = sprintf("| %s | %s |", $2, key("ns")) }
$1 == "scale:" {
	faults[key("pattern"), key("cpus") + 0, key("engine"), key("transfer") + 0, key("outside") + 0] = \
		key("faults_per_us") + 0
}
$1 == "bench:" && $2 ~ /=lines-/ {
	lines[++n_lines] = sprintf("| %s | %s | %s | %s | %s |", substr(key("case"), 7), key("engine"),
		key("lines"), key("shared"), key("stores"))
}
$1 == "bench:" && $2 ~ /=beside-table/ { beside[++n_beside] = sprintf("| %s | %s |", key("engine"), key("bytes")) }
$1 == "bench:" && $2 ~ /=window-.*-instr$/ {
	name = substr(key("case"), 8)
	sub(/-instr$/, "", name)
	if (!(name in has_window))
		instr_names[++n_instr] = name
	has_window[name] = 1
	window_instr[name, key("engine")] = key("instr")
	next
}
$1 == "bench:" && $2 ~ /=window-/ {
	windows[++n_windows] = sprintf("| %s | %s | %s | %s | %s |", substr(key("case"), 8),
		key("windows"), key("entries"), key("between"), key("loads"))
}
$2 == "case=guest-12T" {
	guests[++n_guests] = sprintf("| %s | %s | %s | %s | %.4g MiB | %s %% |", key("granule"), key("leaf"),
		key("leaves"), key("tables"), key("bytes") / 1048576, key("percent"))
}
$2 == "case=guest-12T-seconds" {
	times[++n_times] = sprintf("| %s | %s | %s | %s | %s | %s | %s |", key("leaf"), key("engine"),
		key("build"), key("log"), key("round_1"), key("round_100"), key("teardown"))
}

function open_table(name, title)
{
	close(out)
	out = dir "/" name ".md"
	print title >out
	gsub(/[^|]+/, "---", title)
	print title >out
}

function rows(name, title, row, n, i)
{
	open_table(name, title)
	for (i = 1; i <= n; i++)
		print row[i] >out
}

END {
	rows("lines", "| faults | engine | lines written | of them another CPU's too | stores |", lines, n_lines)
	rows("windows", "| operation | windows | entries broken | between the last break and the first make | loads |",
		windows, n_windows)

	rows("beside", "| engine | bytes beside each table page |", beside, n_beside)

	open_table("window-instructions", "| operation | stage2 | kvm-6.12 | kvm-6.1 | io-pgtable |")
	for (i = 1; i <= n_instr; i++)
		printf "| %s | %s | %s | %s | %s |\n", instr_names[i], window_instr[instr_names[i], "stage2"],
			window_instr[instr_names[i], "kvm-6.12"], window_instr[instr_names[i], "kvm-6.1"],
			window_instr[instr_names[i], "io-pgtable"] >out

	open_table("two", "| two threads | engine | measured, of a page | by the model |")
	compare("own pages", "own", "stage2", "parallel-halves-2")
	compare("own pages", "own", "kvm-6.12", "parallel-locked-halves-2")
	compare("own pages", "own", "kvm-6.1", "parallel-locked-halves-2")
	compare("interleaved", "interleaved", "stage2", "parallel-interleaved-2")
	compare("interleaved", "interleaved", "kvm-6.12", "parallel-locked-interleaved-2")
	compare("interleaved", "interleaved", "kvm-6.1", "parallel-locked-interleaved-2")

	cpus_table("own", 0)
	cpus_table("interleaved", 0)
	cpus_table("random", 0)
	cpus_table("own", 800)
	cpus_table("own", 2000)

	reported_table()

	open_table("transfer", "| 64 CPUs, pages of their own | 25 ns | 50 ns | 100 ns | 200 ns |")
	for (e = 1; e <= engines; e++)
		printf "| %s | %s | %s | %s | %s |\n", engine[e], short(rate("own", 64, engine[e], 25, 0)),
			short(rate("own", 64, engine[e], 50, 0)), short(rate("own", 64, engine[e], 100, 0)),
			short(rate("own", 64, engine[e], 200, 0)) >out

	rows("guest", "| granule | leaf | leaves | tables | their memory | of the guest's |", guests, n_guests)
	rows("seconds", "| leaves | engine | build | begin a log | round, 0.1 % dirty | 10 % | teardown |", times, n_times)

	open_table("costs", "| what | ns |")
	for (i = 1; i <= n_costs; i++)
		print costs[i] >out
}
