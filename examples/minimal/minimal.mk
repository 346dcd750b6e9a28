# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The smallest hypervisor: the library for EL2, as `make lib` builds it, and two files.

MINIMAL := $(B)/minimal
MINIMAL_FLAGS := -std=gnu11 -ffreestanding -O2 -g -nostdlib -mgeneral-regs-only -mstrict-align -fno-pic -fno-pie \
	-fno-stack-protector $(S2_WARNINGS) $(S2_INCLUDES) -Iplatform/aarch64

$(MINIMAL)/minimal.elf: examples/minimal/main.c examples/minimal/boot.S examples/minimal/minimal.ld $(B)/aarch64/libstage2.a
	@mkdir -p $(@D)
	@echo "LD      $@"
	@$(A64_CC) $(MINIMAL_FLAGS) -static -Wl,-T,examples/minimal/minimal.ld -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
		-o $@ examples/minimal/boot.S examples/minimal/main.c $(B)/aarch64/libstage2.a

##@ Run

.PHONY: minimal run-minimal
minimal: $(MINIMAL)/minimal.elf ## The smallest hypervisor on the library (docs/tutorial.md)
run-minimal: minimal | need-run ## Run it in QEMU, with a guest of a few instructions
	@timeout 60 qemu-system-aarch64 -M virt,virtualization=on -cpu cortex-a57 -m 256M -display none -monitor none \
		-nic none -serial stdio -kernel $(MINIMAL)/minimal.elf
