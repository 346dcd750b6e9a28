# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The command as such: help of each subcommand, exit statuses, colour, bad arguments.

says "help, with a list of commands" 0 --help "Usage: stage2" format
commands=$("$STAGE2" --help | sed -n 's/^  \([a-z]\{4,\}\) .*/\1/p')
for command in $commands; do
	says "help of $command" 0 "$command --help" "Usage: stage2 $command" "--json"
done
says "its version" 0 --version "stage2 "
refuses "" "COMMAND: none is given"
refuses nonsense "nonsense: no such command"
refuses --nonsense "--nonsense: no such option"
refuses "format --nonsense" "--nonsense: no such option"
refuses "format --granule" "--granule: no such option, or not complete"
refuses "format --color sometimes" "--color: 'sometimes'"
refuses "format word" "word: an argument too many"
