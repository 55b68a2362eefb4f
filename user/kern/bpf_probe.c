// SPDX-License-Identifier: Apache-2.0
/* Which BPF facilities of the set this kernel has, found out by using them. */
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/bpf.h"
#include "kern/bpf_sys.h"

static int missing(const struct bpf_feature *f, int r, struct err *e)
{
	r = err_set(e, r, "try BPF %s", f->name);
	if (r == -EPERM)
		err_hint(e, "needs root with CAP_BPF and CAP_NET_ADMIN");
	else
		err_hint(e, "needs Linux %s with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF",
			 f->since);
	return r;
}

static int probe_program(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int fd = bpf_sys_prog_load_trivial(f->prog_type, f->attach_type);

	return fd < 0 ? missing(f, fd, e) : 0;
}

/* A link to no cgroup: a kernel that knows such links complains of the descriptor. */
static int probe_link(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int prog = bpf_sys_prog_load_trivial(f->prog_type, f->attach_type);
	int r = prog < 0 ? prog : bpf_sys_link_create(prog, -1, f->attach_type);

	return r == -EBADF ? 0 : missing(f, r < 0 ? r : -EIO, e);
}

static int probe_trie(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int fd = bpf_sys_map_create(BPF_MAP_TYPE_LPM_TRIE, 20, 4, 1, BPF_F_NO_PREALLOC,
						 -1, "davit_probe");

	return fd < 0 ? missing(f, fd, e) : 0;
}

static int probe_inner(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int inner =
		bpf_sys_map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_INNER_MAP, -1, "davit_probe");
	_cleanup_fd_ int outer = -1;

	if (inner < 0)
		return missing(f, inner, e);
	outer = bpf_sys_map_create(BPF_MAP_TYPE_HASH_OF_MAPS, 8, 4, 1, BPF_F_NO_PREALLOC, inner,
				   "davit_probe");
	return outer < 0 ? missing(f, outer, e) : 0;
}

static int probe_mmap(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int fd = bpf_sys_map_create(BPF_MAP_TYPE_ARRAY, 4, 128, 1, BPF_F_MMAPABLE, -1,
						 "davit_probe");
	size_t size = (size_t)getpagesize();
	void *p;

	if (fd < 0)
		return missing(f, fd, e);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return missing(f, errno, e);
	(void)munmap(p, size);
	return 0;
}

static int probe_take(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int fd = bpf_sys_map_create(BPF_MAP_TYPE_HASH, 8, 8, 1, BPF_F_NO_PREALLOC, -1,
						 "davit_probe");
	uint64_t key = 1, value;
	int r = fd < 0 ? fd : bpf_sys_lookup_and_delete(fd, &key, &value);

	return r == -ENOENT ? 0 : missing(f, r < 0 ? r : -EIO, e);
}

static int probe_ring(const struct bpf_feature *f, struct err *e)
{
	_cleanup_fd_ int fd = bpf_sys_map_create(BPF_MAP_TYPE_RINGBUF, 0, 0,
						 (uint32_t)getpagesize(), 0, -1, "davit_probe");

	return fd < 0 ? missing(f, fd, e) : 0;
}

#define FILTER "network policy (--net-allow, --net-deny)"
#define ACCOUNT "network statistics"
#define DEVICES "device policy on hosts without cgroup v1"
#define ALL "network policy and statistics, device policy"

/* clang-format off */
#define PROG(type, attach) .probe = probe_program, .prog_type = BPF_PROG_TYPE_##type, \
			   .attach_type = BPF_CGROUP_##attach
const struct bpf_feature bpf_features[] = {
	{ "cgroup_skb/egress",   "4.10", FILTER " and " ACCOUNT, PROG(CGROUP_SKB, INET_EGRESS) },
	{ "cgroup_skb/ingress",  "4.10", ACCOUNT, PROG(CGROUP_SKB, INET_INGRESS) },
	{ "cgroup/connect4",     "4.17", FILTER,  PROG(CGROUP_SOCK_ADDR, INET4_CONNECT) },
	{ "cgroup/connect6",     "4.17", FILTER,  PROG(CGROUP_SOCK_ADDR, INET6_CONNECT) },
	{ "cgroup/sendmsg4",     "4.18", FILTER,  PROG(CGROUP_SOCK_ADDR, UDP4_SENDMSG) },
	{ "cgroup/sendmsg6",     "4.18", FILTER,  PROG(CGROUP_SOCK_ADDR, UDP6_SENDMSG) },
	{ "cgroup/bind4",        "4.17", FILTER,  PROG(CGROUP_SOCK_ADDR, INET4_BIND) },
	{ "cgroup/bind6",        "4.17", FILTER,  PROG(CGROUP_SOCK_ADDR, INET6_BIND) },
	{ "cgroup/dev",          "4.15", DEVICES, PROG(CGROUP_DEVICE, DEVICE) },
	{ "cgroup link",         "5.7",  ALL, .probe = probe_link,
	  .prog_type = BPF_PROG_TYPE_CGROUP_SKB, .attach_type = BPF_CGROUP_INET_EGRESS },
	{ "lpm_trie map",        "4.11", "policies of more than 16 rules", .probe = probe_trie },
	{ "hash_of_maps map",    "5.10", "policies of more than 16 rules", .probe = probe_inner },
	{ "mmapable array map",  "5.5",  ALL, .probe = probe_mmap },
	{ "lookup_and_delete",   "5.14", ALL, .probe = probe_take },
	{ "ring buffer map",     "5.8",  ALL, .probe = probe_ring },
	{ .name = NULL },
};
/* clang-format on */
