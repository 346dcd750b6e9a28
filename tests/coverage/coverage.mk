# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# What of the engine the unit suites reach.  They alone: neither the machine's
# explorer nor anything that runs in QEMU adds to the numbers.  Without
# optimisation, or the compiler would merge, drop and duplicate branches; only
# the engine is built anew, the tests are those of `make test`.

COV := $(B)/coverage
# Per cent of lines, of branches.
COV_LEAST := 97 90
# Threads count at the same time, and a count that is lost may be the only one.  What is always
# put in line is a function here: in a copy where an argument is a constant half of the branches
# are none.
COV_CFLAGS := -O0 -DS2_HOST_TRACE -Dalways_inline=unused --coverage -fprofile-update=atomic
# The reader of the counts is of the compiler's own version.
COV_CC := $(firstword $(CC))
COV_GCOV := $(if $(findstring clang,$(COV_CC)),$(subst clang,llvm-cov,$(COV_CC)) gcov,$(if $(findstring gcc,$(COV_CC)),$(subst gcc,gcov,$(COV_CC)),gcov))
COV_OBJECTS := $(S2_FILES:%.c=$(COV)/obj/%.o)
COV_PROGRAMS := $(TEST_NAMES:%=$(COV)/%)

$(COV)/obj/%.o: $(TEST_ENGINE)/%.c $(TEST_HEADERS) tests/coverage/coverage.mk tests/tests.mk | need-test
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TEST_CFLAGS) $(filter-out -std=%,$(S2_CFLAGS)) $(COV_CFLAGS) -c -o $@ $<

$(COV_PROGRAMS): $(COV)/%: $(T)/plain/obj/tests/%.o $(COV_OBJECTS) $(TEST_LIB:%.c=$(T)/plain/obj/%.o)
	@echo "LD      $@"
	@$(CC) -pthread --coverage -o $@ $^ $(TEST_LIBS)

$(COV)/vmid: $(addprefix $(T)/plain/obj/machine/,explore.o fiber.o states.o)

##@ Explore

.PHONY: coverage need-coverage
need-coverage:
	@scripts/need gcovr=gcovr jq=jq $(firstword $(COV_GCOV))=$(if $(findstring clang,$(COV_CC)),llvm,gcc)

# A program that does not come to its end says nothing of what it reached.
coverage: $(COV_PROGRAMS) | need-coverage ## Lines and branches of src/ that the unit suites reach, and which they do not
	@find $(COV)/obj -name '*.gcda' -delete
	@tests/run $(COV)/logs \
		"operations=S2_PERCENT=10 $(COV)/operations" \
		"races=S2_PERCENT=10 $(COV)/races" \
		"threads=S2_SECONDS=2 $(COV)/threads" \
		$(foreach t,$(QUICK),$(t)=$(COV)/$(t))
	@tests/coverage/report -g '$(COV_GCOV)' $(COV) $(TEST_ENGINE) $(COV_LEAST)
