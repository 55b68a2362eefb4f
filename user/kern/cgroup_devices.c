// SPDX-License-Identifier: Apache-2.0
/* The devices controller of cgroup v1: what the BPF program does elsewhere. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf/device.h"
#include "kern/bpf_policy.h"
#include "kern/cgroup_impl.h"

#define RULE_MAX 48u /* "c MAJOR:MINOR rwm" and shorter */
#define NUMBER_MAX 12u

_Static_assert(DEVICE_MKNOD == DEVICE_ROW_MKNOD && DEVICE_ALL == DEVICE_ROW_ALL, "same bits");

static const char *number(char buf[static NUMBER_MAX], int64_t n)
{
	if (n == DEVICE_ANY)
		return "*";
	err_format(buf, NUMBER_MAX, "%lld", (long long)n);
	return buf;
}

/* v1 knows "a" as every device with every access only: both types are two lines */
static int write_rule(struct cgroup *cg, const char *file, char type, int64_t major, int64_t minor,
		      unsigned int access, struct err *e)
{
	char rule[RULE_MAX], a[NUMBER_MAX], b[NUMBER_MAX];

	if (type == 'a') {
		int r = write_rule(cg, file, 'b', major, minor, access, e);

		return r < 0 ? r : write_rule(cg, file, 'c', major, minor, access, e);
	}
	err_format(rule, sizeof(rule), "%c %s:%s %s%s%s", type, number(a, major), number(b, minor),
		   access & DEVICE_READ ? "r" : "", access & DEVICE_WRITE ? "w" : "",
		   access & DEVICE_MKNOD ? "m" : "");
	return cgroup_v1_write(cg, CGROUP_DEVICES, file, rule, e);
}

int cgroup_v1_write_device(struct cgroup *cg, const struct device_rule *d, struct err *e)
{
	return write_rule(cg, d->is_allow ? "devices.allow" : "devices.deny", d->type, d->major,
			  d->minor, d->access, e);
}

static int write_defaults(struct cgroup *cg, struct err *e)
{
#define ROW(t, ma, mi, a) { .major = ma, .minor = mi, .types = t, .access = a },
	static const struct device_row_rule rows[] = { DEVICE_ROW_DEFAULTS(ROW) };
#undef ROW
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		const struct device_row_rule *d = &rows[i];
		char type = d->types == (DEVICE_ROW_CHAR | DEVICE_ROW_BLOCK) ? 'a' :
			    d->types == DEVICE_ROW_CHAR			     ? 'c' :
									       'b';

		r = write_rule(cg, "devices.allow", type,
			       d->major == DEVICE_ROW_ANY ? DEVICE_ANY : (int64_t)d->major,
			       d->minor == DEVICE_ROW_ANY ? DEVICE_ANY : (int64_t)d->minor,
			       d->access, e);
	}
	return r;
}

int cgroup_set_devices(struct cgroup *cg, const struct device_policy *p, struct err *e)
{
	bool is_all = p && p->base == DEVICE_BASE_ALL;
	int r = 0;

	for (uint32_t i = 0; p && i < p->n; i++)
		if (!is_all && !p->rules[i].is_allow)
			return err_plain(e, -EOPNOTSUPP,
					 "cgroup v1 cannot take single devices away "
					 "from a list that is not of all devices");
	if (!is_all)
		r = cgroup_v1_write(cg, CGROUP_DEVICES, "devices.deny", "a", e);
	if (r == 0 && (!p || p->base == DEVICE_BASE_DEFAULT))
		r = write_defaults(cg, e);
	for (uint32_t i = 0; r == 0 && p && i < p->n; i++)
		r = cgroup_v1_write_device(cg, &p->rules[i], e);
	return r < 0 ? err_wrap(e, r, "set the device policy of cgroup '%s'", cg->id) : 0;
}
