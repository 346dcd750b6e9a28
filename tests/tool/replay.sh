# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 replay and check on what the hypervisor recorded; and what is no workload.

boot=tests/tool/data/boot.workload.xz
churn=tests/tool/data/churn.workload.xz
recorded=tests/tool/data/boot.trace.xz

says "check: the boot that the hypervisor recorded" 0 "check $recorded" "violations=0"
says "replay: the recorded boot, with all checks" 0 "replay $boot" "workload: 52206 calls of 2 CPUs" \
	"engine: retries=0 breaks=90 splits=0 collapses=90" "of the VMID=90" "windows: 90, of 4.0 steps, 4 at most" \
	"64 pages watched in 8 passes" "tables_leaked=0 violations=0"

# In less than 20 s, on whatever else this machine has to do.
is_quick()
{
	seconds=$(printf '%s\n' "$said" | sed -n 's/.*seconds=\([0-9]*\).*/\1/p')
	[ -n "$seconds" ] && [ "$seconds" -lt 20 ]
}
result "replay: in less than 20 s" is_quick
says "replay: by ranges of IPAs" 0 "replay $boot --pages 8 --features ttl,tlbirange" "by range=90 of the VMID=0 stage 1=90" violations=0
says "replay: FEAT_BBM level 2 has no window" 0 "replay $boot --pages 8 --features bbm2" "collapses=90" "windows: 0," violations=0
says "replay: contiguous groups" 0 "replay $boot --pages 8 --features contig" collapses=90 violations=0
says "replay: another granule" 0 "replay $boot --pages 8 --granule 64K" granule=64K violations=0
says "replay: each call by two CPUs" 0 "replay $boot --pages 8 --twice" calls=104412 "collapses=90" violations=0
says "replay: changes under the running guest" 0 "replay $churn --pages 16" "splits=15" "restricts=5229" violations=0
says "replay: the same, two CPUs for each call" 0 "replay $churn --pages 8 --twice" calls=39994 violations=0
says "replay: in no order but that of each CPU" 0 "replay $churn --pages 8 --loose --seed 7" violations=0
says "replay: on two threads" 0 "replay $boot --threads 2" cpus=2 calls=52206 tables_leaked=0 violations=0
says "replay: on more threads than CPUs" 0 "replay $boot --threads 5" cpus=5 calls=52206 collapses=90 tables_leaked=0
says "replay: changes on threads" 0 "replay $churn --threads 4" tables_leaked=0 violations=0
says "replay: as JSON" 0 "replay $churn --pages 8 --json" '"violation": null' '"leaked": 0' '"tables_over_time": ['

again()
{
	first=$("$STAGE2" replay "$churn" --pages 8 --loose --seed 3 | sed 's/ seconds=.*//')
	said=$("$STAGE2" replay "$churn" --pages 8 --loose --seed 3 | sed 's/ seconds=.*//')
	[ "$first" = "$said" ]
}
result "replay: the same seed, the same steps" again

# --- a recorded trace without one line ---------------------------------------------------

# Lines that are DSBs and TLBIs between a break and its make, on the same CPU, of a boot
# whose breaks are all of collapses: an entry of level 2 becomes invalid, and a block.
xz -dc "$recorded" >"$TMP/recorded"
break_lines()
{
	awk '
	$2 == "release" && $4 ~ /3$/ && $5 ~ /4$/ { from[$1] = 1; n[$1] = 0; entry[$1] = $3; next }
	from[$1] && $2 == "release" && $3 == entry[$1] && $5 ~ /fd$/ {
		for (i = 0; i < n[$1]; i++)
			print line[$1, i]
		from[$1] = 0
		next
	}
	from[$1] && ($2 == "dsb" || $2 == "tlbi") { line[$1, n[$1]++] = NR }
	' "$TMP/recorded"
}

# All are rejected but 0 of them, and each names the rule.
rejected()
{
	said=
	for line in $1; do
		sed "${line}d" "$TMP/recorded" >"$TMP/without"
		said=$("$STAGE2" check "$TMP/without" 2>&1)
		status=$?
		if [ "$status" != 1 ] || ! has "make-after-invalidate: CPU"; then
			echo "# without line $line"
			return 1
		fi
	done
	[ -n "$said" ]
}
break_lines >"$TMP/lines"
lines=$(wc -l <"$TMP/lines")
status=0 said="$lines lines"
result "check: three lines for each of the 90 breaks" [ "$lines" = 270 ]
every=${EVERY_LINE:+1}
every=${every:-37}
result "check: rejects the recorded boot without one of them (every ${every}th of $lines)" \
	rejected "$(awk -v every="$every" 'NR % every == 0' "$TMP/lines")"

# --- no workloads ---------------------------------------------------------------------------

workload=$TMP/workload
some()
{
	cat <<-END
		stage2-workload 1
		features ttl
		vtcr 0x80023558
		frequency 1000
		0 0 5 map 0x40000000 0x1000 0x80000000 0x47 0x5
		3 2 5 map 0x40001000 0x1000 0x80001000 0x47 0x5
		0 9 1 unmap 0x40000000 0x2000 0x0
		0 11 1 flush
		end
	END
}
some >"$workload"
says "replay: a workload by hand" 0 "replay $workload" "4 calls of 2 CPUs" "map=2 unmap=1 flush=1" "breaks=2" violations=0
no_workload()
{
	some | sed "$1" >"$workload"
	refuses "replay $workload" "$workload: $2"
}
no_workload 1d "line 1: no workload"
no_workload s/1/2/ "line 1: version 2"
no_workload '/end/d' "line 8: the last one, and it is not 'end': truncated"
no_workload '$a0 1 1 flush' "line 10: something comes behind 'end'"
no_workload s/ttl/tlt/ "line 2: 'tlt' is no list of features"
no_workload /vtcr/d "line 3: a line 'vtcr VALUE'"
no_workload s/0x80023558/7/ "line 3: "
no_workload /frequency/d "line 4: a line 'frequency HZ'"
no_workload 's/frequency 1000/frequency 0/' "line 4: a frequency of 0"
no_workload s/flush/flash/ "line 8: 'flash' is no call"
no_workload 's/flush/flush 1/' "line 8: '1' is too much"
no_workload 's/0x2000 0x0/0x2000/' "line 7: a number is missing"
no_workload 's/0x40001000 0x1000/0x40001000 0x1001/' "line 6: 0x1001 is no multiple of a page"
no_workload 's/0x40001000 0x1000/0xffffffff000 0x1000/' "line 6: a range of IPAs that does not fit into 40 bits"
no_workload 's/^3/64/' "line 6: 64 is too large"
no_workload '5,8d' "a workload without any call"
no_workload '/^3/d; s/0x47 0x5/0x20000047 0x5/' "line 5: the library does not take this call"
refuses "replay $boot --threads 0" "--threads: 0 is too small"
refuses "replay $boot --pages 0" "--pages: 0 is too small"
refuses "replay $boot --granule 16K --ipa-bits 50" "--ipa-bits: "
refuses replay "WORKLOAD: none is given"
refuses "replay a b" "b: an argument too many"
refuses "replay $recorded" "$recorded: line 1: no workload"
