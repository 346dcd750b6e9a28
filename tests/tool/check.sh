# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 check: traces that keep to the rules, the same with a line removed or changed, and
# what is no trace.

trace=$TMP/trace

# A table of 512 pages at IPA 0x40000000 becomes a block.  40 bits, 4K: two root tables.
collapse()
{
	cat <<-END
		stage2-trace 1
		features ${features-ttl,tlbirange}
		cpus 2
		vtcr 0x80023558
		0 vttbr 0x1000080000000
		0 isb
		0 zero 0x80010000
		0 fill 0x80010000 0x1000007ff 512 0x1000
		0 zero 0x80011000
		0 fill 0x80011000 0x80010003
		0 release 0x80000008 0 0x80011003 # linked
		0 dsb ishst
		1 online
		0 release 0x80011000 0x80010003 0x4 # break
		0 dsb ishst # first
		0 tlbi VMALLS12E1IS
		0 dsb ish # last
		0 release 0x80011000 0x4 0x1000007fd # make
		1 quiescent
		0 free 0x80010000
		end
	END
}

# edited SED-EXPRESSION...: a collapse with changes.
edited()
{
	collapse | sed "$@" >"$trace"
}

# breaks_rule RULE SED-EXPRESSION PART...: the changed one breaks this rule and no other.
breaks_rule()
{
	rule=$1
	edited "$2"
	name="$rule: $(printf '%s' "$2" | tr '\134' /)"
	shift 2
	says "$name" 1 "check $trace" ": $rule: " violations=1 "$@"
}

# holds NAME SED-EXPRESSION: the changed one is right.
holds()
{
	edited "$2"
	says "$1" 0 "check $trace" violations=0
}

holds "a collapse" ""
says "what it counts" 0 "check $trace" "check: events=16 stores=3 barriers=3 tlbis=1 breaks=1 frees=1 violations=0"
says "as JSON" 0 "check $trace --json" '"broken": 0' '"violations": []' '"breaks": 1'

# Each line of the break.
breaks_rule make-after-invalidate '/# first/d' \
	"line 17: make-after-invalidate: CPU0 makes the entry at 0x80011000 (level 2, IPA 0x40000000, 2M) 0x1000007fd" \
	"line 14: CPU0 took it away: the entry at 0x80011000 held 0x80010003" \
	"line 15: a TLBI that does not count: the store was not yet visible" "missing: a TLBI of stage 2" \
	"Arm ARM: Using break-before-make when updating translation table entries"
breaks_rule make-after-invalidate '/0 tlbi/d' "missing: a TLBI of stage 2"
breaks_rule make-after-invalidate '/# last/d' "missing: a DSB ISH behind the TLBI of stage 2"
breaks_rule make-after-invalidate 's/ish # last/ishst # last/' "missing: a DSB ISH behind"
breaks_rule make-after-invalidate 's/ish # last/nsh # last/' "missing: a DSB ISH behind"
breaks_rule make-after-invalidate 's/ishst # first/nsh # first/' "a TLBI that does not count"
breaks_rule make-after-invalidate 's/0 dsb ishst # first/1 dsb ishst/' "a TLBI that does not count"
breaks_rule make-after-invalidate 's/0 dsb ish # last/1 dsb ish/' "missing: a DSB ISH behind"
breaks_rule make-after-invalidate 's/VMALLS12E1IS/VMALLS12E1/' "it is for one CPU alone"
breaks_rule make-after-invalidate 's/0 tlbi VMALLS12E1IS/0 vttbr 0x2000080004000\n0 isb\n&/' "VTTBR_EL2 has another VMID"
breaks_rule make-after-invalidate 's/VMALLS12E1IS/VMALLE1IS/' "stage 2 was not gone yet"
holds "the TLBI of another CPU" 's/0 tlbi/1 vttbr 0x1000080000000\n1 isb\n1 tlbi/; s/0 dsb ish # last/1 dsb ish/'
holds "of all VMIDs, whatever VTTBR_EL2 says" 's/VMALLS12E1IS/ALLE1IS/'
holds "stronger barriers" 's/dsb ish/dsb sy/; s/syst/sy/'
holds "each CPU for itself" 's/0 tlbi VMALLS12E1IS/0 tlbi VMALLS12E1\n1 vttbr 0x1000080000000\n1 isb\n1 tlbi VMALLS12E1\n1 dsb nsh/'

# By address: what is named, at which level, and the companion.
pair='s/VMALLS12E1IS/RIPAS2E1IS 0x538000040000\n0 dsb ish # middle\n0 tlbi VMALLE1IS/'
holds "by a range, and stage 1" "$pair"
edited "$pair"
sed -i '/middle/d' "$trace"
says "stage 1 before stage 2 is gone" 1 "check $trace" "stage 2 was not gone yet" violations=1
edited "$pair"
sed -i '/tlbi VMALLE1IS/d' "$trace"
says "no companion" 1 "check $trace" "missing: the companion: a TLBI VMALLE1IS" violations=1
breaks_rule make-after-invalidate "$(printf "%s" "$pair" | sed s/RIPAS2E1IS/RIPAS2LE1IS/)" "pointers to tables stay"
breaks_rule make-after-invalidate "$(printf "%s" "$pair" | sed s/0x538/0x530/)"
breaks_rule make-after-invalidate "$(printf "%s" "$pair" | sed s/40000/80000/)" "names other addresses"
breaks_rule make-after-invalidate "$(printf "%s" "$pair" | sed s/0x538/0x938/)" "need not be honoured"
breaks_rule make-after-invalidate 's/VMALLS12E1IS/IPAS2E1IS 0x40000\n0 dsb ish\n0 tlbi VMALLE1IS/' "held 0x1000017ff, below"

# The entry itself.
breaks_rule break-before-make '/# break/d; s/0x4 0x1000007fd/0x80010003 0x1000007fd/; /first/d; /last/d; /0 tlbi/d; /free/d' \
	"CPU0 changes the entry at 0x80011000 (level 2, IPA 0x40000000, 2M) from 0x80010003 to 0x1000007fd, both valid, without a break" \
	"line 10: what it held was stored"
features=bbm2
holds "the same with FEAT_BBM level 2, and an invalidation" '/# break/d; /# make/d; s/0 dsb ishst # first/0 release 0x80011000 0x80010003 0x1000007fd\n&/'
features=bbm1
through_nt()
{
	after <<-END
		0 release 0x80011008 0 0x2000007fd
		0 release 0x80011008 0x2000007fd ${1-0x2000107fd} # nT
		0 dsb ishst
		0 tlbi IPAS2LE1IS 0x40200
		0 dsb ish
		0 tlbi VMALLE1IS
		0 dsb ish
		0 zero 0x80012000
		0 fill 0x80012000 0x2000007ff 512 0x1000
		0 release 0x80011008 ${1-0x2000107fd} 0x80012003
		0 dsb ishst
	END
}
page='/# break/,$d; $!b'
after()
{
	edited "$page"
	{
		cat
		echo end
	} >>"$trace"
}
through_nt
says "with FEAT_BBM level 1 by way of nT" 0 "check $trace" violations=0
sed -i '/tlbi IPAS2LE1IS/d' "$trace"
says "but the block without nT has to go first" 1 "check $trace" make-after-invalidate
through_nt 0x2000007fd
says "and not without nT" 1 "check $trace" break-before-make
unset features
holds "linked by a plain store behind a barrier" 's/0 release 0x80000008/0 dmb ishst\n0 store 0x80000008/'
breaks_rule contents-before-pointer 's/0 release 0x80000008/0 store 0x80000008/' "line 10: the last store to the table"
invalidated='0 dsb ishst\n0 tlbi IPAS2LE1IS 0x40000\n0 dsb ish\n0 tlbi VMALLE1IS\n0 dsb ish\n'
after <<-END
	0 release 0x80010000 0x1000007ff 0x1007007ff
END
says "another address" 1 "check $trace" break-before-make violations=1
after <<-END
	0 release 0x80010000 0x1000007ff 0x1000007f7
END
says "another memory type" 1 "check $trace" break-before-make violations=1
after <<-END
	0 release 0x80010000 0x1000007ff 0x100000777
END
says "a restriction and another memory type" 1 "check $trace" break-before-make violations=1
after <<-END
	0 release 0x80010000 0x1000007ff 0x10000077f
END
says "a restriction that nobody invalidates" 1 "check $trace" "invalidate: CPU0 takes away a translation, or a permission, of IPA 0x40000000" violations=1
after <<-END
	0 release 0x80010000 0x1000007ff 0x10000077f
	$(printf "%b" "$invalidated")
	0 release 0x80010000 0x10000077f 0x1000007ff
END
says "a restriction, and the reverse" 0 "check $trace" violations=0
after <<-END
	0 release 0x80010000 0x1000007ff 0
	$(printf "%b" "$invalidated")
	0 release 0x80010000 0 0x1007007ff
END
says "break, invalidate, make of a page" 0 "check $trace" violations=0
after <<-END
	0 release 0x80010000 0x1000007ff 0
	0 tlbi VMALLE1IS
	0 release 0x80010000 0 0x1000007ff
	$(printf "%b" "$invalidated")
END
says "the same page again needs no wait" 0 "check $trace" violations=0
after <<-END
	0 release 0x80010000 0x1000007ff 0
	0 dsb ishst
	0 tlbi IPAS2LE1IS 0x700000040000
	0 dsb ish
	0 tlbi VMALLE1IS
	0 dsb ish
END
says "a hint of the right level" 0 "check $trace" violations=0
sed -i s/0x70/0x60/ "$trace"
says "a hint of another level" 1 "check $trace" "its hint names one level" violations=1

# Frees.
breaks_rule free-after-invalidate '/# break/,/# make/d' "frees the table at 0x80010000, which is linked: IPA 0x40000000"
breaks_rule free-after-invalidate '/# make/d; /# last/d' "frees the table at 0x80010000, and walks may still go through it"
breaks_rule free-after-grace-period '/quiescent/d' "and CPU1 has been inside of a read-side section" "line 14: it was cut off"
holds "a section that began later" '/1 online/d; s/1 quiescent/1 online/'
breaks_rule free-after-invalidate 's/0 free 0x80010000/0 release 0x80011008 0 0x80010003/; /# make/d; /# last/d' "uses the table at 0x80010000"
breaks_rule vmid-before-tlbi '/0 isb/d' "line 5: VTTBR_EL2 is written"

# --- no traces -------------------------------------------------------------------------

# no_trace SED-EXPRESSION REASON
no_trace()
{
	edited "$1"
	refuses "check $trace" "$trace: $2"
}
no_trace 's/stage2-trace 1/stage2-trace 2/' "line 1: version 2"
no_trace 1d "line 1: no trace"
no_trace '/^end/d' "line 20: the last one, and it is not 'end': truncated"
no_trace '$aend' "line 22: something comes behind 'end'"
no_trace '/# break/d' "line 17: the entry at 0x80011000 is said to have held 0x4, but line 10 left 0x80010003 there: a store is missing"
no_trace '/vttbr/d' "line 15: a TLBI of CPU 0, whose VTTBR_EL2 is not known"
no_trace '/vttbr/d; /0 tlbi/i0 store 1 0 0' "line 15: an entry at 0x1, which is no multiple of 8"
no_trace 's/0x80023558/0xffffffff/' "line 4: "
no_trace '/vtcr/d' "line 4: '0': a line 'vtcr VALUE' has to come before all events"
no_trace '4,$d' "line 3: no line 'vtcr VALUE'"
no_trace s/ttl/tlt/ "line 2: 'tlt,tlbirange' is no list of features"
no_trace 's/cpus 2/cpus 65/' "line 3: 65 is too large"
no_trace 's/cpus 2/cpus 1/' "line 13: CPU 1 is none of those that 'cpus' counts"
no_trace 's/tlbi VMALLS12E1IS/tlbi VAE2IS/' "line 16: 'VAE2IS' is no TLBI of stage 2"
no_trace 's/tlbi VMALLS12E1IS/tlbi IPAS2E1IS/' "line 16: a number is missing"
no_trace 's/dsb ish /dsb ld /' "line 17: 'ld' is no kind of barrier"
no_trace 's/0 free 0x80010000/0 free 0x80010008/' "line 20: a table at 0x80010008"
no_trace 's/512 0x1000/513 0x1000/' "line 8: no number of entries in one table"
no_trace 's/0 free.*/0 fire/' "line 20: 'fire' is no event"
no_trace 's/0 free.*/0/' "line 20: '' is no event"
no_trace 's/0 isb/0 isb now/' "line 6: 'now' is too much"
no_trace 's/vttbr 0x1000080000000/vttbr 0x1000080001000/' "line 5: the root at 0x80001000 is not aligned to its 8K"
no_trace 's/0 isb/0 1 2 3 4 5 6 7 8 9 a b c d e f 10/' "line 6: more than 16 words"
refuses "check $trace.none" "$trace.none: No such file"
refuses "check" "TRACE: none is given"
refuses "check $trace $trace" "$trace: an argument too many"
: >"$trace"
refuses "check $trace" "$trace: line 0: no trace"
collapse | tr '#' '\0' >"$trace"
refuses "check $trace" "$trace: line 11: a byte that is 0"
if command -v xz >/dev/null; then
	collapse | xz >"$trace.xz"
	says "a trace compressed by xz" 0 "check $trace.xz" violations=0
	head -c 100 "$trace.xz" >"$trace"
	refuses "check $trace" "$trace: compressed by xz, and truncated"
	tr 'a-y' 'b-z' <"$trace.xz" >"$trace"
	refuses "check $trace" "$trace: compressed by xz, and damaged"
fi
