# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 explain: what each bit means is taken from the Arm ARM's descriptions of the
# descriptors and registers, and the values were put together by hand from that.

# Bits 62, 31, 10 (AF), 9:8 (SH), 7:6 (S2AP), 5:2 (MemAttr), 0.
says "a block of 2M, with a PBHA bit" 0 "explain 0x40000000800007fd --level 2" \
	"block of 2M at level 2, address 0x80000000: read and write, executable, Normal, Write-Back" \
	" 62:59 PBHA 0x8" " 54 XN 0x0 executable" " 52 Contiguous 0x0 no" " 47:21 address 0x400 0x80000000" \
	" 10 AF 0x1 accessed" " 9:8 SH 0x3 Inner Shareable" " 7:6 S2AP 0x3 read and write" \
	" 5:2 MemAttr 0xf Normal, Write-Back" " 1 type 0x0 block" "odd: bits 62:59 are set: PBHA"
# One block at level 1 is 1 GiB; 512M is not a multiple of that: bit 29 is reserved.
says "a block of 1G whose address is misplaced" 0 "explain 0xa00007fd --level 1" \
	"block of 1G at level 1, address 0x80000000" "odd: bits 0x20000000 are reserved in an address"
says "no block at level 0 without LPA2" 0 "explain 0x7fd --level 0" \
	"reserved at level 0: translation fault" "odd: no block can be at level 0"
says "a block of 512G at level 0 with LPA2" 0 "explain 0x84fd --level 0 --lpa2" "block of 512G at level 0" \
	"odd: bits 0x8000 are reserved"
says "bit 1 is clear in a page: reserved" 0 "explain 0x800007fd --level 3" \
	"reserved at level 3: translation fault" "odd: a valid entry of level 3 has bit 1 set"
says "a page that says table at level 2" 0 "explain 0x80000003 --level 2" \
	"table at level 2: entries of level 3 are at 0x80000000" " 47:12 next table 0x80000"
says "without a level" 0 "explain 0x800007ff" "page of 4K at level 3" "note: taken for one of level 3"
says "and a block" 0 "explain 0x800007fd" "block of 2M at level 2" "note: taken for one of level 2"
# XN 54, Contiguous 52, DBM 51, S2AP 01, MemAttr 0101, AF
says "a contiguous logged page, Non-cacheable" 0 "explain 0x0058000080000757 --level 3" \
	" 54 XN 0x1 not executable" " 52 Contiguous 0x1 one of 16 that may be cached as one, 64K in all" \
	" 51 DBM 0x1 writes are noted" " 7:6 S2AP 0x1 read only" " 5:2 MemAttr 0x5 Normal, Non-cacheable" \
	"note: logged and clean: the first write faults" "stage2 never writes this"
says "the same with VTCR_EL2.HA and HD" 0 "explain 0x0058000080000757 --level 3 --vtcr 0x80623558" \
	"note: logged and clean: hardware sets S2AP[1]"
says "a dirty one" 0 "explain 0x00080000800007ff --level 3" "note: logged and dirty"
says "XN of FEAT_XNX: 01" 0 "explain 0x00200000800007ff --level 3 --features xnx" " 54:53 XN 0x1 executable at EL0, not at EL1"
says "XN of FEAT_XNX: 11" 0 "explain 0x00600000800007ff --level 3 --features xnx" " 54:53 XN 0x3 executable at EL1, not at EL0"
says "XN of FEAT_XNX: 10" 0 "explain 0x00400000800007ff --level 3 --features xnx" " 54:53 XN 0x2 not executable"
says "bit 53 without FEAT_XNX" 0 "explain 0x00200000800007ff --level 3" " 54 XN 0x0 executable" "odd: bit 53 is reserved"
# MemAttr 0001, S2AP 11, AF, XN
says "a device" 0 "explain 0x00400000090004c7 --level 3" "Device-nGnRE" " 5:2 MemAttr 0x1"
says "a device that is executable" 0 "explain 0x90004c7 --level 3" "odd: executable device memory"
for attr in 0:Device-nGnRnE 1:Device-nGnRE 2:Device-nGRE 3:Device-GRE 4:reserved \
	"5:Normal, Non-cacheable" "6:Normal, Outer Non-cacheable, Inner Write-Through" \
	"7:Normal, Outer Non-cacheable, Inner Write-Back" 8:reserved \
	"9:Normal, Outer Write-Through, Inner Non-cacheable" "10:Normal, Write-Through" \
	"11:Normal, Outer Write-Through, Inner Write-Back" 12:reserved \
	"13:Normal, Outer Write-Back, Inner Non-cacheable" \
	"14:Normal, Outer Write-Back, Inner Write-Through" "15:Normal, Write-Back"; do
	desc=$(printf '0x%x' $((0x40000000000743 | ${attr%%:*} << 2)))
	says "MemAttr ${attr%%:*}" 0 "explain $desc --level 3" \
		" 5:2 MemAttr $(printf '0x%x' "${attr%%:*}") ${attr#*:}; stage 1 may restrict it"
done
for attr in 1:Device-nGnRE 4:reserved "5:Normal, Non-cacheable (a device of stage 1 stays one)" \
	"6:Normal, Write-Back, whatever stage 1 says" "7:as stage 1 says"; do
	desc=$(printf '0x%x' $((0x40000000000743 | ${attr%%:*} << 2)))
	says "MemAttr ${attr%%:*} with FEAT_S2FWB" 0 "explain $desc --level 3 --features fwb" \
		" 5:2 MemAttr 0x${attr%%:*} ${attr#*:}"
done
says "reserved MemAttr is odd" 0 "explain 0x753 --level 3" "odd: MemAttr is reserved"
says "AF clear, no access" 0 "explain 0x33f --level 3" "odd: AF is clear" "odd: mapped, but neither readable"
says "write only, Outer Shareable" 0 "explain 0x6bf --level 3" "odd: write only" " 9:8 SH 0x2 Outer Shareable"
says "SH 01" 0 "explain 0x5ff --level 3" "odd: SH is reserved"
says "SH 00" 0 "explain 0x4ff --level 3" "odd: Normal but Non-shareable"
says "nT, FnXS, Contiguous, bit 63" 0 "explain 0x8010000080010ffd --level 2" " 16 nT 0x1" " 11 FnXS 0x1" \
	"one of 16 that may be cached as one, 32M in all" "odd: nT is set" "odd: bit 63 is set"
# DS: OA[51:50] in 9:8, OA[49:48] in place.
says "LPA2: address bits 51:48" 0 "explain 0x00030000800007ff --level 3 --lpa2" \
	"address 0xf000080000000" " 49:12 address" " 9:8 address high 0x3"
# 64K and 52 bits: OA[51:48] in 15:12.
says "64K, 52 bits" 0 "explain 0x8000f7ff --level 3 --granule 64K --pa-bits 52" "page of 64K" \
	"address 0xf000080000000" " 15:12 address high 0xf"
says "64K, 48 bits: bits 15:12 are reserved" 0 "explain 0x8000f7ff --level 3 --granule 64K" \
	"address 0x80000000" "odd: bits 0xf000 are reserved"
says "16K: groups of 128 pages" 0 "explain 0x00100000800007ff --level 3 --granule 16K" "page of 16K" \
	"one of 128 that may be cached as one, 2M in all"
says "16K: no block at level 1" 0 "explain 0x7fd --level 1 --granule 16K" "reserved at level 1"
says "an address beyond the PA bits" 0 "explain 0x10080000003 --level 1 --pa-bits 40" "odd: the address has more than 40 bits: address size fault"
says "attributes in a table entry" 0 "explain 0x8000000080000403 --level 1" "odd: bits 63:59 are attributes of stage-1" \
	"odd: bits 0x400 are set, which the hardware ignores"
says "a sealed table" 0 "explain 0x0400000080000003 --level 1" "note: bit 58 is the seal of stage2"
says "empty" 0 "explain 0" "invalid at level 3: empty"
# include/stage2/descriptor.h: owner 63:52, payload 51:12, kinds in 3:1, bit 4 a table.
says "annotated" 0 "explain 0x0070000000012002 --level 3" "of stage2, annotated: owner 7, payload 0x12" " 63:52 owner 0x7 7"
says "locked" 0 "explain 0x4 --level 3" "of stage2, locked"
says "locked, with a table" 0 "explain 0x80000014 --level 2" "of stage2, locked" "the entry pointed to the one at 0x80000000"
says "a link" 0 "explain 0x80000056 --level 2" "link of an unlinked table" " 6:5 level 0x2" "the next unlinked table is at 0x80000000"
says "KVM's lock" 0 "explain 0x400 --level 2" "software's own, but not of stage2" "note: KVM writes this"
says "JSON" 0 "explain 0x800007ff --level 3 --json" '"kind": "page"' '"address": "0x80000000"' '"size": "0x1000"' \
	'"name": "S2AP"' '"odd": []'
says "level -1 of LPA2" 0 "explain 0x80000003 --level -1 --lpa2" "table at level -1: entries of level 0 are at 0x80000000"

# See format.sh for the sum.
says "VTCR_EL2" 0 "explain vtcr 0x80023558" "4K granule, 40 IPA bits, 40 PA bits; walks from level 1, 2 tables" \
	" 19 VS 0x0 VMIDs of 8 bits" " 18:16 PS 0x2 40 bits" " 15:14 TG0 0x0 granule 4K" " 13:12 SH0 0x3 walks are Inner Shareable" \
	" 11:10 ORGN0 0x1 walks are Outer Write-Back" " 7:6 SL0 0x1 the walk starts at level 1" " 5:0 T0SZ 0x18 40 bits" \
	"note: the root has 8K and is aligned to that"
# HAFT 44, DS 32, RES1, HA, HD, VS, PS 6, TG0 2 (16K), SL0 3 (level 0), T0SZ 12
says "VTCR_EL2 of 16K with LPA2" 0 "explain vtcr 0x1001806eb5cc" \
	"16K granule, 52 IPA bits, 52 PA bits, LPA2; walks from level 0, 1 table" "44 HAFT 0x1" "32 DS 0x1" "22 HD" "21 HA"
# DS, SL2, SL0 0, T0SZ 12: level -1
says "a walk from level -1" 0 "explain vtcr 0x38006350c" "walks from level -1, 1 table"
says "T0SZ that does not fit SL0" 0 "explain vtcr 0x80023599" "makes no sense" "odd: T0SZ does not fit the start level in SL0"
says "a root of two entries" 0 "explain vtcr 0x80023598" "walks from level 0, 1 table" "note: the root has 16 bytes"
says "SL0 3 with 64K" 0 "explain vtcr 0x800275d8" "odd: SL0 is reserved for this granule"
says "TG0 3" 0 "explain vtcr 0x8002f558" "odd: TG0 is reserved"
says "PS 7" 0 "explain vtcr 0x80073558" "odd: PS is reserved"
says "other oddities of VTCR_EL2" 0 "explain vtcr 0x8000000000420018" "odd: bit 31 is RES1" "odd: HD has no effect without HA" \
	"odd: walks do not see" "odd: bits 0x8000000000000000 are reserved"
says "more IPA than PA bits" 0 "explain vtcr 0x80003558" "odd: more IPA bits than PA bits"

says "VTTBR_EL2" 0 "explain vttbr 0x0001000080000001" "root at 0x80000000, VMID 1" " 63:48 VMID 0x1 1" " 0 CnP 0x1 all CPUs"
says "a root that is not aligned to its two tables" 0 "explain vttbr 0x80001000" "odd: the root is not aligned to its 8K"
says "one that is" 0 "explain vttbr 0x80001000 --ipa-bits 48 --json" '"odd": []' '"root": "0x80001000"'
says "a root of 52 bits" 0 "explain vttbr 0x8000003c --lpa2" "root at 0xf000080000000" " 5:2 BADDR high 0xf"
says "a VMID of more than 8 bits" 0 "explain vttbr 0x0101000080000000" "odd: bits 63:56 are reserved"
says "with 16 bits of VMID" 0 "explain vttbr 0x0101000080000000 --vmid-bits 16 --json" '"odd": []' '"vmid": 257'

# TTL 0110: 4K, level 2; IPA[51:12]
says "TLBI by IPA with a hint" 0 "explain tlbi ipas2e1is 0x600000080000" "stage 2, by IPA, on all CPUs of the Inner" \
	" 47:44 TTL 0x6 hint: granule 4K, level 2" " 39:0 IPA 0x80000 0x80000000" "note: only an entry of level 2 has to go"
says "and without" 0 "explain tlbi IPAS2LE1OS 0x80000" "leaves of stage 2, by IPA, on all CPUs of the Outer" "no hint: entries of any level" \
	"note: pointers to tables stay cached"
says "a hint for another granule" 0 "explain tlbi ipas2e1is 0xe00000080000" "odd: the hint is for a granule of 64K"
says "a level-0 hint" 0 "explain tlbi ipas2e1is 0x400000080000" "odd: no leaf can be at level 0 here"
says "a level without a granule" 0 "explain tlbi ipas2e1is 0x200000080000" "odd: TTL has a level but no granule"
says "reserved bits" 0 "explain tlbi ipas2e1 0x1010000080000" "odd: bits 0x1010000000000 are reserved" "note: other CPUs keep"
says "an IPA beyond the IPA bits" 0 "explain tlbi ipas2e1is 0x10000000" "odd: the IPA has more than 40 bits"
# TG 1, SCALE 1, NUM 3, TTL 0, base 0x80000: (3 + 1) << 6 pages
says "TLBI by range" 0 "explain tlbi ripas2e1isnxs 0x518000080000" " 45:44 SCALE 0x1 in units of 64 pages" \
	" 43:39 NUM 0x3 4 of them: 256 pages" " 36:0 BaseADDR 0x80000 0x80000000 to 0x800fffff, 1M" "(nXS is enough)"
says "in units of 64K with LPA2" 0 "explain tlbi ripas2e1is 0x400000008000 --lpa2" " 36:0 BaseADDR 0x8000 0x80000000 to 0x80001fff, 8K"
# TTL 2, base 0x80001
says "a range whose base does not suit its hint" 0 "explain tlbi ripas2e1is 0x404000080001" "odd: the base is not aligned to an entry of level 2"
says "a range of another granule" 0 "explain tlbi ripas2e1is 0xc00000000000" "odd: TG is not the granule"
says "a range without a granule" 0 "explain tlbi ripas2e1is 0x80000" "odd: TG is reserved"
says "a TLBI without an operand" 0 "explain tlbi vmalls12e1is" "stages 1 and 2 of the VMID, on all CPUs of the Inner"

# EC 0x24, IL, ISV, SAS 2, SRT 2, WnR, DFSC 0x07; FIPA 0x80000 in 43:4
says "a write to nothing" 0 "explain esr 0x93820047 --hpfar 0x800000 --far 0xffff000000001234" \
	"data abort from a guest, translation fault, of a write" " 20:16 SRT 0x2 register W2" " 5:0 xFSC 0x7 translation fault, level 3" \
	"note: HPFAR_EL2: IPA 0x80000234" "note: FAR_EL2: the guest's address is 0xffff000000001234" "usually: nothing is mapped there"
says "a fetch from what is not executable" 0 "explain esr 0x8200000e" "instruction abort from a guest, permission fault" "level 2" "usually: XN is set"
says "HPFAR_EL2 of a permission fault" 0 "explain esr 0x9200004f --hpfar 0x800000" "odd: HPFAR_EL2 is UNKNOWN" "a write to read-only memory"
says "but not on a walk of stage 1" 0 "explain esr 0x920000cf --hpfar 0x800000" "on a walk of the guest's own tables" "HPFAR_EL2: IPA 0x80000000, and an offset"
says "FAR_EL2 not valid" 0 "explain esr 0x92000410 --far 0x1" "odd: FnV is set" "external abort, not on a table walk"
says "level -1" 0 "explain esr 0x9200002b" "translation fault, level -1"
says "access flag" 0 "explain esr 0x9200000b" "access flag fault, level 3" "usually: the first access"
says "TLB conflict" 0 "explain esr 0x92000030" "TLB conflict abort" "without break-before-make"
says "address size" 0 "explain esr 0x92000000 --json" '"level": 0' "address size fault, level 0"

refuses explain "DESCRIPTOR: none is given"
refuses "explain 0x1g" "0x1g: neither a descriptor nor"
refuses "explain 0x10000000000000000" "0x10000000000000000: neither a descriptor nor"
refuses "explain 0x1 0x2" "0x2: an argument too many"
refuses "explain 1 2 3 4" "4: an argument too many"
refuses "explain 0x1 --level 4" "--level: 4 is too large"
refuses "explain 0x1 --level -2" "--level: '-2' is no number"
refuses "explain 0x1 --vtcr 0x80023599" "--vtcr: T0SZ does not fit"
refuses "explain 0x1 --vtcr 0x80023558 --granule 4K" "--vtcr: granule, sizes and LPA2 are in it"
refuses "explain vtcr" "vtcr: its value is missing"
refuses "explain vtcr x" "vtcr: 'x' is no number"
refuses "explain vtcr 1 2" "2: an argument too many"
refuses "explain vtcr 1 --vtcr 1" "--vtcr: there is a value already"
refuses "explain tlbi" "tlbi: its value is missing"
refuses "explain tlbi vae1is 0" "vae1is: no TLBI of stage 2"
refuses "explain tlbi ipas2e1isx 0" "ipas2e1isx: no TLBI of stage 2"
refuses "explain tlbi ipas2e1is" "ipas2e1is: its operand is missing"
refuses "explain tlbi alle1 1" "1: this TLBI has no operand"
refuses "explain esr 0" "0: EC 0 is no abort from a guest"
refuses "explain esr 0x92000007 --hpfar x" "--hpfar: 'x' is no number"
