# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# Seconds that one CPU needs for a guest of 12 TiB, 4K granule: from what was measured of one
# page or block, or of a call for many of them, and how many there are.

# ns of one of the leaves that a measurement was of; "" if there is none.
function of_one(name, engine, leaves)
{
	return (name, engine) in ns ? ns[name, engine] / leaves : ""
}

function seconds(one)
{
	return one == "" ? "-" : sprintf("%.3g", one * n / 1e9)
}

function plus(a, b)
{
	return a == "" || b == "" ? "" : a + b
}

function row(leaf, engine, leaves, build, start, few, many, teardown)
{
	n = leaves
	if (build != "")
		printf "bench: case=guest-12T-seconds engine=%s instr=- ns=- unit=guest leaf=%s build=%s log=%s round_1=%s round_100=%s teardown=%s\n",
			engine, leaf, seconds(build), seconds(start), seconds(few), seconds(many), seconds(teardown)
}

$1 == "time" { ns[$2, $3] = $5 }

END {
	gib = 262144 # pages, and blocks of 512
	few = of_one("collect-1-4k-l4", "stage2", 1)
	many = of_one("collect-100-4k-l4", "stage2", 1)
	pages = 12 * 1024 * gib
	blocks = pages / 512

	row("4K", "stage2", pages, of_one("growth-map-pages-65536M", "stage2", 64 * gib),
		of_one("log-start-4k-l4", "stage2", 1), few, many,
		of_one("growth-unmap-65536M", "stage2", 64 * gib))
	# Who has no log in his entries protects all, again in each round, and lets a page be
	# written when it faults.
	protect = of_one("growth-protect-65536M", "kvm-6.12", 64 * gib)
	relax = of_one("relax-4k-l4", "kvm-6.12", 1)
	row("4K", "kvm-6.12", pages, of_one("growth-map-pages-65536M", "kvm-6.12", 64 * gib),
		protect, plus(protect, relax / 1000), plus(protect, relax / 10),
		of_one("growth-unmap-65536M", "kvm-6.12", 64 * gib))
	row("4K-contiguous", "stage2", pages, of_one("map-pages-4k-contig", "stage2", 1),
		of_one("log-start-4k-contig", "stage2", 1), few, many,
		of_one("unmap-4k-contig", "stage2", gib))
	row("2M", "stage2", blocks, of_one("growth-map-blocks-1048576M", "stage2", 2 * gib),
		of_one("log-start-blocks-4k-l4", "stage2", 1), "", "",
		of_one("growth-unmap-blocks-1048576M", "stage2", 2 * gib))
	row("2M", "kvm-6.12", blocks, of_one("growth-map-blocks-1048576M", "kvm-6.12", 2 * gib),
		of_one("growth-protect-blocks-1048576M", "kvm-6.12", 2 * gib), "", "",
		of_one("growth-unmap-blocks-1048576M", "kvm-6.12", 2 * gib))
	row("2M-contiguous", "stage2", blocks, of_one("map-blocks-4k-contig", "stage2", 1),
		of_one("log-start-blocks-4k-contig", "stage2", 1), "", "",
		of_one("unmap-blocks-4k-contig", "stage2", gib / 8))
	row("2M-split", "stage2", blocks, of_one("split-range-4k-l4", "stage2", 1), "", "", "", "")
	row("2M-split", "kvm-6.12", blocks, of_one("split-range-4k-l4", "kvm-6.12", 1), "", "", "", "")
}
