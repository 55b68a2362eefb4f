// SPDX-License-Identifier: Apache-2.0
/* Engines with images and the options of Docker; the table of all. */
#include "engine.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "args.h"
#include "bundle.h"
#include "engines.h"
#include "inside.h"
#include "job.h"
#include "options.h"
#include "process.h"

#define IMPORT_TIMEOUT_MS 60000
#define PODMAN_NPROC 32768

/* run @a, which is not a container. Return: 0; -1, complained with what it said */
static int run_command(const struct args *a, const char *what)
{
	char said[1024];
	int r = process_capture(a, said, sizeof(said), IMPORT_TIMEOUT_MS);

	said[strcspn(said, "\n")] = '\0';
	if (r < 0)
		return complain("%s by '%s': %s", what, a->v[0], strerror(-r));
	return WIFEXITED(r) && WEXITSTATUS(r) == 0 ?
		       0 :
		       complain("%s by '%s': %s", what, a->v[0], *said ? said : "it failed");
}

/* "import DIR NAME", or of an archive */
static int import_image(struct job *j, const char *source)
{
	_cleanup_args_ struct args a = { .n = 0 };

	args_add(&a, j->program);
	args_add(&a, "import");
	args_add(&a, source);
	args_add(&a, j->image);
	j->has_made_image = true; /* it may be, even if we do not live to see it */
	return run_command(&a, "import an empty image");
}

static int prepare_dir(struct job *j)
{
	if (j->options->image)
		return 0;
	return bundle_make_root(j) < 0 ? -1 : import_image(j, j->root);
}

static int prepare_archive(struct job *j)
{
	_cleanup_args_ struct args a = { .n = 0 };
	char tar[WORK_SIZE + 64];

	if (j->options->image)
		return 0;
	if (bundle_make_root(j) < 0 || program_find("tar", tar, sizeof(tar)) < 0)
		return -1;
	args_add(&a, tar);
	args_add(&a, "-cf");
	args_addf(&a, "%s/root.tar", j->work);
	args_add(&a, "-C");
	args_add(&a, j->root);
	args_add(&a, ".");
	if (run_command(&a, "pack an empty image") < 0)
		return -1;
	return import_image(j, a.v[2]);
}

/* a directory is run as it is */
static int prepare_rootfs(struct job *j)
{
	return j->options->image ? 0 : bundle_make_root(j);
}

/* what all three spell alike */
static void add_common(const struct job *j, const struct role *r, struct args *a)
{
	args_add(a, "run");
	args_add(a, "--rm");
	args_addf(a, "--name=%s", r->id);
	args_addf(a, "--hostname=%s", j->want.hostname);
	args_add(a, "--user=0:0");
	args_add(a, "--workdir=/");
	args_add(a, "--read-only");
	args_addf(a, "--tmpfs=/tmp:rw,exec,suid,nodev,mode=1777,size=%llu", WANT_TMP_SIZE);
	args_addf(a, "--volume=%s:" INSIDE_DIR ":ro", j->share);
	args_add(a, "--cgroupns=private");
	args_add(a, "--cap-drop=ALL");
	for (const struct want_cap *c = want_caps; c->name; c++)
		args_addf(a, "--cap-add=%s", c->name + strlen("CAP_"));
	args_add(a, "--security-opt=no-new-privileges");
	args_addf(a, "--memory=%llu", WANT_MEMORY);
	args_addf(a, "--pids-limit=%d", WANT_PIDS);
	args_addf(a, "--cpus=%d.%03d", WANT_CPU / 1000, WANT_CPU % 1000);
	args_addf(a, "--ulimit=nofile=%d:%d", WANT_NOFILE_SOFT, WANT_NOFILE_HARD);
	args_add(a, "--entrypoint=" INSIDE_DIR "/davit-probe");
}

static void add_arguments(const struct role *r, struct args *a)
{
	args_add(a, r->verb);
	args_add(a, INSIDE_DIR);
	args_add(a, r->token);
	for (size_t i = 0; i < r->n_names; i++)
		args_add(a, r->names[i]);
}

static int run_davit(const struct job *j, const struct role *r, struct args *a)
{
	add_common(j, r, a);
	args_add(a, "--network=private");
	args_add(a, "--log-driver=none");
	if (j->want.asks & ASK_USER)
		args_addf(a, "--userns=0:%u:%u", j->want.id_outside, j->want.id_count);
	if (j->want.asks & ASK_TIME) {
		args_add(a, "--timens=private");
		args_addf(a, "--time-offset=monotonic=%d,boottime=%d", WANT_TIME_MONOTONIC,
			  WANT_TIME_BOOTTIME);
	}
	args_add(a, j->image);
	add_arguments(r, a);
	return 0;
}

static int run_docker(const struct job *j, const struct role *r, struct args *a)
{
	add_common(j, r, a);
	args_add(a, "--network=none");
	args_add(a, "--log-driver=none");
	args_add(a, j->image);
	add_arguments(r, a);
	return 0;
}

/* podman would raise the number of processes to the kernel's largest, which not every root may */
static void keep_nproc(struct args *a)
{
	struct rlimit now;
	unsigned long long most = PODMAN_NPROC;

	if (getrlimit(RLIMIT_NPROC, &now) == 0 && now.rlim_max < PODMAN_NPROC)
		most = now.rlim_max;
	args_addf(a, "--ulimit=nproc=%llu:%llu", most, most);
}

static int run_podman(const struct job *j, const struct role *r, struct args *a)
{
	char masks[1024] = "";
	size_t len = 0;

	for (size_t i = 0; want_masked[i] && len < sizeof(masks); i++)
		len += (size_t)snprintf(masks + len, sizeof(masks) - len, "%s%s", i ? ":" : "",
					want_masked[i]);
	add_common(j, r, a);
	args_add(a, "--network=none");
	args_add(a, "--log-driver=none");
	keep_nproc(a);
	args_add(a, "--read-only-tmpfs=false"); /* it would have a /run and /var/tmp of its own */
	args_addf(a, "--security-opt=mask=%s", masks);
	if (j->want.asks & ASK_USER)
		for (int i = 0; i < 2; i++)
			args_addf(a, "--%sidmap=0:%u:%u", i ? "g" : "u", j->want.id_outside,
				  j->want.id_count);
	args_add(a, j->image);
	add_arguments(r, a);
	return 0;
}

static void remove_by_name(const struct job *j, const struct role *r, struct args *a)
{
	(void)j;
	args_add(a, "rm");
	args_add(a, "-f");
	args_add(a, r->id);
}

static void forget_image(const struct job *j, struct args *a)
{
	args_add(a, "rmi");
	args_add(a, j->image);
}

/* clang-format off */
static const struct engine engines[] = {
	{
		.name = "davit", .program = "davit",
		.can = ASK_ALL | ASK_OPTIONAL,
		.prepare = prepare_dir, .run = run_davit, .remove = remove_by_name, .forget = forget_image,
	}, {
		.name = "docker", .program = "docker", .is_remote = true,
		.can = ASK_ALL,
		.cannot = "the daemon decides on user namespaces, and nothing on clocks",
		.prepare = prepare_archive, .run = run_docker, .remove = remove_by_name, .forget = forget_image,
	}, {
		.name = "podman", .program = "podman",
		.can = ASK_ALL | ASK_USER,
		.cannot = "it has no option",
		.prepare = prepare_archive, .run = run_podman, .remove = remove_by_name, .forget = forget_image,
	}, {
		.name = "nspawn", .program = "systemd-nspawn", .takes_root = true,
		/* it has lists of paths of its own instead of options: they are held to the same standard */
		.can = ASK_USER | ASK_CGROUP_NS | ASK_NOFILE | ASK_SECCOMP | ASK_NO_NEW_PRIVS | ASK_MASKED |
		       ASK_READONLY | ASK_CAPS | ASK_HOSTNAME | ASK_READONLY_ROOT,
		.cannot = "it leaves limits to the units of systemd",
		.prepare = prepare_rootfs, .run = engine_run_nspawn,
	}, {
		.name = "bwrap", .program = "bwrap", .takes_root = true,
		.can = ASK_CGROUP_NS | ASK_NO_NEW_PRIVS | ASK_MASKED | ASK_READONLY | ASK_CAPS | ASK_HOSTNAME |
		       ASK_READONLY_ROOT,
		.cannot = "it has no option",
		.prepare = prepare_rootfs, .run = engine_run_bwrap,
	},
};
/* clang-format on */
#define ENGINES (sizeof(engines) / sizeof(engines[0]))

const struct engine *engine_find(const char *name)
{
	for (size_t i = 0; i < ENGINES; i++)
		if (strcmp(engines[i].name, name) == 0)
			return &engines[i];
	return NULL;
}

void engine_cannot(const struct engine *e, char *buf, size_t size)
{
	size_t len = 0;

	*buf = '\0';
	for (unsigned int bit = 1; ask_name(bit); bit <<= 1)
		if (!(e->can & bit) && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
						ask_name(bit));
}
