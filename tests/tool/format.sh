# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 format: start levels and root sizes are those of the Arm ARM's tables of
# concatenated translation tables, registers are added up from their fields by hand.

# RES1 0x80000000, SH0 inner 0x3000, WBWA 0x500, PS 2 (40 bits) 0x20000, SL0 1 0x40, T0SZ 24 0x18
says "4K, 40 bits: two tables at level 1" 0 "format --ipa-bits 40 --granule 4K --pa-bits 40" \
	"walk levels 1 to 3" "root 2 tables, concatenated, 8K, aligned to 8K" "VTCR_EL2 0x80023558" \
	"level 1 1024 entries of 1G block or table contiguous 16 = 16G" \
	"level 2 512 entries of 2M block or table contiguous 16 = 32M" \
	"level 3 512 entries of 4K page contiguous 16 = 64K"
# T0SZ 16 0x10, SL0 2 0x80, PS 5 0x50000
says "4K, 48 bits: one table at level 0" 0 "format --ipa-bits 48" \
	"root 1 table, 4K" "level 0 512 entries of 512G table" "VTCR_EL2 0x80053590"
# TG0 1 0x4000, PS 6 0x60000, SL0 1 0x40, T0SZ 20 0x14
says "64K, 44 bits: four tables at level 2" 0 \
	"format --granule 64k --ipa-bits 44 --pa-bits 52" "root 4 tables, concatenated, 256K" \
	"level 2 32768 entries of 512M block or table contiguous 32 = 16G" \
	"level 3 8192 entries of 64K page contiguous 32 = 2M" "VTCR_EL2 0x80067554" \
	"its bits 51:48 in 5:2"
# TG0 2 0x8000, DS 0x100000000, PS 6 0x60000, SL0 1 0x40, T0SZ 24 0x18
says "16K with LPA2, 40 bits: sixteen tables at level 2" 0 "format --granule 16K --lpa2" \
	"root 16 tables, concatenated, 256K" "level 2 32768 entries of 32M block or table contiguous 32 = 1G" \
	"level 3 2048 entries of 16K page contiguous 128 = 2M" "VTCR_EL2 0x18006b558"
# VS 0x80000, HA 0x200000, HD 0x400000
says "16-bit VMIDs and hardware dirty state" 0 \
	"format --pa-bits 40 --vmid-bits 16 --features haf,hd,fwb,cnp" "VTCR_EL2 0x806a3558" \
	"HCR_EL2 0x400000000001" "| 1 (CnP)"
says "JSON" 0 "format --json --pa-bits 40" '"vtcr": "0x80023558"' '"root_size": "0x2000"' \
	'"entry_size": "0x40000000"' '"start_level": 1'

# Compiles what is printed, and has it say what the library makes of it.
initialisers_compile()
{
	[ "$status" = 0 ] && {
		echo '#include <stdio.h>'
		echo '#include <stage2/format.h>'
		printf '%s\n' "$said"
		echo 'int main(void)'
		echo '{'
		echo '	struct s2_format fmt;'
		echo '	if (s2_format_init(&fmt, &config))'
		echo '		return 1;'
		echo '	return fmt.vtcr != VTCR_EL2_VALUE || fmt.hcr != HCR_EL2_BITS ||'
		echo '		fmt.root_size != ROOT_SIZE || fmt.root_tables != ROOT_TABLES ||'
		echo '		fmt.start_level != START_LEVEL;'
		echo '}'
	} >"$TMP/format.c" &&
		${CC:-gcc} -Wall -Werror -Iinclude -Iplatform/host -pthread -o "$TMP/format" "$TMP/format.c" src/*.c \
			platform/host/host.c &&
		"$TMP/format"
}
run format --c --granule 16K --ipa-bits 36 --features fwb,ttl,xnx
result "C initialisers compile and mean the same" initialisers_compile
has_only_what_was_asked_for()
{
	has ".features = S2_FEAT_FWB | S2_FEAT_TTL | S2_FEAT_XNX," "START_LEVEL 2" "ROOT_TABLES 1"
}
result "and name what was asked for" has_only_what_was_asked_for

refuses "format --granule 8K" "--granule: '8K' is neither 4K, 16K nor 64K"
refuses "format --ipa-bits 31" "--ipa-bits: not in 32..52"
refuses "format --ipa-bits 49 --pa-bits 48" "--ipa-bits: not in 32..52"
refuses "format --ipa-bits 0" "--ipa-bits: 0 is too small"
refuses "format --ipa-bits 300" "--ipa-bits: 300 is too large"
refuses "format --ipa-bits -1" "--ipa-bits: '-1' is no number"
refuses "format --ipa-bits 0x" "--ipa-bits: '0x' is no number"
refuses "format --ipa-bits 4O" "--ipa-bits: '4O' is no number"
refuses "format --ipa-bits 44 --pa-bits 40" "--ipa-bits: more IPA bits than PA bits"
refuses "format --pa-bits 41" "--pa-bits: not one of"
refuses "format --pa-bits 52" "--pa-bits: not one of"
refuses "format --granule 64K --lpa2" "--lpa2: a 64K granule"
refuses "format --features hd" "--features: hd needs haf"
refuses "format --features fwb,,ttl" "--features: no feature ''"
refuses "format --features fw" "--features: no feature 'fw'"
refuses "format --vmid-bits 12" "--vmid-bits: neither 8 nor 16"
