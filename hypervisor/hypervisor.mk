# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The hypervisor, its guest, and `make run`.  It takes the library as another
# project would: the sources that src/stage2.mk lists, compiled for its own
# platform with its own flags.

CPU ?= cortex-a57## the CPU that `make run` emulates, cortex-a57 or max (cortex-a57)
BENCH ?= 0## 1: count the instructions of each fault, with one CPU, and without CHURN, DIRTY, SPLIT (0)
VCPUS ?= $(if $(filter 1,$(BENCH)),1,2)## CPUs of the guest, 1 to 8 (2, or 1 with BENCH=1)
MEM ?= 512## MiB of the guest's memory, 256 to 4096 (512)
GRANULE ?= 4K## granule of the guest's stage-2 tables, 4K, 16K (not on cortex-a57) or 64K (4K)
CHURN ?= 0## 1: change the tables under the running guest, at random (0)
DIRTY ?= none## log what the running guest writes: hw (CPU=max), wp or split (none)
SPLIT ?= 0## 1: split all memory of the running guest into pages, form blocks again, and so on (0)
BBM ?= 0## level of FEAT_BBM that the tables make use of, 0, 1 or 2 (CPU=max has 2) (0)
CONTIG ?= 0## 1: form contiguous groups of the guest's pages: 16 of 4K, 128 of 16K, 32 of 64K (0)
RECORD ?=## write what was done to the tables to RECORD.trace, and the calls of the library to RECORD.workload
WAY ?= hw wp split## ways to log that `make migrate` shows, of hw (with CPU=max), wp and split (all)
HYP_CC ?= $(CROSS)gcc## compiler of the hypervisor; clang --target=aarch64-linux-gnu works too

HYP := $(B)/hypervisor
GUEST := $(B)/guest

HYP_CFLAGS := $(S2_CFLAGS) -O2 -g -nostdlib -mgeneral-regs-only -mno-outline-atomics \
	-mstrict-align -fno-pic -fno-pie -fno-stack-protector -Wall -Wextra -Werror $(S2_INCLUDES) -Iplatform/aarch64
HYP_C := $(sort $(wildcard hypervisor/*.c)) $(S2_SOURCES)
HYP_S := $(sort $(wildcard hypervisor/*.S))
HYP_OBJECTS := $(HYP_C:%.c=$(HYP)/%.o) $(HYP_S:%.S=$(HYP)/%.o)
# The same objects, and what gets between some callers and what they call.
COUNT_C := $(sort $(wildcard hypervisor/bench/*.c))
COUNT_S := $(sort $(wildcard hypervisor/bench/*.S))
COUNT_OBJECTS := $(COUNT_C:%.c=$(HYP)/%.o) $(COUNT_S:%.S=$(HYP)/%.o)
MEASURED := vcpu_exit s2_map s2_touch bench_loop bench_mixture trap_init stats_print
# And the same again: the engine on a platform that records, and calls that are recorded.
RECORD_C := $(sort $(wildcard hypervisor/record/*.c))
RECORD_OBJECTS := $(filter-out $(HYP)/src/%,$(HYP_OBJECTS)) $(S2_SOURCES:%.c=$(HYP)/recorded/%.o) $(RECORD_C:%.c=$(HYP)/%.o)
RECORDED := s2_map s2_unmap s2_protect s2_touch s2_age s2_flush s2_split s2_collapse s2_group s2_log_start \
	s2_log_collect s2_log_stop s2_qsbr_online s2_qsbr_quiescent s2_qsbr_offline s2_cache_put s2_reclaim s2_destroy semihost_exit
PAYLOADS := $(GUEST)/hole.bin $(GUEST)/spin.bin

##@ Run

.PHONY: hypervisor hypervisor-record guest run migrate need-hypervisor need-guest need-run
hypervisor: $(HYP)/hypervisor.elf $(HYP)/hypervisor-bench.elf ## The EL2 hypervisor for QEMU's virt board
hypervisor-record: $(HYP)/hypervisor-record.elf
guest: $(GUEST)/Image $(GUEST)/initramfs.cpio $(PAYLOADS) ## Debian's arm64 kernel and a userland for it
run: hypervisor $(if $(RECORD),hypervisor-record) guest | need-run ## Boot a Debian guest on the library (CPU=, VCPUS=, MEM=, GRANULE=, CHURN=1, DIRTY=, SPLIT=1, BBM=, CONTIG=1, BENCH=1, RECORD=)
	@scripts/run-guest -b $(B) -c "$(CPU)" -s "$(VCPUS)" -m "$(MEM)" -g "$(GRANULE)" -x "$(CHURN)" \
		-d "$(DIRTY)" -r "$(SPLIT)" -B "$(BBM)" -C "$(CONTIG)" -i "$(BENCH)" $(if $(RECORD),-o "$(RECORD)")
migrate: hypervisor guest | need-run ## Move the running guest to other memory and tables (WAY=, and as for run)
	@for way in $(WAY); do \
		cpu="$(CPU)"; [ $$way != hw ] || cpu=max; \
		scripts/run-guest -b $(B) -c $$cpu -s "$(VCPUS)" -m "$(MEM)" -g "$(GRANULE)" -x "$(CHURN)" \
			-d $$way -l -B "$(BBM)" -C "$(CONTIG)" || exit; \
	done

need-hypervisor:
	@scripts/need $(CROSS)gcc=gcc-aarch64-linux-gnu $(CROSS)ld=binutils-aarch64-linux-gnu
need-guest: need-hypervisor
	@scripts/need $(if $(CROSS),libc6-dev-arm64-cross,libc6-dev) cpio=cpio
need-run:
	@scripts/need qemu-system-aarch64=qemu-system-arm fdtput=device-tree-compiler

# The compiler may be another one each time.
$(HYP)/compiler: FORCE
	@mkdir -p $(@D)
	@echo '$(HYP_CC)' | cmp -s - $@ || echo '$(HYP_CC)' >$@

$(HYP)/%.o: %.c $(HYP)/compiler hypervisor/hypervisor.mk src/stage2.mk | need-hypervisor
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(HYP_CC) $(HYP_CFLAGS) -MMD -MP -c -o $@ $<

$(HYP)/%.o: %.S $(HYP)/compiler hypervisor/hypervisor.mk | need-hypervisor
	@mkdir -p $(@D)
	@echo "AS      $@"
	@$(HYP_CC) $(HYP_CFLAGS) -MMD -MP -c -o $@ $<

$(HYP)/hypervisor.elf: $(HYP_OBJECTS) hypervisor/hypervisor.ld
	@echo "LD      $@"
	@$(CROSS)ld -nostdlib -static -z max-page-size=4096 -T hypervisor/hypervisor.ld -o $@ $(HYP_OBJECTS)

$(HYP)/hypervisor-bench.elf: $(HYP_OBJECTS) $(COUNT_OBJECTS) hypervisor/hypervisor.ld
	@echo "LD      $@"
	@$(CROSS)ld -nostdlib -static -z max-page-size=4096 -T hypervisor/hypervisor.ld \
		$(addprefix --wrap=,$(MEASURED)) -o $@ $(HYP_OBJECTS) $(COUNT_OBJECTS)

$(HYP)/recorded/%.o: %.c $(HYP)/compiler hypervisor/hypervisor.mk src/stage2.mk | need-hypervisor
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(HYP_CC) -Ihypervisor/record $(HYP_CFLAGS) -MMD -MP -c -o $@ $<

$(HYP)/hypervisor-record.elf: $(RECORD_OBJECTS) hypervisor/hypervisor.ld
	@echo "LD      $@"
	@$(CROSS)ld -nostdlib -static -z max-page-size=4096 -T hypervisor/hypervisor.ld \
		$(addprefix --wrap=,$(RECORDED)) -o $@ $(RECORD_OBJECTS)

-include $(HYP_OBJECTS:.o=.d) $(COUNT_OBJECTS:.o=.d) $(RECORD_OBJECTS:.o=.d)

# What was fetched stays until `make distclean`.
$(GUEST)/Image $(GUEST)/busybox &:
	@scripts/fetch-guest $(GUEST)

$(GUEST)/memtest: hypervisor/guest/memtest.c hypervisor/hypervisor.mk | need-guest
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CROSS)gcc -std=gnu11 -O2 -static -Wall -Wextra -Werror -o $@ $<

$(GUEST)/initramfs.cpio: $(GUEST)/busybox $(GUEST)/memtest hypervisor/guest/init | need-guest
	@echo "CPIO    $@"
	@rm -rf $(GUEST)/root
	@mkdir -p $(GUEST)/root/bin
	@install -m 755 $(GUEST)/busybox $(GUEST)/root/bin/busybox
	@install -m 755 $(GUEST)/memtest hypervisor/guest/init $(GUEST)/root
	@cd $(GUEST)/root && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 >../initramfs.cpio

$(GUEST)/%.bin: hypervisor/guest/%.S | need-guest
	@mkdir -p $(@D)
	@echo "AS      $@"
	@$(CROSS)gcc -c -o $(@:.bin=.o) $<
	@$(CROSS)objcopy -O binary -j .text $(@:.bin=.o) $@
