# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# From the lines of a run, a table of calls by the size of their range: instructions, where they
# were counted, and ns.

function key(name, i, part)
{
	for (i = 2; i <= NF; i++) {
		split($i, part, "=")
		if (part[1] == name)
			return part[2]
	}
	return ""
}

function many(x)
{
	return x == "-" ? x : x >= 1e9 ? sprintf("%.3g G", x / 1e9) : x >= 1e6 ? sprintf("%.3g M", x / 1e6) : \
		x >= 1e3 ? sprintf("%.3g k", x / 1e3) : sprintf("%d", x)
}

function span(ns)
{
	return ns >= 1e6 ? sprintf("%.3g ms", ns / 1e6) : ns >= 1e3 ? sprintf("%.3g us", ns / 1e3) : sprintf("%d ns", ns)
}

function size(mib)
{
	return mib >= 1048576 ? mib / 1048576 " TiB" : mib >= 1024 ? mib / 1024 " GiB" : mib " MiB"
}

BEGIN {
	engines = split("stage2 kvm-6.12 kvm-6.1 io-pgtable floor", engine, " ")
}

key("case") ~ /^growth-/ {
	name = substr(key("case"), 8)
	if (!(name in seen))
		names[++rows] = name
	seen[name] = 1
	cell[name, key("engine")] = many(key("instr")) ", " span(key("ns"))
}

END {
	print "| call | range | stage2 | kvm-6.12 | kvm-6.1 | io-pgtable | floor |"
	print "|---|---|---|---|---|---|---|"
	for (r = 1; r <= rows; r++) {
		match(names[r], /-[0-9]+M$/)
		printf "| %s | %s |", substr(names[r], 1, RSTART - 1), size(substr(names[r], RSTART + 1) + 0)
		for (e = 1; e <= engines; e++)
			printf " %s |", cell[names[r], engine[e]]
		print ""
	}
}
