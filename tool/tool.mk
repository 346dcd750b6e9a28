# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The command `stage2`: the engine on platform/host, for the machine that make runs on.

TOOL := $(B)/tool
TOOL_CFLAGS := -std=gnu11 -O2 -g -pthread $(S2_WARNINGS) $(S2_INCLUDES) -Iplatform/host -iquote tool -iquote machine
TOOL_HEADERS := $(wildcard tool/*.h tool/replay/*.h machine/*.h platform/host/*.h include/stage2/*.h src/*.h)
TOOL_SOURCES := $(wildcard tool/*.c) tool/replay/threads.c platform/host/host.c

# The machine, with the engine on its platform: of all that only one function can be seen, as
# the same engine is there on the host's platform too.
TOOL_MACHINE_CFLAGS := $(MACHINE_CFLAGS) -DM_ARENA_PAGES=1024u
TOOL_MACHINE_OBJECTS := $(patsubst %,$(TOOL)/machine/%.o,caches fiber memory mmu regime rules replay) \
	$(S2_SOURCES:src/%.c=$(TOOL)/machine/engine/%.o)

.PHONY: need-tool
need-tool:
	@scripts/need libjansson-dev liblzma-dev $(firstword $(CC))=$(firstword $(CC))

# Pages are looked at.
.PHONY: need-browser
need-browser:
	@scripts/need chromium=chromium ppmhist=netpbm

$(TOOL)/src/%.o: src/%.c $(TOOL_HEADERS) tool/tool.mk | need-tool
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_CFLAGS) $(S2_CFLAGS) -c -o $@ $<

$(TOOL)/%.o: %.c $(TOOL_HEADERS) tool/tool.mk Makefile | need-tool
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_CFLAGS) -DVERSION='"$(VERSION)"' -c -o $@ $<

# The machine, for `stage2 play`.  It has an engine of its own, on platform/machine: but for what
# machine/scenario.h declares, its names are not to be seen beside those of the engine above.
$(TOOL)/machine.o: $(MACHINE_ENGINE_OBJECTS) $(MACHINE_OBJECTS)
	@echo "LD      $@"
	@$(LD) -r -o $@.tmp $^
	@$(OBJCOPY) --keep-global-symbol=scenario_play --keep-global-symbol=scenario_memory $@.tmp $@
	@rm $@.tmp

TOOL_SCENARIOS := $(sort $(wildcard tool/scenarios/*.play))
TOOL_PAGES := play_css=tool/page/play.css play_js=tool/page/play.js

$(TOOL)/ready.c: $(TOOL_SCENARIOS) scripts/embed
	@mkdir -p $(@D)
	@scripts/embed ready.h -l $(TOOL_SCENARIOS) >$@

$(TOOL)/page.c: $(wildcard tool/page/*) scripts/embed
	@mkdir -p $(@D)
	@scripts/embed page.h $(TOOL_PAGES:%=page_%) >$@

$(TOOL)/ready.o $(TOOL)/page.o: $(TOOL)/%.o: $(TOOL)/%.c $(TOOL_HEADERS) | need-tool
	@echo "CC      $@"
	@$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(TOOL)/machine/engine/%.o: $(MACHINE_ENGINE)/%.c $(MACHINE_HEADERS) tool/tool.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_MACHINE_CFLAGS) -c -o $@ $<

$(TOOL)/machine/%.o: machine/%.c $(MACHINE_HEADERS) tool/tool.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_MACHINE_CFLAGS) -c -o $@ $<

$(TOOL)/machine/replay.o: tool/replay/machine.c $(MACHINE_HEADERS) $(TOOL_HEADERS) tool/tool.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(TOOL_MACHINE_CFLAGS) -c -o $@ $<

$(TOOL)/recorded.o: $(TOOL_MACHINE_OBJECTS)
	@echo "LD      $@"
	@$(CC) -nostdlib -r -o $@.all $^
	@objcopy --keep-global-symbol=replay_on_machine $@.all $@

$(TOOL)/stage2: $(TOOL_SOURCES:%.c=$(TOOL)/%.o) $(TOOL)/machine.o $(TOOL)/recorded.o $(S2_SOURCES:%.c=$(TOOL)/%.o) $(TOOL)/ready.o $(TOOL)/page.o
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^ -ljansson -llzma

# Images for its tests: the same library makes them.
$(TOOL)/image: $(TOOL)/tests/tool/image.o $(TOOL)/platform/host/host.o $(S2_SOURCES:%.c=$(TOOL)/%.o)
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^

##@ Build

.PHONY: tool
tool: $(TOOL)/stage2 ## The command `stage2`, which looks into tables

##@ Care

.PHONY: docs-pictures
docs-pictures: $(TOOL)/stage2 | need-browser ## Make the pictures in docs anew: pages of `stage2 play` in Chromium
	@$(TOOL)/stage2 play collapse --html $(TOOL)/collapse.html
	@chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1000,940 \
		--user-data-dir=$(TOOL)/chromium --blink-settings=preferredColorScheme=1 --virtual-time-budget=2000 \
		--screenshot=$(TOOL)/play.png 'file://$(abspath $(TOOL))/collapse.html#step-9' 2>/dev/null
	@pngtopnm $(TOOL)/play.png | pnmquant -quiet 48 | pnmtopng -quiet -compression 9 >docs/play.png

##@ Test

.PHONY: check-tool
check-tool: $(TOOL)/stage2 $(TOOL)/image | need-browser ## The command: what it prints, against values worked out by hand
	@CC='$(CC)' tests/tool/run '$(TOOL)'

.PHONY: check-replay check-trace
check-replay: $(TOOL)/stage2 ## The command's replay: notices each fault of the break sequence in the engine
	@CC='$(CC)' tests/tool/mutants '$(B)'

check-trace: $(TOOL)/stage2 $(TOOL)/image ## As check-tool, and the recorded boot without each single line of its breaks
	@CC='$(CC)' EVERY_LINE=1 tests/tool/run '$(TOOL)'
