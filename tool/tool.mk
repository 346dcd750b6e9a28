# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The command `stage2`: the engine on platform/host, for the machine that make runs on.

TOOL := $(B)/tool
TOOL_CFLAGS := -std=gnu11 -O2 -g -pthread $(S2_WARNINGS) $(S2_INCLUDES) -Iplatform/host
TOOL_HEADERS := $(wildcard tool/*.h platform/host/*.h include/stage2/*.h src/*.h)
TOOL_SOURCES := $(wildcard tool/*.c) platform/host/host.c

.PHONY: need-tool
need-tool:
	@scripts/need libjansson-dev liblzma-dev $(firstword $(CC))=$(firstword $(CC))

$(TOOL)/src/%.o: src/%.c $(TOOL_HEADERS) tool/tool.mk | need-tool
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_CFLAGS) $(S2_CFLAGS) -c -o $@ $<

$(TOOL)/%.o: %.c $(TOOL_HEADERS) tool/tool.mk Makefile | need-tool
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_CFLAGS) -DVERSION='"$(VERSION)"' -c -o $@ $<

$(TOOL)/stage2: $(TOOL_SOURCES:%.c=$(TOOL)/%.o) $(S2_SOURCES:%.c=$(TOOL)/%.o)
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^ -ljansson -llzma

# Images for its tests: the same library makes them.
$(TOOL)/image: $(TOOL)/tests/tool/image.o $(TOOL)/platform/host/host.o $(S2_SOURCES:%.c=$(TOOL)/%.o)
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^

##@ Build

.PHONY: tool
tool: $(TOOL)/stage2 ## The command `stage2`, which looks into tables

##@ Test

.PHONY: check-tool
check-tool: $(TOOL)/stage2 $(TOOL)/image ## The command: what it prints, against values worked out by hand
	@CC='$(CC)' tests/tool/run '$(TOOL)'
