/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Fuzz target: any configuration, any descriptor, any tables.
 *
 * The library must survive whatever it finds in memory.  What it makes of a
 * configuration or a descriptor that it accepts is compared with the machine's
 * reading of the same bits, which was written from the architecture and shares
 * nothing with src/.
 */
#include <string.h>

#include <stage2/descriptor.h>

#include "../../machine/regime.h"
#include "tables.h"

/* A configuration: mostly plausible fields, now and then any. */
static struct s2_config take_config(struct input *in)
{
	static const uint8_t granules[] = {12, 12, 12, 12,
					   12, 12, 14, 16}; /* small tables are fast */
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48, 52};
	static const uint8_t inputs[] = {32, 33, 34, 36, 38, 39, 40, 41, 42, 43,
					 44, 45, 46, 47, 48, 49, 50, 51, 52};
	static const uint8_t vmids[] = {8, 16};
	struct s2_config cfg;

	cfg.granule_shift = take_of(in, granules, ARRAY_SIZE(granules));
	cfg.pa_bits = take_of(in, sizes, ARRAY_SIZE(sizes));
	cfg.ipa_bits = take_of(in, inputs, ARRAY_SIZE(inputs));
	cfg.vmid_bits = take_of(in, vmids, ARRAY_SIZE(vmids));
	cfg.features = (uint32_t)take(in, 1);
	if (cfg.features & 0x80)
		cfg.features = (uint32_t)take(in, 4);
	return cfg;
}

/* --- formats ---------------------------------------------------------------- */

static void check_registers(const struct s2_config *cfg, const struct s2_format *fmt,
			    const struct m_regime *r)
{
	bool lpa2 = cfg->features & S2_FEAT_LPA2;

	must(r->granule == cfg->granule_shift && r->stride == fmt->index_bits, "%u", r->granule);
	must(r->input == cfg->ipa_bits && r->output == cfg->pa_bits, "%u %u", r->input, r->output);
	must(r->start == fmt->start_level && r->start <= 2, "%d", r->start);
	must(r->ds == lpa2 && r->ha == !!(cfg->features & S2_FEAT_HAF), "%#llx", LLU(fmt->vtcr));
	must((fmt->vtcr >> 19 & 1) == (cfg->vmid_bits == 16), "VS: %#llx", LLU(fmt->vtcr));
	must(fmt->hcr == (BIT(0) | (cfg->features & S2_FEAT_FWB ? BIT(46) : 0)), "%#llx",
	     LLU(fmt->hcr));
}

/* The root covers the input exactly, and no lower start would do. */
static void check_root(const struct s2_format *fmt, const struct m_regime *r)
{
	unsigned int one = m_regime_shift(r, r->start) + r->stride;
	uint32_t n = fmt->root_tables;

	must(n >= 1 && n <= 16 && !(n & (n - 1)), "%u", n);
	must(fmt->root_size == (uint64_t)n << r->granule, "%#llx", LLU(fmt->root_size));
	must(n == 1 ? r->input <= one : (uint64_t)n << one == BIT(r->input), "%u tables", n);
	must(r->start == 2 || r->input > one - r->stride + 4, "start level %d", r->start);
	must(m_regime_index(r, BIT(r->input) - 1, r->start) < fmt->root_size / 8, "%u", n);
}

static void check_leaf_levels(const struct s2_format *fmt, const struct m_regime *r)
{
	for (int level = r->start; level <= 3; level++) {
		struct m_decoded d = m_regime_read(r, level == 3 ? 3 : 1, level);

		must(s2_level_has_leaf(fmt, (unsigned int)level) == (d.type == M_LEAF), "level %d",
		     level);
		must(s2_level_shift(fmt, (unsigned int)level) == m_regime_shift(r, level),
		     "level %d", level);
	}
	must(!(fmt->leaf_levels >> 4) && !(fmt->leaf_levels & (BIT(r->start) - 1)), "%#x",
	     fmt->leaf_levels);
}

static void check_vttbr(struct input *in, const struct s2_format *fmt, const struct m_regime *r)
{
	uint64_t root = take(in, 8), vttbr = 0x5a5a;
	uint32_t vmid = (uint32_t)take(in, 4);

	root &= root & 1 ? UINT64_MAX : (BIT(r->output) - 1) & ~(fmt->root_size - 1);
	vmid &= vmid & BIT(31) ? UINT32_MAX : (uint32_t)BIT(fmt->vmid_bits) - 1;
	int expected = root % fmt->root_size	? S2_MISALIGNED
		       : root >> r->output	? S2_PA_RANGE
		       : vmid >> fmt->vmid_bits ? S2_BAD_VMID
						: S2_OK;
	int status = s2_format_vttbr(fmt, root, vmid, &vttbr);

	must(status == expected, "%d", status);
	if (status) {
		must(vttbr == 0x5a5a, "written although refused");
		return;
	}
	must(m_regime_root(r, vttbr) == root && vttbr >> 48 == vmid, "%#llx", LLU(vttbr));
	must((vttbr & 1) == !!(fmt->features & S2_FEAT_CNP), "CnP: %#llx", LLU(vttbr));
}

static void check_refused(int status, const struct s2_format *fmt)
{
	static const int says[] = {S2_BAD_GRANULE,  S2_BAD_FEATURE, S2_BAD_LPA2,     S2_BAD_PA_BITS,
				   S2_BAD_IPA_BITS, S2_IPA_OVER_PA, S2_BAD_VMID_BITS};
	const uint8_t *byte = (const uint8_t *)fmt;
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(says); i++)
		known |= says[i] == status;
	must(known, "%d", status);
	for (size_t i = 0; i < sizeof(*fmt); i++)
		must(byte[i] == 0xa5, "written although refused");
}

/* A format that holds together, and how the machine reads it; false if it was refused. */
static bool make_format(struct input *in, struct s2_format *fmt, struct m_regime *r)
{
	struct s2_config cfg = take_config(in);
	int status;

	memset(fmt, 0xa5, sizeof(*fmt));
	status = s2_format_init(fmt, &cfg);
	if (status) {
		check_refused(status, fmt);
		return false;
	}
	must(m_regime_decode(r, fmt->vtcr), "%#llx", LLU(fmt->vtcr));
	check_registers(&cfg, fmt, r);
	check_root(fmt, r);
	check_leaf_levels(fmt, r);
	return true;
}

static void fuzz_format(struct input *in)
{
	struct s2_format fmt;
	struct m_regime r;

	while (in->left)
		if (make_format(in, &fmt, &r))
			check_vttbr(in, &fmt, &r);
}

/* --- descriptors ------------------------------------------------------------ */

static void check_agrees(const struct m_decoded *d, uint64_t pa, s2_attr attr)
{
	must(d->type == M_LEAF && d->address == pa, "%d at %#llx, %#llx", d->type, LLU(d->address),
	     LLU(pa));
	bool clean = attr & S2_LOG && !(attr & S2_DIRTY);

	/* The machine does not tell EL1 from EL0. */
	must(d->read == !!(attr & S2_R) && d->write == (attr & S2_W && !clean) &&
		     d->dbm == !!(attr & S2_LOG) && d->af == !(attr & S2_OLD),
	     "%#x", attr);
	must((attr & S2_X) == S2_X_EL1 || d->exec == !!(attr & S2_X), "%#x", attr);
}

/* What was decoded is encoded again: it means the same, to the library and to the machine. */
static void check_leaf(const struct s2_format *fmt, const struct m_regime *r, unsigned int level,
		       s2_desc desc)
{
	struct m_decoded d = m_regime_read(r, desc, (int)level);
	uint64_t pa = s2_desc_pa(fmt, desc);
	s2_attr attr = s2_desc_attr(fmt, desc);
	s2_desc again = 0;
	int status;

	check_agrees(&d, pa, attr);
	must(s2_level_has_leaf(fmt, level), "%u", level);
	status = s2_desc_leaf(fmt, level, pa, attr, &again);
	if (status == S2_BAD_ATTR && (attr & S2_DEVICE) && (attr & S2_X))
		return;
	must(status == S2_OK, "%d", status);
	d = m_regime_read(r, again, (int)level);
	check_agrees(&d, pa, attr);
	must(s2_desc_kind(fmt, level, again) == S2_KIND_LEAF, "%#llx", LLU(again));
	must(s2_desc_pa(fmt, again) == pa && s2_desc_attr(fmt, again) == attr, "%#llx", LLU(again));
}

static void check_table(const struct s2_format *fmt, const struct m_regime *r, unsigned int level,
			s2_desc desc)
{
	struct m_decoded d = m_regime_read(r, desc, (int)level);
	s2_desc again = 0;

	must(d.type == M_TABLE && d.address == s2_desc_pa(fmt, desc), "%d at %#llx", d.type,
	     LLU(d.address));
	must(s2_desc_table(fmt, d.address, &again) == S2_OK && again == desc, "%#llx", LLU(again));
}

static void check_invalid(enum s2_kind kind, s2_desc desc)
{
	s2_desc again = 0;

	must(!(desc & 1), "the hardware uses %#llx", LLU(desc));
	must((kind == S2_KIND_EMPTY) == !desc, "kind %d", kind);
	if (kind != S2_KIND_ANNOTATED)
		return;
	must(s2_desc_annotation(s2_desc_owner(desc), s2_desc_payload(desc), &again) == S2_OK &&
		     again == desc,
	     "%#llx", LLU(again));
}

static void check_any(const struct s2_format *fmt, const struct m_regime *r, unsigned int level,
		      s2_desc desc)
{
	enum s2_kind kind = s2_desc_kind(fmt, level, desc);

	(void)s2_desc_pa(fmt, desc);
	(void)s2_desc_attr(fmt, desc);
	must(level <= S2_LAST_LEVEL || kind == S2_KIND_CORRUPT, "level %u, kind %d", level, kind);
	switch (kind) {
	case S2_KIND_LEAF:
		check_leaf(fmt, r, level, desc);
		break;
	case S2_KIND_TABLE:
		check_table(fmt, r, level, desc);
		break;
	case S2_KIND_CORRUPT:
		must(desc || level > S2_LAST_LEVEL, "empty");
		break;
	default:
		check_invalid(kind, desc);
	}
}

/* Encoded from what may or may not be encodable; false if refused. */
static bool encode(struct input *in, const struct s2_format *fmt, unsigned int level, s2_desc *desc)
{
	uint64_t pa = take(in, 8);
	s2_attr attr = (s2_attr)take(in, 2);
	int status;

	if (attr & BIT(15))
		attr = (s2_attr)take(in, 4);
	if (!(pa & 1) && level <= S2_LAST_LEVEL)
		pa &= (BIT(fmt->pa_bits) - 1) & ~(s2_level_size(fmt, level) - 1);
	status = s2_desc_leaf(fmt, level, pa, attr, desc);
	must(status == S2_OK || status == S2_BAD_LEVEL || status == S2_BAD_ATTR ||
		     status == S2_PA_RANGE || status == S2_MISALIGNED,
	     "%d", status);
	if (!status)
		must(s2_desc_kind(fmt, level, *desc) == S2_KIND_LEAF &&
			     s2_desc_pa(fmt, *desc) == pa && s2_desc_attr(fmt, *desc) == attr,
		     "%#llx", LLU(*desc));
	return !status;
}

static void fuzz_annotation(struct input *in)
{
	uint32_t owner = (uint32_t)take(in, 4) >> 19;
	uint64_t payload = take(in, 8) >> 23;
	bool fits = owner >= 1 && owner <= 0xfff && !(payload >> 40);
	s2_desc desc = 0;
	int status = s2_desc_annotation(owner, payload, &desc);

	must(status == (fits ? S2_OK : S2_BAD_OWNER), "%d", status);
	if (status)
		return;
	must(s2_desc_owner(desc) == owner && s2_desc_payload(desc) == payload && !(desc & 1),
	     "%#llx", LLU(desc));
	must(s2_desc_kind(&(struct s2_format){.granule_shift = 12}, 3, desc) == S2_KIND_ANNOTATED,
	     "%#llx", LLU(desc));
}

static void fuzz_descriptor(struct input *in)
{
	struct s2_format fmt;
	struct m_regime r;
	unsigned int level;
	s2_desc desc = 0;

	fuzz_annotation(in);
	if (!make_format(in, &fmt, &r))
		return;
	while (in->left) {
		level = (unsigned int)take(in, 1);
		level = level < 0xf0 ? level & 3 : (unsigned int)take(in, 4);
		if (encode(in, &fmt, level, &desc))
			check_any(&fmt, &r, level, desc);
		check_any(&fmt, &r, level, desc ^ BIT(take(in, 1) & 63));
		check_any(&fmt, &r, level, take(in, 8));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	unsigned int part = take(&in, 1) & 7;
	struct s2_format fmt;
	struct m_regime r;

	if (part == 0)
		fuzz_format(&in);
	else if (part == 1)
		fuzz_descriptor(&in);
	else if (make_format(&in, &fmt, &r))
		fuzz_tables(&in, &fmt);
	return 0;
}
