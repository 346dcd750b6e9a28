# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# From what `bench windows` said, and then all that lackey saw: how many instructions are
# between the first and the last store to an entry that changes.

function wide(address)
{
	return substr("0000000000000000", length(address) + 1) address
}

# From the first mark, of an address in the same page.
function offset(address, i, n)
{
	for (i = 13; i <= 16; i++)
		n = n * 16 + index("0123456789abcdef", substr(address, i, 1)) - \
			index("0123456789abcdef", substr(mark, i, 1))
	return n
}

function stored(address, n)
{
	n = offset(address)
	if (substr(address, 1, 12) == substr(mark, 1, 12) && n >= 0 && n < 64) {
		job = n
		broken = 0
	} else if (job && address == entry[job] && !broken) {
		broken = 1
		between = 0
	} else if (job && address == entry[job]) {
		window[job] = between - 1 # the store's own
	}
}

$1 == "mark" { mark = $2 }
$1 == "job" {
	name[$2] = $3
	engine[$2] = $4
	entry[$2] = $5
	jobs = $2
}
$1 == "I" { between++ }
$1 == "M" || $1 == "S" {
	split($2, access, ",")
	stored(wide(access[1]))
}

END {
	for (j = 1; j <= jobs; j++) {
		if (!(j in window))
			exit 1
		printf "bench: case=window-%s-instr engine=%s instr=%d ns=- unit=window\n", name[j], engine[j], window[j]
	}
	exit !jobs
}
