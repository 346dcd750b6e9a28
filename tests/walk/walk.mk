# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The agreement of three walkers: a program for EL2 of QEMU's virt board, made of
# the engine, of the machine's decoding of registers and descriptors, and of what
# the hypervisor has to start and to speak with.  It is included after
# hypervisor.mk, whose compiler and flags it uses.

# Where the engine and the machine are taken from: other directories test copies.
WALK_ENGINE ?= src
WALK_MACHINE ?= machine

WALK := $(B)/walk
WALK_OBJECTS := $(patsubst tests/walk/%,$(WALK)/%.o,$(basename $(sort $(wildcard tests/walk/*.c tests/walk/*.S)))) \
	$(patsubst src/%.c,$(WALK)/engine/%.o,$(S2_SOURCES)) $(WALK)/machine/regime.o \
	$(patsubst %,$(WALK)/hypervisor/%.o,console el2_map semihost string)
WALK_CC = echo "CC      $@" && mkdir -p $(@D) && $(HYP_CC) $(HYP_CFLAGS) -MMD -MP -c -o $@ $<

$(WALK_OBJECTS): tests/walk/walk.mk hypervisor/hypervisor.mk $(HYP)/compiler | need-hypervisor

$(WALK)/%.o: tests/walk/%.c
	@$(WALK_CC)
$(WALK)/%.o: tests/walk/%.S
	@$(WALK_CC)
$(WALK)/engine/%.o: $(WALK_ENGINE)/%.c
	@$(WALK_CC)
$(WALK)/machine/%.o: $(WALK_MACHINE)/%.c
	@$(WALK_CC)
$(WALK)/hypervisor/%.o: hypervisor/%.c
	@$(WALK_CC)

$(WALK)/walk.elf: $(WALK_OBJECTS) hypervisor/hypervisor.ld
	@echo "LD      $@"
	@$(CROSS)ld -nostdlib -static -z max-page-size=4096 -T hypervisor/hypervisor.ld -o $@ $(WALK_OBJECTS)

-include $(WALK_OBJECTS:.o=.d)

##@ Test

.PHONY: walk-agreement need-walk
need-walk:
	@scripts/need qemu-system-aarch64=qemu-system-arm
walk-agreement: $(WALK)/walk.elf | need-walk ## CPU (QEMU), machine and library walk the same tables: do they agree?
	@B='$(B)' tests/walk-agreement
