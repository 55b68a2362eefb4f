// SPDX-License-Identifier: Apache-2.0
/*
 * A list of device rules for the devices controller of cgroup v1, which knows one base, all or nothing, and exceptions
 * from it: no order, no exceptions from exceptions.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/bpf_policy.h"
#include "kern/cgroup_impl.h"

/**
 * struct exceptions - of a base
 * @is_all: all is granted but for the exceptions, else nothing is
 */
struct exceptions {
	bool is_all;
	size_t n;
	struct device_rule *v;
};

static bool is_number_covered(int32_t by, int32_t n)
{
	return by == DEVICE_ANY || by == n;
}

static bool is_covered(const struct device_rule *by, const struct device_rule *d)
{
	return by->type == d->type && is_number_covered(by->major, d->major) &&
	       is_number_covered(by->minor, d->minor);
}

static bool is_met(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type &&
	       (is_number_covered(a->major, b->major) || b->major == DEVICE_ANY) &&
	       (is_number_covered(a->minor, b->minor) || b->minor == DEVICE_ANY) &&
	       a->access & b->access;
}

static int take_back(struct exceptions *x, const struct device_rule *d, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		if (!is_met(d, &x->v[i]))
			continue;
		if (!is_covered(d, &x->v[i]))
			return err_plain(
				e, -EOPNOTSUPP,
				"cgroup v1 cannot except single devices from a rule for many");
		x->v[i].access &= (uint8_t)~d->access;
	}
	return 0;
}

/* @d is of one type */
static int add(struct exceptions *x, const struct device_rule *d, struct err *e)
{
	if (d->is_allow == x->is_all)
		return take_back(x, d, e);
	x->v[x->n++] = *d;
	return 0;
}

static int add_any(struct exceptions *x, const struct device_rule *d, struct err *e)
{
	struct device_rule one = *d;
	int r = 0;

	if (d->type == 'a' && d->major == DEVICE_ANY && d->minor == DEVICE_ANY &&
	    d->access == DEVICE_ALL) {
		x->is_all = d->is_allow;
		x->n = 0;
		return 0;
	}
	for (const char *type = "bc"; r == 0 && *type; type++) {
		if (d->type != 'a' && d->type != *type)
			continue;
		one.type = *type;
		r = add(x, &one, e);
	}
	return r;
}

/* The kernel looks for one exception that grants all that is asked for. */
static void join(struct exceptions *x)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t j = 0; x->v[i].access && j < x->n; j++)
			if (is_covered(&x->v[j], &x->v[i]))
				x->v[i].access |= x->v[j].access;
}

static int write_all(struct cgroup *cg, const struct exceptions *x, struct err *e)
{
	int r = cgroup_v1_write(cg, CGROUP_DEVICES, "devices.deny", "a", e);

	if (r == 0 && x->is_all)
		r = cgroup_v1_write(cg, CGROUP_DEVICES, "devices.allow", "a", e);
	for (size_t i = 0; r == 0 && i < x->n; i++)
		if (x->v[i].access)
			r = cgroup_v1_write_device(cg, &x->v[i], e);
	return r;
}

int cgroup_set_device_list(struct cgroup *cg, const struct device_rule *rules, size_t n,
			   struct err *e)
{
	_cleanup_free_ struct device_rule *room = calloc(2 * n + 1, sizeof(*room));
	struct exceptions x = { .v = room };
	int r = 0;

	if (!room)
		return err_set(e, ENOMEM, "read the list");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_any(&x, &rules[i], e);
	if (r < 0)
		return r;
	if (!x.is_all)
		join(&x);
	return write_all(cg, &x, e);
}
