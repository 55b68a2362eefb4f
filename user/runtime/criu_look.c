// SPDX-License-Identifier: Apache-2.0
/* What a checkpoint takes from outside: looked up in a container that runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "runtime/bundle.h"
#include "runtime/criu_image.h"

#define MOUNTINFO_MAX (16u << 20)
#define FDINFO_MAX 4096u

/**
 * struct mount_line - a line of mountinfo
 */
struct mount_line {
	uint64_t id;
	char *root, *point;
	const char *fstype;
};

/**
 * struct look - a look at a container
 * @lines: its mounts; @text is what they live on
 * @binds: ids of the mounts of mounts[] of config.json; 0 = not there, or no bind mount
 */
struct look {
	const struct bundle *b;
	pid_t pid;
	char *text;
	struct mount_line *lines;
	size_t n_lines;
	uint64_t *binds;
	struct criu_image image;
};

static void look_done(struct look *l)
{
	free(l->text);
	free(l->lines);
	free(l->binds);
	criu_image_done(&l->image);
}

/* "\040" and the like; in place */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* "23 53 0:32 /root /point rw,relatime shared:1 - tmpfs source rw" */
static bool parse_line(char *line, struct mount_line *ret)
{
	char *save = NULL, *tail = strstr(line, " - ");

	if (!tail)
		return false;
	*tail = '\0';
	ret->fstype = tail + 3;
	tail[3 + strcspn(tail + 3, " ")] = '\0';
	for (int i = 0; i < 5; i++) {
		char *word = strtok_r(i ? NULL : line, " ", &save);

		if (!word)
			return false;
		if (i == 0)
			ret->id = strtoull(word, NULL, 10);
		else if (i == 3)
			ret->root = word;
		else if (i == 4)
			ret->point = word;
	}
	unescape(ret->root);
	unescape(ret->point);
	return true;
}

static int read_lines(struct look *l, struct err *e)
{
	char path[40], *save = NULL;
	size_t n, most = 1;
	int r;

	(void)err_format(path, sizeof(path), "/proc/%d/mountinfo", l->pid);
	r = io_read_file(AT_FDCWD, path, MOUNTINFO_MAX, &l->text, &n, e);
	if (r < 0)
		return r;
	for (const char *c = l->text; *c; c++)
		most += *c == '\n';
	l->lines = calloc(most, sizeof(*l->lines));
	l->image.mounts = calloc(most, sizeof(*l->image.mounts));
	if (!l->lines || !l->image.mounts)
		return err_set(e, ENOMEM, "read '%s'", path);
	for (char *line = strtok_r(l->text, "\n", &save); line && l->n_lines < most;
	     line = strtok_r(NULL, "\n", &save))
		if (!parse_line(line, &l->lines[l->n_lines++]))
			return err_plain(e, -EPROTO, "cannot read '%s'", path);
	return 0;
}

/* Of an fdinfo file; 0 = unknown */
static uint64_t mount_id_in(const char *path)
{
	char text[FDINFO_MAX];
	const char *at = io_read_small(-1, path, text, sizeof(text)) > 0 ? strstr(text, "mnt_id:") :
									   NULL;

	return at ? strtoull(at + strlen("mnt_id:"), NULL, 10) : 0;
}

/* Where binds are, by the ids of their mounts: symbolic links may lead from their destinations. */
static int find_binds(struct look *l, struct err *e)
{
	const struct oci_config *c = &l->b->config;
	char path[48];
	_cleanup_fd_ int root = -1;

	(void)err_format(path, sizeof(path), "/proc/%d/root", l->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_set(e, errno, "open '%s'", path);
	l->binds = calloc(c->mounts.n + 1, sizeof(*l->binds));
	if (!l->binds)
		return err_set(e, ENOMEM, "look at the mounts");
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];
		_cleanup_fd_ int fd = -1;

		if (!(m->flags & OCI_MOUNT_BIND) || (m->flags & OCI_MOUNT_REMOUNT))
			continue;
		fd = fs_open_beneath(root, m->destination, O_PATH, 0);
		if (fd < 0)
			continue; /* unmounted by the container: criu will not ask for it */
		(void)err_format(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		l->binds[i] = mount_id_in(path);
	}
	return 0;
}

static int add_mount(struct look *l, enum criu_mount_kind kind, const char *at, char *from,
		     struct err *e)
{
	struct criu_mount *m = &l->image.mounts[l->image.n_mounts++];

	*m = (struct criu_mount){ .kind = kind, .at = strdup(at), .from = from };
	/* criu's way to say it is mnt[AT]:NAME */
	if (strchr(at, ']'))
		return err_plain(e, -EOPNOTSUPP, "a mount at '%s': criu cannot say that", at);
	return m->at && m->from ? 0 : err_set(e, ENOMEM, "look at the mounts");
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return str_starts(path, dir) && path[n] == '/';
}

/* A mount that the host has below what is bound: with its contents in the image it would be another one. */
static int refuse_below(const struct look *l, const struct mount_line *line, struct err *e)
{
	const struct oci_config *c = &l->b->config;

	for (size_t i = 0; i < c->mounts.n; i++)
		if (str_eq(c->mounts.v[i].destination, line->point))
			return 0;
	for (size_t i = 0; i < l->image.n_mounts; i++)
		if (l->image.mounts[i].kind == CRIU_MOUNT_BIND &&
		    is_below(line->point, l->image.mounts[i].at))
			return err_plain(
				e, -EOPNOTSUPP,
				"'%s' is mounted below '%s', which is the host's: it could not be restored",
				line->point, l->image.mounts[i].at);
	return 0;
}

static bool is_masked(const struct oci_linux *linux_, const char *path)
{
	for (size_t i = 0; i < linux_->masked_paths.n; i++)
		if (str_eq(linux_->masked_paths.v[i], path))
			return true;
	return false;
}

static int look_at(struct look *l, const struct mount_line *line, struct err *e)
{
	const struct oci_config *c = &l->b->config;

	if (str_eq(line->point, "/"))
		return 0;
	for (size_t i = c->mounts.n; i-- > 0;)
		if (l->binds[i] == line->id)
			return add_mount(l, CRIU_MOUNT_BIND, line->point,
					 strdup(c->mounts.v[i].destination), e);
	if (str_eq(line->fstype, "cgroup"))
		return err_plain(e, -EOPNOTSUPP,
				 "'%s' is a hierarchy of cgroup v1: it could not be restored",
				 line->point);
	if (str_eq(line->fstype, "cgroup2"))
		return add_mount(l, CRIU_MOUNT_CGROUP, line->point, strdup(line->point), e);
	if (str_eq(line->fstype, "devtmpfs") && !str_eq(line->root, "/"))
		return add_mount(l, CRIU_MOUNT_DEVICE, line->point,
				 str_printf("/dev%s", line->root), e);
	if (str_eq(line->fstype, "tmpfs") && is_masked(&c->linux_, line->point))
		return add_mount(l, CRIU_MOUNT_EMPTY, line->point, strdup(""), e);
	return refuse_below(l, line, e);
}

static bool has_mount(const struct look *l, uint64_t id)
{
	for (size_t i = 0; i < l->n_lines; i++)
		if (l->lines[i].id == id)
			return true;
	return false;
}

/* criu's name for what it cannot open again; "" = it can, or has an option for it */
static char *name_stream(const struct look *l, int fd)
{
	char path[48];
	_cleanup_free_ char *link = NULL;
	struct stat st;
	uint64_t id;

	(void)err_format(path, sizeof(path), "/proc/%d/fd/%d", l->pid, fd);
	link = fs_read_link(AT_FDCWD, path);
	if (!link || stat(path, &st) < 0)
		return strdup("");
	if (str_starts(link, "pipe:["))
		return TAKE_PTR(link); /* not pipe[N], as criu's help has it */
	(void)err_format(path, sizeof(path), "/proc/%d/fdinfo/%d", l->pid, fd);
	id = mount_id_in(path);
	return link[0] == '/' && id && !has_mount(l, id) ?
		       str_printf("file[%llx:%llx]", (unsigned long long)id,
				  (unsigned long long)st.st_ino) :
		       strdup("");
}

static int look(struct look *l, struct err *e)
{
	int r = read_lines(l, e);

	if (r == 0)
		r = find_binds(l, e);
	for (size_t i = 0; r == 0 && i < l->n_lines; i++)
		r = look_at(l, &l->lines[i], e);
	for (int i = 0; r == 0 && i < CRIU_STREAMS; i++)
		if (!(l->image.streams[i] = name_stream(l, i)))
			r = err_set(e, ENOMEM, "look at the standard streams");
	return r;
}

int criu_image_look(const struct bundle *b, pid_t pid, struct criu_image *ret, struct err *e)
{
	_cleanup_(look_done) struct look l = { .b = b, .pid = pid };
	int r = look(&l, e);

	if (r < 0)
		return r;
	*ret = l.image;
	l.image = (struct criu_image){ .mounts = NULL };
	return 0;
}
