/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the program set: shared by user/kern/bpf*.c and nobody else. */
#ifndef DAVIT_KERN_BPF_INTERNAL_H
#define DAVIT_KERN_BPF_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/filter.h"

struct env;
struct err;
struct net_policy;

#define BPF_SET_PATH_MAX 640u /* env paths have at most 512 bytes */

enum bpf_set_map {
	MAP_ROWS,
	MAP_COUNTERS,
	MAP_TRIES,
	MAP_CLASSES,
	MAP_DEVICES,
	MAP_DENIALS, /* up to here the keys are of 64 bits */
	MAP_FLOWS,
	MAP_WATCHERS,
	MAP_COUNT
};

/**
 * struct bpf_set
 * @dir:	 directory of the pins
 * @fds:	 indexed by enum bpf_set_map; opened when first needed
 * @slots:	 number of slots of counters, including slot 0
 * @stripe_bits: log2 of the stripes of a slot
 * @slot_size:	 bytes from one to the next; divides a page
 * @page:	 one page of counters, mapped; NULL at first
 * @page_number: which
 */
struct bpf_set {
	char dir[BPF_SET_PATH_MAX];
	int fds[MAP_COUNT];
	uint32_t slots, stripe_bits, slot_size;
	char *page;
	uint32_t page_number;
};

/* A link and the program behind it; the pin has the program's name. */
struct bpf_set_link {
	const char *name;
	uint32_t attach_type;
};

extern const char *const bpf_set_map_names[MAP_COUNT];
extern const struct bpf_set_link bpf_set_links[]; /* ends with a NULL name */

/* bpf_set_dir() - path of the pins for a slice's cgroup id. -ENAMETOOLONG */
int bpf_set_dir(const struct env *env, uint64_t slice_id, char ret[BPF_SET_PATH_MAX],
		struct err *e);

/* bpf_set_map() - descriptor of a map, owned by @s */
int bpf_set_map(struct bpf_set *s, enum bpf_set_map which, struct err *e);

/* bpf_set_read_meta() - the geometry of the counters. Return: 0; -EUCLEAN. */
int bpf_set_read_meta(struct bpf_set *s, struct err *e);

/* bpf_set_slot() - mapped until the next call */
int bpf_set_slot(struct bpf_set *s, uint32_t slot, struct filter_slot **ret, struct err *e);

/* bpf_set_claim_slot() - a free one, zeroed, for cgroup @id. Return: 0; -ENOSPC. */
int bpf_set_claim_slot(struct bpf_set *s, uint64_t id, uint32_t *ret, struct err *e);

/* bpf_set_free_slot() - zero it and give it back */
int bpf_set_free_slot(struct bpf_set *s, uint32_t number, struct err *e);

/* bpf_set_denied_from() - in words of the outside */
struct net_denied;
void bpf_set_denied_from(const struct filter_denied *d, struct net_denied *ret);

/* bpf_set_flow_from() - the same of a flow; times and counts, and who, are for the caller to set */
struct net_flow;
void bpf_set_flow_from(const struct filter_flow_key *key, uint32_t rule, struct net_flow *ret);

/* bpf_set_forget_flows() - of a container that is gone. Walks all there are. */
int bpf_set_forget_flows(struct bpf_set *s, uint64_t id, struct err *e);

/* bpf_set_sweep_flows() - of all that are gone */
int bpf_set_sweep_flows(struct bpf_set *s, bool (*is_alive)(uint64_t cgroup_id, void *data),
			void *data, struct err *e);

/* bpf_set_clear() - unpin all below <bpffs>/<slice>; the caller holds the load lock. -EEXIST: a set
 * of another ABI is in force for @slice_id (0 = do not care). */
int bpf_set_clear(const struct env *env, uint64_t slice_id, struct err *e);

/* bpf_set_lock() - take <state>/bpf.lock. Return: descriptor. */
int bpf_set_lock(const struct env *env, struct err *e);

/* struct prefix_node - entry of a large policy's trie */
struct prefix_node {
	struct filter_prefix prefix;
	uint32_t class;
};

/**
 * struct large_policy - a policy flattened for longest-prefix match
 * @nodes: every prefix once; its class holds the rules of all enclosing prefixes, too
 */
struct large_policy {
	struct prefix_node *nodes;
	struct filter_class *classes;
	uint32_t n_nodes, n_classes;
};

/* large_policy_build() - -E2BIG when a class would get more than FILTER_CLASS_RULES rules */
int large_policy_build(const struct net_policy *policy, struct large_policy *ret, struct err *e);
void large_policy_done(struct large_policy *p);

/* filter_rule_from() - the same rule in the shape of the maps */
struct net_policy_rule;
void filter_rule_from(const struct net_policy_rule *rule, struct filter_rule *ret);

#endif
