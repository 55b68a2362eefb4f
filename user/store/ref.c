// SPDX-License-Identifier: Apache-2.0
/* Names of images: symlinks below refs/. */
#include "store/ref.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "store/limits.h"
#include "store/store.h"

#define REF_DIR	 "refs/"
#define PATH_BUF (sizeof(REF_DIR) + IMAGE_REF_TEXT_MAX)

/* "docker.io/library/web:1" -> "refs/docker.io+library+web:1": '+' is in no reference. */
static int ref_path(const struct image_ref *ref, char path[static PATH_BUF], struct err *e)
{
	char text[IMAGE_REF_TEXT_MAX];
	struct image_ref by_tag = *ref;
	int n;

	by_tag.digest[0] = '\0';
	if (ref->digest[0])
		n = snprintf(path, PATH_BUF, REF_DIR "@%s", ref->digest);
	else
		n = snprintf(path, PATH_BUF, REF_DIR "%s", image_ref_text(&by_tag, text));
	if ((size_t)n - strlen(REF_DIR) > LIMIT_REF_FILE)
		return err_plain(e, -ENAMETOOLONG, "image name '%s' is longer than %u bytes",
				 image_ref_text(ref, text), LIMIT_REF_FILE);
	for (char *p = path + strlen(REF_DIR); (p = strchr(p, '/')) != NULL;)
		*p = '+';
	return 0;
}

int ref_read(const struct store *st, const struct image_ref *ref, char ret_id[DIGEST_HEX_LEN + 1],
	     struct err *e)
{
	char path[PATH_BUF], id[DIGEST_HEX_LEN + 2];
	int r = ref_path(ref, path, e);
	ssize_t n;

	if (r < 0)
		return r;
	n = readlinkat(st->fd, path, id, sizeof(id) - 1);
	if (n < 0)
		return errno == ENOENT ? -ENOENT : err_set(e, errno, "read '%s'", path);
	id[n] = '\0';
	if (!digest_is_hex(id, DIGEST_HEX_LEN))
		return err_plain(e, -EBADMSG, "'%s' does not name an image id", path);
	memcpy(ret_id, id, DIGEST_HEX_LEN + 1);
	return 0;
}

int ref_set(const struct store *st, int tmp, const struct image_ref *ref, const char *id,
	    struct err *e)
{
	char path[PATH_BUF];
	int r = ref_path(ref, path, e);

	if (r < 0)
		return r;
	if (unlinkat(tmp, "ref", 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove an old 'ref'");
	if (symlinkat(id, tmp, "ref") < 0 || renameat(tmp, "ref", st->fd, path) < 0)
		return err_set(e, errno, "write '%s'", path);
	return 0;
}

int ref_remove(const struct store *st, const struct image_ref *ref, struct err *e)
{
	char path[PATH_BUF];
	int r = ref_path(ref, path, e);

	if (r == 0 && unlinkat(st->fd, path, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove '%s'", path);
	return r;
}

/* The reverse of ref_path(). */
static bool parse_file(const char *file, struct image_ref *ret)
{
	char text[LIMIT_REF_FILE + 1];
	size_t n = strlen(file);

	if (*file == '@' && digest_is_hex(file + 1, DIGEST_HEX_LEN)) {
		*ret = (struct image_ref){ .name = "" };
		memcpy(ret->digest, file + 1, DIGEST_HEX_LEN + 1);
		return true;
	}
	if (n > LIMIT_REF_FILE)
		return false;
	memcpy(text, file, n + 1);
	for (char *p = text; (p = strchr(p, '+')) != NULL;)
		*p = '/';
	return image_ref_parse(text, ret, NULL) == 0;
}

int ref_each(const struct store *st,
	     int (*fn)(const struct image_ref *ref, const char *id, const char *file, void *data,
		       struct err *e),
	     void *data, struct err *e)
{
	int fd = openat(st->fd, "refs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		int r = err_set(e, errno, "open 'refs'");

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		struct image_ref ref;
		char id[DIGEST_HEX_LEN + 2];
		ssize_t n;
		bool is_ref;
		int r;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		n = readlinkat(dirfd(d), de->d_name, id, sizeof(id) - 1);
		id[n > 0 ? n : 0] = '\0';
		is_ref = digest_is_hex(id, DIGEST_HEX_LEN) && parse_file(de->d_name, &ref);
		r = fn(is_ref ? &ref : NULL, id, de->d_name, data, e);
		if (r < 0)
			return r;
	}
	return 0;
}
