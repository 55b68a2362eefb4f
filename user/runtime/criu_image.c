// SPDX-License-Identifier: Apache-2.0
/* What a checkpoint takes from outside: the file in the image, and what cannot be in one. */
#include "runtime/criu_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "runtime/bundle.h"

#define IMAGE_FILE "davit-oci.json"
#define IMAGE_FILE_MAX (16u << 20)

static const char *const kinds[] = { [CRIU_MOUNT_BIND] = "bind",
				     [CRIU_MOUNT_DEVICE] = "device",
				     [CRIU_MOUNT_EMPTY] = "empty",
				     [CRIU_MOUNT_CGROUP] = "cgroup" };

void criu_image_done(struct criu_image *i)
{
	for (size_t k = 0; k < i->n_mounts; k++) {
		free(i->mounts[k].at);
		free(i->mounts[k].from);
	}
	free(i->mounts);
	for (size_t k = 0; k < CRIU_STREAMS; k++)
		free(i->streams[k]);
	*i = (struct criu_image){ .mounts = NULL };
}

int criu_image_write(const struct criu_image *i, int dirfd, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;

	str_add(&s, "{\n  \"version\": 1,\n  \"mounts\": [");
	for (size_t k = 0; k < i->n_mounts; k++) {
		const struct criu_mount *m = &i->mounts[k];

		str_addf(&s, "%s\n    {\"kind\": \"%s\", \"at\": ", k ? "," : "", kinds[m->kind]);
		str_add_json(&s, m->at);
		str_add(&s, ", \"from\": ");
		str_add_json(&s, m->from);
		str_add(&s, "}");
	}
	str_add(&s, "\n  ],\n  \"streams\": [");
	for (size_t k = 0; k < CRIU_STREAMS; k++) {
		str_add(&s, k ? ", " : "");
		str_add_json(&s, i->streams[k]);
	}
	str_add(&s, "]\n}\n");
	return str_failed(&s) ? err_set(e, ENOMEM, "write '" IMAGE_FILE "'") :
				io_replace_file(dirfd, IMAGE_FILE, str_text(&s), s.len, 0600, 0, e);
}

static int read_mount(const json_t *j, struct criu_mount *ret, struct err *e)
{
	const char *kind = "", *at = "", *from = "";
	int r = json_get_string(j, "kind", &kind, e);

	r = r < 0 ? r : json_get_string(j, "at", &at, e);
	r = r < 0 ? r : json_get_string(j, "from", &from, e);
	if (r < 0)
		return r;
	for (ret->kind = 0; ret->kind < CRIU_MOUNT_COUNT; ret->kind++)
		if (str_eq(kinds[ret->kind], kind))
			break;
	if (ret->kind == CRIU_MOUNT_COUNT || *at != '/')
		return err_plain(e, -EBADMSG, "mounts: '%s' at '%s' is not known", kind, at);
	ret->at = strdup(at);
	ret->from = strdup(from);
	return ret->at && ret->from ? 0 : err_set(e, ENOMEM, "read it");
}

static int parse(const json_t *j, struct criu_image *i, struct err *e)
{
	_cleanup_strv_ struct strv streams = { .v = NULL };
	json_t *mounts = NULL;
	int64_t version = 0;
	int r = json_get_i64(j, "version", &version, e);

	if (r == 0 && version != 1)
		r = err_plain(e, -EBADMSG, "written by another version of davit-oci (%lld)",
			      (long long)version);
	r = r < 0 ? r : json_get_array(j, "mounts", &mounts, e);
	r = r < 0 ? r : json_get_strv(j, "streams", CRIU_STREAMS, &streams, e);
	if (r < 0)
		return r;
	if (json_array_size(mounts) > CRIU_IMAGE_MOUNTS_MAX || streams.n != CRIU_STREAMS)
		return err_plain(e, -EBADMSG, "it is not whole");
	i->mounts = calloc(json_array_size(mounts) + 1, sizeof(*i->mounts));
	if (!i->mounts)
		return err_set(e, ENOMEM, "read it");
	for (size_t k = 0; r == 0 && k < json_array_size(mounts); k++)
		r = read_mount(json_array_get(mounts, k), &i->mounts[i->n_mounts++], e);
	for (size_t k = 0; r == 0 && k < CRIU_STREAMS; k++)
		if (!(i->streams[k] = strdup(streams.v[k])))
			r = err_set(e, ENOMEM, "read it");
	return r;
}

int criu_image_read(int dirfd, struct criu_image *ret, struct err *e)
{
	_cleanup_(criu_image_done) struct criu_image i = { .mounts = NULL };
	_cleanup_json_ json_t *j = NULL;
	int r = json_read_file(dirfd, IMAGE_FILE, IMAGE_FILE_MAX, &j, e);

	if (r == -ENOENT) {
		(void)err_plain(e, r, "there is no '" IMAGE_FILE "' in the image");
		err_hint(e, "images of `davit-oci checkpoint` have one");
		return r;
	}
	if (r == 0)
		r = parse(j, &i, e);
	if (r < 0)
		return err_wrap(e, r, "'" IMAGE_FILE "' of the image");
	*ret = i;
	i = (struct criu_image){ .mounts = NULL };
	return 0;
}

void criu_image_forget(int dirfd)
{
	(void)unlinkat(dirfd, IMAGE_FILE, 0); /* a newer checkpoint writes it anew */
}

/* Hooks but poststop: `restore` has no moment for them that is the one they expect. */
static int check_hooks(const struct oci_config *c, struct err *e)
{
	for (enum oci_hook_point p = 0; p < OCI_HOOK_COUNT; p++)
		if (p != OCI_HOOK_POSTSTOP && c->hooks.at[p].n)
			return err_plain(e, -EOPNOTSUPP, "hooks.%s: a restore would not run them",
					 oci_hook_point_name(p));
	return 0;
}

const struct criu_shared_ns criu_shared_namespaces[CRIU_SHARED_NS] = {
	{ OCI_NS_NETWORK, "net", "extRootNetNS" },
};

static int check_namespaces(const struct oci_linux *l, struct err *e)
{
	static const bool can_be_shared[OCI_NS_COUNT] = {
		[OCI_NS_NETWORK] = true, [OCI_NS_IPC] = true, [OCI_NS_UTS] = true
	};

	if (!l->namespaces[OCI_NS_MOUNT].is_listed)
		return err_plain(
			e, -EOPNOTSUPP,
			"linux.namespaces: without a mount namespace, its mounts are the host's");
	for (enum oci_ns_type t = 0; t < OCI_NS_COUNT; t++)
		if (!can_be_shared[t] && l->namespaces[t].path)
			return err_plain(
				e, -EOPNOTSUPP,
				"linux.namespaces: '%s' is shared with others, only network, ipc and uts can be",
				l->namespaces[t].path);
	return 0;
}

int criu_supports(const struct bundle *b, struct err *e)
{
	const struct oci_config *c = &b->config;
	int r = check_hooks(c, e);

	if (r == 0)
		r = check_namespaces(&c->linux_, e);
	if (r < 0)
		return r;
	if (c->process.terminal)
		return err_plain(e, -EOPNOTSUPP,
				 "process.terminal: criu cannot give a terminal back");
	if (c->linux_.has_intel_rdt)
		return err_plain(e, -EOPNOTSUPP, "linux.intelRdt: criu does not know it");
	if (c->linux_.net_devices.n)
		return err_plain(e, -EOPNOTSUPP, "linux.netDevices: criu cannot make them again");
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].flags & (OCI_MOUNT_IDMAP | OCI_MOUNT_RIDMAP))
			return err_plain(e, -EOPNOTSUPP,
					 "mounts[%zu].options: criu cannot map ids again", i);
	return 0;
}
