// SPDX-License-Identifier: Apache-2.0
/* A device list as a program of one cgroup's own. */
#include "kern/bpf_device_list.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kern/bpf_device_cache.h"
#include "kern/bpf_policy.h"

#define LICENSE "GPL" /* of the generated program */

/* registers: r0 granted, r2 type, r3 access asked for, r4 major, r5 minor, r1 scratch */
static struct bpf_insn insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	return (struct bpf_insn){
		.code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm
	};
}

static struct bpf_insn load(uint8_t dst, int16_t off)
{
	return insn(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, off, 0);
}

static struct bpf_insn alu(uint8_t op, uint8_t dst, int32_t imm)
{
	return insn(BPF_ALU64 | BPF_K | op, dst, 0, 0, imm);
}

/* Accesses as the kernel counts them. */
static int32_t access_bits(uint8_t access)
{
	return (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0) |
	       (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0);
}

/* Skips to the end of its own rule where one of them differs: jumps count from the next instruction. */
static size_t compile_rule(const struct device_rule *r, struct bpf_insn *out)
{
	struct bpf_insn tests[3];
	size_t n = 0, at = 0;

	if (r->type == 'b' || r->type == 'c')
		tests[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 0,
				  r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major != DEVICE_ANY)
		tests[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, 0, r->major);
	if (r->minor != DEVICE_ANY)
		tests[n++] = insn(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, 0, r->minor);
	for (size_t i = 0; i < n; i++) {
		out[at] = tests[i];
		out[at++].off = (int16_t)(n - i); /* the tests behind it and the grant */
	}
	out[at++] = r->is_allow ? alu(BPF_OR, BPF_REG_0, access_bits(r->access)) :
				  alu(BPF_AND, BPF_REG_0, ~access_bits(r->access));
	return at;
}

size_t bpf_device_list_compile(const struct device_rule *rules, size_t n, struct bpf_insn *insns)
{
	size_t at = 0;

	insns[at++] = load(BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	insns[at++] = insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	insns[at++] = alu(BPF_AND, BPF_REG_2, 0xffff);
	insns[at++] = alu(BPF_RSH, BPF_REG_3, 16);
	insns[at++] = load(BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	insns[at++] = load(BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	insns[at++] = alu(BPF_MOV, BPF_REG_0, 0);
	for (size_t i = 0; i < n; i++)
		at += compile_rule(&rules[i], insns + at);
	/* all that is asked for must be granted */
	insns[at++] = insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
	insns[at++] = insn(BPF_ALU64 | BPF_AND | BPF_X, BPF_REG_1, BPF_REG_0, 0, 0);
	insns[at++] = alu(BPF_MOV, BPF_REG_0, 1);
	insns[at++] = insn(BPF_JMP | BPF_JEQ | BPF_X, BPF_REG_1, BPF_REG_3, 1, 0);
	insns[at++] = alu(BPF_MOV, BPF_REG_0, 0);
	insns[at++] = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return at;
}

static int bpf_call(int cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static int load_program(const struct bpf_insn *insns, size_t n)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.expected_attach_type = BPF_CGROUP_DEVICE;
	a.insns = (uint64_t)(uintptr_t)insns;
	a.insn_cnt = (uint32_t)n;
	a.license = (uint64_t)(uintptr_t)LICENSE;
	memcpy(a.prog_name, "davit_devices", sizeof("davit_devices"));
	return bpf_call(BPF_PROG_LOAD, &a);
}

/* The one program that is attached already; -ENOENT for none, or for more than we would attach. */
static int attached_program(int cgroup_fd)
{
	uint32_t ids[2] = { 0 };
	union bpf_attr a;
	int r;

	memset(&a, 0, sizeof(a));
	a.query.target_fd = (uint32_t)cgroup_fd;
	a.query.attach_type = BPF_CGROUP_DEVICE;
	a.query.prog_ids = (uint64_t)(uintptr_t)ids;
	a.query.prog_cnt = ARRAY_SIZE(ids);
	r = bpf_call(BPF_PROG_QUERY, &a);
	if (r < 0 || a.query.prog_cnt != 1)
		return r < 0 && r != -ENOSPC ? r : -ENOENT;
	memset(&a, 0, sizeof(a));
	a.prog_id = ids[0];
	return bpf_call(BPF_PROG_GET_FD_BY_ID, &a);
}

/* Return: descriptor of the program for @rules. */
static int get_program(const struct device_rule *rules, size_t n, const char *bpffs, struct err *e)
{
	_cleanup_free_ struct bpf_insn *insns = NULL;
	int prog = bpf_device_cache_find(bpffs, rules, n);

	if (prog >= 0)
		return prog;
	insns = calloc(DEVICE_LIST_INSNS(n), sizeof(*insns));
	if (!insns)
		return err_set(e, ENOMEM, "compile the device list");
	prog = load_program(insns, bpf_device_list_compile(rules, n, insns));
	if (prog < 0)
		return err_set(e, prog, "load the device program");
	bpf_device_cache_keep(bpffs, rules, n, prog);
	return prog;
}

int bpf_device_list_attach(int cgroup_fd, const struct device_rule *rules, size_t n, const char *bpffs,
			   struct err *e)
{
	_cleanup_fd_ int prog = -1, old = -1;
	union bpf_attr a;
	int r;

	if (n > DEVICE_LIST_MAX)
		return err_plain(e, -E2BIG, "more than %u rules", DEVICE_LIST_MAX);
	prog = get_program(rules, n, bpffs, e);
	if (prog < 0)
		return prog;
	old = attached_program(cgroup_fd);
	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)cgroup_fd;
	a.attach_bpf_fd = (uint32_t)prog;
	a.attach_type = BPF_CGROUP_DEVICE;
	a.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		a.attach_flags |= BPF_F_REPLACE;
		a.replace_bpf_fd = (uint32_t)old;
	}
	r = bpf_call(BPF_PROG_ATTACH, &a);
	return r < 0 ? err_set(e, r, "attach the device program") : 0;
}
