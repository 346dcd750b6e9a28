# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# From what was measured and the lines, tables for people.

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
		short(1000 / rate(pattern, 2, engine, transfer, 0))
}

function cpus_table(pattern, outside, title, cpus, e, t)
{
	printf "\n| CPUs, %s |", title
	for (e = 1; e <= engines; e++)
		printf " %s |", engine[e]
	print " stage2 / best other |\n|---|---|---|---|---|"
	for (cpus = 1; cpus <= 512; cpus *= 2) {
		printf "| %d |", cpus
		best = 0
		for (e = 1; e <= engines; e++) {
			t = rate(pattern, cpus, engine[e], 100, outside)
			printf " %s |", short(t)
			if (e > 1 && t > best)
				best = t
		}
		printf " %s |\n", short(rate(pattern, cpus, "stage2", 100, outside) / best)
	}
}

BEGIN {
	engines = split("stage2 kvm-6.12 kvm-6.1", engine, " ")
}

$1 == "parallel" { measured[$2, $3] = $4 }
$1 == "transfer" { transfer = $2 }
$1 == "scale:" {
	faults[key("pattern"), key("cpus") + 0, key("engine"), key("transfer") + 0, key("outside") + 0] = \
		key("faults_per_us") + 0
}
$1 == "bench:" && $2 ~ /=lines-/ {
	lines[++n_lines] = sprintf("| %s | %s | %s | %s | %s |", substr(key("case"), 7), key("engine"),
		key("lines"), key("shared"), key("stores"))
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

END {
	print "| faults | engine | lines written | of them another CPU's too | stores |\n|---|---|---|---|---|"
	for (i = 1; i <= n_lines; i++)
		print lines[i]
	print "\n| operation | windows | entries broken | between break and make | loads |\n|---|---|---|---|---|"
	for (i = 1; i <= n_windows; i++)
		print windows[i]
	print "\n| two threads | engine | measured, of a page | by the model |\n|---|---|---|---|"
	compare("own pages", "own", "stage2", "parallel-halves-2")
	compare("own pages", "own", "kvm-6.12", "parallel-locked-halves-2")
	compare("own pages", "own", "kvm-6.1", "parallel-locked-halves-2")
	compare("interleaved", "interleaved", "stage2", "parallel-interleaved-2")
	compare("interleaved", "interleaved", "kvm-6.12", "parallel-locked-interleaved-2")
	compare("interleaved", "interleaved", "kvm-6.1", "parallel-locked-interleaved-2")
	cpus_table("own", 0, "pages of its own")
	cpus_table("interleaved", 0, "interleaved")
	cpus_table("random", 0, "at random")
	cpus_table("own", 2000, "pages of its own, 2 us outside")
	print "\n| 64 CPUs, pages of their own | 25 ns | 50 ns | 100 ns | 200 ns |\n|---|---|---|---|---|"
	for (e = 1; e <= engines; e++)
		printf "| %s | %s | %s | %s | %s |\n", engine[e], short(rate("own", 64, engine[e], 25, 0)),
			short(rate("own", 64, engine[e], 50, 0)), short(rate("own", 64, engine[e], 100, 0)),
			short(rate("own", 64, engine[e], 200, 0))
	print "\n| granule | leaf | leaves | tables | their memory | of the guest |\n|---|---|---|---|---|---|"
	for (i = 1; i <= n_guests; i++)
		print guests[i]
	print "\n| leaves | engine | build | log from here on | round, 0.1 % dirty | 10 % | teardown |\n|---|---|---|---|---|---|---|"
	for (i = 1; i <= n_times; i++)
		print times[i]
}
