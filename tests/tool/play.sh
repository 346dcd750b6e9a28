# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# stage2 play: how the ready scenarios end, what a script may say, and what it may not.

# --- ready scenarios -----------------------------------------------------------------

says "the ready scenarios" 0 "play --list" "collapse A table becomes a block, with a break" "collapse-no-break" \
	"freed-table" "split-under-load" "stage1-companion" "racing-faults" "dirty-lost" "break-before-make"
says "the same as JSON" 0 "play --list --json" '"name": "collapse"'
says "a collapse, with a break" 0 "play collapse" "cas L2[0]: table (page 7) -> locked (was page 7)" \
	"window: L2[0] is broken by CPU0 since step 9" "cas L2[0]: locked (was page 7) -> block (rwx A+0x0)" \
	"page 7 is free" "the end: no rule is broken"
says "a collapse, without one" 1 "play collapse-no-break" "VIOLATION rule 3: a live entry goes from" \
	"without a break"
says "a walk in a table that it has freed" 1 "play freed-table" \
	"VIOLATION rule 1: CPU0 accesses an entry of a table that is free"
says "a split under load" 0 "play split-under-load" "CPU1: \"fault page1 A rwx\" returns: S2_RETRY" \
	"the guest on CPU1 writes page0: r-x A+0x0 (a permission fault)" "the end: no rule is broken"
says "stage 1 is not invalidated" 1 "play stage1-companion" "(stages 1 and 2 combined) <- stale" \
	"VIOLATION rule 2: CPU0 may hold two translations of IPA 40000000"
says "two CPUs take one fault" 0 "play racing-faults" "fails, it is table (page 7)" \
	"CPU1: \"fault page0 A rwx\" returns: done" "the end: no rule is broken"
says "a dirty bit is lost" 1 "play dirty-lost" "hardware L3[0]: page (r-- A+0x0, clean) -> page (rw- A+0x0, dirty)" \
	"VIOLATION rule 6: a store of"
says "instruction by instruction" 0 "play break-before-make" \
	"the guest on CPU1 reads page0: rw- A+0x0, or a translation fault" \
	"the guest on CPU1 reads page0: a translation fault" "the guest on CPU1 reads page0: rw- B+0x0"
says "the source of one" 0 "play --source collapse" "title A table becomes a block, with a break"

# What is installed beside the command is what is in it.
same_source()
{
	said=$(for file in tool/scenarios/*.play; do
		name=$(basename "$file" .play)
		"$STAGE2" play --source "$name" | cmp - "$file"
	done 2>&1)
	[ -z "$said" ]
}
result "the sources are those of tool/scenarios" same_source

# --- scripts ---------------------------------------------------------------------------

script=$TMP/script.play

# plays NAME STATUS "LINE|LINE..." PART...: a script of these lines.
plays()
{
	what=$1 wanted=$2
	printf '%s\n' "$3" | tr '|' '\n' >"$script"
	shift 3
	says "$what" "$wanted" "play $script" "$@"
}

# Each rule is broken by what breaks it, and only by that.
book='before map page0|cpu 0 store page0 empty|cpu 0 dsb ishst|cpu 0 tlbi vmalls12e1is|cpu 0 dsb ish'
plays "a page is moved by the book" 0 "$book|cpu 0 store page0 leaf B|cpu 0 dsb ishst" "no rule is broken"
plays "without the DSB before the TLBI" 1 \
	"before map page0|cpu 0 store page0 empty|cpu 0 tlbi vmalls12e1is|cpu 0 dsb ish|cpu 0 store page0 leaf B" "rule 2"
plays "without the DSB behind it" 1 \
	"before map page0|cpu 0 store page0 empty|cpu 0 dsb ishst|cpu 0 tlbi vmalls12e1is|cpu 0 store page0 leaf B" "rule 2"
plays "on this CPU alone" 1 \
	"before map page0|cpu 0 store page0 empty|cpu 0 dsb ishst|cpu 0 tlbi vmalls12e1|cpu 0 dsb ish|cpu 0 store page0 leaf B" \
	"rule 2: CPU1"
plays "a table is freed before the TLBI" 1 \
	"before map block0 A pages|cpu 0 store block0 empty|cpu 0 dsb ishst|cpu 0 free block0" "rule 4: a table was freed"
plays "write permission goes, and no TLBI comes" 1 \
	"before map page0|cpu 0 load page0|cpu 0 cas page0 read -w|cpu 0 dsb ishst" \
	"rule 3: all is done, but IPA 40000000 is still cached otherwise"
plays "write permission comes, and none need come" 0 \
	"before map page0 A r--|cpu 0 load page0|cpu 0 cas page0 read +w|cpu 0 dsb ishst" "no rule is broken"
plays "an entry that somebody else has locked" 1 \
	"before map page0|cpu 0 store page0 locked|cpu 1 store page0 was|run 0|run 1" "rule 5: CPU1 changes an entry"
plays "the same size changes with FEAT_BBM level 2" 0 \
	"features fwb,bbm2|before map block0 A pages|cpu 0 collapse block0|run 0|guest 1 read page0" "no rule is broken"
plays "a compare-and-swap from what is there no more" 0 \
	"before map page0 A rw-|cpu 0 load page0|cpu 1 protect page0 -w|cpu 0 cas page0 read +contig|run 0 1|run 1|run 0" \
	"fails, it is page (r-- A+0x0)"
plays "how far a CPU runs" 0 "cpu 0 map page0..3 A pages|run 0 to call|note here|run 0 to install|note there" \
	"1 CPU0: \"map page0..3 A pages\" begins" "2 -- here" "3 CPU0: cas L1[1]: empty -> table" "4 -- there"
plays "16K, and what is watched" 0 "granule 16K|watch block1|cpu 0 map block1 B r--" "block1, every CPU may hold:" \
	"r-- B+0x2000000"
plays "a page without comments, or an end of line" 0 "# nothing|cpu 0 map page0 # a page" "no rule is broken"

# rejects "LINE|LINE..." REASON: with the number of the last line.
rejects()
{
	printf '%s' "$1" | tr '|' '\n' >"$script"
	number=$(($(printf '%s' "$1" | tr -cd '|' | wc -c) + 1))
	said=$("$STAGE2" play "$script" 2>&1 >/dev/null)
	status=$?
	result "refused: $1" one_line "$script:$number: $2"
}

rejects "nonsense" "'nonsense' is no statement: title, about"
rejects "cpu 0 nonsense" "'nonsense' is neither a call (map, fault"
rejects "cpu" "a CPU is missing at the end of the line"
rejects "cpu 7 map page0" "'7' is not a CPU, 0..1"
rejects "cpu -1 map page0" "'-1' is not a CPU, 0..1"
rejects "cpu 0 map" "a place is missing at the end of the line"
rejects "cpu 0 map here" "'here' is no place: page0, block1, table0"
rejects "cpu 0 map page" "'' is not a number of it, 0..4096"
rejects "cpu 0 map page3..1" "a range that ends before it begins"
rejects "cpu 0 map page1x" "'page1x' is no place: 'x' is too much"
rejects "cpu 0 map page99999999999999999999" "'99999999999999999999' is not a number of it"
rejects "cpu 0 map page0 A rwx junk" "'junk' is a word too many"
rejects "cpu 0 protect page0" "what is taken or given is missing"
rejects "cpu 0 collapse page0" "a block or a table can become a block, not a page"
rejects "cpu 0 collapse block0..1" "one block is made at a time"
rejects "cpu 0 dsb" "a kind of DSB is missing"
rejects "cpu 0 dsb sy" "'sy' is not a kind of DSB: ishst, ish, nsh"
rejects "cpu 0 tlbi vae1" "'vae1' is not a TLBI: ipas2e1is"
rejects "cpu 0 store page0" "a value is missing"
rejects "cpu 0 store page0 junk" "'junk' is no value: empty, locked"
rejects "cpu 0 store page0 read +q" "'+q' is none of +r, -r"
rejects "cpu 0 free page0" "an entry for a page leads to no table"
rejects "cpu 0 load page0" "no table has an entry of that level there"
rejects "before map block0|cpu 0 free block0" "that entry leads to no table"
rejects "before map block0|cpu 0 load table511" "that is beyond the guest's addresses"
rejects "before load page0" "calls alone prepare the tables"
rejects "run 0|before collapse block0" "S2_NOT_UNIFORM: the entries do not form a block"
rejects "run 0|before map table0..511" "the library refuses that: it is beyond the guest's addresses"
rejects "cpu 0 map table0..511" "the library refuses that: it is beyond the guest's addresses"
rejects "granule 64K|cpu 0 collapse table0" "the library refuses that: no block can be at that level"
rejects "cpu 0 map page0|granule 16K" "'granule' comes before what is done"
rejects "granule 8K" "'8K' is not a granule: 4K, 16K, 64K"
rejects "features nonsense" "'nonsense' is no list of features"
rejects "features hd" "no such format here: lpa2 is not played, hd needs haf"
rejects "pages 9" "'9' is not a number of pages, 0..8"
rejects "watch page7" "'page7' is not a watched page: page0, page1, last, block1, block2"
rejects "run 0 to nowhere" "'nowhere' is not what a CPU runs to: break, make"
rejects "guest 0 looks page0" "'looks' is not an access: read, write"
rejects "title" "a title is missing"
rejects "title nothing else" "nothing is done: no cpu, run or guest in it"
rejects "features haf,hd|cpu 0 map page0|guest 0 write page1" "beside calls, hardware notes one access, to page0"
rejects "$(seq -s ' ' 100 | tr -d '\n'; seq -s ' ' 100)" "a line longer than 383 characters"
rejects "cpu 0 tlbi vmalls12e1is 1 2 3 4 5 6 7 8 9 10 11 12 13 14" "'1' is a word too many"
rejects "watch page0 page0 page0 page0 page0 page0 page0 page0 page0 page0 page0 page0 page0 page0 page0 page0" \
	"more than 16 words"

refuses "play" "SCRIPT: none is given; stage2 play --list"
refuses "play nothing-like-it" "nothing-like-it: No such file or directory; stage2 play --list"
refuses "play $script $script" "$script: an argument too many"
refuses "play $TMP" "$TMP: Is a directory"
refuses "play collapse --html /nowhere/page.html" "/nowhere/page.html: No such file or directory"
refuses "play collapse --html /dev/full" "/dev/full: No space left on device"
printf 'title\0x\n' >"$script"
refuses "play $script" "$script: offset 5: a NUL character"

# --- JSON --------------------------------------------------------------------------------

says "JSON: steps, tables, caches and the window" 0 "play collapse --json" '"title": "A table becomes a block' \
	'"happened": [' '"break"' '"state": "locked"' '"window": true' '"stale": true' '"linked": false' \
	'"A": "0x400000000"'
says "JSON of what is wrong" 1 "play stage1-companion --json" '"violation": "rule 2: CPU0 may hold two'

# The text and the JSON have the same steps.
as_many_steps()
{
	run play break-before-make --json
	json=$(printf '%s\n' "$said" | grep -c '"step":')
	run play break-before-make --color always
	text=$(printf '%s\n' "$said" | grep -cE "$(printf '^\033')"'\[1m +[0-9]+ ')
	[ "$json" = 18 ] && [ "$text" = 18 ]
}
result "as many steps in JSON as in the text, which has colours" as_many_steps
