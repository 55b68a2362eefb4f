// SPDX-License-Identifier: Apache-2.0
/* The shared set of BPF programs: rows of containers. No libbpf, no loading here. */
#include "kern/bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "bpf/device.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kern/bpf_sys.h"

const char *const bpf_set_map_names[MAP_COUNT] = {
	[MAP_ROWS] = "rows",	   [MAP_COUNTERS] = "counters", [MAP_TRIES] = "tries",
	[MAP_CLASSES] = "classes", [MAP_DEVICES] = "devices",
};

/* clang-format off */
const struct bpf_set_link bpf_set_links[] = {
	{ "davit_egress",   BPF_CGROUP_INET_EGRESS },
	{ "davit_ingress",  BPF_CGROUP_INET_INGRESS },
	{ "davit_connect4", BPF_CGROUP_INET4_CONNECT },
	{ "davit_connect6", BPF_CGROUP_INET6_CONNECT },
	{ "davit_sendmsg4", BPF_CGROUP_UDP4_SENDMSG },
	{ "davit_sendmsg6", BPF_CGROUP_UDP6_SENDMSG },
	{ "davit_device",   BPF_CGROUP_DEVICE },
	{ NULL, 0 },
};
/* clang-format on */

_Static_assert((int)DEVICE_MKNOD == BPF_DEVCG_ACC_MKNOD && (int)DEVICE_READ == BPF_DEVCG_ACC_READ &&
		       (int)DEVICE_WRITE == BPF_DEVCG_ACC_WRITE,
	       "accesses go to the kernel as they are");
_Static_assert(DEVICE_RULES_MAX == DEVICE_ROW_RULES, "a policy fits a row");

int bpf_set_dir(const struct env *env, uint64_t slice_id, char ret[BPF_SET_PATH_MAX], struct err *e)
{
	/* no dots: this file system reserves them */
	unsigned int n = err_format(ret, BPF_SET_PATH_MAX, "%s/%s/v%d-%llu", env->bpffs, env->slice,
				    BPF_SET_ABI, (unsigned long long)slice_id);

	/* room for the longest name within */
	if (n + 32 >= BPF_SET_PATH_MAX)
		return err_set(e, ENAMETOOLONG, "name pins below '%s'", env->bpffs);
	return 0;
}

int bpf_set_map(struct bpf_set *s, enum bpf_set_map which, struct err *e)
{
	char path[BPF_SET_PATH_MAX];

	if (s->fds[which] >= 0)
		return s->fds[which];
	(void)err_format(path, sizeof(path), "%s/%s", s->dir, bpf_set_map_names[which]);
	s->fds[which] = bpf_sys_obj_get(path);
	if (s->fds[which] < 0)
		return err_set(e, s->fds[which], "open BPF map '%s'", path);
	return s->fds[which];
}

void bpf_set_close(struct bpf_set *s)
{
	if (!s)
		return;
	if (s->page)
		(void)munmap(s->page, (size_t)getpagesize());
	for (int i = 0; i < MAP_COUNT; i++)
		s->fds[i] = fd_close(s->fds[i]);
	free(s);
}

void bpf_set_closep(struct bpf_set **s)
{
	bpf_set_close(*s);
}

static int read_meta(struct bpf_set *s, struct err *e)
{
	struct filter_meta meta;
	uint32_t key = 0;
	int r = bpf_sys_lookup(s->fds[MAP_COUNTERS], &key, &meta);

	if (r < 0)
		return err_set(e, r, "read '%s/counters'", s->dir);
	if (meta.magic != FILTER_MAGIC)
		return err_plain(e, -EUCLEAN, "'%s/counters' was not made by davit", s->dir);
	s->slots = meta.slots;
	s->stripe_bits = meta.stripe_bits;
	return 0;
}

int bpf_set_find(const struct env *env, int slice_cgroup_fd, struct bpf_set **ret, struct err *e)
{
	_cleanup_(bpf_set_closep) struct bpf_set *s = malloc(sizeof(*s));
	struct stat st;
	int r;

	if (!s)
		return err_set(e, ENOMEM, "open BPF programs");
	s->page = NULL;
	for (int i = 0; i < MAP_COUNT; i++)
		s->fds[i] = -1;
	if (fstat(slice_cgroup_fd, &st) < 0)
		return err_set(e, errno, "inspect cgroup '%s.slice'", env->slice);
	r = bpf_set_dir(env, st.st_ino, s->dir, e);
	if (r == 0)
		r = bpf_set_map(s, MAP_ROWS, e);
	if (r >= 0)
		r = bpf_set_map(s, MAP_COUNTERS, e);
	if (r >= 0)
		r = read_meta(s, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

static uint32_t slots_per_page(const struct bpf_set *s)
{
	return (uint32_t)getpagesize() / (uint32_t)(sizeof(struct filter_cell) << s->stripe_bits);
}

static int map_page(struct bpf_set *s, uint32_t number, struct err *e)
{
	size_t size = (size_t)getpagesize();
	void *p;

	if (s->page && s->page_number == number)
		return 0;
	/* a page, not all: the kernel fills the page tables of such a map at once */
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fds[MAP_COUNTERS],
		 (off_t)(number * size));
	if (p == MAP_FAILED)
		return err_set(e, errno, "map '%s/counters'", s->dir);
	if (s->page)
		(void)munmap(s->page, size);
	s->page = p;
	s->page_number = number;
	return 0;
}

int bpf_set_slot(struct bpf_set *s, uint32_t slot, struct filter_cell **ret, struct err *e)
{
	uint32_t per_page = slots_per_page(s);
	int r;

	if (slot >= s->slots)
		return err_plain(e, -EUCLEAN, "row in '%s/rows' speaks of slot %u of %u", s->dir,
				 slot, s->slots);
	r = map_page(s, slot / per_page, e);
	if (r < 0)
		return r;
	*ret = &s->page[(slot % per_page) << s->stripe_bits];
	return 0;
}

static void zero_slot(const struct bpf_set *s, struct filter_cell *cells)
{
	size_t rest = sizeof(*cells) - sizeof(cells->owner);

	memset((char *)cells + sizeof(cells->owner), 0, rest);
	memset(cells + 1, 0, sizeof(*cells) * ((1u << s->stripe_bits) - 1));
}

int bpf_set_free_slot(struct bpf_set *s, uint32_t slot, struct err *e)
{
	struct filter_cell *cells;
	int r = bpf_set_slot(s, slot, &cells, e);

	if (r < 0)
		return r;
	zero_slot(s, cells);
	__atomic_store_n(&cells->owner, 0, __ATOMIC_RELEASE);
	return 0;
}

/* cgroup ids count up; neighbours shall not fight for one page */
static uint32_t home_page(uint64_t id, uint32_t n_pages)
{
	id *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(id >> 32) % n_pages;
}

/*
 * A slot is taken by compare-and-swap of its owner in shared memory: no call, no lock, and what a
 * killed process leaves names the cgroup that it was for.
 */
static int claim_slot(struct bpf_set *s, uint64_t id, uint32_t *ret, struct err *e)
{
	uint32_t per_page = slots_per_page(s), n_pages = s->slots / per_page;
	uint32_t first = home_page(id, n_pages);

	for (uint32_t i = 0; i < n_pages; i++) {
		uint32_t number = (first + i) % n_pages;
		int r = map_page(s, number, e);

		if (r < 0)
			return r;
		for (uint32_t j = 0; j < per_page; j++) {
			struct filter_cell *c = &s->page[j << s->stripe_bits];
			uint64_t nobody = 0;

			if (!__atomic_compare_exchange_n(&c->owner, &nobody, id, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
				continue;
			zero_slot(s, c);
			*ret = number * per_page + j;
			return 0;
		}
	}
	err_hint(e, "'davit system check' frees those of dead containers");
	return err_set(e, ENOSPC, "find a free one of %u network counters", s->slots);
}

static int put_inner(struct bpf_set *s, enum bpf_set_map which, uint64_t key, int inner,
		     struct err *e)
{
	int map = bpf_set_map(s, which, e), r;

	if (map < 0)
		return map;
	r = bpf_sys_update(map, &key, &inner, BPF_ANY);
	return r < 0 ? err_set(e, r, "add to '%s/%s'", s->dir, bpf_set_map_names[which]) : 0;
}

static int put_classes(struct bpf_set *s, uint64_t key, const struct large_policy *p, struct err *e)
{
	_cleanup_fd_ int map = bpf_sys_map_create(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t),
						  sizeof(struct filter_class), p->n_classes,
						  BPF_F_INNER_MAP, -1, "davit_classes");

	if (map < 0)
		return err_set(e, map, "create BPF map of %u classes", p->n_classes);
	for (uint32_t i = 0; i < p->n_classes; i++) {
		int r = bpf_sys_update(map, &i, &p->classes[i], BPF_ANY);

		if (r < 0)
			return err_set(e, r, "fill BPF map of classes");
	}
	return put_inner(s, MAP_CLASSES, key, map, e);
}

static int fill_trie(int map, const struct large_policy *p)
{
	_cleanup_free_ struct filter_prefix *keys = calloc(p->n_nodes, sizeof(*keys));
	_cleanup_free_ uint32_t *values = calloc(p->n_nodes, sizeof(*values));
	int r;

	if (!keys || !values)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->n_nodes; i++) {
		keys[i] = p->nodes[i].prefix;
		values[i] = p->nodes[i].class;
	}
	r = bpf_sys_update_batch(map, keys, values, p->n_nodes);
	/* tries take batches since 5.14 only, and may be told so by any of these */
	if (r != -EINVAL && r != -EOPNOTSUPP && r != -524)
		return r;
	for (uint32_t i = 0; i < p->n_nodes; i++) {
		r = bpf_sys_update(map, &keys[i], &values[i], BPF_ANY);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_trie(struct bpf_set *s, uint64_t key, const struct large_policy *p, struct err *e)
{
	/* of the same length for all, as the outer map wants its inner ones alike */
	_cleanup_fd_ int map = bpf_sys_map_create(BPF_MAP_TYPE_LPM_TRIE,
						  sizeof(struct filter_prefix), sizeof(uint32_t),
						  FILTER_TRIE_MAX, BPF_F_NO_PREALLOC, -1,
						  "davit_trie");
	int r;

	if (map < 0)
		return err_set(e, map, "create BPF prefix trie");
	r = fill_trie(map, p);
	if (r < 0)
		return err_set(e, r, "fill BPF prefix trie with %u prefixes", p->n_nodes);
	return put_inner(s, MAP_TRIES, key, map, e);
}

/* @key: of the policy */
static int put_large(struct bpf_set *s, uint64_t key, const struct net_policy *policy,
		     struct err *e)
{
	_cleanup_(large_policy_done) struct large_policy p = { .nodes = NULL };
	int map = bpf_set_map(s, MAP_TRIES, e);
	int r = map < 0 ? map : large_policy_build(policy, &p, e);

	if (r < 0)
		return r;
	/* an old trie must not meet new classes; a large row without a trie refuses everything */
	(void)bpf_sys_delete(map, &key);
	r = put_classes(s, key, &p, e);
	if (r == 0)
		r = put_trie(s, key, &p, e);
	return r;
}

static void row_from(const struct net_policy *policy, struct filter_row *row)
{
	*row = (struct filter_row){ .default_verdict = FILTER_ALLOW };
	if (!policy)
		return;
	row->default_verdict = policy->default_verdict == NET_ALLOW ? FILTER_ALLOW : FILTER_DENY;
	if (row->default_verdict == FILTER_DENY)
		row->flags = FILTER_POLICY;
	for (uint32_t i = 0; i < policy->n; i++)
		if (policy->rules[i].verdict == NET_DENY)
			row->flags = FILTER_POLICY;
	if (!row->flags)
		return; /* whatever the rules allow is allowed anyway */
	if (policy->n > FILTER_RULES_INLINE) {
		row->flags |= FILTER_LARGE;
		return;
	}
	for (uint32_t i = 0; i < policy->n; i++)
		filter_rule_from(&policy->rules[i], &row->rules[i]);
	row->n = (uint8_t)policy->n;
}

static int put_devices(struct bpf_set *s, uint64_t id, const struct device_policy *dev,
		       struct err *e)
{
	static const uint8_t bases[] = { [DEVICE_BASE_DEFAULT] = DEVICE_ROW_BASE_DEFAULT,
					 [DEVICE_BASE_NONE] = DEVICE_ROW_BASE_NONE,
					 [DEVICE_BASE_ALL] = DEVICE_ROW_BASE_ALL };
	struct device_row row = { .base = bases[dev->base], .n = dev->n };
	int map, r;

	if (dev->n > DEVICE_RULES_MAX)
		return err_plain(e, -E2BIG, "%u device rules, at most %u are possible", dev->n,
				 DEVICE_RULES_MAX);
	for (uint32_t i = 0; i < dev->n; i++) {
		const struct device_rule *d = &dev->rules[i];

		row.rules[i] = (struct device_row_rule){
			.major = (uint32_t)d->major, /* DEVICE_ANY is all ones in both */
			.minor = (uint32_t)d->minor,
			.types = d->type == 'b' ? DEVICE_ROW_BLOCK :
				 d->type == 'c' ? DEVICE_ROW_CHAR :
						  DEVICE_ROW_BLOCK | DEVICE_ROW_CHAR,
			.access = d->access,
			.is_allow = d->is_allow,
		};
	}
	map = bpf_set_map(s, MAP_DEVICES, e);
	if (map < 0)
		return map;
	r = bpf_sys_update(map, &id, &row, BPF_ANY);
	return r < 0 ? err_set(e, r, "add to '%s/devices'", s->dir) : 0;
}

static uint64_t policy_key(uint64_t id, unsigned int flags)
{
	return flags & FILTER_SECOND ? id | FILTER_SECOND_KEY : id;
}

/* Delete what @flags of a row say that it has elsewhere. */
static int drop_parts(struct bpf_set *s, uint64_t id, unsigned int flags, struct err *e)
{
	static const unsigned int flag_of[MAP_COUNT] = {
		[MAP_TRIES] = FILTER_LARGE, [MAP_CLASSES] = FILTER_LARGE, [MAP_DEVICES] = FILTER_DEVICE
	};

	for (int which = 0; which < MAP_COUNT; which++) {
		uint64_t key = which == MAP_DEVICES ? id : policy_key(id, flags);
		int map, r;

		if (!(flags & flag_of[which]))
			continue;
		map = bpf_set_map(s, which, e);
		if (map < 0)
			return map;
		r = bpf_sys_delete(map, &key);
		if (r < 0 && r != -ENOENT)
			return err_set(e, r, "remove from '%s/%s'", s->dir,
				       bpf_set_map_names[which]);
	}
	return 0;
}

/* Flags for drop_parts(): what @old has and @row has not, or elsewhere. */
static unsigned int unused_parts(const struct filter_row *old, const struct filter_row *row)
{
	unsigned int parts = old->flags & ~(unsigned int)row->flags;

	if ((old->flags ^ row->flags) & FILTER_SECOND)
		parts |= old->flags & FILTER_LARGE;
	return parts | (old->flags & FILTER_SECOND);
}

/* Give back what the old row had and the new one has not; the counters go on. */
static int replace_row(struct bpf_set *s, uint64_t id, struct filter_row *row, struct err *e)
{
	uint32_t claimed = row->slot;
	struct filter_row old;
	int r = bpf_sys_lookup(s->fds[MAP_ROWS], &id, &old);

	if (r == 0) {
		row->slot = old.slot;
		r = bpf_sys_update(s->fds[MAP_ROWS], &id, row, BPF_EXIST);
	}
	if (r < 0)
		return err_set(e, r, "replace row of cgroup %llu in '%s/rows'",
			       (unsigned long long)id, s->dir);
	r = drop_parts(s, id, unused_parts(&old, row), e);
	if (r < 0)
		return r;
	return bpf_set_free_slot(s, claimed, e);
}

static int put_row(struct bpf_set *s, uint64_t id, struct filter_row *row, struct err *e)
{
	int r = claim_slot(s, id, &row->slot, e);

	if (r < 0)
		return r;
	r = bpf_sys_update(s->fds[MAP_ROWS], &id, row, BPF_NOEXIST);
	if (r == -EEXIST)
		return replace_row(s, id, row, e);
	if (r < 0) {
		(void)bpf_set_free_slot(s, row->slot, NULL); /* the first failure counts */
		return err_set(e, r, "add to '%s/rows'", s->dir);
	}
	return 0;
}

int bpf_set_insert(struct bpf_set *s, uint64_t cgroup_id, const struct net_policy *policy,
		   const struct device_policy *dev, struct err *e)
{
	struct filter_row row;
	int r = 0;

	row_from(policy, &row);
	if (dev) {
		row.flags |= FILTER_DEVICE;
		r = put_devices(s, cgroup_id, dev, e);
	}
	if (r == 0 && row.flags & FILTER_LARGE)
		r = put_large(s, cgroup_id, policy, e);
	if (r == 0)
		r = put_row(s, cgroup_id, &row, e);
	if (r < 0)
		(void)drop_parts(s, cgroup_id, row.flags, NULL); /* the first failure counts */
	return r;
}

int bpf_set_remove(struct bpf_set *s, uint64_t cgroup_id, struct err *e)
{
	struct filter_row row;
	int r = bpf_sys_lookup_and_delete(s->fds[MAP_ROWS], &cgroup_id, &row);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(e, r, "remove from '%s/rows'", s->dir);
	r = drop_parts(s, cgroup_id, row.flags, e);
	if (r < 0)
		return r;
	return bpf_set_free_slot(s, row.slot, e);
}

/* Those that have read the old row may be at work with its parts. A map of maps waits for all programs after a write. */
static int wait_programs(struct bpf_set *s, uint64_t id, struct err *e)
{
	_cleanup_fd_ int inner = bpf_sys_map_create(BPF_MAP_TYPE_LPM_TRIE,
						    sizeof(struct filter_prefix), sizeof(uint32_t),
						    FILTER_TRIE_MAX, BPF_F_NO_PREALLOC, -1,
						    "davit_wait");
	uint64_t key = id | FILTER_SECOND_KEY | FILTER_SECOND_KEY >> 1;
	int r;

	if (inner < 0)
		return err_set(e, inner, "create BPF prefix trie");
	r = put_inner(s, MAP_TRIES, key, inner, e);
	(void)bpf_sys_delete(s->fds[MAP_TRIES], &key);
	return r;
}

/* Its rule is one of the policy that was. */
static int forget_denied(struct bpf_set *s, uint32_t slot, struct err *e)
{
	struct filter_cell *cells;
	int r = bpf_set_slot(s, slot, &cells, e);

	for (uint32_t i = 0; r == 0 && i < 1u << s->stripe_bits; i++)
		__atomic_store_n(&cells[i].denied.time, 0, __ATOMIC_RELAXED);
	return r;
}

int bpf_set_change(struct bpf_set *s, uint64_t cgroup_id, const struct net_policy *policy,
		   struct err *e)
{
	struct filter_row old, row;
	int r = bpf_sys_lookup(s->fds[MAP_ROWS], &cgroup_id, &old);

	if (r < 0)
		return err_set(e, r, "look for cgroup %llu in '%s/rows'",
			       (unsigned long long)cgroup_id, s->dir);
	row_from(policy, &row);
	row.slot = old.slot;
	row.flags |= old.flags & FILTER_DEVICE;
	if (row.flags & FILTER_LARGE) {
		row.flags |= ~(unsigned int)old.flags & FILTER_SECOND;
		r = put_large(s, policy_key(cgroup_id, row.flags), policy, e);
	}
	if (r == 0) {
		r = bpf_sys_update(s->fds[MAP_ROWS], &cgroup_id, &row, BPF_EXIST);
		if (r < 0)
			(void)err_set(e, r, "replace row of cgroup %llu in '%s/rows'",
				      (unsigned long long)cgroup_id, s->dir);
	}
	if (r < 0) {
		(void)drop_parts(s, cgroup_id, row.flags & (FILTER_LARGE | FILTER_SECOND), NULL);
		return r;
	}
	r = forget_denied(s, row.slot, e);
	if (r == 0 && old.flags & FILTER_LARGE)
		r = wait_programs(s, cgroup_id, e);
	return r < 0 ? r : drop_parts(s, cgroup_id, old.flags & (FILTER_LARGE | FILTER_SECOND), e);
}
