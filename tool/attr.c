/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <string.h>

#include "attr.h"
#include "bad.h"

static const struct {
	const char *name;
	s2_attr attr;
} words[] = {
	{"normal", S2_NORMAL}, {"nc", S2_NORMAL_NC}, {"device", S2_DEVICE},
	{"old", S2_OLD},       {"log", S2_LOG},	     {"dirty", S2_LOG | S2_DIRTY},
	{"sw=0", S2_SW(0)},    {"sw=1", S2_SW(1)},   {"sw=2", S2_SW(2)},
	{"sw=3", S2_SW(3)},    {"sw=4", S2_SW(4)},   {"sw=5", S2_SW(5)},
	{"sw=6", S2_SW(6)},    {"sw=7", S2_SW(7)},
};

static bool is(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && !strncmp(text, name, length);
}

/* "rw-", "r-x/el0", ... as a dump has them. */
static bool permissions(const char *text, size_t length, s2_attr *attr)
{
	s2_attr exec = S2_X;

	if (length > 4 && is(text + length - 4, 4, "/el1"))
		exec = S2_X_EL1;
	if (length > 4 && is(text + length - 4, 4, "/el0"))
		exec = S2_X_EL0;
	if (length != (exec == S2_X ? 3 : 7) || !strchr("r-", text[0]) || !strchr("w-", text[1]) ||
	    !strchr(exec == S2_X ? "x-" : "x", text[2]))
		return false;
	*attr |= text[0] == 'r' ? S2_R : 0;
	*attr |= text[1] == 'w' ? S2_W : 0;
	*attr |= text[2] == 'x' ? exec : 0;
	return true;
}

bool attr_word(const char *text, size_t length, s2_attr *attr)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is(text, length, words[i].name)) {
			*attr |= words[i].attr;
			return true;
		}
	}
	return permissions(text, length, attr);
}

static s2_attr word(const char *text, size_t length)
{
	s2_attr attr = 0;

	if (!attr_word(text, length, &attr))
		bad("--attr",
		    "'%.*s' is neither permissions (rwx, r--, rwx/el1, ...) nor normal, nc, "
		    "device, "
		    "old, log, dirty or sw=0..7",
		    (int)length, text);
	return attr;
}

s2_attr attr_parse(const char *list)
{
	s2_attr attr = 0;

	for (;;) {
		size_t length = strcspn(list, ",");

		attr |= word(list, length);
		if (!list[length])
			return attr;
		list += length + 1;
	}
}
