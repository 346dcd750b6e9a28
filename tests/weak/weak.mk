# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The engine on a simulated weak memory: its own sources, compiled with the hooks
# of a thread sanitizer, and Relacy in place of the sanitizer's runtime.

ifeq ($(origin CXX),default)
CXX := g++
endif
CXX ?= g++## C++ compiler, for make weak (g++)

# Where the engine is taken from: another directory tests a copy of it.
WEAK_ENGINE ?= src
WEAK_N ?= 20000## schedules of one scenario, for make weak (20000)

WEAK := $(B)/weak
WEAK_HEADERS := $(wildcard tests/weak/*.h include/stage2/*.h $(WEAK_ENGINE)/*.h)
WEAK_OBJECTS := $(S2_SOURCES:src/%.c=$(WEAK)/%.o)

.PHONY: need-weak
need-weak:
	@scripts/need relacy-dev $(firstword $(CC))=$(firstword $(CC)) $(firstword $(CXX))=$(firstword $(CXX))

$(WEAK)/%.o: $(WEAK_ENGINE)/%.c $(WEAK_HEADERS) tests/weak/weak.mk | need-weak
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(S2_CFLAGS) -O1 -g -fsanitize=thread $(S2_WARNINGS) $(S2_INCLUDES) -Itests/weak -c -o $@ $<

$(WEAK)/weak: tests/weak/weak.cc $(WEAK_OBJECTS) $(WEAK_HEADERS)
	@echo "CXX     $@"
	@$(CXX) -std=gnu++11 -O1 -g $(S2_WARNINGS) $(S2_INCLUDES) -Itests/weak -o $@ $< $(WEAK_OBJECTS)

##@ Test

.PHONY: weak
weak: $(WEAK)/weak ## The engine on a simulated weak memory (Relacy): holds as promised, fails without any one promise
	@$(WEAK)/weak $(WEAK_N)
