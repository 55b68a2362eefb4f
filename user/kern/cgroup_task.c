// SPDX-License-Identifier: Apache-2.0
/* The processes of a cgroup: list, signal, freeze, kill; walking and removing sub-cgroups. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup_impl.h"

#define FREEZE_MS 5000
#define KILL_ROUNDS 200u
#define CGROUP_MEMBER_MAX 4096u /* longest /proc/PID/cgroup */
#define PROCS_MAX (64u << 20) /* longest cgroup.procs: four million processes */

/* Next sub-directory of @d, NULL at the end. */
static const char *next_dir(DIR *d)
{
	for (struct dirent *de; (de = readdir(d));)
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			return de->d_name;
	return NULL;
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV; /* ENODEV: files of a removed directory */
}

int cgroup_walk(int fd, int (*visit)(int fd, void *data), void *data, unsigned int depth)
{
	_cleanup_dir_ DIR *d = fdopendir(fd);
	int r;

	if (!d) {
		r = -errno;
		(void)fd_close(fd);
		return r;
	}
	r = visit(fd, data);
	if (r < 0)
		return is_gone(r) ? 0 : r;
	for (const char *name; (name = next_dir(d));) {
		int sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (sub < 0 && is_gone(-errno))
			continue;
		if (sub < 0)
			return -errno;
		if (depth == 0) {
			(void)fd_close(sub);
			return -ELOOP;
		}
		r = cgroup_walk(sub, visit, data, depth - 1);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Name of a sub-directory of @fd into @name. Return: 1, 0 when there is none, -errno. */
static int first_dir(int fd, char name[static 256])
{
	_cleanup_dir_ DIR *d = NULL;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *found;

	if (copy < 0)
		return -errno;
	d = fdopendir(copy);
	if (!d) {
		int r = -errno;

		(void)fd_close(copy);
		return r;
	}
	found = next_dir(d);
	if (found)
		err_format(name, 256, "%s", found);
	return found != NULL;
}

/* Goes down to a leaf and back up by "..", so that no depth costs descriptors or stack. */
int cgroup_remove_below(int fd)
{
	_cleanup_fd_ int cur = fd;
	size_t depth = 0;
	bool was_leaf = false;

	for (;;) {
		char name[256];
		int next, r = first_dir(cur, name);

		if (r < 0)
			return r;
		if (r == 0 && depth == 0)
			return 0;
		if (r > 0 && (unlinkat(cur, name, AT_REMOVEDIR) == 0 || errno == ENOENT)) {
			was_leaf = false;
			continue;
		}
		if (r > 0 && errno != EBUSY)
			return -errno;
		if (r > 0 && was_leaf)
			return -EBUSY; /* it has no sub-directory: it has members */
		next = openat(cur, r > 0 ? name : "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -errno;
		depth = r > 0 ? depth + 1 : depth - 1;
		was_leaf = r == 0;
		(void)close(cur);
		cur = next;
	}
}

int cgroup_track_fd(const struct cgroup *cg, struct err *e)
{
	char path[CGROUP_PATH_MAX];
	int fd;

	if (cg->fd >= 0)
		fd = openat(cg->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else
		fd = open(cgroup_v1_path(path, cgroup_v1_tracker(), cg->slice, cg->id, NULL),
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open cgroup '%s'", cg->id) : fd;
}

int cgroup_member_fd(struct cgroup *cg, pid_t pid, int *ret, struct err *e)
{
	char own[CGROUP_PATH_MAX], proc[32], text[CGROUP_MEMBER_MAX];
	const char *line, *prefix;
	ssize_t n = cg->fd < 0 ?
			    0 :
			    io_read_small(cg->fd, "cgroup.subtree_control", text, sizeof(text));
	int fd;

	*ret = -1;
	if (n <= 0)
		return 0; /* whatever is wrong is told by who enters */
	err_format(proc, sizeof(proc), "/proc/%d/cgroup", pid);
	n = io_read_small(-1, proc, text, sizeof(text));
	if (n < 0)
		return err_set(e, (int)n, "read '%s'", proc);
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	prefix = cgroup_v2_path(own, cg->slice, cg->id) + strlen(cgroup_v2_root());
	if (!line)
		return 0;
	line = strchr(line, '/');
	if (!line || !str_starts(line, prefix) || line[strlen(prefix)] != '/')
		return 0;
	line += strlen(prefix) + 1;
	fd = openat(cg->fd, line, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open cgroup '%s' of '%s'", line, cg->id);
	*ret = fd;
	return 0;
}

struct pid_list {
	pid_t *v;
	size_t n, cap;
};

static int add_pid(struct pid_list *l, pid_t pid)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		pid_t *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = pid;
	return 0;
}

static int add_procs(int fd, void *data)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int procs = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char *p;
	int r;

	if (procs < 0)
		return -errno;
	r = io_read_fd(procs, PROCS_MAX, &text, NULL);
	/* a threaded sub-cgroup: its processes are listed by the domain above */
	if (r == -EOPNOTSUPP)
		return 0;
	p = text;
	while (r == 0 && *p) {
		long pid = strtol(p, &p, 10);

		p += *p == '\n';
		/* 0: of a pid namespace that this process cannot see into */
		if (pid > 0)
			r = add_pid(data, (pid_t)pid);
	}
	return r;
}

int cgroup_pids(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct pid_list l = { .v = NULL };
	int fd = cgroup_track_fd(cg, e), r;

	if (fd < 0)
		return fd;
	r = cgroup_walk(fd, add_procs, &l, CGROUP_DEPTH_MAX);
	if (r < 0) {
		free(l.v);
		return err_set(e, r, "list processes of cgroup '%s'", cg->id);
	}
	*ret = l.v;
	*ret_n = l.n;
	return 0;
}

/* Return: number of processes signalled, or -errno */
static int signal_all(struct cgroup *cg, int sig, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t n = 0;
	int r = cgroup_pids(cg, &pids, &n, e), count = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (kill(pids[i], sig) == 0)
			count++;
		else if (errno != ESRCH)
			r = err_set(e, errno, "send signal %d to process %d", sig, pids[i]);
	}
	return r < 0 ? r : count;
}

int cgroup_signal(struct cgroup *cg, int sig, struct err *e)
{
	int r = signal_all(cg, sig, e);

	if (r == -ENOENT) { /* gone with all that was in it */
		err_clear(e);
		return 0;
	}
	return r < 0 ? r : 0;
}

static int activity_v1(struct cgroup *cg, struct err *e)
{
	_cleanup_free_ pid_t *pids = NULL;
	char path[CGROUP_PATH_MAX], text[32];
	size_t n = 0;
	int r = cgroup_pids(cg, &pids, &n, e);

	if (r < 0 || n == 0)
		return r < 0 ? r : CGROUP_EMPTY;
	cgroup_v1_path(path, CGROUP_FREEZER, cg->slice, cg->id, "freezer.state");
	/* without the freezer nothing is frozen */
	return io_read_small(-1, path, text, sizeof(text)) > 0 && str_eq(text, "FROZEN") ? CGROUP_FROZEN :
											   CGROUP_ACTIVE;
}

int cgroup_activity(struct cgroup *cg, struct err *e)
{
	uint64_t populated, frozen;
	char text[256];
	int r;

	if (cg->fd < 0)
		return activity_v1(cg, e);
	r = (int)io_read_small(cg->fd, "cgroup.events", text, sizeof(text));
	if (r == -ENODEV)
		r = -ENOENT;
	if (r >= 0 && (!cgroup_flat_value(text, "populated", &populated) ||
		       !cgroup_flat_value(text, "frozen", &frozen)))
		r = -ENODATA;
	if (r < 0)
		return err_set(e, r, "read 'cgroup.events' of cgroup '%s'", cg->id);
	return !populated ? CGROUP_EMPTY : frozen ? CGROUP_FROZEN : CGROUP_ACTIVE;
}

/*
 * The directory above @path, which most of those that are looked at have in common: from the second time on the kernel has
 * that much less to walk. Kept for our life. Return: descriptor, with the rest of the path in *@ret; -errno.
 */
static int look_from(const char *path, const char **ret)
{
	static char parent[CGROUP_PATH_MAX];
	static int parent_fd = -1;
	const char *name = strrchr(path, '/');
	size_t n = name ? (size_t)(name - path) : 0;
	int rootfd = cgroup_v2_rootfd();

	*ret = path + strspn(path, "/");
	if (rootfd < 0 || n < 2 || n >= sizeof(parent))
		return rootfd;
	if (strncmp(parent, path, n) != 0 || parent[n]) {
		memcpy(parent, path, n);
		parent[n] = '\0';
		parent_fd = fd_close(parent_fd);
		return rootfd;
	}
	if (parent_fd < 0)
		parent_fd = openat(rootfd, parent + strspn(parent, "/"),
				   O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent_fd < 0)
		return rootfd;
	*ret = name + 1;
	return parent_fd;
}

bool cgroup_is_frozen(const char *path)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	char file[CGROUP_PATH_MAX], text[256];
	uint64_t frozen = 0;
	const char *rest;
	int from;

	if (!cgroup_v2_root())
		return cgroup_open_path(path, &cg, NULL) == 0 && cgroup_activity(cg, NULL) == CGROUP_FROZEN;
	from = look_from(path, &rest);
	(void)err_format(file, sizeof(file), "%s/cgroup.events", rest);
	return from >= 0 && io_read_small(from, file, text, sizeof(text)) > 0 &&
	       cgroup_flat_value(text, "frozen", &frozen) && frozen;
}

bool cgroup_frozen_can_die(void)
{
	return cgroup_v2_root() != NULL;
}

int cgroup_is_populated(struct cgroup *cg, struct err *e)
{
	int r = cgroup_activity(cg, e);

	return r < 0 ? r : r != CGROUP_EMPTY;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int wait_frozen_v2(struct cgroup *cg, bool freeze)
{
	_cleanup_fd_ int fd = openat(cg->fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = now_ms() + FREEZE_MS;

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		int64_t left = end - now_ms();
		char text[256];
		uint64_t frozen = 0;
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (!cgroup_flat_value(text, "frozen", &frozen))
			return -ENODATA;
		if ((frozen != 0) == freeze)
			return 0;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
	}
}

static int freeze_v1(struct cgroup *cg, bool freeze)
{
	const char *want = freeze ? "FROZEN" : "THAWED";
	int64_t end = now_ms() + FREEZE_MS;
	char path[CGROUP_PATH_MAX];

	cgroup_v1_path(path, CGROUP_FREEZER, cg->slice, cg->id, "freezer.state");
	for (;;) {
		struct timespec pause = { .tv_nsec = 1000000 };
		char text[32];
		ssize_t n;
		/* written again each time: a task that forked meanwhile is caught by the next write */
		int r = io_write_file(-1, path, want);

		if (r < 0)
			return r;
		n = io_read_small(-1, path, text, sizeof(text));
		if (n < 0)
			return (int)n;
		if (strcmp(text, want) == 0)
			return 0;
		if (now_ms() > end)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
}

static int set_frozen(struct cgroup *cg, bool freeze)
{
	int r;

	if (cg->fd < 0)
		return freeze_v1(cg, freeze);
	r = io_write_file(cg->fd, "cgroup.freeze", freeze ? "1" : "0");
	return r < 0 ? r : wait_frozen_v2(cg, freeze);
}

int cgroup_is_freezing(struct cgroup *cg, struct err *e)
{
	char path[CGROUP_PATH_MAX], text[8];
	int r;

	if (cg->fd < 0 && cgroup_v1_tracker() != CGROUP_FREEZER)
		return 0;
	if (cg->fd < 0)
		cgroup_v1_path(path, CGROUP_FREEZER, cg->slice, cg->id, "freezer.self_freezing");
	r = (int)(cg->fd < 0 ? io_read_small(-1, path, text, sizeof(text)) :
			       io_read_small(cg->fd, "cgroup.freeze", text, sizeof(text)));
	if (r < 0)
		return err_set(e, r == -ENODEV ? -ENOENT : r, "look whether cgroup '%s' is frozen", cg->id);
	return text[0] == '1';
}

int cgroup_freeze(struct cgroup *cg, bool freeze, struct err *e)
{
	int r;

	if (cg->fd < 0 && cgroup_v1_tracker() != CGROUP_FREEZER)
		return cgroup_controller_missing(cgroup_v1_name(CGROUP_FREEZER), e);
	r = set_frozen(cg, freeze);
	if (r == -ETIMEDOUT && freeze)
		(void)set_frozen(cg, false); /* half frozen helps nobody */
	if (r == -ENODEV)
		r = -ENOENT;
	if (r < 0)
		err_set(e, r, "%s cgroup '%s'", freeze ? "freeze" : "thaw", cg->id);
	if (r == -ETIMEDOUT && !freeze)
		err_hint(e, "the cgroup above it may be frozen");
	else if (r == -ETIMEDOUT)
		err_hint(e, "a process of it hangs in the kernel (state D)");
	return r;
}

/* Did a file of the directory fail with @r because there is no directory any more? */
static bool is_removed(const struct cgroup *cg, int r)
{
	return r == -ENOENT && faccessat(cg->fd, "cgroup.procs", F_OK, 0) < 0 && errno == ENOENT;
}

int cgroup_kill(struct cgroup *cg, struct err *e)
{
	bool is_frozen = false;
	int r = cg->fd < 0 ? -ENOENT : io_write_file(cg->fd, "cgroup.kill", "1");

	/* systemd removes what it has made as soon as it is empty */
	if (r == 0 || (cg->fd >= 0 && (r == -ENODEV || is_removed(cg, r))))
		return 0; /* killed, or gone with all that was in it */
	if (cg->fd >= 0)
		return err_set(e, r, "kill cgroup '%s'", cg->id);
	/* v1: frozen, nobody can fork away; without the freezer, until nobody is left */
	if (cgroup_v1_tracker() == CGROUP_FREEZER)
		is_frozen = freeze_v1(cg, true) == 0;
	for (unsigned int i = 0; i < KILL_ROUNDS; i++) {
		struct timespec pause = { .tv_nsec = 1000000 };

		r = signal_all(cg, SIGKILL, e);
		if (r == -ENOENT) {
			err_clear(e);
			return 0;
		}
		/* always: a killed task must run to die, and freezing may have been half done */
		if (cgroup_v1_tracker() == CGROUP_FREEZER)
			(void)freeze_v1(cg, false);
		if (r <= 0 || is_frozen)
			return r < 0 ? r : 0;
		(void)nanosleep(&pause, NULL);
	}
	return err_plain(e, -EAGAIN, "cgroup '%s' forks faster than it can be killed", cg->id);
}
