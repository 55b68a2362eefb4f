// SPDX-License-Identifier: Apache-2.0
/* davit-oci checkpoint, restore. */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "oci.h"
#include "runtime/checkpoint.h"

#define DEFAULT_IMAGE "checkpoint" /* below the working directory, as others have it */

struct common_opts {
	char *image_path, *work_path, *manage_cgroups, *network_lock;
	struct strv empty_ns;
	bool tcp_established, tcp_close, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
};

struct checkpoint_opts {
	struct common_opts common;
	char *parent_path, *page_server, *status_fd;
	bool pre_dump, leave_running, tcp_skip_in_flight, link_remap;
};

struct restore_opts {
	struct common_opts common;
	char *bundle, *pid_file, *console_socket, *lsm_profile, *lsm_mount_context;
	bool detach, no_subreaper, no_pivot;
};

/* clang-format off */
static const struct opt common_options[] = {
	OPT_STR(0,  "image-path", struct common_opts, image_path, "DIR", "directory of the image (default: " DEFAULT_IMAGE ")"),
	OPT_STR(0,  "work-path", struct common_opts, work_path, "DIR", "directory of criu's logs (default: the image's)"),
	OPT_BOOL(0, "tcp-established", struct common_opts, tcp_established, "also open TCP connections"),
	OPT_BOOL(0, "tcp-close", struct common_opts, tcp_close, "TCP connections come back closed"),
	OPT_STR(0,  "network-lock", struct common_opts, network_lock, "METHOD", "how connections are held up: iptables (default), nftables, skip"),
	OPT_BOOL(0, "ext-unix-sk", struct common_opts, ext_unix_sk, "also UNIX sockets to the outside"),
	OPT_BOOL(0, "shell-job", struct common_opts, shell_job,   "also jobs of a shell outside"),
	OPT_BOOL(0, "file-locks", struct common_opts, file_locks, "also locks of files"),
	OPT_BOOL(0, "auto-dedup", struct common_opts, auto_dedup, "keep one copy of each page of memory"),
	OPT_BOOL(0, "lazy-pages", struct common_opts, lazy_pages, "refused: memory is whole when a container runs"),
	OPT_STR(0,  "manage-cgroups-mode", struct common_opts, manage_cgroups, "MODE", "soft or ignore: limits are those of config.json"),
	OPT_LIST(0, "empty-ns", struct common_opts, empty_ns, "TYPE", "network: without its devices and addresses"),
	OPT_END
};
static const struct opt checkpoint_options[] = {
	OPT_INCLUDE(common_options, struct checkpoint_opts, common),
	OPT_STR(0,  "parent-path", struct checkpoint_opts, parent_path, "DIR", "an earlier --pre-dump, relative to the image"),
	OPT_BOOL(0, "pre-dump", struct checkpoint_opts, pre_dump, "only memory; the container runs on"),
	OPT_BOOL('R', "leave-running", struct checkpoint_opts, leave_running, "the container runs on"),
	OPT_BOOL(0, "tcp-skip-in-flight", struct checkpoint_opts, tcp_skip_in_flight, "leave out TCP connections that are being made"),
	OPT_BOOL(0, "link-remap", struct checkpoint_opts, link_remap, "keep open files that have lost their name, by another one"),
	OPT_STR(0,  "page-server", struct checkpoint_opts, page_server, "ADDRESS:PORT", "send memory to a `criu page-server`"),
	OPT_STR(0,  "status-fd", struct checkpoint_opts, status_fd, "N", "criu writes a NUL to descriptor N when it is ready"),
	OPT_END
};
static const struct opt restore_options[] = {
	OPT_INCLUDE(common_options, struct restore_opts, common),
	OPT_STR('b',  "bundle", struct restore_opts, bundle, "DIR", "the bundle (default: the working directory)"),
	OPT_STR(0,    "pid-file", struct restore_opts, pid_file, "FILE", "write the process' pid to FILE"),
	OPT_STR(0,    "console-socket", struct restore_opts, console_socket, "PATH", "refused: criu cannot give a terminal back"),
	OPT_BOOL('d', "detach", struct restore_opts, detach,      "do not wait for the container's end"),
	OPT_BOOL(0,   "no-subreaper", struct restore_opts, no_subreaper, "accepted; davit-oci never is one"),
	OPT_BOOL(0,   "no-pivot", struct restore_opts, no_pivot,  "refused: criu uses pivot_root(2)"),
	OPT_STR(0,    "lsm-profile", struct restore_opts, lsm_profile, "TYPE:NAME", "another AppArmor or SELinux label of processes"),
	OPT_STR(0,    "lsm-mount-context", struct restore_opts, lsm_mount_context, "CONTEXT", "another SELinux label of mounts"),
	OPT_END
};
/* clang-format on */

static const char *const network_locks[] = { "iptables", "nftables", "skip", NULL };
static const char *const cgroup_modes[] = { "soft", "ignore", NULL };

static bool is_one_of(const char *const *words, const char *word)
{
	while (*words && !str_eq(*words, word))
		words++;
	return *words;
}

static int read_common(const struct oci_env *env, const struct common_opts *o,
		       struct criu_options *ret, struct err *e)
{
	*ret = (struct criu_options){
		.program = env->criu,
		.image_path = o->image_path ? o->image_path : DEFAULT_IMAGE,
		.work_path = o->work_path,
		.tcp_established = o->tcp_established,
		.tcp_close = o->tcp_close,
		.network_lock = o->network_lock,
		.ext_unix_sk = o->ext_unix_sk,
		.shell_job = o->shell_job,
		.file_locks = o->file_locks,
		.auto_dedup = o->auto_dedup,
		.empty_network = o->empty_ns.n,
	};
	if (o->lazy_pages)
		return err_plain(e, -EOPNOTSUPP, "option '--lazy-pages' is not supported");
	if (o->network_lock && !is_one_of(network_locks, o->network_lock))
		return err_plain(e, -EINVAL,
				 "option '--network-lock': '%s' is not iptables, nftables or skip",
				 o->network_lock);
	for (size_t i = 0; i < o->empty_ns.n; i++)
		if (!str_eq(o->empty_ns.v[i], "network"))
			return err_plain(
				e, -EOPNOTSUPP,
				"option '--empty-ns': '%s' is not network, all that criu knows",
				o->empty_ns.v[i]);
	if (!o->manage_cgroups || is_one_of(cgroup_modes, o->manage_cgroups))
		return 0;
	return err_plain(
		e, -EOPNOTSUPP,
		"option '--manage-cgroups-mode': '%s' is not soft or ignore: limits are those of config.json",
		o->manage_cgroups);
}

static int read_status_fd(const char *text, int *ret, struct err *e)
{
	uint32_t fd;

	*ret = -1;
	if (!text)
		return 0;
	if (fmt_parse_u32(text, &fd) < 0 || fd > INT32_MAX || fcntl((int)fd, F_GETFD) < 0)
		return err_plain(e, -EBADF, "option '--status-fd': '%s' is no open descriptor",
				 text);
	*ret = (int)fd;
	return 0;
}

static int checkpoint_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct checkpoint_opts *o = opts;
	const struct oci_env *env = data;
	struct checkpoint_options c = { .parent_path = o->parent_path,
					.page_server = o->page_server,
					.pre_dump = o->pre_dump,
					.leave_running = o->leave_running,
					.tcp_skip_in_flight = o->tcp_skip_in_flight,
					.link_remap = o->link_remap };
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	_cleanup_fd_ int dir = -1;
	int s = read_common(env, &o->common, &c.common, e);

	(void)argc;
	if (s == 0)
		s = read_status_fd(o->status_fd, &c.status_fd, e);
	if (s < 0)
		return s;
	dir = record_open(env->root, argv[0], e);
	if (dir < 0)
		return dir;
	s = record_read(dir, argv[0], &r, e);
	return s < 0 ? s : container_checkpoint(&r, env->root, &c, e);
}

static int restore_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct restore_opts *o = opts;
	const struct oci_env *env = data;
	struct restore_options x = { .create = { .root = env->root,
						 .id = argv[0],
						 .bundle = o->bundle,
						 .cgroups = env->cgroups,
						 .console_socket = o->console_socket,
						 .pid_file = o->pid_file,
						 .bpffs = env->bpffs },
				     .lsm_profile = o->lsm_profile,
				     .lsm_mount_context = o->lsm_mount_context };
	struct created c;
	int r = read_common(env, &o->common, &x.common, e), status = 0;

	(void)argc;
	if (r == 0 && o->no_pivot)
		r = err_plain(e, -EOPNOTSUPP,
			      "option '--no-pivot' is not supported: criu uses pivot_root(2)");
	if (r == 0)
		r = container_restore(&x, &c, e);
	if (r < 0)
		return r;
	record_unlock(c.dirfd); /* others may look at it and end it */
	if (!o->detach) {
		status = oci_wait(c.child.pidfd, e);
		r = container_delete_child(&c, env->root, status < 0 ? NULL : e);
		r = status < 0 ? 0 : oci_deleted(r, e);
	}
	created_done(&c);
	return status < 0 ? status : r < 0 ? r : status;
}

const struct command cmd_checkpoint = { .name = "checkpoint",
					.summary = "write a running container to files, by criu",
					.usage = "ID",
					.main = checkpoint_main,
					.options = checkpoint_options,
					COMMAND_OPTS(struct checkpoint_opts),
					.min_args = 1,
					.max_args = 1 };
const struct command cmd_restore = { .name = "restore",
				     .summary = "make a container from such files and a bundle",
				     .usage = "ID",
				     .main = restore_main,
				     .options = restore_options,
				     COMMAND_OPTS(struct restore_opts),
				     .min_args = 1,
				     .max_args = 1 };
