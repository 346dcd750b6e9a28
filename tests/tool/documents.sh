# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The manual page and the completion name what the command has, and nothing else.

options()
{
	for command in $("$STAGE2" --help | sed -n 's/^  \([a-z]\{4,\}\) .*/\1/p'); do
		"$STAGE2" "$command" --help
	done | sed -n 's/^ *\(--[a-z0-9-]*\).*/\1/p'
	echo --version
}

same_options()
{
	options | sort -u >"$TMP/options"
	sed -n '/^\.SH OPTIONS/,/^\.SH EXIT/p' tool/stage2.1 | tr -d '\\' | grep -o -e '--[a-z0-9][a-z0-9-]*' | sort -u >"$TMP/manual"
	said=$(diff "$TMP/options" "$TMP/manual")
}
status=0
result "the manual page has every option, and no other" same_options

well_formed()
{
	said=$(groff -man -Tutf8 -ww -z tool/stage2.1 2>&1)
	[ -z "$said" ]
}
command -v groff >/dev/null && result "the manual page is well-formed" well_formed

# completes LINE WORD...: the last word of the line can become each of these.
completion()
{
	said=$(PATH=$dir:$PATH bash -c '
		. tool/stage2.bash
		read -ra COMP_WORDS <<<"$1"
		[ "${1% }" = "$1" ] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_stage2
		printf "%s\n" "${COMPREPLY[@]}"' - "$1" 2>&1)
	shift
	has "$@"
}
completes()
{
	result "completion of: $1" completion "$@"
}
completes "stage2 " explain encode format walk dump verify play
completes "stage2 exp" explain
completes "stage2 explain " vtcr vttbr tlbi esr
completes "stage2 play coll" collapse collapse-no-break
completes "stage2 play --ht" "--html="
completes "stage2 dump --me" "--merge="
completes "stage2 format --granule " 4K 16K 64K
completes "stage2 format --granule = 6" 64K

# The trace that the documentation shows keeps to the rules, and without its TLBI's line before
# it what is said of it is what the documentation says.
documented()
{
	sed -n '/^stage2-trace 1/,/^end/p' docs/trace.md >"$TMP/documented"
	run check "$TMP/documented"
	[ "$status" = 0 ] || return 1
	sed 12d "$TMP/documented" >"$TMP/damaged"
	run check "$TMP/damaged"
	[ "$status" = 1 ] && [ "$(printf '%s\n' "$said" | grep -v ^check:)" = \
		"$(sed -n '/^line 14: /,/Arm ARM/p' docs/trace.md)" ]
}
result "what docs/trace.md shows" documented

# Each command of the manual page's examples that needs no image does what it says.
examples()
{
	said=$(sed -n '/^\.EX/,/^\.EE/s/^stage2 //p' tool/stage2.1 | grep -v '^walk' | while read -r line; do
		# shellcheck disable=SC2086 # a list of words
		"$STAGE2" $line >/dev/null || echo "stage2 $line"
	done 2>&1)
	[ -z "$said" ]
}
result "the examples of the manual page" examples

# The same of what it shows of a recorded boot, but for the time that it takes.
recording()
{
	shown=$(sed -n '/<!-- replay -->/,/<!-- \/replay -->/p' README.md | grep -v -e '^<!--' -e '^```')
	said=$(printf '%s\n' "$shown" | sed -n 's/^\$ stage2 //p' | while read -r line; do
		echo "\$ stage2 $line"
		# shellcheck disable=SC2086 # a list of words
		"$STAGE2" $line 2>&1
	done | sed 's/ seconds=.*//')
	[ -n "$said" ] && [ "$said" = "$(printf '%s\n' "$shown" | sed 's/ seconds=.*//')" ]
}
result "what the README shows of a recorded boot" recording

# What the README shows is what happens.
readme()
{
	shown=$(sed -n '/<!-- explain -->/,/<!-- \/explain -->/p' README.md | grep -v -e '^<!--' -e '^```')
	line=$(printf '%s\n' "$shown" | sed -n 's/^\$ stage2 //p')
	# shellcheck disable=SC2086 # a list of words
	run $line
	[ -n "$line" ] && [ "$said" = "$(printf '%s\n' "$shown" | sed 1d)" ]
}
result "what the README shows" readme
