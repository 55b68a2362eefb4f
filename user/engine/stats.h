/* SPDX-License-Identifier: Apache-2.0 */
/* What running containers use: CPU, memory, processes, network, block I/O. */
#ifndef DAVIT_ENGINE_STATS_H
#define DAVIT_ENGINE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/str.h"
#include "engine/container.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"

struct engine;
struct err;

/**
 * struct stats - one container at one moment
 * @taken_ns:	 CLOCK_MONOTONIC of the reading
 * @has_use:	 it has a cgroup, @use was read (its has_* say what of it is known)
 * @has_network: it has a row in the BPF maps, @network was read
 * @has_cpu_share, @cpu_share: CPU time over time since the sample before, 1.0 = one CPU
 */
struct stats {
	char id[ID_LEN + 1], name[NAME_MAX_LEN + 1];
	enum container_status status;
	int64_t taken_ns;
	bool has_use, has_network, has_cpu_share;
	double cpu_share;
	struct cgroup_stats use;
	struct net_counters network;
};

struct stats_list {
	struct stats *v;
	size_t n;
};

/**
 * stats_take() - read containers once; about 10 system calls each, no matter how many there are
 * @refs:   ids or names; empty = all that run
 * @is_all: with no @refs: stopped ones too
 *
 * Return: 0, free with stats_list_done(); -ENOENT for a reference to none. A container that goes
 * away meanwhile is left out when it was not asked for by name.
 */
int stats_take(struct engine *en, const struct strv *refs, bool is_all, struct stats_list *ret,
	       struct err *e);

/* stats_rate() - fill the cpu_share of @now from the time since @before */
void stats_rate(struct stats_list *now, const struct stats_list *before);

void stats_list_done(struct stats_list *l);

#define _cleanup_stats_ __attribute__((cleanup(stats_list_done)))

#endif
