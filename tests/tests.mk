# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The tests.  Each suite is one program, linked with the engine built for it on
# platform/host: plain, with ASan and UBSan, or with TSan.  All but the last are
# built with S2_HOST_TRACE, so that a test can watch every step.

S2_TEST ?=## run only tests whose name matches, with * and ? (all)
S2_SEED ?=## the seed of random tests, as a failure prints it (fixed ones)
export S2_TEST S2_SEED

# Where the engine is taken from: another directory tests a copy of it.
TEST_ENGINE ?= src

T := $(B)/test
QUICK := straight steps format descriptor tlbi input contract corrupt grace bugs vmid group inspect clean ownership shape permissions
TEST_NAMES := $(QUICK) operations races threads
TEST_LIB := $(filter-out %/threads.c,$(sort $(wildcard tests/lib/*.c))) platform/host/host.c platform/host/rcu.c
TEST_HEADERS := $(wildcard tests/lib/*.h platform/host/*.h include/stage2/*.h $(TEST_ENGINE)/*.h)

TEST_CFLAGS := -std=c11 -g -pthread $(S2_WARNINGS) $(S2_INCLUDES) -Iplatform/host -I$(TEST_ENGINE) -Itests
TEST_CFLAGS_plain := -O2 -DS2_HOST_TRACE
TEST_CFLAGS_asan := -O1 -DS2_HOST_TRACE -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
# The barriers are fences, which TSan does not know: it sees less order than there is.
TEST_CFLAGS_tsan := -O1 -fsanitize=thread $(if $(findstring clang,$(CC)),,-Wno-tsan)
TEST_LIBS := -lcmocka -lurcu-memb

TEST_PROGRAMS := $(TEST_NAMES:%=$(T)/plain/%) $(TEST_NAMES:%=$(T)/asan/%) $(T)/tsan/threads

.PHONY: need-test
need-test:
	@scripts/need libcmocka-dev liburcu-dev $(firstword $(CC))=$(firstword $(CC))

# $(1): plain, asan or tsan
define test_variant
$(T)/$(1)/obj/src/%.o: $(TEST_ENGINE)/%.c $(TEST_HEADERS) tests/tests.mk | need-test
	@mkdir -p $$(@D)
	@echo "CC      $$@"
	@$(CC) $(TEST_CFLAGS) $(filter-out -std=%,$(S2_CFLAGS)) $(TEST_CFLAGS_$(1)) -c -o $$@ $$<

$(T)/$(1)/obj/%.o: %.c $(TEST_HEADERS) tests/tests.mk | need-test
	@mkdir -p $$(@D)
	@echo "CC      $$@"
	@$(CC) $(TEST_CFLAGS) $(TEST_CFLAGS_$(1)) -c -o $$@ $$<

$(T)/$(1)/%: $(T)/$(1)/obj/tests/%.o $(patsubst %.c,$(T)/$(1)/obj/%.o,$(S2_SOURCES) $(TEST_LIB))
	@echo "LD      $$@"
	@$(CC) -pthread $(TEST_CFLAGS_$(1)) -o $$@ $$^ $(TEST_LIBS)
endef
$(foreach variant,plain asan tsan,$(eval $(call test_variant,$(variant))))
EXPLORER := explore fiber states
# Interleavings of a client that is no operation on a tree: the machine's explorer alone.
$(foreach variant,plain asan tsan,$(eval $(T)/$(variant)/vmid: $(EXPLORER:%=$(T)/$(variant)/obj/machine/%.o)))
.SECONDARY:

# The long ones first, so that two at a time end together.  Random tests do fewer
# steps where each of them takes longer.
SUITES := $(if $(wildcard tests/boot),"boot=B='$(B)' tests/boot") \
	"explore=$(M)/explore -n 300 -t -j 1" \
	"mutants=tests/mutants/run '$(abspath $(B))/mutants' -t -q -j 1 -s 9" \
	"threads-arm64=B='$(B)' CROSS='$(CROSS)' S2_SECONDS=2 tests/threads-arm64" \
	"walk-agreement=B='$(B)' tests/walk-agreement" \
	"operations-asan=S2_PERCENT=10 $(T)/asan/operations" \
	"races-asan=S2_PERCENT=10 $(T)/asan/races" \
	"fuzz=tests/fuzz/run -t $(FUZZ) 10 $(FUZZ_TARGETS)" \
	operations=$(T)/plain/operations \
	races=$(T)/plain/races \
	"weak=$(WEAK)/weak 5000" \
	"threads-tsan=S2_SECONDS=8 $(T)/tsan/threads" \
	"threads-asan=S2_SECONDS=4 $(T)/asan/threads" \
	"threads=S2_SECONDS=4 $(T)/plain/threads" \
	machine=$(M)/test \
	$(foreach t,$(QUICK),$(t)=$(T)/plain/$(t) $(t)-asan=$(T)/asan/$(t)) \
	"bench=tests/bench $(BENCH_DIR)/own $(SCALE) $(T)/bench" \
	"tool=CC='$(CC)' tests/tool/run '$(TOOL)'" \
	"reference=tests/reference $(T)/reference" \
	"docs=tests/docs '$(TOOL)' '$(B)'" \
	"replay=CC='$(CC)' tests/tool/mutants '$(B)' break-no-first-dsb break-no-stage1 break-fresh-read" \
	"embedding=CC='$(CC)' CLANG='$(CLANG)' tests/embedding $(T)/embedding" \
	"freestanding=CROSS='$(CROSS)' CLANG='$(CLANG)' tests/freestanding $(T)/freestanding"

##@ Test

.PHONY: test need-scripts
test: $(TEST_PROGRAMS) $(M)/explore $(M)/test $(WEAK)/weak $(FUZZ_PROGRAMS) $(BENCH_DIR)/own $(SCALE_PROGRAMS) $(TOOL)/stage2 $(TOOL)/image $(MINIMAL)/minimal.elf | need-scripts need-run ## Every test; its last line: how many passed and failed (check-NAME: one suite, as TAP)
	@tests/run $(T)/logs $(SUITES)

need-scripts: need-test need-cross need-browser need-doxygen
	@scripts/need $(CLANG)=clang

##@ Build

.PHONY: reference need-doxygen
need-doxygen:
	@scripts/need doxygen=doxygen

reference: | need-doxygen ## The reference of include/stage2, as pages; fails if a symbol is not documented
	@mkdir -p $(B)/reference
	@{ cat docs/Doxyfile; echo 'OUTPUT_DIRECTORY = $(B)/reference'; } | doxygen -
	@echo 'file://$(abspath $(B))/reference/html/index.html'

##@ Test

.PHONY: test-docs
test-docs: $(TOOL)/stage2 $(TOOL)/image $(MINIMAL)/minimal.elf | need-run ## The pages: their commands are run, or exist, and what they show is what is printed
	@tests/docs '$(TOOL)' '$(B)'

.PHONY: $(TEST_NAMES:%=check-%)
$(TEST_NAMES:%=check-%): check-%: $(T)/plain/%
	@$<
