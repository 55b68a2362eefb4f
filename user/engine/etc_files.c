// SPDX-License-Identifier: Apache-2.0
/* /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. */
#include "engine/etc_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "runtime/config.h"

#define ETC_FILE_MAX (4u << 20) /* some hosts have lists of a hundred thousand names */

static void add(struct runtime_config *rc, const char *name, char *text)
{
	rc->etc_files[rc->n_etc_files++] = (struct runtime_file){ name, text };
}

/* A host may have none. */
static int add_of_host(struct runtime_config *rc, const char *name, const char *path, struct err *e)
{
	static char text[ETC_FILE_MAX + 3];
	ssize_t n;

	text[ETC_FILE_MAX + 1] = '\0';
	n = io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n == -ENOENT || n == -ENOTDIR)
		return 0;
	if (n < 0)
		return err_set(e, (int)n, "read '%s' of the host", path);
	/* a byte beyond the last newline, itself perhaps a newline, which does not count in n */
	if (n > (ssize_t)ETC_FILE_MAX || text[ETC_FILE_MAX + 1])
		return err_plain(e, -EFBIG, "'%s' of the host is larger than %u bytes", path,
				 ETC_FILE_MAX);
	add(rc, name, str_printf("%s\n", text));
	return 0;
}

static bool has_own_dev(const struct runtime_config *rc)
{
	for (size_t i = 0; i < rc->n_mounts; i++)
		if (strcmp(rc->mounts[i].target, "/dev") == 0)
			return false;
	return true;
}

/* A file that root inside owns. */
static int write_file(const struct runtime_config *rc, int dir, const struct runtime_file *f, struct err *e)
{
	_cleanup_fd_ int fd = openat(dir, f->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : io_write_full(fd, f->text, strlen(f->text));

	if (r >= 0 && (rc->new_ns & CLONE_NEWUSER) && fchown(fd, rc->id_map.outside, rc->id_map.outside) < 0)
		r = -errno;
	return r < 0 ? err_set(e, r, "write '%s'", f->name) : 0;
}

int etc_files_make(struct runtime_config *rc, int run_fd, const char *run_path, struct err *e)
{
	const char *name = rc->hostname ? rc->hostname : "";
	const char *blank = rc->hostname ? " " : "";
	int r = 0;

	/* the host's names and networks: its own files of the image are as good */
	if (!(rc->new_ns & CLONE_NEWUTS) && !(rc->new_ns & CLONE_NEWNET))
		return 0;
	if (!(rc->new_ns & CLONE_NEWNET))
		r = add_of_host(rc, "hosts", "/etc/hosts", e);
	if (r == 0 && !rc->n_etc_files)
		add(rc, "hosts",
		    str_printf(
			    "127.0.0.1\tlocalhost%s%s\n::1\tlocalhost ip6-localhost ip6-loopback%s%s\n",
			    blank, name, blank, name));
	add(rc, "hostname", str_printf("%s\n", name));
	if (r == 0 && !(rc->new_ns & CLONE_NEWNET))
		r = add_of_host(rc, "resolv.conf", "/etc/resolv.conf", e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rc->n_etc_files; i++)
		if (!rc->etc_files[i].text)
			return err_set(e, ENOMEM, "make '/etc/%s'", rc->etc_files[i].name);
	if (has_own_dev(rc))
		return 0;
	rc->etc_dir = strdup(run_path);
	if (!rc->etc_dir)
		return err_set(e, ENOMEM, "make '/etc/hosts'");
	for (size_t i = 0; i < rc->n_etc_files; i++) {
		r = write_file(rc, run_fd, &rc->etc_files[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}
