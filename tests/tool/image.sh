# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 walk, dump and verify: on images that the library builds, against its own dump,
# and on ones that were put together by hand.

image=$TMP/image
maker=$dir/image

# --- tables of the library's own ---------------------------------------------------

dumped_alike()
{
	[ "$status" = 0 ] && [ "$said" = "$(sed 1d "$TMP/dump")" ]
}

for granule in 4K 16K 64K; do
	"$maker" build "$image" $granule >"$TMP/dump"
	"$maker" core "$image" 0x80000000 "$image.elf"
	read -r vttbr vtcr <"$TMP/dump"
	run dump "$image" --base 0x80000000 --vttbr "$vttbr" --vtcr "$vtcr"
	result "$granule: dump says what s2_dump() says" dumped_alike
	run dump "$image.elf" --vttbr "$vttbr" --granule $granule
	result "$granule: the same of an ELF core, with a format by its sizes" dumped_alike
	says "$granule: and verify finds nothing" 0 \
		"verify $image.elf --own --vttbr $vttbr --vtcr $vtcr" "broken=0"
done

# --- tables by hand ------------------------------------------------------------------

# 64 KiB from 0x40000000: two root tables at 0, a level-2 table at 0x2000, a level-3
# table at 0x3000.  40 bits, 4K.
fresh()
{
	"$maker" zero "$image" 0x10000
	poke 0x10 0x40002003 # IPA 0x80000000
	poke 0x18 0x1000007fd # IPA 0xc0000000: a block of 1G
	poke 0x2000 0x40003003
	poke 0x2008 0x2000007fd # IPA 0x80200000: a block of 2M
	poke 0x3008 0x004000030000075f # IPA 0x80001000: read only, not executable, memattr 7
	poke 0x3010 0x004000030000175f
	poke 0x3020 0x400 # IPA 0x80004000: of somebody else
}

poke()
{
	"$maker" poke "$image" "$1" "$2"
}

at="$image --base 0x40000000 --vttbr 0x40000000"

fresh
says "a walk to a page" 0 "walk $at 0x80001abc" "IPA 0x80001abc: 4K granule, 40 IPA bits" \
	"level 1 entry 2 at 0x40000010 0x40002003: table at level 1: entries of level 2 are at 0x40002000" \
	"level 2 entry 0 at 0x40002000 0x40003003: table" \
	"level 3 entry 1 at 0x40003008 0x4000030000075f: page of 4K at level 3, address 0x300000000: read only, not executable" \
	"PA 0x300000abc"
says "a walk to a block" 0 "walk $at 0x80234567" "block of 2M" "PA 0x200034567"
says "a walk to a block of 1G" 0 "walk $at 0xffffffff" "level 1 entry 3" "PA 0x13fffffff"
says "a walk to nothing" 1 "walk $at 0x80000000" "invalid at level 3: empty" "translation fault, level 3"
says "a walk to what is somebody's" 1 "walk $at 0x80004000" "software's own, but not of stage2" "translation fault, level 3"
says "a walk beyond the IPA bits" 1 "walk $at 0x10000000000" "too many bits: translation fault, level 1"
says "a walk as JSON" 0 "walk $at 0x80001000 --json" '"pa": "0x300000000"' '"index": 1' '"table": "0x40003000"'
says "a fault as JSON" 1 "walk $at 0 --json" '"fault": "translation fault, level 1"'

says "a dump of another hypervisor's tables" 0 "dump $at --total" \
	"0000080001000-0000080002fff pa 0000300000000 r-- memattr=0x7 L3=8K" \
	"0000080003000-0000080003fff empty" "0000080004000-0000080004fff invalid 0x400" \
	"0000080005000-00000801fffff empty" "0000080200000-00000803fffff pa 0000200000000 rwx normal L2=2M" \
	"00000c0000000-00000ffffffff pa 0000100000000 rwx normal L1=1G" "total L1=1G L2=2M L3=8K tables=4"
says "and as JSON" 0 "dump $at --json" '"ipa": "0x80001000"' '"permissions": "r--"' '"tables": 4' '"1": "0x40000000"'
poke 0x3018 0x004000030000235f
says "another age ends a range if asked to" 0 "dump $at --merge levels,dirty" "0000080001000-0000080002fff pa"
poke 0x3018 0x0040000300002a5f
says "another shareability always does" 0 "dump $at" "0000080001000-0000080002fff" "0000080003000-0000080003fff pa 0000300002000 r-- memattr=0x7 L3=4K old sh=outer"

poke 0x3018 0x004000030000575f
says "and so does an address that does not adjoin" 0 "dump $at" "0000080001000-0000080002fff" "0000080003000-0000080003fff pa 0000300005000"

# The last table ends where the file does.
fresh
head -c 16384 "$image" >"$TMP/exact"
says "a table up to the last byte of an image" 0 "walk $TMP/exact --base 0x40000000 --vttbr 0x40000000 0x80001000" "PA 0x300000000"
says "all of it" 0 "dump $TMP/exact --base 0x40000000 --vttbr 0x40000000 --total" "tables=4"

verify="verify $at"
fresh
says "verify: all is well" 0 "$verify" "verify: tables=4 leaves=4 broken=0"
says "verify as JSON" 0 "$verify --json" '"violations": []' '"broken": 0'
says "but stage2 would not have written it" 1 "$verify --own" "IPA 0x80004000 level 3 entry at 0x40003020 0x400: a descriptor that stage2 never writes"

# breaks OFFSET VALUE TEXT: this entry breaks that rule, and it is the only one.
breaks()
{
	fresh
	poke "$1" "$2"
	says "verify: $3" 1 "$verify" "$3" "broken=${4-1}"
}
breaks 0x3028 0x3000007fd "IPA 0x80005000 level 3 entry at 0x40003028 0x3000007fd: a page without its bit 1"
breaks 0x2010 0x2001007fd "reserved bits in an output address"
breaks 0x3028 0x300000753 "a reserved memory type"
breaks 0x3028 0x30000055f "a reserved shareability"
breaks 0x2010 0x40003003 "a table that two entries lead to"
breaks 0x2010 0x8000000040004003 "attributes of stage 1 in a table entry"
breaks 0x3028 0x400037df "the guest can write to one of these tables"
breaks 0x20 0x400007fd "level 1 entry at 0x40000020 0x400007fd: the guest can write to one of these tables"
breaks 0x3028 0x0010000300005757 "not what the first entry of its contiguous group says"
fresh
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	poke $((0x3080 + 8 * i)) $((0x0010000300010757 + 0x1000 * i))
done
says "verify: a contiguous group" 0 "$verify" broken=0
poke 0x30c0 0x00100003000187d7
says "verify: another permission in a contiguous group" 1 "$verify" "IPA 0x80018000" "not what the first" broken=1
poke 0x30c0 0x0010000300018357
says "verify: another age in it" 0 "$verify" broken=0
poke 0x30c0 0
says "verify: a hole in it" 1 "$verify" "IPA 0x80018000" "not what the first" broken=1
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	poke $((0x3080 + 8 * i)) $((0x0010000300011757 + 0x1000 * i))
done
says "verify: a contiguous group at a wrong address" 1 "$verify" "IPA 0x80010000" "not aligned to its size" broken=1
"$maker" zero "$image" 0x10000
poke 0x0 0x1000007fd
says "verify, 48 bits: a block at a level that has none" 1 "$verify --ipa-bits 48" "a block at a level that has none" broken=1
fresh
poke 0x3028 0x10000000753
poke 0x2010 0x10000000003
says "verify: beyond the PA bits" 1 "$verify --pa-bits 40" "an output address beyond the PA bits" "a table's address beyond the PA bits" broken=3
says "walk: beyond the PA bits" 1 "walk $at --pa-bits 40 0x80400000" "address size fault, level 2"
says "dump: beyond the PA bits" 0 "dump $at --pa-bits 40" "0000080400000-00000805fffff corrupt 0000010000000003 level 2"
fresh
poke 0x3028 4
poke 0x3020 0
says "verify: a lock that was left" 1 "$verify --own" "a lock of stage2 left over"

# --- bad input -----------------------------------------------------------------------

fresh
poke 0x2010 0x40002003
refuses "dump $at" "$image: cyclic: the entry at 0x40002010 (level 2, IPA 0x80400000, 0x40002003) leads back to the table at 0x40002000"
refuses "verify $at" "$image: cyclic: the entry at 0x40002010"
refuses "walk $at 0x80400000" "$image: cyclic: the entry at 0x40002010"
poke 0x2010 0x40001003
refuses "walk $at 0x80400000" "$image: cyclic: the entry at 0x40002010"
poke 0x2010 0x40010003
refuses "dump $at" "$image: entry 0 of the table at 0x40010000 (level 3, IPA 0x80400000) is outside the image"
refuses "verify $at" "$image: entry 0 of the table at 0x40010000"
refuses "walk $at 0x80401000" "$image: entry 1 of the table at 0x40010000"
refuses "walk $at" "IPA: none is given"
refuses "walk $at x" "IPA: 'x' is no number"
refuses "walk $at 1 2" "2: an argument too many"
refuses "dump $at 1" "1: an argument too many"
refuses "dump --vttbr 0" "IMAGE: none is given"
refuses "dump $image" "--vttbr: missing"
refuses "dump $image --vttbr 0x1000" "--vttbr: the root at 0x1000 is not aligned to its 8K"
refuses "dump $image --vttbr 0x10000000000 --pa-bits 40" "--vttbr: the root at 0x10000000000 has more than 40 bits"
refuses "dump $image --vttbr 0x40000000" "$image: entry 0 of the table at 0x40000000 (level 1, IPA 0) is outside"
refuses "dump $image --base 0xffffffffffff0000 --vttbr 0" "--base: 0xffffffffffff0000 and 65536 bytes wrap around"
refuses "dump $image --base 0xffffffffffffff00 --vttbr 0" "--base: 0xffffffffffffff00"
refuses "dump $image.none --vttbr 0" "$image.none: No such file"
refuses "dump $TMP --vttbr 0" "$TMP: no regular file"
refuses "dump $at --merge ages" "--merge: 'ages' is neither"
: >"$image.empty"
refuses "dump $image.empty --vttbr 0" "$image.empty: too short"

# All entries lead to one table of the next level, at four levels: 512 * 512 * 512 ways.
"$maker" zero "$image" 0x10000
"$maker" fill "$image" 0x0000 0x40002003
"$maker" fill "$image" 0x2000 0x40003003
"$maker" fill "$image" 0x3000 0x40004003
refuses "dump $at --ipa-bits 48" "$image: more than 1048576 tables on the way"

# An ELF core, damaged in each way.
fresh
"$maker" core "$image" 0x40000000 "$image.elf"
elf="$image.elf --vttbr 0x40000000"
says "an ELF core" 0 "walk $elf 0x80001abc" "PA 0x300000abc"
says "the same file as a raw one" 1 "walk $image.elf --base 0 --vttbr 0x2000 0x80000000" "translation fault"
head -c 40000 "$image.elf" >"$TMP/short"
refuses "dump $TMP/short --vttbr 0x40000000" "$TMP/short: offset 0x78: a segment beyond the file's 40000 bytes"
head -c 100 "$image.elf" >"$TMP/short"
refuses "dump $TMP/short --vttbr 0" "$TMP/short: offset 0x40: a program header beyond the file's 100 bytes"
head -c 20 "$image.elf" >"$TMP/short"
refuses "dump $TMP/short --vttbr 0" "$TMP/short: an ELF header of 64 bytes, but the file has 20"
# damaged OFFSET VALUE REASON
damaged()
{
	cp "$image.elf" "$TMP/damaged"
	"$maker" poke "$TMP/damaged" "$1" "$2"
	refuses "dump $TMP/damaged --vttbr 0x40000000" "$TMP/damaged: $3"
}
damaged 0 0x00010101464c457f "offset 4: not of 64 bits"
damaged 16 0x0000000100b70002 "offset 16: an ELF file, but no core"
damaged 32 0x7000000000000000 "offset 0x7000000000000000: a program header beyond"
damaged 32 0xffffffffffffffff "offset 0xffffffffffffffff: a program header beyond"
damaged 48 0x0037004000000000 "offset 54: program headers of 55 bytes"
damaged 56 0x0001 "a core without any memory"
damaged 144 0xfffffffffffffff0 "offset 0x78: a segment that wraps around"
damaged 128 0xffffffffffffff00 "offset 0x78: a segment beyond"
damaged 56 0xffff "a core without any memory"
printf 'KDUMP   and more' >"$TMP/kdump"
refuses "dump $TMP/kdump --vttbr 0" "$TMP/kdump: compressed by kdump"
