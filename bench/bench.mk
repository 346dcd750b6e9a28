# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# Benchmarks.  The library, built for the platform of the benchmarks, is an engine behind the
# interface of bench.h.

BENCH_MATCH ?=## measure only cases whose name has this in it (all)
# Where the engine is taken from: another directory measures a copy of it.
BENCH_ENGINE ?= src

BENCH := $(B)/bench
BENCH_HEADERS := $(wildcard bench/*.h bench/platform/*.h include/stage2/*.h $(BENCH_ENGINE)/*.h)
BENCH_CFLAGS := -std=gnu11 -O2 -g -pthread $(S2_WARNINGS) -Ibench
# As an embedder would build it.
BENCH_ENGINE_CFLAGS := $(BENCH_CFLAGS) $(filter-out -std=%,$(S2_CFLAGS)) $(S2_INCLUDES) -Ibench/platform
BENCH_OBJECTS := $(patsubst bench/%.c,$(BENCH)/%.o,$(wildcard bench/*.c)) $(S2_FILES:%.c=$(BENCH)/engine/%.o)

$(BENCH)/engine/%.o: $(BENCH_ENGINE)/%.c $(BENCH_HEADERS) bench/bench.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(BENCH_ENGINE_CFLAGS) -c -o $@ $<

$(BENCH)/%.o: bench/%.c $(BENCH_HEADERS) bench/bench.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(BENCH_CFLAGS) $(S2_INCLUDES) -c -o $@ $<

# The least that could be is what the compiler can make of it; but not a call of memset(), of
# whose string instruction callgrind counts each byte.
$(BENCH)/floor.o: BENCH_CFLAGS += -O3 -fno-tree-loop-distribute-patterns

$(BENCH)/bench: $(BENCH_OBJECTS)
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^

##@ Measure

.PHONY: bench bench-quick need-bench
# Whoever has no valgrind gets no instructions, but times.
need-bench:
	@scripts/need valgrind=valgrind || echo "bench: no valgrind: instructions are left out"

bench: $(BENCH)/bench | need-bench ## Instructions and ns of each operation
	@CC='$(CC)' bench/run $(if $(BENCH_MATCH),-m '$(BENCH_MATCH)') $(BENCH)

bench-quick: $(BENCH)/bench | need-bench ## The same in less than two minutes: one geometry, few rounds
	@CC='$(CC)' bench/run -q $(if $(BENCH_MATCH),-m '$(BENCH_MATCH)') $(BENCH)
