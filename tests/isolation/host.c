// SPDX-License-Identifier: Apache-2.0
/* The side that makes the container: canaries, a sibling, the container, a look from outside, report. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "box.h"
#include "bundle.h"
#include "canary.h"
#include "engine.h"
#include "facts.h"
#include "host_facts.h"
#include "inside.h"
#include "job.h"
#include "keeper.h"
#include "null_node.h"
#include "options.h"
#include "probe.h"
#include "process.h"
#include "procs.h"
#include "report.h"

#define VERSION_TIMEOUT_MS 10000
#define END_TIMEOUT_MS 10000
#define ID_PREFIX "davit-probe-"
#define CGROUP_TRIES 300 /* of 10 ms */
#define KEEPER_TRIES 500 /* of 20 ms */

/* one run; in memory that the keeper shares */
struct host {
	struct options options;
	struct job job;
	struct outcomes outcomes;
	struct facts facts;
	struct canaries canaries;
	struct box hold, inside;
	int signal_fd, signal;
	pid_t keeper;
	int64_t end_ms;
	size_t told; /* for the progress */
	bool has_progress, is_late;
};

static int make_token(char *ret)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[TOKEN_LEN];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return complain("get random bytes: %s", strerror(errno));
	for (size_t i = 0; i < TOKEN_LEN; i++)
		ret[i] = digits[bytes[i] & 15];
	ret[TOKEN_LEN] = '\0';
	return 0;
}

static void tell_progress(const struct outcome *row, void *data)
{
	struct host *h = data;

	if (h->has_progress)
		(void)fprintf(stderr, "\r\033[K%s", row->probe->name);
}

static void end_progress(const struct host *h)
{
	if (h->has_progress)
		(void)fprintf(stderr, "\r\033[K");
}

/* What interrupts us comes by a descriptor, so that everything is removed first. */
static int init_signals(struct host *h)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return complain("block signals: %s", strerror(errno));
	h->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (h->signal_fd < 0)
		return complain("signalfd: %s", strerror(errno));
	/* what a killed runtime leaves behind is ours to reap */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	return 0;
}

static int init_engine(struct host *h)
{
	const struct options *o = &h->options;
	struct job *j = &h->job;
	const char *name = o->engine ? o->engine : "davit";

	j->options = o;
	j->engine = o->runtime ? &engine_runtime : engine_find(name);
	if (!j->engine)
		return complain(
			"option '--engine': '%s' is not davit, docker, podman, nspawn or bwrap",
			name);
	if (geteuid() != 0) {
		(void)complain("containers are made as root only");
		return -1;
	}
	if (program_find(o->runtime ? o->runtime :
			 o->program ? o->program :
				      j->engine->program,
			 j->program, sizeof(j->program)) < 0) {
		hint(o->runtime ? "--runtime takes the path of an OCI runtime, like /usr/bin/crun" :
				  "install it, or give its path with --program");
		return -1;
	}
	j->want = (struct want){ .asks = (ASK_ALL | o->with) & j->engine->can,
				 .id_outside = WANT_ID_OUTSIDE,
				 .id_count = WANT_ID_COUNT };
	return 0;
}

static int init_work(struct host *h)
{
	struct job *j = &h->job;
	const char *tmp = getenv("TMPDIR");
	int len;

	if (make_token(h->inside.role.token) < 0 || make_token(h->hold.role.token) < 0)
		return -1;
	len = snprintf(j->work, sizeof(j->work), "%s/davit-probe-%s",
		       tmp && *tmp == '/' ? tmp : "/tmp", h->inside.role.token);
	if (len < 0 || (size_t)len >= sizeof(j->work))
		return complain("TMPDIR is too long");
	(void)snprintf(j->share, sizeof(j->share), "%s/share", j->work);
	(void)snprintf(j->root, sizeof(j->root), "%s/root", j->work);
	(void)snprintf(j->want.hostname, sizeof(j->want.hostname), "probe-%.8s",
		       h->hold.role.token);
	(void)snprintf(j->image, sizeof(j->image), "%s", h->options.image ? h->options.image : "");
	if (!h->options.image)
		(void)snprintf(j->image, sizeof(j->image), "davit-probe-%s", h->hold.role.token);
	h->inside.role.verb = "inside";
	h->hold.role.verb = "hold";
	(void)snprintf(h->inside.role.id, sizeof(h->inside.role.id), ID_PREFIX "%s-i",
		       h->inside.role.token);
	(void)snprintf(h->hold.role.id, sizeof(h->hold.role.id), ID_PREFIX "%s-h",
		       h->inside.role.token);
	if (mkdir(j->work, 0755) < 0 || chmod(j->work, 0755) < 0) {
		(void)complain("create directory '%s': %s", j->work, strerror(errno));
		j->work[0] = '\0';
		return -1;
	}
	return 0;
}

/* Return: 0; -1, complained; -EINTR */
static int wait_done(struct host *h, struct box *b)
{
	struct box *const boxes[] = { &h->hold, &h->inside };

	return box_wait(b, false, boxes, 2, h->end_ms, h->signal_fd, &h->signal);
}

/* beside what it said */
static void hint_start(const struct job *j, const char *said)
{
	struct statfs fs;

	if (strcasestr(said, "cgroup") && strcmp(j->engine->name, "davit") != 0 &&
	    statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC)
		hint("this host has cgroup v1, for which not all are made; scripts/vm runs it on one with "
		     "cgroup v2 alone");
	else
		hint("try it alone: davit-probe makes an ordinary container");
}

static int start_hold(struct host *h)
{
	char socket[64];
	pid_t pid;
	int r;

	if (box_start(&h->hold, &h->job) < 0)
		return -1;
	r = wait_done(h, &h->hold);
	if (r == -EINTR)
		return r;
	if (r < 0) {
		if (r == -ETIMEDOUT)
			(void)complain("'%s' started no container within %d s", h->job.program,
				       h->options.timeout_s);
		else if (!box_complain(&h->hold, h->job.program))
			hint_start(&h->job, h->hold.said);
		return -1;
	}
	pid = process_find(h->hold.role.verb, h->hold.role.token);
	(void)snprintf(socket, sizeof(socket), HOLD_SOCKET "%s", h->hold.role.token);
	if (pid > 0)
		host_facts_sibling(&h->facts, pid, h->hold.role.token, socket);
	return 0;
}

static int save_facts(struct host *h)
{
	char path[WORK_SIZE + 64];
	int r;

	host_facts_clocks(&h->facts);
	(void)snprintf(path, sizeof(path), "%s/" INSIDE_FACTS, h->job.share);
	r = facts_save(&h->facts, path);
	if (r == 0 && chmod(path, 0644) < 0)
		r = -errno;
	host_facts_mounts(&h->facts);
	(void)facts_set(&h->facts, "container.id", "%s", h->inside.role.id);
	(void)facts_set(&h->facts, "container.work", "%s", h->job.work);
	return r < 0 ? complain("write '%s': %s", path, strerror(-r)) : 0;
}

/* What the container did not tell is a failure: it was asked. */
static void fail_rest(struct host *h, const char *why)
{
	for (size_t i = 0; i < h->outcomes.count; i++) {
		struct outcome *row = &h->outcomes.rows[i];

		if (!row->is_chosen || row->is_done || row->group->is_outside)
			continue;
		(void)seen_fail(&row->seen, "%s", why);
		row->is_done = true;
	}
}

/* What there was no time for. What comes of it now is not read: some of it may be half done. */
static void skip_rest(struct host *h)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < h->outcomes.count; i++) {
		struct outcome *row = &h->outcomes.rows[i];

		if (!row->is_chosen || row->group->is_outside)
			continue;
		all++;
		if (row->is_done)
			continue;
		(void)seen_skip(&row->seen, "the time was over before it");
		row->is_done = true;
		n++;
	}
	h->is_late = true;
	h->inside.records.is_closed = true;
	(void)complain("after %d s %zu of %zu probes had not been tried", h->options.timeout_s, n,
		       all);
	hint("--timeout gives it more, --group tries fewer");
}

static bool has_rest(const struct host *h)
{
	for (size_t i = 0; i < h->outcomes.count; i++)
		if (h->outcomes.rows[i].is_chosen && !h->outcomes.rows[i].is_done &&
		    !h->outcomes.rows[i].group->is_outside)
			return true;
	return false;
}

static int run_inside(struct host *h)
{
	pid_t pid;
	int r;

	h->inside.records.outcomes = &h->outcomes;
	h->inside.role.names = h->options.names;
	h->inside.role.n_names = h->options.n_names;
	if (box_start(&h->inside, &h->job) < 0)
		return -1;
	r = wait_done(h, &h->inside);
	if (r == -EINTR)
		return r;
	if (r == -EPIPE && !h->inside.records.told && has_rest(h)) {
		if (!box_complain(&h->inside, h->job.program))
			hint("the sibling of this container did start");
		return -1;
	}
	if (r == -ETIMEDOUT)
		skip_rest(h);
	else if (r < 0)
		fail_rest(h, h->inside.is_over ? "the container wrote too much" :
						 "the container ended before it");
	else
		fail_rest(h, "the container told nothing of it");
	pid = process_find(h->inside.role.verb, h->inside.role.token);
	if (pid > 0)
		(void)facts_set(&h->facts, "container.pid", "%d", (int)pid);
	return 0;
}

/* both containers wait for this file */
static int make_go(const struct host *h)
{
	char path[WORK_SIZE + 64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" INSIDE_GO, h->job.share);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return complain("create '%s': %s", path, strerror(errno));
	(void)close(fd);
	return 0;
}

static int let_go(struct host *h)
{
	struct box *const boxes[] = { &h->hold, &h->inside };
	int64_t end_ms = clock_ms() + END_TIMEOUT_MS;

	if (make_go(h) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		if (box_wait(boxes[i], true, boxes, 2, end_ms, h->signal_fd, &h->signal) == -EINTR)
			return -EINTR;
	return 0;
}

static int run(struct host *h)
{
	int r;

	if (init_work(h) < 0 || bundle_make_share(&h->job) < 0)
		return -1;
	null_node_tell(&h->facts);
	canaries_make(&h->canaries, h->inside.role.token, h->job.work, &h->facts);
	if (h->job.engine->prepare && h->job.engine->prepare(&h->job) < 0)
		return -1;
	host_facts_tell(&h->facts);
	want_tell(&h->job.want, &h->facts);
	r = start_hold(h);
	if (r == 0)
		r = save_facts(h);
	if (r == 0)
		r = run_inside(h);
	if (r < 0)
		return r;
	outcomes_run(&h->outcomes, &h->facts, true, tell_progress, h);
	return let_go(h);
}

/* what is in a cgroup that has our random name is ours */
static void kill_members(const char *cgroup)
{
	char path[4096 + 96], text[32];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	f = fopen(path, "re");
	while (f && fgets(text, sizeof(text), f)) {
		long pid = strtol(text, NULL, 10);

		if (pid > 1)
			(void)kill((pid_t)pid, SIGKILL);
	}
	if (f)
		(void)fclose(f);
}

static void remove_cgroup(const char *path)
{
	const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };

	/* killed processes leave it a moment later */
	for (int i = 0; i < CGROUP_TRIES && rmdir(path) < 0 && errno == EBUSY; i++) {
		kill_members(path);
		(void)nanosleep(&step, NULL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/* A runtime that was killed leaves the cgroups that we named, and its half-made container in them. */
static void remove_cgroups(const char *id)
{
	char line[4096], path[4096 + 64];
	FILE *f;

	/* without a name it would be the top of the hierarchy, and everybody's processes */
	if (strlen(id) < strlen(ID_PREFIX) + TOKEN_LEN ||
	    strncmp(id, ID_PREFIX, strlen(ID_PREFIX)) != 0)
		return;
	f = fopen("/proc/self/mountinfo", "re");
	while (f && fgets(line, sizeof(line), f)) {
		char *point = line;

		if (!strstr(line, " - cgroup"))
			continue;
		for (int i = 0; i < 4 && point; i++) {
			point = strchr(point, ' ');
			point += point != NULL;
		}
		if (!point)
			continue;
		point[strcspn(point, " ")] = '\0';
		(void)snprintf(path, sizeof(path), "%s/%s", point, id);
		remove_cgroup(path);
	}
	if (f)
		(void)fclose(f);
}

static void clean_up(struct host *h)
{
	_cleanup_args_ struct args a = { .n = 0 };
	char said[256];

	box_end(&h->inside, &h->job);
	box_end(&h->hold, &h->job);
	if (h->job.has_made_image) {
		args_add(&a, h->job.program);
		h->job.engine->forget(&h->job, &a);
		(void)process_capture(&a, said, sizeof(said), VERSION_TIMEOUT_MS);
	}
	if (h->job.engine == &engine_runtime && h->inside.was_asked)
		remove_cgroups(h->inside.role.id);
	if (h->job.engine == &engine_runtime && h->hold.was_asked)
		remove_cgroups(h->hold.role.id);
	canaries_remove(&h->canaries);
	if (h->job.work[0])
		bundle_remove(&h->job);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* an engine or another program that we started: nobody else knows the word */
static bool has_word(pid_t pid, const char *word)
{
	static char env[1 << 17];
	int len = read_text(proc_path(pid, "environ"), env, sizeof(env));

	return len > 0 && memmem(env, (size_t)len, word, strlen(word));
}

/* Engines whose container ends clean up, and images are there when they have been imported. What does not end is
 * killed. */
static void wait_for_programs(const struct host *h)
{
	const struct timespec step = { .tv_nsec = 20 * 1000 * 1000 };
	static pid_t pids[PROCS_MAX];

	for (int i = 0; i < KEEPER_TRIES; i++) {
		int n = procs_list(pids, PROCS_MAX), left = 0;

		(void)process_kill(h->inside.role.verb, h->inside.role.token);
		(void)process_kill(h->hold.role.verb, h->hold.role.token);
		for (int k = 0; k < n; k++) {
			if (!has_word(pids[k], h->canaries.word))
				continue;
			left++;
			if (i > KEEPER_TRIES / 2)
				(void)kill(pids[k], SIGKILL);
		}
		if (!left)
			break;
		(void)nanosleep(&step, NULL);
	}
}

/* the host side is dead: what it started is no child of ours, so a number may be another's by now */
static void forget_process(struct box *b)
{
	b->engine = 0;
	b->status = SIGKILL;
	b->out = b->err = -1;
}

static void clean_up_after(void *data)
{
	struct host *h = data;

	h->canaries.process = 0; /* dead as well */
	h->canaries.abstract = h->canaries.tcp = h->canaries.leak = -1;
	if (h->job.work[0])
		(void)make_go(h);
	if (h->canaries.word[0])
		wait_for_programs(h);
	forget_process(&h->inside);
	forget_process(&h->hold);
	clean_up(h);
}

static void get_version(const struct job *j, char *buf, size_t size)
{
	_cleanup_args_ struct args a = { .n = 0 };

	args_add(&a, j->program);
	args_add(&a, "--version");
	if (process_capture(&a, buf, size, VERSION_TIMEOUT_MS) < 0)
		(void)snprintf(buf, size, "unknown version");
	buf[strcspn(buf, "\n")] = '\0';
}

static int init_keeper(struct host *h)
{
	h->keeper = keeper_start(clean_up_after, h);
	return h->keeper < 0 ? complain("fork: %s", strerror(-h->keeper)) : 0;
}

static int report(const struct host *h)
{
	char version[256];
	int r;

	get_version(&h->job, version, sizeof(version));
	r = report_print(&(struct report){ .job = &h->job,
					   .outcomes = &h->outcomes,
					   .facts = &h->facts,
					   .records = &h->inside.records,
					   .version = version },
			 h->options.is_json);
	return r < 0 || h->is_late ? HOST_FAILED : r;
}

static int choose(struct host *h)
{
	const char *unknown;

	if (outcomes_choose(&h->outcomes, h->options.names, h->options.n_names, true, &unknown) ==
	    0)
		return 0;
	(void)complain("there is no probe or group '%s'", unknown);
	hint("--list shows all");
	return -1;
}

static int probe(struct host *h)
{
	int r;

	h->hold.out = h->hold.err = h->inside.out = h->inside.err = -1;
	h->end_ms = clock_ms() + h->options.timeout_s * 1000ll;
	h->has_progress = isatty(STDERR_FILENO);
	r = init_signals(h);
	if (r == 0)
		r = init_engine(h);
	/* before the keeper, which removes mounts of that namespace */
	if (r == 0 && !h->job.engine->is_remote)
		r = null_node_make();
	if (r == 0)
		r = init_keeper(h);
	if (r == 0)
		r = run(h);
	end_progress(h);
	if (h->signal)
		(void)complain("interrupted: what was made is removed");
	clean_up(h);
	keeper_end(h->keeper);
	return r == 0 ? report(h) : r;
}

int host_main(int argc, char *argv[])
{
	struct host *h =
		mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r;

	if (h == MAP_FAILED) {
		(void)complain("no memory");
		return HOST_FAILED;
	}
	r = options_parse(argc, argv, &h->options);
	if (r != 0)
		return r < 0 ? HOST_FAILED : 0;
	if (outcomes_init(&h->outcomes) < 0 || facts_init(&h->facts) < 0) {
		(void)complain("no memory");
		return HOST_FAILED;
	}
	r = choose(h);
	if (r == 0 && h->options.is_list)
		r = report_list(&h->outcomes, h->options.is_json);
	else if (r == 0)
		r = probe(h);
	outcomes_done(&h->outcomes);
	facts_done(&h->facts);
	return h->signal ? 128 + h->signal : r < 0 ? HOST_FAILED : r;
}
