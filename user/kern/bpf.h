/* SPDX-License-Identifier: Apache-2.0 */
/* The shared set of BPF programs: a container is a row in its pinned maps. */
#ifndef DAVIT_KERN_BPF_H
#define DAVIT_KERN_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kern/bpf_policy.h"

struct device_policy;
struct env;
struct err;

/* The layout of bpf/filter.h and bpf/device.h; part of the pins' path, so that layouts never meet. */
#define BPF_SET_ABI 3

/**
 * struct bpf_set - the pinned maps, opened
 *
 * One set of programs is linked at <slice>.slice and judges every cgroup one level below. Its pins
 * are in <bpffs>/<slice>/v<ABI>-<cgroup id of the slice>/: a directory that appears by rename when
 * everything in it works, and whose name proves that the links belong to the cgroup at hand.
 *
 * A process in a cgroup of that level without a row has no network at all (fail closed), and the
 * default device list. So: insert before clone3(CLONE_INTO_CGROUP), remove after rmdir.
 */
struct bpf_set;

/**
 * bpf_set_find() - open the maps of a set that is loaded already
 * @slice_cgroup_fd: descriptor of <slice>.slice on the cgroup2 mount; not kept
 *
 * Three system calls, no libbpf: for davit-monitor and for commands that only look.
 * Return: 0; -ENOENT when this slice has no set.
 */
int bpf_set_find(const struct env *env, int slice_cgroup_fd, struct bpf_set **ret, struct err *e);

/**
 * bpf_set_open() - the same, after loading, linking and pinning the set if there is none
 *
 * Loading happens once per boot under the lock <state>/bpf.lock; it mounts a bpf file system on
 * env->bpffs when there is none, and removes what a killed loader left.
 * Return: 0; -EPERM, -EOPNOTSUPP … with the end of the verifier's log when the kernel refuses.
 */
int bpf_set_open(const struct env *env, int slice_cgroup_fd, struct bpf_set **ret, struct err *e);

void bpf_set_close(struct bpf_set *s); /* NULL is fine */
void bpf_set_closep(struct bpf_set **s);

/**
 * bpf_set_insert() - put a container's policies in force
 * @cgroup_id: st_ino of its cgroup2 directory
 * @policy:    NULL = everything allowed
 * @dev:       NULL = the default list
 *
 * Counters start at zero. Up to 16 rules are part of the row; more become a prefix trie of the
 * container's own. A row that exists is replaced, its counters go on; during the replacement of a
 * large policy by another nothing is allowed. Failure leaves nothing, or the old row.
 *
 * Return: 0; -E2BIG when more than 64 different protocol and port rules speak of one address;
 * -ENOSPC when all rows are taken.
 */
int bpf_set_insert(struct bpf_set *s, uint64_t cgroup_id, const struct net_policy *policy,
		   const struct device_policy *dev, struct err *e);

/**
 * bpf_set_change() - another policy for a container that has one, while it runs
 *
 * Every packet and call is judged by the old policy or by the new one, never by a part of either. Counters and devices stay;
 * there is no last refusal until the next. Takes two RCU grace periods when the old policy is a large one. Of two at a time for
 * one container one may be lost: the caller's lock.
 *
 * Return: 0; -ENOENT when there is no row; as bpf_set_insert(). Failure leaves the old one.
 */
int bpf_set_change(struct bpf_set *s, uint64_t cgroup_id, const struct net_policy *policy,
		   struct err *e);

/* bpf_set_remove() - forget a container, after its cgroup is gone. No row is success. */
int bpf_set_remove(struct bpf_set *s, uint64_t cgroup_id, struct err *e);

enum net_family { NET_IPV4, NET_IPV6, NET_FAMILIES };

/**
 * struct net_counters - traffic of a container's own sockets, by enum net_direction and enum net_family
 * @packets:	 segments; what the kernel sends unasked (RST, echo reply) has no socket and is not here
 * @bytes:	 from the IP header on; a batch of segments counts its header once
 * @drops:	 packets, connect(), sendto() and bind() refused by policy
 * @connections: TCP ones asked for by connect(), and SYN packets let in
 */
struct net_counters {
	uint64_t packets[NET_TRAFFIC][NET_FAMILIES], bytes[NET_TRAFFIC][NET_FAMILIES];
	uint64_t drops[NET_DIRECTIONS][NET_FAMILIES];
	uint64_t connections[NET_TRAFFIC][NET_FAMILIES];
};

/* net_sum() - of both families */
static inline uint64_t net_sum(const uint64_t v[NET_FAMILIES])
{
	return v[NET_IPV4] + v[NET_IPV6];
}

/* bpf_set_counters() - Return: 0; -ENOENT when there is no row. */
int bpf_set_counters(struct bpf_set *s, uint64_t cgroup_id, struct net_counters *ret,
		     struct err *e);

#define NET_RULE_DEFAULT (-1) /* no rule speaks of it and the default is to deny */
#define NET_RULE_UNKNOWN (-2) /* a rule of a large policy; policy_judge() finds which */

/**
 * struct net_denied - the last thing that a policy refused
 * @monotonic_ns: CLOCK_MONOTONIC
 * @family:	  AF_INET or AF_INET6
 * @proto:	  IPPROTO_*
 * @direction:	  enum net_direction
 * @addr, @port:  as struct net_policy_rule has them; address in network, port in host byte order (0 for no port)
 * @rule:	  index in net_policy.rules, or NET_RULE_*
 */
struct net_denied {
	uint64_t monotonic_ns;
	uint8_t family, proto, direction;
	uint8_t addr[16];
	uint16_t port;
	int rule;
};

/* bpf_set_last_denied() - Return: 0; -ENOENT for no row, -ENODATA for nothing denied so far. */
int bpf_set_last_denied(struct bpf_set *s, uint64_t cgroup_id, struct net_denied *ret,
			struct err *e);

#define NET_COMM 16

/**
 * struct net_flow - one way of talking: all packets and calls that a rule for it would speak of
 * @denied:	its address, or what was refused; @denied.monotonic_ns: last seen
 * @first_ns:	CLOCK_MONOTONIC; 0 in an event
 * @count:	connections, datagrams; 0 in an event
 * @suppressed: in an event: those of its container that were not told before it
 * @pid, @comm: in an event: who called, 0 and "" for a packet
 */
struct net_flow {
	uint64_t cgroup_id;
	struct net_denied denied;
	bool is_allowed;
	uint64_t first_ns, count, suppressed;
	uint32_t pid;
	char comm[NET_COMM + 1];
};

/**
 * bpf_set_flows() - what a container with an audited policy has talked with, or tried to
 * @ret: for free()
 * @ret_lost: flows for which there was no room
 *
 * Return: 0; -ENOENT when there is no row.
 */
int bpf_set_flows(struct bpf_set *s, uint64_t cgroup_id, struct net_flow **ret, size_t *ret_n,
		  uint64_t *ret_lost, struct err *e);

/**
 * struct bpf_watch - a reader of events: each denial of each container, each new flow of audited ones
 *
 * At most 128 events of a container are told in a second. Up to 8 readers at a time each get all of them; who does not keep up
 * loses some.
 */
struct bpf_watch;

/* bpf_watch_open() - @set has to stay open. Return: 0; -EUSERS when there are as many readers as can be. */
int bpf_watch_open(const struct env *env, struct bpf_set *set, struct bpf_watch **ret,
		   struct err *e);
void bpf_watch_close(struct bpf_watch *w); /* NULL is fine */
void bpf_watch_closep(struct bpf_watch **w);

/* bpf_watch_fd() - to poll(2) for POLLIN when bpf_watch_next() has returned false */
int bpf_watch_fd(const struct bpf_watch *w);

/* bpf_watch_next() - the next event; false: none for now */
bool bpf_watch_next(struct bpf_watch *w, struct net_flow *ret);

/**
 * bpf_set_sweep() - remove rows, tries and counters of cgroups that are gone
 * @is_alive: says whether a cgroup id still exists
 *
 * Return: number of rows removed, or -errno.
 */
int bpf_set_sweep(struct bpf_set *s, bool (*is_alive)(uint64_t cgroup_id, void *data), void *data,
		  struct err *e);

/**
 * bpf_set_each() - visit every cgroup id that has a row
 *
 * @fn may remove the row it is given; a non-zero return of it stops and is returned.
 */
int bpf_set_each(struct bpf_set *s, int (*fn)(uint64_t cgroup_id, void *data), void *data,
		 struct err *e);

/* bpf_set_check() - are all links there, and on this cgroup? Return: 0; -ENOENT; -ESTALE */
int bpf_set_check(const struct env *env, int slice_cgroup_fd, struct err *e);

/* bpf_set_remove_all() - unpin the sets of env->slice, which detaches them; ENOENT is success */
int bpf_set_remove_all(const struct env *env, struct err *e);

/**
 * struct bpf_feature - a kernel facility that the set is made of, for `davit doctor`
 * @name:  "cgroup_skb/egress"
 * @since: first kernel that has it
 * @lost:  what davit cannot do without it
 * @probe: tries it for real, leaves nothing behind. Return: 0 or -errno with @e.
 */
struct bpf_feature {
	const char *name, *since, *lost;
	int (*probe)(const struct bpf_feature *f, struct err *e);
	uint32_t prog_type, attach_type; /* of the generic program probe */
};

extern const struct bpf_feature bpf_features[]; /* ends with a NULL name */

#endif
