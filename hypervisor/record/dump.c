/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the guest's tables map when its run has ended, in the library's own words; and time
 * for somebody else to look at the same memory, if a file says that he wants to.
 */
#include <stage2/inspect.h>
#include <stage2/stage2.h>

#include "../guest.h"
#include "../report.h"
#include "record.h"
#include "text.h"

int __real_s2_destroy(struct s2_tree *tree, struct s2_cpu *cpu);
int __wrap_s2_destroy(struct s2_tree *tree, struct s2_cpu *cpu);

static void print(const char *line, void *arg)
{
	text_put(arg, line);
}

static void write_dump(const struct s2_tree *tree)
{
	static struct text t;
	struct s2_span span = {.ipa = 0, .size = UINT64_C(1) << guest.format.ipa_bits};

	text_open(&t, "stage2.dump");
	text_put(&t, "vttbr");
	text_hex(&t, tree->vttbr);
	text_put(&t, " vtcr");
	text_hex(&t, guest.format.vtcr);
	text_put(&t, "\n");
	must(s2_dump(tree, &span, S2_MERGE_ALL, print, &t), "s2_dump");
	text_close(&t);
}

/* It is called again and again until all is gone. */
int __wrap_s2_destroy(struct s2_tree *tree, struct s2_cpu *cpu)
{
	const uint64_t *before = cpu->cache.head;
	static bool dumped;
	int status;

	if (!dumped) {
		dumped = true;
		write_dump(tree);
		text_create("stage2.dumped");
		while (text_exists("stage2.wait"))
			__asm__ volatile("yield");
	}
	status = __real_s2_destroy(tree, cpu);
	record_freed(&cpu->cache, before);
	return status;
}
