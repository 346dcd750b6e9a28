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
MACHINE_CFLAGS := $(S2_CFLAGS) -fno-freestanding -D_GNU_SOURCE -O2 -g $(S2_WARNINGS) $(S2_INCLUDES) -Imachine \
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

EXPLORE := $(M)/explore $(if $(EXPLORE_MATCH),-m "$(EXPLORE_MATCH)")

##@ Explore

.PHONY: explore explore-quick explore-deep
explore: $(M)/explore ## Interleavings of pairs and chosen programs of operations, all or up to a bound (EXPLORE_N=, EXPLORE_MATCH=)
	$(EXPLORE) -n $(EXPLORE_N) -t -v

explore-quick: $(M)/explore ## The part of it that make test runs, in two minutes
	$(EXPLORE) -n 300 -t

explore-deep: $(M)/explore ## The rest: any three of the commonest operations, more schedules of each client; hours
	$(EXPLORE) -n 200000 -p 4 -T -v
