# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The machine, and the explorer of interleavings: the engine's own sources on
# platform/machine.  MACHINE_ENGINE is where the engine is taken from; another
# directory explores a copy of it.

MACHINE_ENGINE ?= src
MACHINE_SOURCES := $(wildcard machine/*.c)
MACHINE_HEADERS := $(wildcard machine/*.h platform/machine/*.h include/stage2/*.h)
EXPLORE_N ?= 20000## schedules of one client at the most, for make explore (20000)
EXPLORE_MATCH ?=## explore only clients whose name has this in it (all)

$(B)/machine/explore: $(MACHINE_SOURCES) $(MACHINE_HEADERS) $(S2_SOURCES) $(wildcard src/*.h) machine/machine.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(S2_CFLAGS) -fno-freestanding -D_GNU_SOURCE -O2 -g $(S2_WARNINGS) $(S2_INCLUDES) -Imachine \
		-Iplatform/machine -o $@ $(S2_SOURCES:src/%=$(MACHINE_ENGINE)/%) $(MACHINE_SOURCES)

EXPLORE := $(B)/machine/explore $(if $(EXPLORE_MATCH),-m "$(EXPLORE_MATCH)")

##@ Explore

.PHONY: explore explore-quick
explore: $(B)/machine/explore ## Interleavings of pairs and chosen triples of operations, all or up to a bound (EXPLORE_N=, EXPLORE_MATCH=)
	$(EXPLORE) -n $(EXPLORE_N) -t -v

explore-quick: $(B)/machine/explore ## The part of it that make test runs, in two minutes
	$(EXPLORE) -n 1000 -t
