# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# Completion of the command `stage2` in bash.  Subcommands and options are those that its
# --help lists, so that this cannot be out of date.

_stage2_options()
{
	"$@" --help 2>/dev/null | sed -n 's/^ *\(--[a-z0-9-]*=\{0,1\}\).*/\1/p'
}

_stage2_words()
{
	case $2 in
	play) "$1" play --list 2>/dev/null | sed 's/ .*//' ;;
	explain) echo vtcr vttbr tlbi esr ;;
	encode) echo leaf table annotation vtcr vttbr tlbi ;;
	esac
}

_stage2_values()
{
	case $1 in
	--granule) echo 4K 16K 64K ;;
	--color) echo always never auto ;;
	--vmid-bits) echo 8 16 ;;
	--pa-bits) echo 32 36 40 42 44 48 52 ;;
	--merge) echo levels age dirty all none ;;
	--features) echo lpa2 fwb ttl tlbirange haf hd cnp xnx bbm1 bbm2 contig ;;
	esac
}

_stage2()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words

	COMPREPLY=()
	# With = in COMP_WORDBREAKS, --granule=4 is three words.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	words=$(_stage2_values "$before")
	if [ -n "$words" ]; then
		:
	elif [ "$COMP_CWORD" = 1 ]; then
		words="$("${COMP_WORDS[0]}" --help 2>/dev/null | sed -n 's/^  \([a-z]\{4,\}\) .*/\1/p') --help --version"
	elif [ "${word#-}" != "$word" ]; then
		words=$(_stage2_options "${COMP_WORDS[0]}" "${COMP_WORDS[1]}")
	else
		words=$(_stage2_words "${COMP_WORDS[0]}" "${COMP_WORDS[1]}")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	case ${COMPREPLY[0]-} in
	*=) compopt -o nospace 2>/dev/null ;;
	esac
}

complete -o default -F _stage2 stage2
