# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# From what `bench lines` said, and then what lackey saw it store: how many cache lines of
# 64 bytes a fault writes that are not its CPU's own, how many of them another CPU writes too,
# and in how many stores; and how many bytes an engine has beside each table page.

# Addresses are compared as text, all of one length.
function wide(address)
{
	return substr("0000000000000000", length(address) + 1) address
}

function line_of(address, n)
{
	n = length(address)
	return substr(address, 1, n - 2) int((index("0123456789abcdef", substr(address, n - 1, 1)) - 1) / 4)
}

function is_in(what, address, i)
{
	for (i = 1; i <= ranges[what, job]; i++)
		if (address >= from[what, job, i] && address < to[what, job, i])
			return 1
	return 0
}

# Where the begin of a fault leads.
function begin(address, low, n)
{
	low = index("0123456789abcdef", substr(address, 16, 1)) - 1
	n = (index("0123456789abcdef", substr(address, 15, 1)) - 1) * 16 + low - mark_low
	n = n < 0 ? n + 256 : n
	job = int(n / 2)
	cpu = n % 2
	if (job)
		faults[job]++
	delete seen
}

function stored(address, size, line)
{
	if (is_in("own", address))
		return
	stores[job]++
	if (!is_in("table", address) && !((job, address) in beside)) {
		beside[job, address] = 1
		bytes[job] += size
	}
	line = line_of(address)
	if (line in seen)
		return
	seen[line] = 1
	writes[job, line]++
	writer[job, line, cpu] = 1
}

$1 == "mark" {
	mark_from = $3
	mark_to = $4
	mark_low = (index("0123456789abcdef", substr($3, 15, 1)) - 1) * 16 + \
		index("0123456789abcdef", substr($3, 16, 1)) - 1
}
$1 == "own" || $1 == "table" {
	ranges[$1, $2]++
	from[$1, $2, ranges[$1, $2]] = $3
	to[$1, $2, ranges[$1, $2]] = $4
}
$1 == "job" {
	name[$2] = $3
	engine[$2] = $4
	jobs = $2
}
# A load and store of one address in one instruction, or a store.
$1 == "M" || $1 == "S" {
	split($2, access, ",")
	address = wide(access[1])
	if (address >= mark_from && address < mark_to)
		begin(address)
	else if (job)
		stored(address, access[2])
}

END {
	for (key in writes) {
		split(key, part, SUBSEP)
		lines[part[1]] += writes[key]
		if (((key, 0) in writer) && ((key, 1) in writer))
			shared[part[1]] += writes[key]
	}
	for (j = 1; j <= jobs; j++) {
		if (!faults[j])
			exit 1
		if (name[j] == "tables-16")
			printf "bench: case=beside-table engine=%s instr=- ns=- unit=table bytes=%.2f\n",
				engine[j], (bytes[j] - bytes[j - 1]) / (faults[j] - faults[j - 1])
		else if (name[j] !~ /^tables/)
			printf "bench: case=lines-%s engine=%s instr=- ns=- unit=fault lines=%.2f shared=%.2f stores=%.2f\n",
				name[j], engine[j], lines[j] / faults[j], shared[j] / faults[j], stores[j] / faults[j]
	}
	exit !jobs
}
