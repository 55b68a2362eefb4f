// SPDX-License-Identifier: Apache-2.0
/* Loading of the program set. The only user of libbpf. */
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "bpf/filter.h"
#include "device.skel.h"
#include "filter.skel.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"
#include "level.h"

#define LOG_TAIL 700u
#define RAM_PER_SLOT (128u << 10)
#define SLOTS_MIN 4096u
#define DETACH_TRIES 100
#define DETACH_WAIT_US 10000u

/* What libbpf and the verifier say goes here; its end becomes part of the error. */
static struct str load_log;

/* A verifier's log comes in one piece, and says at its end what is wrong. */
static int keep_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	_cleanup_free_ char *text = NULL;

	if (level > LIBBPF_WARN)
		return 0;
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	str_add(&load_log, text ? text : "");
	return 0;
}

/* The last lines in one; err messages are single lines. */
static const char *log_tail(void)
{
	size_t skip = load_log.len > LOG_TAIL ? load_log.len - LOG_TAIL : 0;

	for (size_t i = 0; i < load_log.len; i++)
		if (load_log.p[i] == '\n')
			load_log.p[i] = i + 1 == load_log.len ? '\0' : '|';
	return str_text(&load_log) + (load_log.p ? skip : 0);
}

static int refused(int r, const char *what, struct err *e)
{
	r = err_set(e, r, "%s: %s", what, log_tail());
	if (r == -EPERM)
		err_hint(e, "BPF needs root with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	else
		err_hint(e, "'davit doctor' tells what this kernel lacks");
	return r;
}

/* Counters are not swappable: as many as the memory could hold containers, within bounds. */
static uint32_t count_slots(void)
{
	struct sysinfo si;
	uint32_t n = SLOTS_MIN;

	if (sysinfo(&si) < 0)
		return n;
	while (n < FILTER_ROWS_MAX &&
	       (uint64_t)n * RAM_PER_SLOT < (uint64_t)si.totalram * si.mem_unit)
		n *= 2;
	return n;
}

static uint32_t slot_size(uint32_t stripe_bits)
{
	uint32_t size = FILTER_SLOT_SIZE_MIN;

	while (size < sizeof(struct filter_slot_head) +
			      ((uint32_t)sizeof(struct filter_stripe) << stripe_bits))
		size *= 2;
	return size;
}

static uint32_t count_stripe_bits(void)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t bits = 0;

	while ((1u << bits) < FILTER_STRIPES_MAX && (1 << bits) < cpus)
		bits++;
	return bits;
}

static int ensure_bpffs(const struct env *env, struct err *e)
{
	struct statfs sfs;
	int r;

	if (statfs(env->bpffs, &sfs) == 0 && sfs.f_type == BPF_FS_MAGIC)
		return 0;
	r = fs_mkdir_parents(AT_FDCWD, env->bpffs, 0700);
	if (r < 0)
		return err_set(e, r, "create '%s'", env->bpffs);
	if (mount("bpf", env->bpffs, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return err_set(e, errno, "mount a bpf file system on '%s'", env->bpffs);
	return 0;
}

/* programs attached to the slice itself, of the types that the set has */
static int count_programs(int slice_fd)
{
	int sum = 0;

	for (const struct bpf_set_link *l = bpf_set_links; l->name; l++) {
		int n = bpf_sys_prog_count(slice_fd, l->attach_type);

		if (n < 0)
			return n;
		sum += n;
	}
	return sum;
}

/*
 * Links without pins that we see belong to a davit with another bpf file system: it judges our
 * containers too and knows none of their rows. The kernel detaches in the background what was
 * unpinned just now.
 */
static int check_alone(const struct env *env, int slice_fd, struct err *e)
{
	int n = count_programs(slice_fd);

	for (int i = 0; i < DETACH_TRIES && n > 0; i++) {
		(void)usleep(DETACH_WAIT_US);
		n = count_programs(slice_fd);
	}
	if (n < 0)
		return err_set(e, n, "query BPF programs of '%s.slice'", env->slice);
	if (n == 0)
		return 0;
	n = err_plain(e, -EBUSY, "'%s.slice' has BPF programs that are not pinned below '%s'",
		      env->slice, env->bpffs);
	err_hint(e,
		 "another mount namespace may have its own: mount a bpf file system on '%s' "
		 "in the first one, or set DAVIT_SLICE",
		 env->bpffs);
	return n;
}

static int pin_maps(struct bpf_object *o, const char *dir, struct err *e)
{
	char path[BPF_SET_PATH_MAX];
	struct bpf_map *m;

	bpf_object__for_each_map(m, o) {
		int r;

		if (bpf_map__is_internal(m))
			continue;
		(void)err_format(path, sizeof(path), "%s/%s", dir, bpf_map__name(m));
		r = bpf_map__pin(m, path);
		if (r < 0)
			return refused(r, "pin BPF map", e);
	}
	return 0;
}

static int link_programs(struct bpf_object *o, int slice_fd, const char *dir, struct err *e)
{
	char path[BPF_SET_PATH_MAX];
	struct bpf_program *p;

	bpf_object__for_each_program(p, o) {
		struct bpf_link *link = bpf_program__attach_cgroup(p, slice_fd);
		int r;

		if (!link)
			return refused(-errno, "attach BPF program to cgroup", e);
		(void)err_format(path, sizeof(path), "%s/%s", dir, bpf_program__name(p));
		r = bpf_link__pin(link, path);
		(void)bpf_link__destroy(link); /* the pin keeps it attached */
		if (r < 0)
			return refused(r, "pin BPF link", e);
	}
	return 0;
}

/* Both objects at once: all maps are pinned and filled before the first program judges. */
static int publish(struct bpf_object *const objects[2], int slice_fd, const char *dir,
		   struct err *e)
{
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++)
		r = pin_maps(objects[i], dir, e);
	for (int i = 0; r == 0 && i < 2; i++)
		r = link_programs(objects[i], slice_fd, dir, e);
	return r;
}

static int write_meta(const struct filter_bpf *f, struct err *e)
{
	struct filter_meta meta = { .magic = FILTER_MAGIC,
				    .slots = bpf_map__max_entries(f->maps.counters),
				    .stripe_bits = f->rodata->stripe_bits,
				    .slot_size = bpf_map__value_size(f->maps.counters) };
	_cleanup_free_ void *slot = calloc(1, meta.slot_size);
	uint32_t key = 0;
	int r = -ENOMEM;

	if (slot) {
		memcpy(slot, &meta, sizeof(meta));
		r = bpf_sys_update(bpf_map__fd(f->maps.counters), &key, slot, BPF_ANY);
	}
	return r < 0 ? err_set(e, r, "describe BPF counters") : 0;
}

static void filter_bpf_destroyp(struct filter_bpf **p)
{
	filter_bpf__destroy(*p);
}

static void device_bpf_destroyp(struct device_bpf **p)
{
	device_bpf__destroy(*p);
}

static int load(int slice_fd, uint32_t level, const char *dir, struct err *e)
{
	_cleanup_(filter_bpf_destroyp) struct filter_bpf *f = filter_bpf__open();
	_cleanup_(device_bpf_destroyp) struct device_bpf *d = device_bpf__open();
	uint32_t bits = count_stripe_bits(), slots = count_slots();
	int r;

	if (!f || !d)
		return refused(-errno, "open BPF programs", e);
	f->rodata->level = level;
	f->rodata->stripe_bits = bits;
	/* since Linux 5.18 */
	f->rodata->has_set_retval = libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
							    BPF_FUNC_set_retval, NULL) == 1;
	/* since Linux 6.1 */
	f->rodata->has_comm = libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
						      BPF_FUNC_get_current_comm, NULL) == 1 &&
			      libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
						      BPF_FUNC_get_current_pid_tgid, NULL) == 1;
	d->rodata->level = level;
	r = bpf_map__set_max_entries(f->maps.counters, slots);
	if (r == 0)
		r = bpf_map__set_value_size(f->maps.counters, slot_size(bits));
	/* a row without a slot is of no use */
	if (r == 0)
		r = bpf_map__set_max_entries(f->maps.rows, slots);
	if (r == 0)
		r = filter_bpf__load(f);
	if (r == 0)
		r = device_bpf__load(d);
	if (r < 0)
		return refused(r, "load BPF programs", e);
	r = write_meta(f, e);
	if (r < 0)
		return r;
	return publish((struct bpf_object *const[2]){ f->obj, d->obj }, slice_fd, dir, e);
}

/* The caller holds the lock. */
static int load_into(const struct env *env, int slice_fd, const char *dir, struct err *e)
{
	char fresh[BPF_SET_PATH_MAX + 8];
	uint32_t level = 0;
	int r = find_level(slice_fd, &level);

	if (r < 0)
		return refused(r, "find the depth of the containers' cgroups", e);
	r = check_alone(env, slice_fd, e);
	if (r < 0)
		return r;
	(void)err_format(fresh, sizeof(fresh), "%s-new", dir);
	r = fs_mkdir_parents(AT_FDCWD, fresh, 0700);
	if (r < 0)
		return err_set(e, r, "create '%s'", fresh);
	r = load(slice_fd, level, fresh, e);
	if (r == 0 && rename(fresh, dir) < 0)
		r = err_set(e, errno, "rename '%s'", fresh);
	if (r < 0)
		(void)fs_remove_tree(AT_FDCWD, fresh, NULL); /* the next loader tries again */
	return r;
}

int load_set(const struct env *env, int slice_fd, struct err *e)
{
	char dir[BPF_SET_PATH_MAX];
	libbpf_print_fn_t before;
	struct stat st;
	int r;

	if (fstat(slice_fd, &st) < 0)
		return err_set(e, errno, "inspect cgroup '%s.slice'", env->slice);
	r = bpf_set_dir(env, st.st_ino, dir, e);
	if (r == 0)
		r = ensure_bpffs(env, e);
	if (r == 0)
		r = bpf_set_clear(env, st.st_ino, e);
	if (r < 0)
		return r;
	before = libbpf_set_print(keep_log);
	r = load_into(env, slice_fd, dir, e);
	(void)libbpf_set_print(before);
	str_done(&load_log);
	return r;
}
