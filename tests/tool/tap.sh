# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# What the tests of the command say, in TAP.  To be sourced; STAGE2 is the command.
# What it prints is left in $said, its exit status in $status.

count=0

# result NAME COMMAND...: a test that is passed if the command succeeds.
result()
{
	count=$((count + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $count - $what"
	else
		echo "# exit status $status, and it said:"
		printf '%s\n' "$said" | sed 's/^/#   /'
		echo "not ok $count - $what"
		failed=1
	fi
}

run()
{
	said=$("$STAGE2" "$@" 2>&1)
	status=$?
}

# Whether each line that is given is one of those that were said, as its beginning or,
# after one space more or less, a part of it.
has()
{
	squeezed=$(printf '%s\n' "$said" | tr -s ' ')
	for part; do
		printf '%s\n' "$squeezed" | grep -qF -- "$part" || {
			echo "# not there: $part"
			return 1
		}
	done
}

has_and_ends()
{
	[ "$status" = "$1" ] || return 1
	shift
	has "$@"
}

# says NAME STATUS "ARGUMENTS" PART...: what the command says has each part in it.
says()
{
	name=$1 wanted=$2 arguments=$3
	shift 3
	# shellcheck disable=SC2086 # a list of words
	run $arguments
	result "$name" has_and_ends "$wanted" "$@"
}

one_line()
{
	[ "$status" = 2 ] && [ "$(printf '%s\n' "$said" | wc -l)" = 1 ] && has "stage2: $1"
}

# refuses "ARGUMENTS" REASON: exit status 2 and one line of error, "stage2: REASON".
refuses()
{
	# shellcheck disable=SC2086 # a list of words
	said=$("$STAGE2" $1 2>&1 >/dev/null)
	status=$?
	result "refused: $1" one_line "$2"
}

done_testing()
{
	echo "1..$count"
	exit "${failed-0}"
}
