# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The machine, and the explorer of interleavings: the engine's own sources on
# platform/machine.  MACHINE_ENGINE is where the engine is taken from: another
# directory explores a copy of it.

MACHINE_ENGINE ?= src
EXPLORE_N ?= 20000## schedules of one client at the most, for make explore (20000)
EXPLORE_MATCH ?=## explore only clients whose name has this in it (all)

M := $(B)/machine
MACHINE_HEADERS := $(wildcard machine/*.h platform/machine/*.h include/stage2/*.h $(MACHINE_ENGINE)/*.h)
# What runs programs in a world, without the command: fuzzing and tests link it too.
MACHINE_OBJECTS := $(patsubst machine/%.c,$(M)/%.o,$(filter-out machine/command.c,$(wildcard machine/*.c)))
MACHINE_ENGINE_OBJECTS := $(S2_SOURCES:src/%.c=$(M)/engine/%.o)
MACHINE_CFLAGS := $(filter-out -ffreestanding,$(S2_CFLAGS)) -D_GNU_SOURCE -O2 -g $(S2_WARNINGS) $(S2_INCLUDES) -Imachine \
	-Iplatform/machine

$(M)/engine/%.o: $(MACHINE_ENGINE)/%.c $(MACHINE_HEADERS) machine/machine.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(MACHINE_CFLAGS) -c -o $@ $<

$(M)/%.o: machine/%.c $(MACHINE_HEADERS) machine/machine.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(MACHINE_CFLAGS) -c -o $@ $<

$(M)/explore: $(MACHINE_ENGINE_OBJECTS) $(MACHINE_OBJECTS) $(M)/command.o
	@echo "LD      $@"
	@$(CC) -o $@ $^

# The model alone, against scripts of stores, barriers and TLBIs: nothing of the engine is in it.
MACHINE_MODEL := $(patsubst %,$(M)/%.o,caches fiber memory mmu regime rules)
MACHINE_TEST_OBJECTS := $(M)/test-machine.o $(M)/test-suite.o

$(M)/test-machine.o: tests/machine.c
$(M)/test-suite.o: tests/lib/suite.c
$(MACHINE_TEST_OBJECTS): $(MACHINE_HEADERS) tests/lib/suite.h machine/machine.mk | need-test
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(filter-out -D_GNU_SOURCE,$(MACHINE_CFLAGS)) -c -o $@ $(filter %.c,$^)

$(M)/test: $(MACHINE_TEST_OBJECTS) $(MACHINE_MODEL)
	@echo "LD      $@"
	@$(CC) -o $@ $^ -lcmocka

##@ Test

.PHONY: check-machine
check-machine: $(M)/test ## The machine itself: complains where the architecture says so, and nowhere else
	@$<

EXPLORE := $(M)/explore $(if $(EXPLORE_MATCH),-m "$(EXPLORE_MATCH)")

##@ Explore

.PHONY: explore explore-quick explore-deep
explore: $(M)/explore ## Interleavings of pairs and chosen programs of operations, all or up to a bound (EXPLORE_N=, EXPLORE_MATCH=)
	$(EXPLORE) -n $(EXPLORE_N) -t -v

explore-quick: $(M)/explore ## The part of it that make test runs, in some minutes
	$(EXPLORE) -n 300 -t

explore-deep: $(M)/explore ## The rest: any three of the commonest operations, more schedules of each client; hours
	$(EXPLORE) -n 200000 -p 4 -T -v
