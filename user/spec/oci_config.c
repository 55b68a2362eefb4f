// SPDX-License-Identifier: Apache-2.0
/* config.json as a whole: the top level, and what its parts need of each other. */
#include "spec/oci_config.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "spec/hostname.h"
#include "spec/oci_reader.h"

#define VERSION_MAX 64u

static const struct oci_field root_fields[] = {
	OCI_F_TEXT("path", struct oci_config, root_path, OCI_PATH_MAX, .flags = OCI_REQUIRED),
	OCI_F_BOOL("readonly", struct oci_config, root_readonly),
};
static const struct oci_table root_table = OCI_TABLE(root_fields, struct oci_config, NULL);

/* The members of "root" are in struct oci_config itself. */
static int read_root(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_config *c = (void *)((char *)ret - offsetof(struct oci_config, root_path));

	return oci_read_object(r, at, v, &root_table, c);
}

/* A number of a version: no sign, no leading zeros. Return: what is behind it, NULL if it is none. */
static const char *skip_number(const char *at)
{
	size_t n = strspn(at, "0123456789");

	return n == 0 || n > 9 || (n > 1 && *at == '0') ? NULL : at + n;
}

/* "1.2.3", "1.0.2-dev", "1.0.0-rc5+build": Semantic Versioning 2.0 */
static bool is_version(const char *text)
{
	static const char tail[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.+";

	for (int part = 0; part < 3; part++) {
		text = skip_number(text);
		if (!text || (part < 2 && *text++ != '.'))
			return false;
	}
	return !*text || ((*text == '-' || *text == '+') && text[1] && !text[strspn(text, tail)]);
}

static int read_version(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const char *text = NULL;
	int rc = oci_read_text(r, at, v, VERSION_MAX, OCI_REQUIRED, &text);

	if (rc < 0)
		return rc;
	if (!is_version(text))
		return oci_fail(r, at, -EINVAL, "'%s' is not a version, like 1.3.0", text);
	if (strncmp(text, "1.", 2) != 0)
		return oci_fail(r, at, -EINVAL, "version %s is not supported, only 1.x is", text);
	*(const char **)ret = text;
	return 0;
}

/* Any name that sethostname(2) takes, not only what davit would give one. */
static int read_uts_name(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	const char *text = NULL;
	int rc = oci_read_text(r, at, v, HOSTNAME_MAX, 0, &text);

	if (rc < 0)
		return rc;
	if (*text)
		*(const char **)ret = text;
	return 0;
}

/* What needs a namespace that the container does not share with the runtime. */
static int check_namespaces(struct oci_reader *r, const struct oci_config *c)
{
	const struct oci_namespace *ns = c->linux_.namespaces;

	if (c->hostname && !ns[OCI_NS_UTS].is_listed)
		return oci_fail_in(r, NULL, "hostname", -EINVAL,
				   "it needs the uts namespace in linux.namespaces");
	if (c->domainname && !ns[OCI_NS_UTS].is_listed)
		return oci_fail_in(r, NULL, "domainname", -EINVAL,
				   "it needs the uts namespace in linux.namespaces");
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_at mounts = { .key = "mounts" };
		const struct oci_at at = { .up = &mounts, .index = i };
		const struct oci_mount *m = &c->mounts.v[i];

		if (m->flags & OCI_MOUNT_IDMAP && !m->uid_map.n && !ns[OCI_NS_USER].is_listed)
			return oci_fail(r, &at, -EINVAL,
					"an idmap needs uidMappings or the user namespace");
		if (m->is_map_relative && !ns[OCI_NS_USER].is_listed)
			return oci_fail(r, &at, -EINVAL,
					"a relative idmap needs the user namespace");
	}
	return 0;
}

static int check_config(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	(void)at;
	(void)v;
	return check_namespaces(r, ret);
}

/* clang-format off */
static const struct oci_field config_fields[] = {
	OCI_F_OWN("ociVersion", struct oci_config, oci_version, read_version, .flags = OCI_REQUIRED),
	OCI_F_OBJECT("process", struct oci_config, process, &oci_process_table, OCI_HAS(struct oci_config, has_process)),
	OCI_F_OWN("root", struct oci_config, root_path, read_root, .flags = OCI_REQUIRED),
	OCI_F_OWN("hostname", struct oci_config, hostname, read_uts_name),
	OCI_F_OWN("domainname", struct oci_config, domainname, read_uts_name),
	OCI_F_LIST("mounts", struct oci_config, mounts, OCI_MOUNTS_MAX, &oci_mount_table),
	OCI_F_OBJECT("hooks", struct oci_config, hooks, &oci_hooks_table),
	OCI_F_MAP("annotations", struct oci_config, annotations, OCI_ANNOTATIONS_MAX, OCI_ANNOTATION_MAX),
	OCI_F_OBJECT("linux", struct oci_config, linux_, &oci_linux_table),
};
/* clang-format on */

static const struct oci_table config_table =
	OCI_TABLE(config_fields, struct oci_config, check_config);

void oci_config_done(struct oci_config *c)
{
	seccomp_profile_done(&c->linux_.seccomp);
	oci_doc_done(&c->doc);
	*c = (struct oci_config){ .oci_version = NULL };
}

int oci_config_parse(const char *text, size_t n, const char *what, struct oci_config *ret,
		     struct err *e)
{
	struct oci_reader r = { .doc = &ret->doc, .what = what, .e = e };
	int rc;

	*ret = (struct oci_config){ .oci_version = NULL };
	rc = oci_load(&ret->doc, text, n, OCI_CONFIG_SIZE_MAX, what, e);
	if (rc == 0)
		rc = oci_read_object(&r, NULL, ret->doc.json, &config_table, ret);
	if (rc < 0)
		oci_config_done(ret);
	return rc;
}

/* A document that is one part of a configuration. */
static int parse_part(const char *text, size_t n, const char *what, const struct oci_table *table,
		      struct oci_doc *doc, void *ret, struct err *e)
{
	struct oci_reader r = { .doc = doc, .what = what, .e = e };
	int rc;

	memset(ret, 0, table->size);
	rc = oci_load(doc, text, n, OCI_CONFIG_SIZE_MAX, what, e);
	if (rc == 0)
		rc = oci_read_object(&r, NULL, doc->json, table, ret);
	if (rc < 0) {
		oci_doc_done(doc);
		memset(ret, 0, table->size);
	}
	return rc;
}

int oci_process_parse(const char *text, size_t n, const char *what, struct oci_doc *doc,
		      struct oci_process *ret, struct err *e)
{
	return parse_part(text, n, what, &oci_process_table, doc, ret, e);
}

int oci_resources_parse(const char *text, size_t n, const char *what, struct oci_doc *doc,
			struct oci_resources *ret, struct err *e)
{
	return parse_part(text, n, what, &oci_resources_table, doc, ret, e);
}
