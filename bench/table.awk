# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# From goals and the lines of a run, a table: instructions and ns of each engine, the goal,
# and how stage2 compares with it, and with the best of the others.  Less than 1 is better.

function key(name, i, part)
{
	for (i = 2; i <= NF; i++) {
		split($i, part, "=")
		if (part[1] == name)
			return part[2]
	}
	return ""
}

function cell(engine, i, n)
{
	if (!((name, engine) in ns))
		return ""
	i = instr[name, engine]
	n = ns[name, engine]
	return i == "-" ? n " ns" : short(i) ", " short(n) " ns"
}

function short(x)
{
	return x >= 100 ? sprintf("%.0f", x) : x
}

function ratio(a, b)
{
	return a == "" || a == "-" || b == "" || b == "-" || b == 0 ? "" : sprintf("%.2f", a / b)
}

# The least of the other engines'; the floor is no engine.
function best(figure, e, least)
{
	for (e = 2; e < engines; e++)
		if ((name, engine[e]) in figure && figure[name, engine[e]] != "-" &&
		    (least == "" || figure[name, engine[e]] + 0 < least))
			least = figure[name, engine[e]] + 0
	return least
}

BEGIN {
	engines = split("stage2 kvm-6.12 kvm-6.1 io-pgtable floor", engine, " ")
}

FNR == NR {
	if ($1 !~ /^#/)
		goal[$1] = $2
	next
}

# What is counted and has no figure of these.
key("instr") == "-" && key("ns") == "-" {
	next
}

{
	name = key("case")
	if (!(name in unit))
		names[++rows] = name
	unit[name] = key("unit")
	instr[name, key("engine")] = key("instr")
	ns[name, key("engine")] = key("ns")
}

END {
	printf "| case | unit |"
	for (e = 1; e <= engines; e++)
		printf " %s |", engine[e]
	print " goal | stage2 / goal | stage2 / best other: instr | ns |"
	print "|---|---|---|---|---|---|---|---|---|---|---|"
	for (r = 1; r <= rows; r++) {
		name = names[r]
		printf "| %s | %s |", name, unit[name]
		for (e = 1; e <= engines; e++)
			printf " %s |", cell(engine[e])
		printf " %s | %s | %s | %s |\n", goal[name],
			ratio(instr[name, "stage2"], goal[name]),
			ratio(instr[name, "stage2"], best(instr)),
			ratio(ns[name, "stage2"], best(ns))
	}
}
