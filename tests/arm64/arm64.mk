# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The threads' test, the explorer and the platforms' atomics, compiled for
# AArch64 with the two kinds of atomic instructions that there are: exclusive
# pairs (ll-sc: Armv8.0) and FEAT_LSE.  On an Arm machine the programs run as
# they are, elsewhere under QEMU's user emulation; tests/threads-arm64 says what
# that shows.

ARM64 := $(B)/arm64
ARM64_NATIVE := $(filter aarch64,$(shell uname -m))
# Downloaded, and therefore not in $(ARM64): `make clean` keeps it.
ARM64_ROOT := $(B)/arm64-packages
ARM64_LIB := $(ARM64_ROOT)/usr/lib/aarch64-linux-gnu

ARM64_CFLAGS := -std=c11 -O2 -g -pthread $(S2_WARNINGS) $(S2_INCLUDES) \
	$(if $(ARM64_NATIVE),,-isystem $(ARM64_ROOT)/usr/include -isystem $(ARM64_ROOT)/usr/include/aarch64-linux-gnu)
ARM64_CFLAGS_ll-sc := -march=armv8-a -mno-outline-atomics
ARM64_CFLAGS_lse := -march=armv8.1-a
ARM64_LIBS := $(if $(ARM64_NATIVE),,-L$(ARM64_LIB) -Wl,-rpath,$(abspath $(ARM64_LIB))) -lcmocka -lurcu-memb

ARM64_THREADS := tests/threads.c tests/lib/suite.c platform/host/host.c platform/host/rcu.c
ARM64_MACHINE := $(sort $(wildcard machine/*.c))
ARM64_PROGRAMS := $(ARM64)/ll-sc/threads $(ARM64)/lse/threads $(ARM64)/ll-sc/explore
ARM64_ATOMICS := $(foreach kind,ll-sc lse,$(foreach platform,aarch64 host,\
	$(ARM64)/$(kind)/$(platform)-gcc.o $(ARM64)/$(kind)/$(platform)-clang.o))

.PHONY: need-arm64 arm64
need-arm64: need-cross
	@scripts/need $(CLANG)=clang $(if $(ARM64_NATIVE),libcmocka-dev liburcu-dev,\
		libc6-dev-arm64-cross qemu-aarch64=qemu-user)

$(ARM64_ROOT)/versions: tests/arm64/fetch
	@$(if $(ARM64_NATIVE),mkdir -p $(@D),tests/arm64/fetch $(@D))
	@touch $@

$(ARM64_PROGRAMS) $(ARM64_ATOMICS): tests/arm64/arm64.mk $(wildcard include/stage2/*.h) | need-arm64

$(ARM64)/%/threads: $(ARM64_THREADS) $(S2_SOURCES) $(wildcard src/*.h tests/lib/*.h platform/host/*.h) $(ARM64_ROOT)/versions
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(A64_CC) $(ARM64_CFLAGS) $(ARM64_CFLAGS_$*) -Iplatform/host -Isrc -Itests -o $@ \
		$(S2_SOURCES) $(ARM64_THREADS) $(ARM64_LIBS)

$(ARM64)/%/explore: $(ARM64_MACHINE) $(S2_SOURCES) $(wildcard machine/*.h platform/machine/*.h src/*.h)
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(A64_CC) $(ARM64_CFLAGS) $(ARM64_CFLAGS_$*) -D_GNU_SOURCE -Imachine -Iplatform/machine -o $@ \
		$(S2_SOURCES) $(ARM64_MACHINE)

$(ARM64)/%-gcc.o: tests/arm64/atomics.c $(wildcard platform/*/*.h)
	@mkdir -p $(@D)
	@$(A64_CC) $(ARM64_CFLAGS) $(ARM64_CFLAGS_$(*D)) -Iplatform/$(*F) -c -o $@ $<

$(ARM64)/%-clang.o: tests/arm64/atomics.c $(wildcard platform/*/*.h)
	@mkdir -p $(@D)
	@$(CLANG) --target=aarch64-linux-gnu $(ARM64_CFLAGS) $(ARM64_CFLAGS_$(*D)) -Iplatform/$(*F) -c -o $@ $<

arm64: $(ARM64_PROGRAMS) $(ARM64_ATOMICS)

##@ Test

.PHONY: threads-arm64
threads-arm64: ## Threads, the explorer and the platforms' atomics as AArch64 code: on an Arm machine, or under QEMU
	@B='$(B)' CROSS='$(CROSS)' tests/threads-arm64
