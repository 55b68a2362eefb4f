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
	[MAP_CLASSES] = "classes", [MAP_DEVICES] = "devices",	[MAP_DENIALS] = "denials",
	[MAP_FLOWS] = "flows",	   [MAP_WATCHERS] = "watchers",
};

/* clang-format off */
const struct bpf_set_link bpf_set_links[] = {
	{ "davit_egress",   BPF_CGROUP_INET_EGRESS },
	{ "davit_ingress",  BPF_CGROUP_INET_INGRESS },
	{ "davit_connect4", BPF_CGROUP_INET4_CONNECT },
	{ "davit_connect6", BPF_CGROUP_INET6_CONNECT },
	{ "davit_sendmsg4", BPF_CGROUP_UDP4_SENDMSG },
	{ "davit_sendmsg6", BPF_CGROUP_UDP6_SENDMSG },
	{ "davit_bind4",    BPF_CGROUP_INET4_BIND },
	{ "davit_bind6",    BPF_CGROUP_INET6_BIND },
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
		r = bpf_set_read_meta(s, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
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

_Static_assert((int)NET_OUT == FILTER_OUT && (int)NET_IN == FILTER_IN &&
		       (int)NET_BIND == FILTER_BIND && (int)NET_DIRECTIONS == FILTER_DIRECTIONS &&
		       (int)NET_TRAFFIC == FILTER_TRAFFIC,
	       "same order on both sides");

static void row_from(const struct net_policy *policy, struct filter_row *row)
{
	unsigned int judged =
		net_policy_judged(policy); /* the rest is allowed, whatever rules say */

	*row = (struct filter_row){ .flags = 0 };
	if (!policy)
		return;
	if (policy->is_audited)
		row->flags |= FILTER_AUDIT;
	if (!judged)
		return;
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		row->flags |= judged & NET_BIT(d) ? FILTER_JUDGE(d) : 0;
		row->flags |= policy->default_deny & NET_BIT(d) ? FILTER_DEFAULT_DENY(d) : 0;
	}
	if (policy->is_refused)
		row->flags |= FILTER_REFUSE;
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

/* There may be none. */
static int forget_denied(struct bpf_set *s, uint64_t id, struct err *e)
{
	int map = bpf_set_map(s, MAP_DENIALS, e), r;

	if (map < 0)
		return map;
	r = bpf_sys_delete(map, &id);
	return r < 0 && r != -ENOENT ? err_set(e, r, "remove from '%s/denials'", s->dir) : 0;
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
		uint64_t key = flag_of[which] == FILTER_LARGE ? policy_key(id, flags) : id;
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
		row->generation = (uint8_t)(old.generation + 1);
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
	int r = bpf_set_claim_slot(s, id, &row->slot, e);

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
	if (r == 0)
		r = forget_denied(s, cgroup_id, e);
	if (r == 0 && row.flags & FILTER_AUDIT)
		r = bpf_set_forget_flows(s, cgroup_id, e);
	return r < 0 ? r : bpf_set_free_slot(s, row.slot, e);
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

static int end_audit(struct bpf_set *s, uint64_t id, uint32_t number, struct err *e)
{
	struct filter_slot *slot;
	int r = bpf_set_forget_flows(s, id, e);

	if (r == 0)
		r = bpf_set_slot(s, number, &slot, e);
	if (r < 0)
		return r;
	__atomic_store_n(&slot->head.flows, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->head.lost, 0, __ATOMIC_RELAXED);
	return 0;
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
	row.generation = (uint8_t)(old.generation + 1);
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
	r = forget_denied(s, cgroup_id, e); /* its rule is one of the policy that was */
	if (r == 0 && old.flags & ~(unsigned int)row.flags & FILTER_AUDIT)
		r = end_audit(s, cgroup_id, row.slot, e);
	if (r == 0 && old.flags & FILTER_LARGE)
		r = wait_programs(s, cgroup_id, e);
	return r < 0 ? r : drop_parts(s, cgroup_id, old.flags & (FILTER_LARGE | FILTER_SECOND), e);
}
