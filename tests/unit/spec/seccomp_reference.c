// SPDX-License-Identifier: Apache-2.0
/* A second opinion on seccomp profiles. Says nothing politely: a failure here is a broken test. */
#include "seccomp_reference.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kern/cap.h"
#include "tests/unit/kern/bpf_run.h"

uint32_t reference_arch_token(enum seccomp_arch arch)
{
	static const uint32_t tokens[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_X86,
					   SCMP_ARCH_AARCH64, SCMP_ARCH_ARM };
	return tokens[arch];
}

static uint32_t action_of(const json_t *o, const char *key, const char *errno_key)
{
	const char *name = json_string_value(json_object_get(o, key));
	const json_t *n = json_object_get(o, errno_key);
	uint32_t data = n ? (uint32_t)json_integer_value(n) : EPERM;

	if (strcmp(name, "SCMP_ACT_ALLOW") == 0)
		return SCMP_ACT_ALLOW;
	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		return SCMP_ACT_ERRNO(data);
	if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		return SCMP_ACT_TRACE(data);
	if (strcmp(name, "SCMP_ACT_TRAP") == 0)
		return SCMP_ACT_TRAP;
	if (strcmp(name, "SCMP_ACT_LOG") == 0)
		return SCMP_ACT_LOG;
	if (strcmp(name, "SCMP_ACT_KILL") == 0)
		return SCMP_ACT_KILL;
	assert(strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0);
	return SCMP_ACT_KILL_PROCESS;
}

static bool has_text(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (strcmp(json_string_value(json_array_get(array, i)), text) == 0)
			return true;
	return false;
}

static bool holds(const json_t *entry, const char *arch, uint64_t caps)
{
	const json_t *in = json_object_get(entry, "includes"),
		     *out = json_object_get(entry, "excludes");
	const json_t *list = json_object_get(in, "arches");

	if (json_array_size(list) && !has_text(list, arch))
		return false;
	if (has_text(json_object_get(out, "arches"), arch))
		return false;
	list = json_object_get(in, "caps");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!(caps & CAP_BIT(cap_parse(json_string_value(json_array_get(list, i)), NULL))))
			return false;
	list = json_object_get(out, "caps");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (caps & CAP_BIT(cap_parse(json_string_value(json_array_get(list, i)), NULL)))
			return false;
	/* minKernel: all that profiles name is older than what davit runs on */
	return !json_object_get(out, "minKernel");
}

static enum scmp_compare op_of(const char *name)
{
	static const char *const names[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };

	for (unsigned int i = 0; i < 7; i++)
		if (strcmp(name + strlen("SCMP_CMP_"), names[i]) == 0)
			return (enum scmp_compare)(SCMP_CMP_NE + i);
	abort();
}

static void add_call(scmp_filter_ctx ctx, int nr, uint32_t action, const json_t *args)
{
	struct scmp_arg_cmp cmp[64];
	unsigned int n = (unsigned int)json_array_size(args), count[6] = { 0 };
	bool is_or = false;

	for (unsigned int i = 0; i < n; i++) {
		const json_t *a = json_array_get(args, i);

		cmp[i] = (struct scmp_arg_cmp){
			.arg = (unsigned int)json_integer_value(json_object_get(a, "index")),
			.op = op_of(json_string_value(json_object_get(a, "op"))),
			.datum_a = (scmp_datum_t)json_integer_value(json_object_get(a, "value")),
			.datum_b = (scmp_datum_t)json_integer_value(json_object_get(a, "valueTwo")),
		};
		is_or |= count[cmp[i].arg]++ > 0;
	}
	for (unsigned int i = 0; i < (is_or ? n : 1); i++)
		assert(seccomp_rule_add_array(ctx, action, nr, is_or ? 1 : n, cmp + i) == 0);
}

static void add_name(struct reference *ref, scmp_filter_ctx ctx, const char *name, uint32_t action,
		     const json_t *args, uint32_t arches)
{
	int nr = seccomp_syscall_resolve_name(name);

	for (unsigned int a = 0; a < SECCOMP_ARCH_COUNT; a++) {
		struct reference_arch *ra = &ref->arch[a];
		int here = seccomp_syscall_resolve_name_arch(reference_arch_token(a), name);

		if (!(arches & 1u << a))
			continue;
		if (nr == __NR_SCMP_ERROR && seccomp_syscall_find(name) >= 0) {
			int plain;

			here = seccomp_syscall_number((unsigned int)seccomp_syscall_find(name), a);
			plain = here < 0 ? -1 : here & 0x3fffffff;
			if (here >= 0 && !ra->is_newer[plain]) {
				ra->is_newer[plain] = true;
				ra->newer[plain] = action;
			}
		}
		if (here >= 0 && here > ra->highest)
			ra->highest = here;
	}
	if (nr != __NR_SCMP_ERROR && action != ref->default_action)
		add_call(ctx, nr, action, args);
}

static void export(struct reference *ref, scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	off_t size;

	assert(fd >= 0 && seccomp_export_bpf(ctx, fd) == 0);
	size = lseek(fd, 0, SEEK_END);
	ref->filter = malloc((size_t)size);
	assert(pread(fd, ref->filter, (size_t)size, 0) == size);
	ref->n = (size_t)size / sizeof(*ref->filter);
	close(fd);
}

void reference_init(struct reference *ref, const char *json, size_t n, uint32_t arches,
		    uint64_t caps)
{
	json_t *profile = json_loadb(json, n, 0, NULL), *entry;
	const char *name = arches & 1u << SECCOMP_AARCH64 ? "arm64" : "amd64";
	scmp_filter_ctx ctx;
	size_t i, j;

	assert(profile);
	*ref = (struct reference){
		.default_action = action_of(profile, "defaultAction", "defaultErrnoRet"),
	};
	ctx = seccomp_init(ref->default_action);
	assert(ctx && seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) == 0);
	for (unsigned int a = 0; a < SECCOMP_ARCH_COUNT; a++)
		if (arches & 1u << a)
			assert(seccomp_arch_add(ctx, reference_arch_token(a)) == 0);
	json_array_foreach(json_object_get(profile, "syscalls"), i, entry) {
		uint32_t action = action_of(entry, "action", "errnoRet");
		json_t *names = json_object_get(entry, "names"), *call;

		if (holds(entry, name, caps))
			json_array_foreach(names, j, call)
				add_name(ref, ctx, json_string_value(call), action,
					 json_object_get(entry, "args"), arches);
	}
	export(ref, ctx);
	seccomp_release(ctx);
	json_decref(profile);
}

uint32_t reference_verdict(const struct reference *ref, enum seccomp_arch arch,
			   const struct seccomp_data *data)
{
	const struct reference_arch *ra = &ref->arch[arch];
	uint32_t kind = ref->default_action & SECCOMP_RET_ACTION_FULL, plain;
	bool is_permissive = kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG ||
			     kind == SECCOMP_RET_TRACE;

	if (!is_permissive && ra->highest && (uint32_t)data->nr > (uint32_t)ra->highest)
		return SECCOMP_RET_ERRNO | ENOSYS;
	plain = (uint32_t)data->nr & ~(arch == SECCOMP_X32 ? 0x40000000u : 0);
	if (plain < REFERENCE_NR_MAX && ra->is_newer[plain])
		return ra->newer[plain];
	return (uint32_t)bpf_run(ref->filter, ref->n, data);
}

void reference_done(struct reference *ref)
{
	free(ref->filter);
}
