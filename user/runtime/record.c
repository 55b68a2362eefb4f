// SPDX-License-Identifier: Apache-2.0
/* What davit-oci knows of a container between two commands. */
#include "runtime/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/str.h"
#include "runtime/waiting.h"

#define STATE_FILE "state.json"

int record_check_id(const char *id, struct err *e)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";
	size_t n = strlen(id);

	if (n && n <= RECORD_ID_MAX && strspn(id, allowed) == n && !str_eq(id, ".") &&
	    !str_eq(id, ".."))
		return 0;
	(void)err_plain(e, -EINVAL, "'%s' is no container id", id);
	err_hint(e, "an id has 1 to %u letters, digits and _ + - .", RECORD_ID_MAX);
	return -EINVAL;
}

void record_done(struct record *r)
{
	free(r->id);
	free(r->bundle);
	free(r->rootfs);
	free(r->created);
	free(r->cgroup);
	free(r->scope);
	free(r->owner);
	free(r->resctrl);
	json_decref(r->annotations);
	json_decref(r->hooks);
	*r = (struct record){ .pipes = { -1, -1 } };
}

int record_open_root(const char *root, struct err *e)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open '%s'", root) : fd;
}

int record_make(const char *root, const char *id, struct err *e)
{
	_cleanup_fd_ int rootfd = -1;
	int r = record_check_id(id, e), fd;

	if (r < 0)
		return r;
	r = fs_mkdir_parents(AT_FDCWD, root, 0700);
	if (r < 0)
		return err_set(e, r, "make '%s'", root);
	rootfd = record_open_root(root, e);
	if (rootfd < 0)
		return rootfd;
	if (mkdirat(rootfd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_plain(e, -EEXIST, "container '%s' already exists", id);
		return err_set(e, errno, "make '%s/%s'", root, id);
	}
	fd = lock_dir(rootfd, id, LOCK_EX, e);
	/* a delete --force came between the two */
	return fd == -ENOENT ? err_plain(e, -ECANCELED,
					 "container '%s' was deleted while it was made", id) :
			       fd;
}

int record_open(const char *root, const char *id, struct err *e)
{
	_cleanup_fd_ int rootfd = -1;
	int fd = record_check_id(id, e);

	if (fd < 0)
		return fd;
	rootfd = record_open_root(root, NULL);
	fd = rootfd < 0 ? rootfd : lock_dir(rootfd, id, LOCK_EX, e);
	return fd == -ENOENT ? err_plain(e, -ENOENT, "container '%s' does not exist", id) :
	       rootfd < 0    ? err_set(e, fd, "open '%s'", root) :
			       fd;
}

void record_unlock(int dirfd)
{
	(void)flock(dirfd, LOCK_UN); /* cannot fail on an open descriptor */
}

int record_relock(int dirfd, struct err *e)
{
	struct stat st;

	while (flock(dirfd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "lock the record");
	if (fstat(dirfd, &st) < 0)
		return err_set(e, errno, "stat the record");
	return st.st_nlink ? 0 : -ENOENT;
}

int record_remove(const char *root, const char *id, struct err *e)
{
	_cleanup_fd_ int rootfd = record_open_root(root, e);
	_cleanup_free_ char *state = str_printf("%s/" STATE_FILE, id);

	if (rootfd < 0)
		return rootfd;
	/* all that there is, but after a crash */
	if (state && unlinkat(rootfd, state, 0) == 0 && unlinkat(rootfd, id, AT_REMOVEDIR) == 0)
		return 0;
	return fs_remove_tree(rootfd, id, e);
}

int record_list(const char *root, struct strv *ret, struct err *e)
{
	_cleanup_dir_ DIR *dir = opendir(root);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : err_set(e, errno, "open '%s'", root);
	while ((errno = 0, d = readdir(dir)))
		if (d->d_name[0] != '.' && record_check_id(d->d_name, NULL) == 0 &&
		    strv_add(ret, d->d_name) < 0)
			return err_set(e, ENOMEM, "list '%s'", root);
	return errno ? err_set(e, errno, "list '%s'", root) : 0;
}

static void add_string(struct str *s, const char *key, const char *value)
{
	str_addf(s, ",\n  \"%s\": ", key);
	str_add_json(s, value ? value : "");
}

/* In the file what is empty, zero or false is left out: `list` parses each of them. */
static void keep_string(struct str *s, const char *key, const char *value)
{
	if (value && *value)
		add_string(s, key, value);
}

static void keep_number(struct str *s, const char *key, unsigned long long value)
{
	if (value)
		str_addf(s, ",\n  \"%s\": %llu", key, value);
}

static void keep_bool(struct str *s, const char *key, bool value)
{
	if (value)
		str_addf(s, ",\n  \"%s\": true", key);
}

static int add_object(struct str *s, const char *key, const json_t *value)
{
	_cleanup_free_ char *text = value ? json_text(value) : NULL;

	if (!value)
		return 0;
	if (!text)
		return -ENOMEM;
	str_addf(s, ",\n  \"%s\": ", key);
	str_add(s, text);
	return 0;
}

int record_write(int dirfd, const struct record *r, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	str_addf(&s,
		 "{\n  \"version\": 1,\n  \"pid\": %d,\n  \"report\": %d,\n  \"wait\": %d",
		 r->init.pid, r->pipes.report, r->pipes.wait);
	keep_number(&s, "start", r->init.start);
	keep_number(&s, "waitInode", r->wait_inode);
	keep_number(&s, "cgroupInode", r->cgroup_inode);
	keep_bool(&s, "ownCgroup", r->has_own_cgroup);
	keep_bool(&s, "userns", r->has_userns);
	keep_bool(&s, "ownPids", r->has_own_pids);
	keep_string(&s, "bundle", r->bundle);
	keep_string(&s, "rootfs", r->rootfs);
	keep_string(&s, "created", r->created);
	keep_string(&s, "cgroup", r->cgroup);
	keep_string(&s, "scope", r->scope);
	keep_string(&s, "owner", r->owner);
	keep_string(&s, "resctrl", r->resctrl);
	if (add_object(&s, "annotations", r->annotations) < 0 ||
	    add_object(&s, "hooks", r->hooks) < 0)
		return err_set(e, ENOMEM, "write the state of container '%s'", r->id);
	str_add(&s, "\n}\n");
	if (str_failed(&s))
		return err_set(e, ENOMEM, "write the state of container '%s'", r->id);
	return io_replace_file(dirfd, STATE_FILE, str_text(&s), s.len, 0600, 0, e);
}

static int get_copy(const json_t *j, const char *key, char **ret, struct err *e)
{
	const char *text = "";
	int r = json_get_string(j, key, &text, e);

	if (r == 0 && !(*ret = strdup(text)))
		r = err_set(e, ENOMEM, "read '%s'", key);
	return r;
}

static int get_u64(const json_t *j, const char *key, uint64_t *ret, struct err *e)
{
	int64_t v = 0;
	int r = json_get_i64(j, key, &v, e);

	*ret = (uint64_t)v;
	return r;
}

static int get_int(const json_t *j, const char *key, int *ret, struct err *e)
{
	int64_t v = -1;
	int r = json_get_i64(j, key, &v, e);

	if (r == 0 && (v < -1 || v > INT32_MAX))
		r = err_plain(e, -EBADMSG, "'%s' is out of range", key);
	*ret = (int)v;
	return r;
}

static int get_object(const json_t *j, const char *key, json_t **ret, struct err *e)
{
	json_t *object = NULL;
	int r = json_get_object(j, key, &object, e);

	*ret = json_incref(object);
	return r;
}

static int parse_object(const json_t *j, struct record *ret, struct err *e)
{
	int64_t version = 0;
	int r = json_get_i64(j, "version", &version, e);

	if (r == 0 && version != 1)
		r = err_plain(e, -EBADMSG, "written by another version of davit-oci (%lld)",
			      (long long)version);
	r = r < 0 ? r : get_int(j, "pid", &ret->init.pid, e);
	r = r < 0 ? r : get_u64(j, "start", &ret->init.start, e);
	r = r < 0 ? r : get_int(j, "report", &ret->pipes.report, e);
	r = r < 0 ? r : get_int(j, "wait", &ret->pipes.wait, e);
	r = r < 0 ? r : get_u64(j, "waitInode", &ret->wait_inode, e);
	r = r < 0 ? r : get_u64(j, "cgroupInode", &ret->cgroup_inode, e);
	r = r < 0 ? r : json_get_bool(j, "ownCgroup", &ret->has_own_cgroup, e);
	r = r < 0 ? r : json_get_bool(j, "userns", &ret->has_userns, e);
	r = r < 0 ? r : json_get_bool(j, "ownPids", &ret->has_own_pids, e);
	r = r < 0 ? r : get_copy(j, "bundle", &ret->bundle, e);
	r = r < 0 ? r : get_copy(j, "rootfs", &ret->rootfs, e);
	r = r < 0 ? r : get_copy(j, "created", &ret->created, e);
	r = r < 0 ? r : get_copy(j, "cgroup", &ret->cgroup, e);
	r = r < 0 ? r : get_copy(j, "scope", &ret->scope, e);
	r = r < 0 ? r : get_copy(j, "owner", &ret->owner, e);
	r = r < 0 ? r : get_copy(j, "resctrl", &ret->resctrl, e);
	r = r < 0 ? r : get_object(j, "annotations", &ret->annotations, e);
	return r < 0 ? r : get_object(j, "hooks", &ret->hooks, e);
}

int record_parse(const char *text, size_t n, struct record *ret, struct err *e)
{
	_cleanup_json_ json_t *j = json_parse(text, n, "'" STATE_FILE "'", e);
	_cleanup_(record_done) struct record record = { .pipes = { -1, -1 } };
	int r = j ? parse_object(j, &record, e) : -EBADMSG;

	if (r < 0)
		return r;
	*ret = record;
	record = (struct record){ .pipes = { -1, -1 } };
	return 0;
}

static int read_at(int dirfd, const char *path, const char *id, struct record *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = io_read_file(dirfd, path, RECORD_FILE_MAX, &text, &n, e);

	if (r == -ENOENT) {
		err_clear(e);
		return err_plain(e, -ENODATA, "container '%s' was never created whole", id);
	}
	if (r == 0)
		r = record_parse(text, n, ret, e);
	if (r == 0 && !(ret->id = strdup(id))) {
		record_done(ret);
		r = err_set(e, ENOMEM, "read it");
	}
	return r < 0 ? err_wrap(e, r, "state of container '%s'", id) : 0;
}

int record_read(int dirfd, const char *id, struct record *ret, struct err *e)
{
	return read_at(dirfd, STATE_FILE, id, ret, e);
}

int record_look(int rootfd, const char *id, struct record *ret, struct err *e)
{
	char path[RECORD_ID_MAX + sizeof("/" STATE_FILE)];
	int r = record_check_id(id, e);

	if (r < 0)
		return r;
	(void)err_format(path, sizeof(path), "%s/" STATE_FILE, id);
	r = read_at(rootfd, path, id, ret, e);
	if (r != -ENODATA || fs_exists(rootfd, id))
		return r;
	err_clear(e);
	return err_plain(e, -ENOENT, "container '%s' does not exist", id);
}

bool record_is_whole(int rootfd, const char *id)
{
	char path[RECORD_ID_MAX + sizeof("/" STATE_FILE)];

	(void)err_format(path, sizeof(path), "%s/" STATE_FILE, id);
	return fs_exists(rootfd, path);
}

enum record_status record_status(const struct record *r)
{
	struct proc_look now;

	if (!r->init.pid)
		return RECORD_CREATING;
	if (proc_look(r->init.pid, &now) < 0 || now.id.start != r->init.start || now.state == 'Z' ||
	    now.state == 'X')
		return RECORD_STOPPED;
	/* the name is there already, and a look at a descriptor that is not there is dear */
	return waiting_may_be(now.name) && waiting_is(r) ? RECORD_CREATED : RECORD_RUNNING;
}

const char *record_status_name(enum record_status s)
{
	static const char *const names[] = {
		[RECORD_CREATING] = "creating", [RECORD_CREATED] = "created",
		[RECORD_RUNNING] = "running",	[RECORD_PAUSED] = "paused",
		[RECORD_STOPPED] = "stopped",
	};

	return names[s];
}

void record_state_json(const struct record *r, enum record_status status, struct str *out)
{
	str_add(out, "{\n  \"ociVersion\": \"" RECORD_OCI_VERSION "\"");
	add_string(out, "id", r->id);
	str_addf(out, ",\n  \"pid\": %d", status == RECORD_STOPPED ? 0 : r->init.pid);
	add_string(out, "status", record_status_name(status));
	add_string(out, "bundle", r->bundle);
	add_string(out, "rootfs", r->rootfs);
	if (r->created)
		add_string(out, "created", r->created);
	if (add_object(out, "annotations", r->annotations) < 0)
		out->failed = true;
	if (r->scope && *r->scope)
		add_string(out, "systemd-scope", r->scope); /* as crun has it */
	add_string(out, "owner", r->owner);
	str_add(out, "\n}");
}
