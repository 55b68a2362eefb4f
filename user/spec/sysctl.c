// SPDX-License-Identifier: Apache-2.0
/* --sysctl KEY=VALUE */
#include "spec/sysctl.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/* clang-format off */
/* Parameters that a namespace owns; a path that ends in '/' stands for all below it. */
static const struct {
	const char *path;
	unsigned long ns;
} owned[] = {
	{ "fs/mqueue/",              CLONE_NEWIPC },
	{ "kernel/domainname",       CLONE_NEWUTS },
	{ "kernel/msgmax",           CLONE_NEWIPC },
	{ "kernel/msgmnb",           CLONE_NEWIPC },
	{ "kernel/msgmni",           CLONE_NEWIPC },
	{ "kernel/sem",              CLONE_NEWIPC },
	{ "kernel/shm_rmid_forced",  CLONE_NEWIPC },
	{ "kernel/shmall",           CLONE_NEWIPC },
	{ "kernel/shmmax",           CLONE_NEWIPC },
	{ "kernel/shmmni",           CLONE_NEWIPC },
	{ "net/",                    CLONE_NEWNET },
};

static const struct {
	unsigned long ns;
	const char *name, *option;
} namespaces[] = {
	{ CLONE_NEWIPC, "IPC",     "--ipc private" },
	{ CLONE_NEWNET, "network", "--network private" },
	{ CLONE_NEWUTS, "UTS",     "--uts private" },
};
/* clang-format on */

/*
 * sysctl(8): the first separator decides. If it is a dot, dots separate and a slash stands for a
 * dot within a name (net.ipv4.conf.eth0/1.forwarding); if it is a slash, all is as it stands.
 */
static void name_to_path(char *name)
{
	char *first = strpbrk(name, "./");

	if (!first || *first == '/')
		return;
	for (; *name; name++)
		*name = *name == '.' ? '/' : *name == '/' ? '.' : *name;
}

/* Return: whether every part of @path is a name: not empty, not "." or "..". */
static bool is_clean(const char *path)
{
	for (const char *at = path;; at++) {
		size_t n = strcspn(at, "/");

		if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += n;
		if (!*at)
			return true;
	}
}

static unsigned long owner(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		if (str_ends(owned[i].path, "/") ? str_starts(path, owned[i].path) :
						   strcmp(path, owned[i].path) == 0)
			return owned[i].ns;
	return 0;
}

static int parse(const char *text, struct sysctl *s, struct err *e)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : 0;
	int r;

	if (n == 0)
		return err_plain(e, -EINVAL, "it is not KEY=VALUE");
	if (n > SYSCTL_NAME_MAX)
		return err_plain(e, -EINVAL, "the key is longer than %u bytes", SYSCTL_NAME_MAX);
	if (strlen(equals + 1) > SYSCTL_VALUE_MAX)
		return err_plain(e, -EINVAL, "the value is longer than %u bytes", SYSCTL_VALUE_MAX);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return err_plain(e, -EINVAL, "the key has a blank or control character");
	if (strchr(equals, '\n'))
		return err_plain(e, -EINVAL, "the value has more than one line");
	s->path = strndup(text, n);
	s->value = strdup(equals + 1);
	if (!s->path || !s->value)
		return err_set(e, ENOMEM, "parse sysctl");
	name_to_path(s->path);
	if (!is_clean(s->path))
		return err_plain(e, -EINVAL, "the key has an empty part or '..'");
	s->ns = owner(s->path);
	if (s->ns)
		return 0;
	if (strcmp(s->path, "kernel/hostname") == 0) {
		r = err_plain(e, -EINVAL, "the host name is not set this way");
		err_hint(e, "use --hostname");
		return r;
	}
	r = err_plain(e, -EINVAL, "it belongs to the whole host, not to a container");
	err_hint(
		e,
		"a container can have net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm* and "
		"kernel.domainname");
	return r;
}

int sysctl_parse(const char *text, struct sysctl *ret, struct err *e)
{
	struct sysctl s = { .path = NULL };
	int r = parse(text, &s, e);

	if (r < 0) {
		sysctl_done(&s);
		return err_wrap(e, r, "sysctl '%s'", text);
	}
	*ret = s;
	return 0;
}

int sysctl_check(const struct sysctl *s, unsigned long private_ns, struct err *e)
{
	int r;

	if ((s->ns & private_ns) == s->ns)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		if (namespaces[i].ns != s->ns)
			continue;
		r = err_plain(e, -EINVAL,
			      "sysctl '%s': the container shares the host's %s namespace", s->path,
			      namespaces[i].name);
		err_hint(e, "give it its own with %s", namespaces[i].option);
		return r;
	}
	return err_plain(e, -EINVAL, "sysctl '%s' belongs to the host", s->path);
}

void sysctl_done(struct sysctl *s)
{
	free(s->path);
	free(s->value);
	s->path = s->value = NULL;
}
