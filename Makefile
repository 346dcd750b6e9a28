# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The one entry.  All that can be done with this tree is a target here or in one
# of the fragments below; `make help` lists them.  A single make sees the whole
# graph, so -j is safe with any set of targets, and everything that is written
# goes below $(B).

VERSION := 0.1.0

B ?= build## where everything is built (build)
ifeq ($(origin CC),default)
CC := gcc
endif
CC ?= gcc## compiler for this machine (gcc)
CLANG ?= clang## second compiler for this machine (clang)
CROSS ?= $(if $(filter aarch64,$(shell uname -m)),,aarch64-linux-gnu-)## prefix of the AArch64 tools (none on AArch64, else aarch64-linux-gnu-)
PREFIX ?= /usr/local## where install puts things (/usr/local)
DESTDIR ?=## put in front of PREFIX by install, for packagers (nothing)

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

include src/stage2.mk

S2_WARNINGS := -Wall -Wextra -Werror
S2_HEADERS := $(wildcard include/stage2/*.h)

##@ Build

.PHONY: all lib
all: lib ## What `make` alone does: the library
lib: $(B)/aarch64/libstage2.a ## The library for AArch64 at EL2, on platform/aarch64

A64_CC := $(CROSS)gcc
A64_CFLAGS := $(S2_CFLAGS) -O2 -g -nostdlib -mgeneral-regs-only -mno-outline-atomics $(S2_WARNINGS) \
	$(S2_INCLUDES) -Iplatform/aarch64
A64_OBJECTS := $(S2_SOURCES:%.c=$(B)/aarch64/%.o)

.PHONY: need-cross
need-cross:
	@scripts/need $(A64_CC)=$(if $(CROSS),gcc-aarch64-linux-gnu,gcc)

$(B)/aarch64/%.o: %.c src/stage2.mk Makefile | need-cross
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(A64_CC) $(A64_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/aarch64/libstage2.a: $(A64_OBJECTS) scripts/symbols
	@echo "AR      $@"
	@rm -f $@
	@$(CROSS)ar rcsD $@ $(A64_OBJECTS)
	@$(CROSS)ld -r -o $(B)/aarch64/whole.o $(A64_OBJECTS)
	@scripts/symbols $(CROSS)nm $(B)/aarch64/whole.o

-include $(A64_OBJECTS:.o=.d)

.PHONY: install uninstall
SHARE := $(PREFIX)/share/stage2
INSTALLED := $(PREFIX)/include/stage2 $(PREFIX)/lib/libstage2.a $(PREFIX)/lib/pkgconfig/stage2.pc $(SHARE) \
	$(PREFIX)/bin/stage2 $(PREFIX)/share/man/man1/stage2.1 $(PREFIX)/share/bash-completion/completions/stage2

# The library as built is one for platform/aarch64; who has a platform of his
# own compiles the sources, which lie in $(SHARE) just as they do here.
install: $(B)/aarch64/libstage2.a $(B)/stage2.pc $(B)/tool/stage2 ## Install headers, library, stage2.pc, the sources to embed, and the command
	install -d $(DESTDIR)$(PREFIX)/include/stage2 $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 $(S2_HEADERS) $(DESTDIR)$(PREFIX)/include/stage2
	install -m 644 $(B)/aarch64/libstage2.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 $(B)/stage2.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -d $(addprefix $(DESTDIR)$(SHARE)/,src include/stage2 platform/aarch64 platform/host)
	install -m 644 src/stage2.mk $(wildcard src/*.[ch]) $(DESTDIR)$(SHARE)/src
	install -m 644 $(S2_HEADERS) $(DESTDIR)$(SHARE)/include/stage2
	install -m 644 $(wildcard platform/aarch64/*.[ch]) $(DESTDIR)$(SHARE)/platform/aarch64
	install -m 644 $(wildcard platform/host/*.[ch]) $(DESTDIR)$(SHARE)/platform/host
	install -d $(DESTDIR)$(SHARE)/scenarios
	install -m 644 $(TOOL_SCENARIOS) $(DESTDIR)$(SHARE)/scenarios
	install -m 644 LICENSES/BSD-2-Clause.txt $(DESTDIR)$(SHARE)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/tool/stage2 $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 tool/stage2.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 tool/stage2.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/stage2

uninstall: ## Remove what install put there
	rm -rf $(addprefix $(DESTDIR),$(INSTALLED))

# PREFIX may be another one each time.
.PHONY: FORCE
$(B)/stage2.pc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' 'libdir=$${prefix}/lib' \
		'sourcedir=$${prefix}/share/stage2' '' 'Name: stage2' \
		'Description: Arm VMSAv8-64 stage-2 translation tables, freestanding' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lstage2' >$@

include hypervisor/hypervisor.mk
include examples/minimal/minimal.mk
include machine/machine.mk
include tool/tool.mk
include tests/arm64/arm64.mk
include tests/weak/weak.mk
include tests/mutants/mutants.mk
include tests/walk/walk.mk
include tests/fuzz/fuzz.mk
include bench/bench.mk
include tests/tests.mk
include tests/coverage/coverage.mk

##@ Care

.PHONY: lint clean distclean help
lint: ## Format, static analysis, licences, layering, links: scripts/lint
	@CLANG=$(CLANG) scripts/lint

# What was downloaded takes minutes to get again and does not depend on the source.
clean: ## Remove what was built, but not what was downloaded
	@[ ! -d $(B) ] || find $(B) -mindepth 1 -maxdepth 1 ! -name guest ! -name arm64-packages -exec rm -rf {} +
	@[ ! -d $(B)/guest ] || find $(B)/guest -mindepth 1 -maxdepth 1 \
		! -name Image ! -name busybox ! -name versions -exec rm -rf {} +

distclean: ## Remove everything that make has written
	rm -rf $(B)

help: ## This list
	@scripts/help $(filter-out %.d,$(MAKEFILE_LIST))
