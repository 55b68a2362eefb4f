// SPDX-License-Identifier: Apache-2.0
/* Seccomp policy to BPF program. */
#include "kern/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/seccomp_arg.h"
#include "kern/seccomp_builtin.h"
#include "kern/seccomp_code.h"
#include "kern/seccomp_search.h"
#include "kern/seccomp_syscalls.h"

struct arch {
	uint32_t audit;
	uint32_t bit; /* set in every number */
	bool has_32bit_args; /* only the low halves of arguments count */
};

/* clang-format off */
static const struct arch arches[SECCOMP_ARCH_COUNT] = {
	[SECCOMP_X86_64]  = { AUDIT_ARCH_X86_64,  0,               false },
	[SECCOMP_X32]     = { AUDIT_ARCH_X86_64,  SYSCALL_X32_BIT, true },
	[SECCOMP_I386]    = { AUDIT_ARCH_I386,    0,               true },
	[SECCOMP_AARCH64] = { AUDIT_ARCH_AARCH64, 0,               false },
	[SECCOMP_ARM]     = { AUDIT_ARCH_ARM,     0,               true },
};
/* clang-format on */

/* One rule of one system call; @mux: argument 0 must be this (socketcall, ipc on i386). */
struct link {
	uint16_t rule, mux;
	uint32_t next; /* index + 1 */
};

/* What is known of one number: a target for all arguments, or links to try in order. */
struct slot {
	code_ref target;
	uint32_t links; /* index + 1 of the first, 0, or NO_LINKS */
};

#define NO_LINKS UINT32_MAX /* a rule without arguments decides */

struct compiler {
	const struct seccomp_policy *policy;
	const struct arch *arch;
	code_ref otherwise; /* default action */
	uint16_t *active; /* rules whose conditions hold */
	size_t n_active;
	struct link *links;
	size_t n_links, links_cap;
	unsigned int n_slots, n_private; /* highest number named, plus one */
	unsigned int n_linked;
	struct slot slots[SYSCALL_WINDOW + SYSCALL_PRIVATE];
	uint16_t linked[SYSCALL_WINDOW + SYSCALL_PRIVATE]; /* slots with links of their own */
	struct search_run ranges[SYSCALL_WINDOW + SYSCALL_PRIVATE + 4];
	struct code code;
};

_Static_assert(SYSCALL_WINDOW + SYSCALL_PRIVATE + 4 <= SEARCH_RUNS_MAX, "one search holds all");

static uint32_t kernel_version(void)
{
	struct utsname u;
	char *end;
	unsigned long major, minor = 0;

	if (uname(&u) < 0)
		return 0;
	major = strtoul(u.release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return (uint32_t)(major << 16 | (minor & 0xffff));
}

static bool rule_holds(const struct seccomp_rule *rule, uint64_t caps, uint32_t *kernel)
{
	if ((rule->caps_with & ~caps) || (rule->caps_without & caps))
		return false;
	if (!rule->kernel_min && !rule->kernel_before)
		return true;
	if (!*kernel)
		*kernel = kernel_version();
	return *kernel >= rule->kernel_min &&
	       (!rule->kernel_before || *kernel < rule->kernel_before);
}

static int choose_rules(struct compiler *c, struct err *e)
{
	const struct seccomp_policy *p = c->policy;
	uint32_t kernel = 0;

	for (size_t i = 0; i < p->n_rules; i++) {
		const struct seccomp_rule *rule = &p->rules[i];

		if (rule->n_args > SECCOMP_ARGS_MAX)
			return err_plain(e, -EINVAL,
					 "seccomp rule %zu has %u comparisons, at most %u", i,
					 rule->n_args, SECCOMP_ARGS_MAX);
		for (unsigned int a = 0; a < rule->n_args; a++)
			if (rule->args[a].index >= SECCOMP_ARGS_MAX ||
			    rule->args[a].op >= SECCOMP_OP_COUNT)
				return err_plain(e, -EINVAL,
						 "seccomp rule %zu: no such argument or comparison",
						 i);
		if (rule_holds(rule, p->caps, &kernel))
			c->active[c->n_active++] = (uint16_t)i;
	}
	return 0;
}

/* The rule to try first for @slot; rules come last to first. */
static int add_link(struct compiler *c, struct slot *slot, uint16_t rule, uint16_t mux)
{
	if (slot->links == NO_LINKS)
		return 0;
	if (c->n_links == c->links_cap) {
		size_t cap = c->links_cap ? 2 * c->links_cap : 256;
		struct link *bigger = reallocarray(c->links, cap, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		c->links = bigger;
		c->links_cap = cap;
	}
	c->links[c->n_links++] = (struct link){ .rule = rule, .mux = mux, .next = slot->links };
	slot->links = (uint32_t)c->n_links;
	return 0;
}

/* i386 has some calls a second time, as argument 0 of socketcall(2) and ipc(2). */
static int add_mux(struct compiler *c, uint16_t rule, unsigned int mux)
{
	bool is_ipc = mux > SYSCALL_MUX_IPC;
	int slot = syscall_slots[SECCOMP_I386][is_ipc ? SC_ipc : SC_socketcall];

	return add_link(c, &c->slots[slot], rule, (uint16_t)(is_ipc ? mux - SYSCALL_MUX_IPC : mux));
}

static int add_rule(struct compiler *c, enum seccomp_arch arch, uint16_t index)
{
	const struct seccomp_rule *rule = &c->policy->rules[index];
	const int16_t *slots = syscall_slots[arch];
	bool is_redundant = rule->action == c->policy->default_action;
	code_ref target = code_verdict(&c->code, rule->action);
	int r = 0;

	for (size_t i = 0; i < rule->n_syscalls && r == 0; i++) {
		uint16_t id = rule->syscalls[i];
		int slot = slots[id];

		if (slot >= SYSCALL_WINDOW && slot - SYSCALL_WINDOW >= (int)c->n_private)
			c->n_private = (unsigned int)(slot - SYSCALL_WINDOW) + 1;
		else if (slot < SYSCALL_WINDOW && slot >= (int)c->n_slots)
			c->n_slots = (unsigned int)slot + 1;
		if (is_redundant)
			continue;
		if (slot >= 0 && rule->n_args)
			r = add_link(c, &c->slots[slot], index, 0);
		else if (slot >= 0)
			c->slots[slot] = (struct slot){ target, NO_LINKS };
		if (r == 0 && arch == SECCOMP_I386 && syscall_mux[id])
			r = add_mux(c, index, syscall_mux[id]);
	}
	return r;
}

static int add_rules(struct compiler *c, enum seccomp_arch arch)
{
	int r = 0;

	c->arch = &arches[arch];
	c->n_links = 0;
	c->n_slots = c->n_private = c->n_linked = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(c->slots); i++)
		c->slots[i] = (struct slot){ .target = c->otherwise };
	/* backwards: of rules without arguments the first is the last to be written */
	for (size_t i = c->n_active; i-- > 0 && r == 0;)
		r = add_rule(c, arch, c->active[i]);
	return r;
}

static struct arg_code arg_code(struct compiler *c)
{
	return (struct arg_code){ &c->code, c->arch->has_32bit_args };
}

static code_ref emit_link(struct compiler *c, const struct link *l, code_ref otherwise)
{
	const struct seccomp_rule *rule = &c->policy->rules[l->rule];
	code_ref next = code_verdict(&c->code, rule->action);

	for (unsigned int i = rule->n_args; i-- > 0;)
		if (!l->mux || rule->args[i].index != 0)
			next = arg_compare(arg_code(c), &rule->args[i], next, otherwise);
	return l->mux ? arg_equal(arg_code(c), 0, l->mux, next, otherwise) : next;
}

/*
 * A rule that only compares one argument with small numbers: neighbours of the same verdict become
 * one set.
 */
static bool link_span(const struct compiler *c, const struct link *l, struct arg_span *ret)
{
	const struct seccomp_rule *rule = &c->policy->rules[l->rule];

	if (l->mux && !rule->n_args) {
		*ret = (struct arg_span){ 0, l->mux, l->mux };
		return true;
	}
	return !l->mux && rule->n_args == 1 && arg_is_span(rule->args, ret);
}

/* The links from @first on; what matches none of them goes to the default action. Written from
 * the last to the first, so the recursion is a loop over a reversed copy of the list. */
static int emit_links(struct compiler *c, uint32_t first, code_ref *ret)
{
	_cleanup_free_ uint32_t *order = NULL;
	code_ref otherwise = c->otherwise;
	size_t n = 0;

	for (uint32_t i = first; i; i = c->links[i - 1].next)
		n++;
	order = reallocarray(NULL, n, sizeof(*order));
	if (!order)
		return -ENOMEM;
	n = 0;
	for (uint32_t i = first; i; i = c->links[i - 1].next)
		order[n++] = i - 1;
	while (n > 0 && !c->code.is_full) {
		const struct link *l = &c->links[order[n - 1]];
		struct arg_span set[ARG_SPANS_MAX];
		size_t in_set = 0;

		while (in_set < ARG_SPANS_MAX && in_set < n &&
		       link_span(c, &c->links[order[n - 1 - in_set]], &set[in_set]) &&
		       set[in_set].index == set[0].index &&
		       c->policy->rules[c->links[order[n - 1 - in_set]].rule].action ==
			       c->policy->rules[l->rule].action)
			in_set++;
		if (in_set > 1) {
			otherwise =
				arg_set(arg_code(c), set, in_set,
					code_verdict(&c->code, c->policy->rules[l->rule].action),
					otherwise);
			n -= in_set;
		} else {
			otherwise = emit_link(c, l, otherwise);
			n--;
		}
	}
	*ret = otherwise;
	return 0;
}

static bool links_equal(const struct compiler *c, uint32_t a, uint32_t b)
{
	for (; a && b; a = c->links[a - 1].next, b = c->links[b - 1].next)
		if (c->links[a - 1].rule != c->links[b - 1].rule ||
		    c->links[a - 1].mux != c->links[b - 1].mux)
			return false;
	return a == b;
}

/* Give a slot with links its code, the same links the same code. */
static int emit_slot(struct compiler *c, unsigned int i)
{
	struct slot *s = &c->slots[i];

	for (unsigned int j = 0; j < c->n_linked; j++) {
		if (links_equal(c, c->slots[c->linked[j]].links, s->links)) {
			s->target = c->slots[c->linked[j]].target;
			return 0;
		}
	}
	c->linked[c->n_linked++] = (uint16_t)i;
	return emit_links(c, s->links, &s->target);
}

/* Add slots [from, to) to the runs, the first of which has number @nr. */
static int add_ranges(struct compiler *c, unsigned int from, unsigned int to, uint32_t nr,
		      unsigned int *n)
{
	for (unsigned int i = from; i < to; i++, nr++) {
		if (c->slots[i].links && c->slots[i].links != NO_LINKS) {
			int r = emit_slot(c, i);

			if (r < 0)
				return r;
		}
		if (*n == 0 || c->ranges[*n - 1].target != c->slots[i].target)
			c->ranges[(*n)++] = (struct search_run){ nr, c->slots[i].target };
	}
	return 0;
}

static void add_range(struct compiler *c, uint32_t nr, code_ref target, unsigned int *n)
{
	if (*n == 0 || c->ranges[*n - 1].target != target)
		c->ranges[(*n)++] = (struct search_run){ nr, target };
}

/* Does the code of @arch begin with code_low_bits()? That of x32 begins with x86_64's. */
static bool has_low_bits(enum seccomp_arch arch)
{
	return arches[arch].has_32bit_args && arch != SECCOMP_X32;
}

/* The search of one architecture's numbers, which are in the accumulator. */
static int emit_arch(struct compiler *c, enum seccomp_arch arch, code_ref unknown, code_ref *ret)
{
	uint32_t bit = arches[arch].bit;
	unsigned int n = 0;
	int r;

	if (c->policy->arches_absent & 1u << arch) {
		*ret = code_verdict(&c->code, SECCOMP_RET_ERRNO | ENOSYS);
		return 0;
	}
	r = add_rules(c, arch);
	if (r == 0)
		r = add_ranges(c, 0, c->n_slots, bit, &n);
	add_range(c, bit | c->n_slots, c->n_slots ? unknown : c->otherwise, &n);
	if (r == 0 && c->n_private) {
		r = add_ranges(c, SYSCALL_WINDOW, SYSCALL_WINDOW + c->n_private,
			       SYSCALL_PRIVATE_BASE, &n);
		add_range(c, SYSCALL_PRIVATE_BASE + c->n_private, unknown, &n);
	}
	if (r == 0)
		*ret = search_runs(&c->code, has_low_bits(arch), c->ranges, n);
	return r;
}

static bool is_permissive(uint32_t action)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	return kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
}

/* x86_64 and x32 share an AUDIT_ARCH and differ in a bit of the number. */
static int emit_x86_64(struct compiler *c, code_ref unknown, code_ref bad, code_ref *ret)
{
	uint32_t mask = c->policy->arches;
	code_ref x32 = bad, native = bad;
	int r = 0;

	if (mask & 1u << SECCOMP_X32)
		r = emit_arch(c, SECCOMP_X32, unknown, &x32);
	if (r == 0 && mask & 1u << SECCOMP_X86_64)
		r = emit_arch(c, SECCOMP_X86_64, unknown, &native);
	/* numbers with the bit may as well go with what is above the highest that is named */
	if (r == 0 && x32 == unknown && native != bad && c->n_slots && !c->n_private)
		*ret = native;
	else
		*ret = code_jump(&c->code, BPF_JSET, SYSCALL_X32_BIT, x32, native);
	return r;
}

static int emit_all(struct compiler *c)
{
	const struct seccomp_policy *p = c->policy;
	code_ref bad = code_verdict(&c->code, SECCOMP_RET_KILL_THREAD), next = bad, unknown;
	/* those that share an AUDIT_ARCH are written together; the native one is tested first */
	static const enum seccomp_arch order[] = { SECCOMP_ARM, SECCOMP_AARCH64, SECCOMP_I386,
						   SECCOMP_X86_64 };

	c->otherwise = code_verdict(&c->code, p->default_action);
	unknown = is_permissive(p->default_action) ?
			  c->otherwise :
			  code_verdict(&c->code, SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		uint32_t bits = 1u << order[i];
		code_ref block;
		int r;

		if (order[i] == SECCOMP_X86_64)
			bits |= 1u << SECCOMP_X32;
		if (!(p->arches & bits))
			continue;
		r = order[i] == SECCOMP_X86_64 ? emit_x86_64(c, unknown, bad, &block) :
						 emit_arch(c, order[i], unknown, &block);
		if (r < 0)
			return r;
		/* a cache takes 15 us for each container, to save 30 ns at each call of a 32-bit program */
		block = (has_low_bits(order[i]) ? code_low_bits : code_load)(
			&c->code, offsetof(struct seccomp_data, nr), block);
		next = code_jump(&c->code, BPF_JEQ, arches[order[i]].audit, block, next);
	}
	next = code_load(&c->code, offsetof(struct seccomp_data, arch), next);
	(void)code_begin(&c->code, next);
	return 0;
}

static int compile(struct compiler *c, struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	int r = choose_rules(c, e);

	if (r < 0)
		return r;
	r = emit_all(c);
	if (r < 0)
		return err_set(e, r, "compile seccomp policy");
	if (c->code.is_full)
		return err_plain(e, -E2BIG,
				 "seccomp policy needs more than the %u instructions of BPF",
				 (unsigned int)BPF_MAXINSNS);
	*ret = malloc(c->code.n * sizeof(**ret));
	if (!*ret)
		return err_set(e, ENOMEM, "compile seccomp policy");
	memcpy(*ret, &c->code.insns[BPF_MAXINSNS - c->code.n], c->code.n * sizeof(**ret));
	*ret_n = c->code.n;
	return 0;
}

int seccomp_compile(const struct seccomp_policy *p, struct sock_filter **ret, size_t *ret_n,
		    struct err *e)
{
	struct compiler *c;
	int r;

	if (!(p->arches & ((1u << SECCOMP_ARCH_COUNT) - 1)))
		return err_plain(e, -EINVAL, "seccomp policy names no architecture");
	if (p->n_rules > SECCOMP_RULES_MAX)
		return err_plain(e, -E2BIG, "seccomp policy has %zu rules, at most %u", p->n_rules,
				 SECCOMP_RULES_MAX);
	c = malloc(sizeof(*c)); /* large, and each field is set before it is read */
	if (!c)
		return err_set(e, ENOMEM, "compile seccomp policy");
	c->policy = p;
	c->n_active = 0;
	c->links = NULL;
	c->links_cap = 0;
	code_init(&c->code);
	c->active = reallocarray(NULL, p->n_rules + 1, sizeof(*c->active));
	r = c->active ? compile(c, ret, ret_n, e) : err_set(e, ENOMEM, "compile seccomp policy");
	free(c->links);
	free(c->active);
	free(c);
	return r;
}

uint32_t seccomp_arches_absent(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	/* a filter on ourselves may kill who asks (systemd's SystemCallArchitectures=native) */
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0)
		return 0;
	/* getpid(2) of x32; ENOSYS where CONFIG_X86_X32_ABI is off, or on without syscall.x32=y */
	if (syscall((long)(SYSCALL_X32_BIT | SYS_getpid)) < 0)
		return 1u << SECCOMP_X32;
#endif
	return 0;
}

int seccomp_default(uint64_t caps, struct sock_filter **ret, size_t *ret_n, struct err *e)
{
	uint32_t absent = seccomp_arches_absent();
	const struct sock_filter *program = seccomp_builtin(caps, absent, ret_n);
	struct seccomp_policy p;

	if (!program) {
		p = seccomp_default_policy;
		p.caps = caps;
		p.arches_absent = absent;
		return seccomp_compile(&p, ret, ret_n, e);
	}
	*ret = malloc(*ret_n * sizeof(**ret));
	if (!*ret)
		return err_set(e, ENOMEM, "copy seccomp filter");
	memcpy(*ret, program, *ret_n * sizeof(**ret));
	return 0;
}
