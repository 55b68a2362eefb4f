// SPDX-License-Identifier: Apache-2.0
/* Names of images: symlinks below refs/. */
#include "store/ref.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
