// SPDX-License-Identifier: GPL-2.0-only
/* Depth of one cgroup, for those who see only a part of the hierarchy (cgroup namespaces). */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

SEC("iter/cgroup")
int davit_level(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *c = ctx->cgroup;
	__u32 level;

	if (!c)
		return 0; /* the end */
	level = c->level;
	bpf_seq_write(ctx->meta->seq, &level, sizeof(level));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
