# SPDX-License-Identifier: BSD-2-Clause
# SPDX-FileCopyrightText: 2026 The stage2 authors
#
# The engine for another build: include this file and compile S2_SOURCES with
# S2_CFLAGS, S2_INCLUDES and a -I for the directory that holds an s2_platform.h.
# It defines only names that start with S2_, and no rule.
#
#	include third_party/stage2/src/stage2.mk
#	objects += $(S2_SOURCES:.c=.o)
#	CFLAGS += $(S2_CFLAGS) $(S2_INCLUDES) -Iport/stage2

# Where this file is, as seen from where make runs.
ifndef S2_DIR
S2_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
endif

S2_FILES := \
	age.c \
	annotate.c \
	bitmap.c \
	cache.c \
	clean.c \
	collapse.c \
	compact.c \
	conflict.c \
	contend.c \
	cost.c \
	descriptor.c \
	dump.c \
	format.c \
	gather.c \
	graft.c \
	group.c \
	inspect.c \
	log.c \
	map.c \
	op.c \
	ownership.c \
	protect.c \
	prune.c \
	qsbr.c \
	read.c \
	reclaim.c \
	replace.c \
	split.c \
	sweep.c \
	tlbi.c \
	touch.c \
	tree.c \
	unmap.c \
	verify.c \
	vmid.c

S2_SOURCES := $(addprefix $(S2_DIR)/,$(S2_FILES))

# The public headers; the engine's own are found beside its sources.
S2_INCLUDES := -I$(S2_DIR)/../include

# What the sources need of the compiler; optimisation and target are the embedder's.
S2_CFLAGS := -std=c11 -ffreestanding
