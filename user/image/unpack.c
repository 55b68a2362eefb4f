// SPDX-License-Identifier: Apache-2.0
/* A layer's tar stream into a directory: the loop over entries, whiteouts, limits. */
#include "image/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "image/entry.h"
#include "image/tree.h"
#include "store/limits.h"

#define WHITEOUT      ".wh."
#define WHITEOUT_META ".wh..wh." /* of aufs; all but the next are private to it */
#define WHITEOUT_OPQ  ".wh..wh..opq"

struct unpacker {
	struct unpack_source source;
	struct archive *archive;
	struct tree tree;
	struct entry entry;
	struct unpack_result result;
	int source_error;
};

static void unpacker_freep(struct unpacker **u)
{
	if (!*u)
		return;
	tree_done(&(*u)->tree);
	(void)archive_read_free((*u)->archive); /* only reads: nothing to lose */
	free(*u);
	*u = NULL;
}

static la_ssize_t next_block(struct archive *a, void *data, const void **ret)
{
	struct unpacker *u = data;
	ssize_t n = u->source.next(u->source.data, ret);

	if (n >= 0)
		return n;
	u->source_error = (int)n;
	archive_set_error(a, EIO, "the data ends early");
	return ARCHIVE_FATAL;
}

static int open_tar(struct unpacker *u, struct err *e)
{
	struct archive *a = archive_read_new();

	u->archive = a;
	if (!a)
		return err_set(e, ENOMEM, "read tar");
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK ||
	    archive_read_open(a, u, NULL, next_block, NULL) != ARCHIVE_OK)
		return err_plain(e, -EBADMSG, "it is not a tar archive: %s",
				 archive_error_string(a));
	return 0;
}

/*
 * The next entry. This process runs in the C locale, where libarchive hands out names byte for byte
 * but warns of those that are UTF-8; in an UTF-8 locale it would rewrite them to normal form C.
 * Return: 1, or 0 at the end.
 */
static int next_entry(struct unpacker *u, struct archive_entry **ret, struct err *e)
{
	int r = archive_read_next_header(u->archive, ret);
	const char *why;

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK)
		return 1;
	why = archive_error_string(u->archive);
	if (r == ARCHIVE_WARN && why && strstr(why, "can't be converted"))
		return 1;
	return err_plain(e, -EBADMSG, "it is not a sound tar archive: %s", why ? why : "damaged");
}

/* Does a component before the last one start with @prefix? */
static bool is_below(const char *dir, const char *prefix)
{
	while (dir && *dir) {
		if (str_starts(dir, prefix))
			return true;
		dir = strchr(dir, '/');
		dir = dir ? dir + 1 : NULL;
	}
	return false;
}

static int whiteout(struct unpacker *u, struct err *e)
{
	struct entry *en = &u->entry;
	const char *name = en->base + strlen(WHITEOUT);
	bool is_opaque = strcmp(en->base, WHITEOUT_OPQ) == 0;
	int r;

	if (!is_opaque && (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		return err_plain(e, -EBADMSG, "it is a whiteout of '%s'", name);
	/* umoci whites out all that was below a directory that it replaces by a symbolic link */
	if (tree_hides(&u->tree, en->dir))
		return 0;
	r = tree_enter(&u->tree, en->dir, &en->parent, e);
	if (r < 0)
		return r;
	if (!is_opaque)
		return entry_whiteout(en->parent, name, e);
	u->result.is_opaque_root = u->result.is_opaque_root || !*en->dir;
	return tree_set_opaque(en->parent->fd, e);
}

static int make(struct unpacker *u, struct err *e)
{
	struct entry *en = &u->entry;
	int64_t n;

	if (is_below(en->path, WHITEOUT_META) && strcmp(en->base, WHITEOUT_OPQ) != 0)
		return 0;
	if (is_below(en->dir, WHITEOUT))
		return err_plain(e, -EBADMSG, "it is below a whiteout");
	if (str_starts(en->base, WHITEOUT))
		return whiteout(u, e);
	n = entry_make(en, e);
	if (n < 0)
		return (int)n;
	u->result.bytes += (uint64_t)n;
	return 0;
}

/* Name of an entry for a message: short, and nothing that a terminal would obey. */
static void printable(const char *name, char out[static 128])
{
	size_t i;

	for (i = 0; name && name[i] && i < 127; i++)
		out[i] = name[i] >= 0x20 && name[i] < 0x7f ? name[i] : '?';
	out[i] = '\0';
}

static int each_entry(struct unpacker *u, struct err *e)
{
	struct archive_entry *tar;
	char shown[128];
	int r;

	while ((r = next_entry(u, &tar, e)) > 0) {
		if (++u->result.entries > LIMIT_ENTRIES)
			return err_plain(e, -E2BIG, "it has more than %u entries", LIMIT_ENTRIES);
		r = entry_read(&u->entry, u->archive, tar, e);
		if (r == 0)
			r = make(u, e);
		if (r < 0) {
			printable(archive_entry_pathname(tar), shown);
			return err_wrap(e, r, "entry '%s'", shown);
		}
	}
	return r;
}

int unpack(struct unpack_source source, int dirfd, const char *name, const int *lower,
	   size_t n_lower, struct unpack_result *ret, struct err *e)
{
	_cleanup_(unpacker_freep) struct unpacker *u = calloc(1, sizeof(*u));
	mode_t old;
	int r;

	if (!u)
		return err_set(e, ENOMEM, "unpack");
	u->source = source;
	u->entry.tree = &u->tree;
	r = tree_open(&u->tree, dirfd, name, lower, n_lower, e);
	if (r < 0)
		return r;
	r = open_tar(u, e);
	if (r < 0)
		return r;
	old = umask(0); /* modes are those of the archive */
	r = each_entry(u, e);
	(void)umask(old);
	if (r == 0 && u->source_error)
		r = err_set(e, u->source_error, "read tar");
	if (r == 0)
		r = tree_close(&u->tree, e);
	if (r < 0)
		return r;
	u->result.has_implicit = u->tree.has_implicit;
	*ret = u->result;
	return 0;
}
