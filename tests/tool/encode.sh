# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 encode: values put together by hand from the Arm ARM, as in explain.sh.

# encodes VALUE ARGUMENTS: prints exactly that.
printed()
{
	[ "$status" = 0 ] && [ "$said" = "$1" ]
}

encodes()
{
	# shellcheck disable=SC2086 # a list of words
	run encode $2
	result "encode $2" printed "$1"
}

# AF 0x400, SH inner 0x300, S2AP 0xc0, MemAttr 0xf << 2 = 0x3c, block 1
encodes 0x800007fd "leaf --level 2 --pa 0x80000000 --attr rwx,normal"
encodes 0x800007ff "leaf --level 3 --pa 0x80000000 --attr rwx"
encodes 0x800007db "leaf --level 3 --pa 0x80000000 --attr rwx,normal --features fwb"
# XN 54, MemAttr 1
encodes 0x400000090004c7 "leaf --level 3 --pa 0x9000000 --attr rw-,device"
# XN, AF clear, MemAttr 5, software 57:55 = 3
encodes 0x1c0000080000357 "leaf --level 3 --pa 0x80000000 --attr r--,nc,old,sw=3"
encodes 0x800008000077f "leaf --level 3 --pa 0x80000000 --attr rwx,log"
encodes 0x80000800007ff "leaf --level 3 --pa 0x80000000 --attr rwx,dirty"
encodes 0x200000800007ff "leaf --level 3 --pa 0x80000000 --attr rwx/el0 --features xnx"
encodes 0x600000800007ff "leaf --level 3 --pa 0x80000000 --attr rwx/el1 --features xnx"
encodes 0x100000800007ff "leaf --level 3 --pa 0x80000000 --attr rwx --contiguous"
encodes 0x30000800007ff "leaf --level 3 --pa 0xf000080000000 --attr rwx --lpa2"
encodes 0x8000f7ff "leaf --level 3 --pa 0xf000080000000 --attr rwx --granule 64K --pa-bits 52"
encodes 0x80000003 "table --pa 0x80000000"
encodes 0x70000000012002 "annotation --owner 7 --payload 0x12"
encodes 0x80023558 "vtcr --pa-bits 40"
encodes 0x1000080000000 "vttbr --root 0x80000000 --vmid 1"
encodes 0x8000003d "vttbr --root 0xf000080000000 --lpa2 --features cnp"
encodes 0x80000 "tlbi ipas2e1is --ipa 0x80000000"
encodes 0x600000080000 "tlbi ipas2le1is --ipa 0x80000000 --level 2"
encodes 0xe00000080000 "tlbi ipas2e1 --ipa 0x80000000 --level 2 --granule 64K"
# TG 1 << 46, SCALE 1 << 44, NUM 3 << 39
encodes 0x518000080000 "tlbi ripas2e1is --ipa 0x80000000 --pages 256"
# TG 1, SCALE 0, NUM 31, TTL 3 << 37
encodes 0x4fe000080000 "tlbi ripas2e1is --ipa 0x80000000 --pages 64 --level 3"
encodes 0x400000008000 "tlbi ripas2e1is --ipa 0x80000000 --pages 2 --lpa2"
# TG 3, SCALE 3, NUM 31: 32 << 16 pages
encodes 0xff8000000000 "tlbi ripas2e1is --ipa 0 --pages 2097152 --granule 64K"
says "encode as JSON" 0 "encode table --pa 0x80000000 --json" '"what": "table"' '"value": "0x80000003"'

refuses encode "KIND: none is given"
refuses "encode block" "block: neither leaf, table"
refuses "encode leaf --pa 0 --attr rwx" "--level: missing, for leaf"
refuses "encode leaf --level 3 --pa 0" "--attr: missing, for leaf"
refuses "encode leaf --level 3 --pa 0 --attr rwx --vmid 1" "--vmid: not for leaf"
refuses "encode leaf x --level 3 --pa 0 --attr rwx" "x: an argument too many"
refuses "encode leaf --level 2 --pa 0x1000 --attr rwx" "address: not a multiple"
refuses "encode leaf --level 2 --pa 0x1000000000000 --attr rwx" "address: beyond the PA bits"
refuses "encode leaf --level 0 --pa 0 --attr rwx" "--level: no block can be at this level"
refuses "encode leaf --level 3 --pa 0 --attr rwx,device" "--attr: attributes that contradict"
refuses "encode leaf --level 3 --pa 0 --attr r--,log" "--attr: attributes that contradict"
refuses "encode leaf --level 3 --pa 0 --attr rwx/el1" "--attr: attributes that contradict"
refuses "encode leaf --level 3 --pa 0 --attr rw" "--attr: 'rw' is neither"
refuses "encode leaf --level 3 --pa 0 --attr rwx,,nc" "--attr: '' is neither"
refuses "encode leaf --level 3 --pa 0 --attr rw-/el1" "--attr: 'rw-/el1' is neither"
refuses "encode leaf --level 1 --pa 0 --attr rwx --contiguous --granule 16K --lpa2 --ipa-bits 48" "--contiguous: no group can be at level 1"
refuses "encode table --pa 0x80000010" "address: not a multiple"
refuses "encode annotation --owner 0" "--owner: not in 1..0xfff"
refuses "encode annotation --owner 0x1000" "--owner: not in 1..0xfff"
refuses "encode annotation --owner 1 --payload 0x10000000000" "--owner: not in 1..0xfff, or a payload"
refuses "encode vttbr --root 0x80001000" "address: not a multiple"
refuses "encode vttbr --root 0x80000000 --vmid 256" "--vmid: beyond the VMID bits"
refuses "encode vttbr" "--root: missing, for vttbr"
refuses "encode tlbi --ipa 0" "tlbi: which one is missing"
refuses "encode tlbi vmalle1is --ipa 0" "vmalle1is: this TLBI has no operand"
refuses "encode tlbi ipas2e1is --ipa 0x800" "--ipa: 0x800 is no multiple of 4K"
refuses "encode tlbi ipas2e1is --ipa 0x10000000000" "--ipa: 0x10000000000 has more than 40 bits"
refuses "encode tlbi ipas2e1is --ipa 0 --pages 2" "--pages: this TLBI is of one IPA"
refuses "encode tlbi ipas2e1is --ipa 0 --level 0" "--level: no hint can be of level 0"
refuses "encode tlbi ripas2e1is --ipa 0" "--pages: missing, for a TLBI by range"
refuses "encode tlbi ripas2e1is --ipa 0 --pages 3" "--pages: 3 cannot be said"
refuses "encode tlbi ripas2e1is --ipa 0 --pages 0" "--pages: 0 cannot be said"
refuses "encode tlbi ripas2e1is --ipa 0x1000 --pages 2 --lpa2" "--ipa: 0x1000 is no multiple of 64K"
refuses "encode tlbi ripas2e1is --ipa 0x1000 --pages 2 --level 2" "--ipa: a range with a hint of level 2"
