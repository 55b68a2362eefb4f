// SPDX-License-Identifier: Apache-2.0
/* What a container is made of: an empty root, the shared directory, an OCI bundle. */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "inside.h"
#include "job.h"
#include "process.h"

#define REMOVE_FDS 16

static int write_file(const char *dir, const char *name, const char *text)
{
	char path[WORK_SIZE + 64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wxe");
	if (!f)
		return complain("create '%s': %s", path, strerror(errno));
	(void)fputs(text, f);
	return fclose(f) == 0 ? 0 : complain("write '%s': %s", path, strerror(errno));
}

static int make_dir(const char *dir, const char *name)
{
	char path[WORK_SIZE + 64];

	(void)snprintf(path, sizeof(path), "%s%s%s", dir, *name && *name != '/' ? "/" : "", name);
	if (mkdir(path, 0755) < 0)
		return complain("create directory '%s': %s", path, strerror(errno));
	/* whatever our umask: a container in a user namespace has to get through */
	return chmod(path, 0755) < 0 ? complain("change mode of '%s': %s", path, strerror(errno)) :
				       0;
}

static int mount_root(const struct job *j)
{
	if (mount("davit-probe", j->root, "tmpfs", 0, "mode=0755,size=16m") < 0)
		return complain("mount a tmpfs on '%s': %s", j->root, strerror(errno));
	return 0;
}

int bundle_make_root(const struct job *j)
{
	/* usr is what systemd-nspawn knows a tree by */
	static const char *const dirs[] = { "/dev", "/etc", "/proc", "/root", "/run",
					    "/sys", "/tmp", "/usr",  "/var",  INSIDE_DIR };

	if (make_dir(j->root, "") < 0 || (j->engine->takes_root && mount_root(j) < 0))
		return -1;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (make_dir(j->root, dirs[i]) < 0)
			return -1;
	if (write_file(j->root, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n") < 0 ||
	    write_file(j->root, "etc/group", "root:x:0:\n") < 0)
		return -1;
	return 0;
}

int bundle_make_share(const struct job *j)
{
	char path[WORK_SIZE + 64];
	struct stat st;
	off_t done = 0;
	int in, out, r = 0;

	if (make_dir(j->share, "") < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/davit-probe", j->share);
	in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (in < 0 || out < 0 || fstat(in, &st) < 0 || fchmod(out, 0755) < 0)
		r = -1;
	while (r == 0 && done < st.st_size)
		if (sendfile(out, in, &done, (size_t)(st.st_size - done)) <= 0)
			r = -1;
	if (r < 0)
		(void)complain("copy davit-probe to '%s': %s", path, strerror(errno));
	if (in >= 0)
		(void)close(in);
	if (out >= 0)
		(void)close(out);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path); /* what stays makes the directory stay, which tests look for */
	return 0;
}

void bundle_remove(const struct job *j)
{
	(void)umount2(j->root, MNT_DETACH); /* EINVAL where it is none */
	(void)nftw(j->work, remove_one, REMOVE_FDS, FTW_DEPTH | FTW_MOUNT | FTW_PHYS);
}
