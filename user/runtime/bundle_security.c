// SPDX-License-Identifier: Apache-2.0
/* The system call filter of a bundle, and what the whole container runs under. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/seccomp.h"
#include "runtime/bundle.h"
#include "runtime/bundle_plan.h"

#define NODES_MAX 1024u /* of a memory policy: the kernel's MAX_NUMNODES */
#define CPUS_MAX 8192u /* of an affinity: the most that the kernel can be built for */
#define LONG_BITS (8 * sizeof(unsigned long))

/* Rules may depend on capabilities and on the kernel; a filter that is kept must not. */
static bool is_unconditional(const struct seccomp_policy *p)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct seccomp_rule *r = &p->rules[i];

		if (r->caps_with || r->caps_without || r->kernel_min || r->kernel_before)
			return false;
	}
	return true;
}

static int compile(const struct bundle *b, const struct cap_sets *caps, struct seccomp_cached *ret,
		   struct err *e)
{
	const struct seccomp_profile *profile = &b->config.linux_.seccomp;
	const struct bundle_filter *f = &b->filter;
	struct seccomp_policy policy = profile->policy;
	int r;

	policy.caps = caps->bounding;
	policy.arches_absent = seccomp_arches_absent();
	r = seccomp_compile(&policy, &ret->filter, &ret->n, e);
	if (r < 0)
		return err_wrap(e, r, "linux.seccomp");
	ret->flags = policy.flags;
	if (f->len && !profile->has_notify && is_unconditional(&policy))
		seccomp_cache_keep(f->root, f->document + f->start, f->len, ret);
	return 0;
}

int bundle_plan_seccomp(const struct bundle *b, struct bundle_plan *p, struct err *e)
{
	const struct oci_linux *linux_ = &b->config.linux_;
	struct seccomp_cached made = { .filter = NULL };
	const struct seccomp_cached *c = &b->filter.cached;
	struct launch *l = &p->launch.common;
	void **slot;
	int r;

	if (!c->n) {
		if (!linux_->has_seccomp || linux_->seccomp.is_disabled)
			return 0;
		r = compile(b, &l->caps, &made, e);
		if (r < 0)
			return r;
		c = &made;
		/* freed with the plan */
		slot = reallocarray(p->chunks, p->n_chunks + 1, sizeof(*slot));
		if (!slot) {
			seccomp_cached_done(&made);
			return err_set(e, ENOMEM, "plan the container");
		}
		p->chunks = slot;
		p->chunks[p->n_chunks++] = made.filter;
	}
	l->seccomp = c->filter;
	l->n_seccomp = c->n;
	l->seccomp_flags = c->flags;
	l->has_listener = linux_->has_seccomp && linux_->seccomp.has_notify;
	if (l->has_listener)
		l->seccomp_flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return 0;
}

/* "0-3,8" as bits; the parser has judged its form. */
static int parse_list(const char *list, unsigned long *mask, unsigned long max)
{
	while (*list) {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (end == list)
			return -EINVAL;
		if (*end == '-') {
			list = end + 1;
			to = strtoul(list, &end, 10);
			if (end == list)
				return -EINVAL;
		}
		if (from > to || to >= max)
			return -ERANGE;
		for (; from <= to; from++)
			mask[from / LONG_BITS] |= 1ul << from % LONG_BITS;
		list = end + (*end == ',');
		if (*end && *end != ',')
			return -EINVAL;
	}
	return 0;
}

static int plan_memory_policy(const struct oci_memory_policy *m, struct bundle_plan *p,
			      struct err *e)
{
	unsigned long *mask = bundle_plan_alloc(p, NODES_MAX / LONG_BITS, sizeof(*mask), e);
	int r;

	if (!mask)
		return -ENOMEM;
	r = m->nodes ? parse_list(m->nodes, mask, NODES_MAX) : 0;
	if (r < 0)
		return err_plain(e, r,
				 "linux.memoryPolicy.nodes: '%s' is no list of nodes below %u",
				 m->nodes, NODES_MAX);
	p->launch.has_memory_policy = true;
	p->launch.memory_mode = (int)(m->mode | m->flags);
	p->launch.nodemask = m->nodes ? mask : NULL;
	p->launch.nodemask_bits = m->nodes ? NODES_MAX : 0;
	return 0;
}

static int plan_cpus(const char *list, const char *property, struct bundle_plan *p,
		     const void **ret, struct err *e)
{
	unsigned long *mask;
	int r;

	if (!list)
		return 0;
	mask = bundle_plan_alloc(p, CPUS_MAX / LONG_BITS, sizeof(*mask), e);
	if (!mask)
		return -ENOMEM;
	r = parse_list(list, mask, CPUS_MAX);
	if (r < 0)
		return err_plain(
			e, r,
			"process.execCPUAffinity.%s: '%s' is no list of processors below %u",
			property, list, CPUS_MAX);
	*ret = mask;
	return 0;
}

int bundle_plan_affinity(const struct oci_process *process, struct bundle_plan *p, struct err *e)
{
	const struct oci_cpu_affinity *a = &process->affinity;
	int r = plan_cpus(a->initial, "initial", p, &p->initial_cpus, e);

	p->launch.cpus_size = CPUS_MAX / 8;
	return r < 0 ? r : plan_cpus(a->final, "final", p, &p->launch.cpus, e);
}

int bundle_plan_kernel(const struct oci_linux *linux_, struct bundle_plan *p, struct err *e)
{
	p->launch.has_personality = linux_->has_personality;
	p->launch.personality = linux_->personality;
	if (linux_->mount_label && access("/sys/fs/selinux/enforce", F_OK) < 0)
		return err_plain(e, -EOPNOTSUPP,
				 "linux.mountLabel: SELinux is not enabled on this host");
	return linux_->has_memory_policy ? plan_memory_policy(&linux_->memory_policy, p, e) : 0;
}
