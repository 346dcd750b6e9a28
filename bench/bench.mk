# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# Benchmarks.  The library is built for the platform of the benchmarks and linked with the
# code of others, each an engine behind one interface (bench.h).  What is not to be had on a
# machine becomes an empty object: the rest runs, and it is said what is missing.

BENCH_MATCH ?=## measure only cases whose name has this in it (all)
# Where the engine is taken from: another directory measures a copy of it.
BENCH_ENGINE ?= src

BENCH_DIR := $(B)/bench
BENCH_HEADERS := $(wildcard bench/*.h bench/platform/*.h platform/host/*.h include/stage2/*.h $(BENCH_ENGINE)/*.h)
# Valgrind cannot read all that clang writes by default.
BENCH_CFLAGS := -std=gnu11 -O2 -gdwarf-4 -pthread $(S2_WARNINGS) -Ibench
# As an embedder would build it.
BENCH_ENGINE_CFLAGS := $(BENCH_CFLAGS) $(filter-out -std=%,$(S2_CFLAGS)) $(S2_INCLUDES) -Ibench/platform -Iplatform/host
BENCH_OBJECTS := $(patsubst bench/%.c,$(BENCH_DIR)/%.o,$(wildcard bench/*.c)) $(S2_FILES:%.c=$(BENCH_DIR)/engine/%.o)

$(BENCH_DIR)/engine/%.o: $(BENCH_ENGINE)/%.c $(BENCH_HEADERS) bench/bench.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(BENCH_ENGINE_CFLAGS) -c -o $@ $<

$(BENCH_DIR)/%.o: bench/%.c $(BENCH_HEADERS) bench/bench.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(BENCH_CFLAGS) $(S2_INCLUDES) -c -o $@ $<

# The least that could be is what the compiler can make of it; but not a call of memset(), of
# whose string instruction callgrind counts each byte.
$(BENCH_DIR)/floor.o: BENCH_CFLAGS += -O3 $(if $(findstring clang,$(CC)),-fno-builtin,-fno-tree-loop-distribute-patterns)

# The kernels' own code, and for each an adapter.  Their headers are those that declare it,
# from the same package, and shims for all others: empty ones, as the shims come first.
BENCH_EMPTY := $(addprefix $(BENCH_DIR)/empty/,$(addprefix linux/,atomic.h bitfield.h bitops.h bits.h \
	dma-mapping.h iommu.h kernel.h kvm_host.h pgtable.h sizes.h slab.h types.h) asm/barrier.h iommu-pages.h)
BENCH_KVM := arch/arm64/kvm/hyp/pgtable.c
BENCH_KVM_FILES := $(BENCH_KVM) $(addprefix arch/arm64/include/asm/,kvm_pgtable.h stage2_pgtable.h)
BENCH_IOMMU := drivers/iommu/io-pgtable-arm.c
BENCH_IOMMU_FILES := $(BENCH_IOMMU) drivers/iommu/io-pgtable-arm.h include/linux/io-pgtable.h
# What the kernel is built with, as far as it decides what the code is.
BENCH_LINUX_CFLAGS := -std=gnu11 -O2 -gdwarf-4 -fno-strict-aliasing -fno-common -Ibench -Ibench/shim -I$(BENCH_DIR)/empty
BENCH_LINUX := $(BENCH_DIR)/linux/kvm-6.12.o $(BENCH_DIR)/linux/kvm-6.1.o $(BENCH_DIR)/linux/iommu-6.12.o
BENCH_LINUX_NEEDS := $(BENCH_HEADERS) $(wildcard bench/shim/*.h bench/shim/*/*.h bench/linux/*) \
	bench/bench.mk $(BENCH_EMPTY)

$(BENCH_EMPTY):
	@mkdir -p $(@D)
	@: >$@

# $(1): the object; $(2): version; $(3): files; $(4): the one that is code; $(5): adapter; $(6): flags
# One object that has no name but the engine's, or none at all and is tried again next time.
define bench_linux
$(1): bench/linux/$(5) $(BENCH_LINUX_NEEDS)
	@mkdir -p $$(@D)
	@if bench/linux/unpack $(2) $(BENCH_DIR)/linux-$(2) $(3); then \
		echo "CC      $$@" && \
		$(CC) $(BENCH_LINUX_CFLAGS) -w $(6) -c -o $$(@:.o=-theirs.o) $(BENCH_DIR)/linux-$(2)/$(4) && \
		$(CC) $(BENCH_LINUX_CFLAGS) $(S2_WARNINGS) $(6) -c -o $$(@:.o=-ours.o) $$< && \
		$(LD) -r -o $$@ $$(@:.o=-theirs.o) $$(@:.o=-ours.o) && \
		$(OBJCOPY) --wildcard --keep-global-symbol='bench_*_6_*' $$@; \
	else \
		$(CC) -x c -c -o $$@ /dev/null && touch -d @0 $$@; \
	fi
endef
OBJCOPY ?= objcopy
bench_kvm_flags = -include bench/shim/kvm.h -Ibench/shim/$(1) -isystem $(BENCH_DIR)/linux-$(1)/arch/arm64/include
$(eval $(call bench_linux,$(BENCH_DIR)/linux/kvm-6.12.o,6.12,$(BENCH_KVM_FILES),$(BENCH_KVM),kvm.c,$(call bench_kvm_flags,6.12)))
$(eval $(call bench_linux,$(BENCH_DIR)/linux/kvm-6.1.o,6.1,$(BENCH_KVM_FILES),$(BENCH_KVM),kvm.c,$(call bench_kvm_flags,6.1)))
$(eval $(call bench_linux,$(BENCH_DIR)/linux/iommu-6.12.o,6.12,$(BENCH_IOMMU_FILES),$(BENCH_IOMMU),iommu.c,-include bench/shim/iommu.h -isystem $(BENCH_DIR)/linux-6.12/include))

$(BENCH_DIR)/linux/warn.o: bench/linux/warn.c bench/bench.mk
	@mkdir -p $(@D)
	@$(CC) $(BENCH_CFLAGS) -c -o $@ $<

$(BENCH_DIR)/bench: $(BENCH_OBJECTS) $(BENCH_LINUX) $(BENCH_DIR)/linux/warn.o
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^

# Without what others wrote, for a test of the program.
$(BENCH_DIR)/own: $(BENCH_OBJECTS)
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^

include bench/scale/scale.mk

##@ Measure

.PHONY: bench bench-quick need-bench
# Whoever has no valgrind gets no instructions, but times.
need-bench:
	@scripts/need valgrind=valgrind || :

bench: $(BENCH_DIR)/bench | need-bench ## Instructions and ns of each operation, beside KVM's and an IOMMU's tables (docs/benchmarks.md)
	@CC='$(CC)' bench/run $(if $(BENCH_MATCH),-m '$(BENCH_MATCH)') $(BENCH_DIR)

bench-quick: $(BENCH_DIR)/bench | need-bench ## The same in less than two minutes: one geometry, few rounds
	@CC='$(CC)' bench/run -q $(if $(BENCH_MATCH),-m '$(BENCH_MATCH)') $(BENCH_DIR)

.PHONY: bench-plot
bench-plot: ## Pictures of what the last `make bench` found, in docs/
	@scripts/need gnuplot=gnuplot-nox
	@bench/plot $(BENCH_DIR) docs/benchmarks

.PHONY: bench-scale bench-scale-docs
bench-scale: $(BENCH_DIR)/bench $(SCALE_PROGRAMS) | need-bench ## Cache lines of a fault, windows, 1 to 512 CPUs by simulation, a guest of 12 TiB (docs/scaling.md)
	@bench/scale/run $(BENCH_DIR)

bench-scale-docs: ## What the last `make bench-scale` found, as a picture and figures, into docs/
	@scripts/need gnuplot=gnuplot-nox
	@bench/scale/plot $(SCALE) docs/scaling.svg
	@for table in $(SCALE)/tables/*.md; do \
		scripts/paste docs/scaling.md "$$(basename "$$table" .md)" <"$$table" || exit 1; \
	done

# Built once more, for the compiler to write down what each function calls and takes.
SIZE_OBJECTS := $(S2_FILES:%.c=$(B)/size/%.o)

$(B)/size/%.o: src/%.c $(S2_HEADERS) $(wildcard src/*.h platform/aarch64/*.h) bench/bench.mk Makefile | need-cross
	@mkdir -p $(@D)
	@$(A64_CC) $(A64_CFLAGS) -fstack-usage -fcallgraph-info=su -c -o $@ $<

.PHONY: size
size: $(SIZE_OBJECTS) ## Bytes of the library for AArch64: text of each file, worst-case stack of each public function, objects
	@CC=$(A64_CC) NM=$(CROSS)nm SIZE=$(CROSS)size LD=$(CROSS)ld AR=$(CROSS)ar scripts/size $(B)/size
