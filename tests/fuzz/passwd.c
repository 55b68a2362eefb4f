// SPDX-License-Identifier: Apache-2.0
/* Any bytes as /etc/passwd and /etc/group (cut at the first 0xff): nobody becomes root by them. */
#include "spec/passwd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/str.h"
#include "spec/user_spec.h"

static char directory[] = "/dev/shm/davit-fuzz-XXXXXX";
static int root = -1;

static void remove_all(void)
{
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc/group", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	(void)rmdir(directory);
}

static void put(const char *path, const void *p, size_t n)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || io_write_full(fd, p, n) < 0)
		abort();
	close(fd);
}

static void look_up(const char *user, const struct strv *add)
{
	struct passwd_user u;
	struct user_spec spec;

	if (user_spec_parse(user, &spec, NULL) < 0)
		abort();
	if (passwd_lookup(root, &spec, add, &u, NULL) < 0)
		return;
	if (!u.home || *u.home != '/' || u.n_groups > PASSWD_GROUPS_MAX ||
	    u.uid > USER_SPEC_ID_MAX || u.gid > USER_SPEC_ID_MAX ||
	    (spec.is_uid && u.uid != spec.uid))
		abort();
	passwd_user_done(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char audio[] = "audio";
	static char *names[] = { audio, NULL };
	static const struct strv add = { names, 1 };
	const uint8_t *cut = memchr(data, 0xff, size);
	size_t n = cut ? (size_t)(cut - data) : size;

	if (root < 0) {
		if (!mkdtemp(directory))
			abort();
		root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (root < 0 || mkdirat(root, "etc", 0700) < 0)
			abort();
		atexit(remove_all);
	}
	put("etc/passwd", data, n);
	put("etc/group", cut ? cut + 1 : data, cut ? size - n - 1 : 0);
	look_up("ann", NULL);
	look_up("1000", &add);
	look_up("ann:staff", &add);
	return 0;
}
