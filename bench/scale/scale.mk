# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# What does not depend on how fast this machine is, and what follows for larger ones: windows,
# tables of a large guest, and a simulation of many CPUs (docs/scaling.md).

SCALE := $(BENCH_DIR)/scale
SCALE_PROGRAMS := $(addprefix $(SCALE)/,window guest simulate transfer)
SCALE_CFLAGS := $(BENCH_CFLAGS) $(S2_INCLUDES) -Iplatform/host

# The engine on the host's platform, every step of which can be watched.
$(SCALE)/engine/%.o: $(BENCH_ENGINE)/%.c $(BENCH_HEADERS) bench/scale/scale.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(SCALE_CFLAGS) $(filter-out -std=%,$(S2_CFLAGS)) -DS2_HOST_TRACE -c -o $@ $<

$(SCALE)/%.o: bench/scale/%.c $(BENCH_HEADERS) bench/scale/scale.mk
	@mkdir -p $(@D)
	@echo "CC      $@"
	@$(CC) $(SCALE_CFLAGS) -c -o $@ $<

$(SCALE)/host.o: platform/host/host.c $(BENCH_HEADERS) bench/scale/scale.mk
	@mkdir -p $(@D)
	@$(CC) $(SCALE_CFLAGS) -DS2_HOST_TRACE -c -o $@ $<

SCALE_ENGINE := $(SCALE)/host.o $(S2_FILES:%.c=$(SCALE)/engine/%.o)

$(SCALE)/window $(SCALE)/guest: $(SCALE)/%: $(SCALE)/%.o $(SCALE_ENGINE)
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^

$(SCALE)/simulate: $(SCALE)/simulate.o
	@echo "LD      $@"
	@$(CC) -o $@ $^

$(SCALE)/transfer: $(SCALE)/transfer.o $(BENCH_DIR)/threads.o
	@echo "LD      $@"
	@$(CC) -pthread -o $@ $^
