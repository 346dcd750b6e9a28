# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# Coverage-guided fuzzing with libFuzzer.  A target is one line at the end of the
# first part: its name (its corpus is tests/fuzz/corpus/NAME), its sources and
# what it is compiled with.  The engine's own sources come to each of them, on
# the platform header that the flags lead to.

TIME ?= 60## seconds for each target of make fuzz (60)

# Where the engine is taken from: another directory fuzzes a copy of it.
FUZZ_ENGINE ?= src

FUZZ := $(B)/fuzz
FUZZ_CFLAGS := -std=c11 -g -O2 -pthread -fno-omit-frame-pointer $(S2_WARNINGS) \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-fsanitize-coverage-ignorelist=tests/fuzz/ignorelist
FUZZ_HEADERS := $(wildcard tests/fuzz/*.h tool/*.h machine/*.h platform/*/*.h include/stage2/*.h $(FUZZ_ENGINE)/*.h)
FUZZ_TARGETS :=

.PHONY: need-fuzz
need-fuzz:
	@scripts/need $(firstword $(CLANG))=clang libclang-rt-dev liblzma-dev

# $(1): name, $(2): sources, $(3): flags
define fuzz_target
FUZZ_TARGETS += $(1)
$(FUZZ)/$(1): $(2) $(S2_FILES:%=$(FUZZ_ENGINE)/%) $(FUZZ_HEADERS) tests/fuzz/fuzz.mk \
		tests/fuzz/ignorelist | need-fuzz
	@mkdir -p $$(@D)
	@echo "CC      $$@"
	@$(CLANG) $(FUZZ_CFLAGS) $(S2_INCLUDES) $(3) -o $$@ $$(filter %.c,$$^)
endef

$(eval $(call fuzz_target,descriptor,$(addprefix tests/fuzz/,descriptor.c scene.c tables.c) \
	machine/regime.c platform/host/host.c,-Iplatform/host -DS2_HOST_TRACE))

# Stacks change hands in there, which AddressSanitizer does not follow; the machine
# looks after memory itself.
$(eval $(call fuzz_target,machine,tests/fuzz/machine.c \
	$(patsubst %,machine/%.c,caches fiber judge memory mmu regime rules world),\
	-fno-sanitize=address -D_GNU_SOURCE -Imachine -Iplatform/machine))

# The command's readers of traces and workloads: no engine but its formats is in what they do.
$(eval $(call fuzz_target,trace,tests/fuzz/trace.c platform/host/host.c \
	$(patsubst %,tool/%.c,entry features lines mirror number regime rules stale tlbi trace workload),\
	-std=gnu11 -Iplatform/host -llzma))

FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(FUZZ)/%)

##@ Explore

.PHONY: fuzz fuzz-merge
fuzz: $(FUZZ_PROGRAMS) ## Fuzz any tables, descriptors and configurations: each target for TIME seconds
	@tests/fuzz/run $(FUZZ) $(TIME) $(FUZZ_TARGETS)

fuzz-merge: $(FUZZ_PROGRAMS) ## Make tests/fuzz/corpus anew, small, from itself and from what was found
	@tests/fuzz/merge $(FUZZ) $(FUZZ_TARGETS)
