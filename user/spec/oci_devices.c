// SPDX-License-Identifier: Apache-2.0
/* linux.devices, linux.netDevices, and the list of resources.devices. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_reader.h"

#define MAJOR_MAX 4095 /* 12 bits of the kernel's dev_t */
#define MINOR_MAX 1048575 /* 20 bits */
#define MODE_MAX 0177777 /* producers put the type of the file in front of its permissions */
#define MODE_MASK 07777u
#define ID_MAX (UINT32_MAX - 1)

/* -- nodes -- */

static const struct oci_name node_types[] = {
	{ "c", 'c' }, { "u", 'c' }, { "b", 'b' }, { "p", 'p' }, { NULL, 0 },
};
static const struct oci_names node_type_names = { "type of a device", node_types };

static int check_device(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	static const char *const numbers[] = { "major", "minor" };
	struct oci_device *d = ret;

	d->mode &= MODE_MASK;
	for (size_t i = 0; d->type != 'p' && i < ARRAY_SIZE(numbers); i++) {
		const json_t *number = json_object_get(v, numbers[i]);

		if (!number || json_is_null(number))
			return oci_fail_in(r, at, numbers[i], -EBADMSG, "it is missing");
	}
	return 0;
}

/* clang-format off */
static const struct oci_field device_fields[] = {
	OCI_F_TEXT("path", struct oci_device, path, OCI_PATH_MAX, .flags = OCI_REQUIRED | OCI_ABSOLUTE),
	OCI_F_NAME("type", struct oci_device, type, &node_type_names, .flags = OCI_REQUIRED),
	OCI_F_NUMBER("major", struct oci_device, major, 0, MAJOR_MAX),
	OCI_F_NUMBER("minor", struct oci_device, minor, 0, MINOR_MAX),
	OCI_F_NUMBER("fileMode", struct oci_device, mode, 0, MODE_MAX, OCI_HAS(struct oci_device, has_mode)),
	OCI_F_NUMBER("uid", struct oci_device, uid, 0, ID_MAX, OCI_HAS(struct oci_device, has_uid)),
	OCI_F_NUMBER("gid", struct oci_device, gid, 0, ID_MAX, OCI_HAS(struct oci_device, has_gid)),
};
/* clang-format on */

const struct oci_table oci_device_table = OCI_TABLE(device_fields, struct oci_device, check_device);

/* -- rules -- */

static const struct oci_name rule_types[] = {
	{ "a", 'a' }, { "c", 'c' }, { "b", 'b' }, { "", 'a' }, { NULL, 0 },
};
static const struct oci_names rule_type_names = { "type of a device rule", rule_types };

/* -1 was the word for "all" before 1.0, and is still seen. */
static int read_rule_number(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			    uint64_t max, uint32_t *ret, bool *ret_has)
{
	uint64_t value = 0;
	int rc = oci_read_number(r, at, v, -1, max, &value);

	if (rc < 0)
		return rc;
	*ret_has = value != UINT64_MAX;
	*ret = *ret_has ? (uint32_t)value : 0;
	return 0;
}

static int read_rule_major(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			   void *ret)
{
	struct oci_device_rule *rule =
		(void *)((char *)ret - offsetof(struct oci_device_rule, major));

	return read_rule_number(r, at, v, MAJOR_MAX, &rule->major, &rule->has_major);
}

static int read_rule_minor(struct oci_reader *r, const struct oci_at *at, const json_t *v,
			   void *ret)
{
	struct oci_device_rule *rule =
		(void *)((char *)ret - offsetof(struct oci_device_rule, minor));

	return read_rule_number(r, at, v, MINOR_MAX, &rule->minor, &rule->has_minor);
}

static int read_access(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	static const char letters[] = "rwm"; /* in the order of OCI_DEVICE_* */
	const char *text = NULL;
	uint32_t access = 0;
	int rc = oci_read_text(r, at, v, OCI_NAME_MAX, 0, &text);

	if (rc < 0)
		return rc;
	for (const char *c = text; *c; c++) {
		const char *letter = strchr(letters, *c);

		if (!letter)
			return oci_fail(r, at, -EINVAL, "'%s' is not made of r, w and m", text);
		access |= 1u << (letter - letters);
	}
	*(uint32_t *)ret = access;
	return 0;
}

static int check_rule(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct oci_device_rule *rule = ret;

	(void)v;
	if (!rule->type)
		rule->type = 'a';
	if (rule->type == 'a' && (rule->has_major || rule->has_minor))
		return oci_fail_in(r, at, "type", -EINVAL,
				   "a rule for all types cannot have device numbers");
	return 0;
}

/* clang-format off */
static const struct oci_field rule_fields[] = {
	OCI_F_BOOL("allow", struct oci_device_rule, is_allow, .flags = OCI_REQUIRED),
	OCI_F_NAME("type", struct oci_device_rule, type, &rule_type_names),
	OCI_F_OWN("major", struct oci_device_rule, major, read_rule_major),
	OCI_F_OWN("minor", struct oci_device_rule, minor, read_rule_minor),
	OCI_F_OWN("access", struct oci_device_rule, access, read_access),
};
/* clang-format on */

const struct oci_table oci_device_rule_table =
	OCI_TABLE(rule_fields, struct oci_device_rule, check_rule);

/* -- network devices -- */

static const struct oci_field net_device_fields[] = {
	OCI_F_TEXT("name", struct oci_net_device, name, OCI_NAME_MAX),
};
static const struct oci_table net_device_table =
	OCI_TABLE(net_device_fields, struct oci_net_device, NULL);

/* What the kernel takes as a name (dev_valid_name()), and one "%d" for a number of its choice. */
static bool is_net_name(const char *text, bool may_have_number)
{
	const char *percent = strchr(text, '%');

	if (strlen(text) >= IFNAMSIZ || !oci_is_file_name(text) ||
	    text[strcspn(text, ": \t\n\v\f\r")])
		return false;
	return !percent || (may_have_number && percent[1] == 'd' && !strchr(percent + 1, '%'));
}

int oci_read_net_devices(struct oci_reader *r, const struct oci_at *at, const json_t *v, void *ret)
{
	struct {
		struct oci_net_device *v;
		size_t n;
	} *list = ret;
	struct oci_net_device *d;
	const char *key;
	json_t *member;
	size_t n;
	int rc = oci_read_entries(r, at, v, OCI_NET_DEVICES_MAX, &n);

	if (rc < 0)
		return rc;
	d = oci_alloc(r, n, sizeof(*d));
	if (!d)
		return -ENOMEM;
	list->v = d;
	json_object_foreach((json_t *)v, key, member) {
		const struct oci_at here = { .up = at, .key = key, .is_entry = true };

		rc = oci_read_object(r, &here, member, &net_device_table, d);
		if (rc < 0)
			return rc;
		if (!is_net_name(key, false))
			return oci_fail(r, &here, -EINVAL, "it is no name of a network device");
		if (d->name && !is_net_name(d->name, true))
			return oci_fail_in(r, &here, "name", -EINVAL,
					   "'%.*s' is no name of a network device", IFNAMSIZ,
					   d->name);
		d->host_name = key;
		for (size_t i = 0; i < list->n; i++) {
			const struct oci_net_device *o = &list->v[i];
			const char *name = d->name ? d->name : key;

			if (strcmp(o->name ? o->name : o->host_name, name) == 0 &&
			    !strchr(name, '%'))
				return oci_fail(r, &here, -EINVAL,
						"two devices would be named '%s'", name);
		}
		d++;
		list->n++;
	}
	return 0;
}
