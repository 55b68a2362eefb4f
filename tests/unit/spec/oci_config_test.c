// SPDX-License-Identifier: Apache-2.0
/* config.json as a whole: its top level, hooks, limits, and documents of real engines. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "kern/mount.h"
#include "kselftest_harness.h"
#include "oci_help.h"

#define DATA "tests/data/oci/"
#define HOOKS(more) DOC(",'hooks':{" more "}")
#define UTS ",'linux':{'namespaces':[{'type':'uts'}]}"

/* clang-format off */
#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
static const struct oci_good good[] = {
	IS_TEXT(DOC(""), oci_version, "1.3.0"),
	IS_TEXT("{'ociVersion':'1.0.2-dev','root':{'path':'r'}}", oci_version, "1.0.2-dev"),
	IS_TEXT("{'ociVersion':'1.0.0-rc5+git.1','root':{'path':'r'}}", oci_version, "1.0.0-rc5+git.1"),
	IS_TEXT(DOC(""), root_path, "rootfs"),
	IS(DOC(""), root_readonly, false),
	IS("{'root':{'path':'/r','readonly':true},'ociVersion':'1.3.0'}", root_readonly, true),
	IS_TEXT(DOC(",'hostname':'h'" UTS), hostname, "h"),
	IS_TEXT(DOC(",'hostname':''"), hostname, NULL),
	IS_TEXT(DOC(",'hostname':'" A64 "'" UTS), hostname, A64),
	IS_TEXT(DOC(",'domainname':'d.e'" UTS), domainname, "d.e"),
	IS(DOC(",'annotations':{}"), annotations.n, 0),
	IS(DOC(",'annotations':{'a':'b','c':''}"), annotations.n, 2),
	IS(HOOKS(""), hooks.at[OCI_HOOK_PRESTART].n, 0),
	IS(HOOKS("'prestart':[{'path':'/x'}]"), hooks.at[OCI_HOOK_PRESTART].n, 1),
	IS(HOOKS("'createRuntime':[{'path':'/x'}]"), hooks.at[OCI_HOOK_CREATE_RUNTIME].n, 1),
	IS(HOOKS("'createContainer':[{'path':'/x'}]"), hooks.at[OCI_HOOK_CREATE_CONTAINER].n, 1),
	IS(HOOKS("'startContainer':[{'path':'/x'}]"), hooks.at[OCI_HOOK_START_CONTAINER].n, 1),
	IS(HOOKS("'poststart':[{'path':'/x'}]"), hooks.at[OCI_HOOK_POSTSTART].n, 1),
	IS(HOOKS("'poststop':[{'path':'/x'},{'path':'/y'}]"), hooks.at[OCI_HOOK_POSTSTOP].n, 2),
	IS(HOOKS("'poststop':null"), hooks.at[OCI_HOOK_POSTSTOP].n, 0),
	/* what is not of Linux, or not of 1.3 */
	IS(DOC(",'windows':{'layerFolders':1},'vm':[],'platform':{'os':'x'},'x':1.5"), has_process, false),
};

static const struct oci_bad bad[] = {
	{ "[]", -EBADMSG, "it is not an object" },
	{ "1", -EBADMSG, "it is not an object" },
	{ "18446744073709551615", -EBADMSG, "it is not an object" },
	{ "{'root':{'path':'r'}}", -EBADMSG, "ociVersion: it is missing" },
	{ "{'ociVersion':null,'root':{'path':'r'}}", -EBADMSG, "ociVersion: it is missing" },
	{ "{'ociVersion':1,'root':{'path':'r'}}", -EBADMSG, "ociVersion: it is not a string" },
	{ "{'ociVersion':'','root':{'path':'r'}}", -EINVAL, "ociVersion: it is empty" },
	{ "{'ociVersion':'1.0','root':{'path':'r'}}", -EINVAL, "ociVersion: '1.0' is not a version, like 1.3.0" },
	{ "{'ociVersion':'1.0.0x','root':{'path':'r'}}", -EINVAL, "ociVersion: '1.0.0x' is not a version, like 1.3.0" },
	{ "{'ociVersion':'1.01.0','root':{'path':'r'}}", -EINVAL, "ociVersion: '1.01.0' is not a version, like 1.3.0" },
	{ "{'ociVersion':'1.0.0-','root':{'path':'r'}}", -EINVAL, "ociVersion: '1.0.0-' is not a version, like 1.3.0" },
	{ "{'ociVersion':'2.0.0','root':{'path':'r'}}", -EINVAL, "ociVersion: version 2.0.0 is not supported, only 1.x is" },
	{ "{'ociVersion':'0.6.0','root':{'path':'r'}}", -EINVAL, "ociVersion: version 0.6.0 is not supported, only 1.x is" },
	{ "{'ociVersion':'1.0.0'}", -EBADMSG, "root: it is missing" },
	{ "{'ociVersion':'1.0.0','root':'r'}", -EBADMSG, "root: it is not an object" },
	{ "{'ociVersion':'1.0.0','root':{}}", -EBADMSG, "root.path: it is missing" },
	{ "{'ociVersion':'1.0.0','root':{'path':''}}", -EINVAL, "root.path: it is empty" },
	{ "{'ociVersion':'1.0.0','root':{'path':1}}", -EBADMSG, "root.path: it is not a string" },
	{ "{'ociVersion':'1.0.0','root':{'path':'r','readonly':'no'}}", -EBADMSG, "root.readonly: it is not true or false" },
	{ DOC(",'hostname':1"), -EBADMSG, "hostname: it is not a string" },
	{ DOC(",'hostname':'" A64 "b'" UTS), -E2BIG, "hostname: it is longer than 64 bytes" },
	{ DOC(",'hostname':'h'"), -EINVAL, "hostname: it needs the uts namespace in linux.namespaces" },
	{ DOC(",'domainname':'h'"), -EINVAL, "domainname: it needs the uts namespace in linux.namespaces" },
	{ DOC(",'domainname':[]"), -EBADMSG, "domainname: it is not a string" },
	{ DOC(",'annotations':[]"), -EBADMSG, "annotations: it is not an object" },
	{ DOC(",'annotations':{'a':1}"), -EBADMSG, "annotations[\"a\"]: it is not a string" },
	{ DOC(",'annotations':{'':'x'}"), -EINVAL, "annotations: it has an entry without a name" },
	{ DOC(",'annotations':{'a\\nb':1}"), -EBADMSG, "annotations[\"a?b\"]: it is not a string" },
	{ DOC(",'annotations':{'" A64 "bcd':1}"), -EBADMSG, "annotations[\"" A64 "\"]: it is not a string" },
	{ DOC(",'hooks':[]"), -EBADMSG, "hooks: it is not an object" },
	{ HOOKS("'prestart':{}"), -EBADMSG, "hooks.prestart: it is not an array" },
	{ HOOKS("'createRuntime':['/x']"), -EBADMSG, "hooks.createRuntime[0]: it is not an object" },
	{ HOOKS("'createContainer':[{}]"), -EBADMSG, "hooks.createContainer[0].path: it is missing" },
	{ HOOKS("'startContainer':[{'path':'/x'},{'path':'x'}]"), -EINVAL, "hooks.startContainer[1].path: 'x' is not an absolute path" },
	{ HOOKS("'poststart':[{'path':'/x','args':'y'}]"), -EBADMSG, "hooks.poststart[0].args: it is not an array" },
	{ HOOKS("'poststart':[{'path':'/x','env':[1]}]"), -EBADMSG, "hooks.poststart[0].env[0]: it is not a string" },
	{ HOOKS("'poststop':[{'path':'/x','timeout':0}]"), -ERANGE, "hooks.poststop[0].timeout: 0 is not a number from 1 to 2147483647" },
	{ HOOKS("'poststop':[{'path':'/x','timeout':'1'}]"), -EBADMSG, "hooks.poststop[0].timeout: it is not a whole number" },
};
/* clang-format on */

TEST(every_property_is_read)
{
	EXPECT_GOOD(good);
}

TEST(what_is_wrong_is_named)
{
	EXPECT_BAD(bad);
}

TEST(hooks_have_their_arguments)
{
	const struct oci_hook *h;
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(HOOKS("'poststop':[{'path':'/x','args':['x','y'],'env':['A=1'],"
					  "'timeout':30},{'path':'/z'}]"),
				    &c, NULL));
	h = c.hooks.at[OCI_HOOK_POSTSTOP].v;
	EXPECT_STREQ("/x", h[0].path);
	EXPECT_STREQ("y", h[0].args.v[1]);
	EXPECT_EQ(NULL, h[0].args.v[2]);
	EXPECT_STREQ("A=1", h[0].env.v[0]);
	EXPECT_EQ(30, h[0].timeout);
	EXPECT_EQ(0, h[1].args.n);
	EXPECT_EQ(0, h[1].timeout);
	oci_config_done(&c);
	EXPECT_STREQ("createRuntime", oci_hook_point_name(OCI_HOOK_CREATE_RUNTIME));
}

TEST(what_is_no_json_is_refused)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}x",
		DOC(",'hostname':'a\\u0000b'"),
		DOC(",'root':{}"),
		PROCESS(",'rlimits':[{'type':'RLIMIT_CPU','hard':18446744073709551615,"
			"'soft':1}],'env':['A=\\u0000']"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err e = ERR_INIT;
		struct oci_config c;

		EXPECT_EQ(-EBADMSG, oci_help_parse(texts[i], &c, &e)) TH_LOG("%s", texts[i]);
		EXPECT_EQ(true, str_starts(e.msg, "config.json is not valid JSON"))
		TH_LOG("%s", e.msg);
	}
}

/* A document with @n times @entry between @head and @tail; '%' is replaced by a count. */
static int parse_many(const char *head, const char *entry, size_t n, const char *tail,
		      struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct oci_config config;
	int r;

	str_add(&s, head);
	for (size_t i = 0; i < n; i++) {
		str_add(&s, i ? "," : "");
		for (const char *c = entry; *c; c++) {
			if (*c == '%')
				str_addf(&s, "%zu", i);
			else
				str_add_char(&s, *c);
		}
	}
	str_add(&s, tail);
	r = oci_help_parse(str_text(&s), &config, e);
	if (r == 0)
		oci_config_done(&config);
	return r;
}

#define HEAD "{'ociVersion':'1.3.0','root':{'path':'r'},"

TEST(limits_of_lists_hold)
{
	/* clang-format off */
	static const struct {
		const char *path, *head, *entry, *tail;
		size_t max;
	} cases[] = {
		{ "mounts", HEAD "'mounts':[", "{'destination':'/%','type':'proc'}", "]}", OCI_MOUNTS_MAX },
		{ "annotations", HEAD "'annotations':{", "'%':''", "}}", OCI_ANNOTATIONS_MAX },
		{ "hooks.prestart", HEAD "'hooks':{'prestart':[", "{'path':'/%'}", "]}}", OCI_HOOKS_MAX },
		{ "process.args", HEAD "'process':{'cwd':'/','args':[", "'%'", "]}}", OCI_ARGS_MAX },
		{ "process.env", HEAD "'process':{'cwd':'/','args':['x'],'env':[", "'A=%'", "]}}", OCI_ARGS_MAX },
		{ "process.user.additionalGids", HEAD "'process':{'cwd':'/','args':['x'],'user':{'uid':0,'gid':0,'additionalGids':[", "%", "]}}}", OCI_GROUPS_MAX },
		{ "process.capabilities.bounding", HEAD "'process':{'cwd':'/','args':['x'],'capabilities':{'bounding':[", "'CAP_%'", "]}}}", OCI_CAPS_MAX },
		{ "linux.uidMappings", HEAD "'linux':{'namespaces':[{'type':'user','path':'/x'}],'uidMappings':[", "{'containerID':%,'hostID':%,'size':1}", "]}}", OCI_ID_MAPS_MAX },
		{ "linux.devices", HEAD "'linux':{'devices':[", "{'path':'/%','type':'p'}", "]}}", OCI_DEVICES_MAX },
		{ "linux.netDevices", HEAD "'linux':{'namespaces':[{'type':'network'}],'netDevices':{", "'%':{}", "}}}", OCI_NET_DEVICES_MAX },
		{ "linux.maskedPaths", HEAD "'linux':{'namespaces':[{'type':'mount'}],'maskedPaths':[", "'/%'", "]}}", OCI_PATHS_MAX },
		{ "linux.sysctl", HEAD "'linux':{'namespaces':[{'type':'network'}],'sysctl':{", "'net.x%':''", "}}}", OCI_SYSCTLS_MAX },
		{ "linux.intelRdt.schemata", HEAD "'linux':{'intelRdt':{'schemata':[", "'L3:%'", "]}}}", OCI_SCHEMATA_MAX },
		{ "linux.resources.devices", HEAD "'linux':{'resources':{'devices':[", "{'allow':true,'type':'c','major':1,'minor':%}", "]}}}", OCI_DEVICES_MAX },
		{ "linux.resources.unified", HEAD "'linux':{'resources':{'unified':{", "'a.%':''", "}}}}", OCI_LIMITS_MAX },
		{ "linux.resources.rdma", HEAD "'linux':{'resources':{'rdma':{", "'%':{'hcaHandles':1}", "}}}}", OCI_LIMITS_MAX },
		{ "linux.resources.hugepageLimits", HEAD "'linux':{'resources':{'hugepageLimits':[", "{'pageSize':'2MB','limit':%}", "]}}}", OCI_LIMITS_MAX },
		{ "linux.resources.network.priorities", HEAD "'linux':{'resources':{'network':{'priorities':[", "{'name':'e%','priority':1}", "]}}}}", OCI_LIMITS_MAX },
		{ "linux.resources.blockIO.throttleReadBpsDevice", HEAD "'linux':{'resources':{'blockIO':{'throttleReadBpsDevice':[", "{'major':1,'minor':%,'rate':1}", "]}}}}", OCI_IO_DEVICES_MAX },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *want =
			str_printf("config.json: %s: it has %zu entries, at most %zu are allowed",
				   cases[i].path, cases[i].max + 1, cases[i].max);
		struct err e = ERR_INIT;

		EXPECT_EQ(0, parse_many(cases[i].head, cases[i].entry, cases[i].max, cases[i].tail,
					&e))
		TH_LOG("%s", e.msg);
		EXPECT_EQ(-E2BIG, parse_many(cases[i].head, cases[i].entry, cases[i].max + 1,
					     cases[i].tail, &e));
		EXPECT_STREQ(want, e.msg);
	}
}

TEST(limits_of_strings_hold)
{
	/* clang-format off */
	static const struct {
		const char *path, *head, *tail;
		size_t max;
	} cases[] = {
		{ "root.path", "{'ociVersion':'1.3.0','root':{'path':'", "'}}", OCI_PATH_MAX },
		{ "process.cwd", HEAD "'process':{'args':['x'],'cwd':'", "'}}", OCI_PATH_MAX },
		{ "process.args[0]", HEAD "'process':{'cwd':'/','args':['", "']}}", OCI_ARG_MAX },
		{ "process.selinuxLabel", HEAD "'process':{'cwd':'/','args':['x'],'selinuxLabel':'", "'}}", OCI_LABEL_MAX },
		{ "mounts[0].destination", HEAD "'mounts':[{'type':'proc','destination':'", "'}]}", OCI_PATH_MAX },
		{ "mounts[0].type", HEAD "'mounts':[{'destination':'/','type':'", "'}]}", OCI_NAME_MAX },
		{ "annotations[\"a\"]", HEAD "'annotations':{'a':'", "'}}", OCI_ANNOTATION_MAX },
		{ "linux.cgroupsPath", HEAD "'linux':{'cgroupsPath':'", "'}}", OCI_PATH_MAX },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *want =
			str_printf("config.json: %s: it is longer than %zu bytes", cases[i].path,
				   cases[i].max);
		_cleanup_str_ struct str s = STR_INIT;
		struct err e = ERR_INIT;
		struct oci_config c;

		for (size_t more = 0; more < 2; more++) {
			str_truncate(&s, 0);
			str_add(&s, cases[i].head);
			str_add(&s, "/");
			for (size_t n = 1; n < cases[i].max + more; n++)
				str_add_char(&s, 'a');
			str_add(&s, cases[i].tail);
			EXPECT_EQ(more ? -E2BIG : 0, oci_help_parse(str_text(&s), &c, &e))
			TH_LOG("%s", cases[i].path);
			if (!more)
				oci_config_done(&c);
		}
		EXPECT_STREQ(want, e.msg);
	}
}

TEST(a_document_has_a_largest_size)
{
	_cleanup_free_ char *text = malloc(OCI_CONFIG_SIZE_MAX + 1);
	struct err e = ERR_INIT;
	struct oci_config c;

	ASSERT_NE(NULL, text);
	memset(text, ' ', OCI_CONFIG_SIZE_MAX + 1);
	memcpy(text, "{}", 2);
	EXPECT_EQ(-EBADMSG, oci_config_parse(text, OCI_CONFIG_SIZE_MAX, "c", &c, &e));
	EXPECT_STREQ("c: ociVersion: it is missing", e.msg);
	EXPECT_EQ(-EFBIG, oci_config_parse(text, OCI_CONFIG_SIZE_MAX + 1, "c", &c, &e));
	EXPECT_STREQ("c is larger than 8388608 bytes", e.msg);
	EXPECT_EQ(-EFBIG, oci_config_parse(text, OCI_CONFIG_SIZE_MAX + 1, "c", &c, NULL));
}

/* -- documents of real engines -- */

static int parse_file(const char *path, struct oci_config *c, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = io_read_file(AT_FDCWD, path, OCI_CONFIG_SIZE_MAX, &text, &n, e);

	return r < 0 ? r : oci_config_parse(text, n, path, c, e);
}

TEST(documents_of_real_engines)
{
	glob_t files;

	ASSERT_EQ(0, glob(DATA "*.json", 0, NULL, &files));
	EXPECT_GE(files.gl_pathc, 9);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct err e = ERR_INIT;
		struct oci_config c;

		ASSERT_EQ(0, parse_file(files.gl_pathv[i], &c, &e)) TH_LOG("%s", e.msg);
		EXPECT_EQ(true, c.has_process);
		EXPECT_LE(5, c.mounts.n);
		EXPECT_EQ(true, c.linux_.namespaces[OCI_NS_MOUNT].is_listed);
		oci_config_done(&c);
	}
	globfree(&files);
}

TEST(a_document_of_runc)
{
	const struct oci_mount *dev;
	struct oci_config c;

	ASSERT_EQ(0, parse_file(DATA "runc-spec.json", &c, NULL));
	EXPECT_EQ(true, c.process.terminal);
	EXPECT_STREQ("TERM=xterm", c.process.env.v[1]);
	EXPECT_EQ(CAP_BIT(CAP_AUDIT_WRITE) | CAP_BIT(CAP_KILL) | CAP_BIT(CAP_NET_BIND_SERVICE),
		  c.process.caps.ambient);
	EXPECT_EQ(0, c.process.caps.inheritable);
	EXPECT_EQ(RLIMIT_NOFILE, c.process.rlimits.v[0].resource);
	EXPECT_STREQ("runc", c.hostname);
	ASSERT_EQ(7, c.mounts.n);
	dev = &c.mounts.v[1];
	EXPECT_STREQ("/dev", dev->destination);
	EXPECT_EQ(MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, dev->set);
	EXPECT_EQ(MOUNT_ATTR__ATIME, dev->clear);
	EXPECT_STREQ("mode=755", dev->data.v[0]);
	EXPECT_STREQ("size=65536k", dev->data.v[1]);
	EXPECT_EQ(10, c.linux_.masked_paths.n);
	EXPECT_EQ(5, c.linux_.readonly_paths.n);
	EXPECT_EQ(1, c.linux_.resources.devices.n);
	oci_config_done(&c);
}

TEST(documents_of_podman)
{
	struct oci_config c;

	ASSERT_EQ(0, parse_file(DATA "podman-rich.json", &c, NULL));
	EXPECT_EQ(077, c.process.user.umask);
	EXPECT_EQ(5, c.process.oom_score_adj);
	EXPECT_EQ(RLIMIT_MEMLOCK, c.process.rlimits.v[1].resource);
	EXPECT_EQ(UINT64_MAX, c.process.rlimits.v[1].hard);
	EXPECT_EQ(64 << 20, c.linux_.resources.memory.limit);
	EXPECT_EQ(128 << 20, c.linux_.resources.memory.swap);
	EXPECT_EQ(50000, c.linux_.resources.cpu.quota);
	EXPECT_EQ(10, c.linux_.resources.pids_limit);
	EXPECT_EQ(1 << 20, c.linux_.resources.block_io.read_bps.v[0].rate);
	EXPECT_STREQ("/dev/fuse", c.linux_.devices.v[0].path);
	EXPECT_EQ(0600, c.linux_.devices.v[0].mode);
	EXPECT_EQ(2, c.linux_.sysctls.n);
	EXPECT_EQ(MS_SLAVE | MS_REC, c.linux_.propagation);
	EXPECT_EQ(true, c.linux_.has_seccomp);
	EXPECT_LE(5, c.linux_.seccomp.policy.n_rules);
	oci_config_done(&c);

	ASSERT_EQ(0, parse_file(DATA "podman-privileged.json", &c, NULL));
	/* where this was made, podman itself lacked one */
	EXPECT_EQ((CAP_BIT(CAP_LAST_CAP + 1) - 1) & ~CAP_BIT(CAP_SYS_RESOURCE),
		  c.process.caps.bounding);
	EXPECT_EQ(0, c.process.unknown_caps.n);
	EXPECT_EQ(false, c.linux_.has_seccomp);
	EXPECT_EQ(false, c.linux_.namespaces[OCI_NS_NETWORK].is_listed);
	oci_config_done(&c);

	ASSERT_EQ(0, parse_file(DATA "podman-userns.json", &c, NULL));
	ASSERT_EQ(1, c.linux_.uid_map.n);
	EXPECT_EQ(100000, c.linux_.uid_map.v[0].outside);
	EXPECT_EQ(200000, c.linux_.gid_map.v[0].outside);
	EXPECT_EQ(true, c.linux_.namespaces[OCI_NS_USER].is_listed);
	oci_config_done(&c);
}

/* What `spec` prints is what runc's prints, but for the version and the name. */
static bool is_like(const char *path, const char *text)
{
	_cleanup_json_ json_t *want = NULL, *got = json_parse(text, strlen(text), "it", NULL);

	if (!got || json_read_file(AT_FDCWD, path, OCI_CONFIG_SIZE_MAX, &want, NULL) < 0)
		return false;
	(void)json_object_set_new(want, "ociVersion", json_string("1.3.0"));
	(void)json_object_set_new(want, "hostname", json_string("davit"));
	return json_equal(want, got);
}

TEST(the_default_is_that_of_runc)
{
	_cleanup_free_ char *text = oci_spec_default(false, 5, 6);
	_cleanup_free_ char *rootless = oci_spec_default(true, 0, 0);
	_cleanup_free_ char *mapped = oci_spec_default(true, 1000, 1001);
	struct err e = ERR_INIT;
	struct oci_config c;

	ASSERT_EQ(true, text && rootless && mapped);
	EXPECT_EQ(true, is_like(DATA "runc-spec.json", text));
	EXPECT_EQ(true, is_like(DATA "runc-spec-rootless.json", rootless));
	EXPECT_EQ('\n', text[strlen(text) - 1]);
	ASSERT_EQ(0, oci_config_parse(text, strlen(text), "c", &c, &e)) TH_LOG("%s", e.msg);
	oci_config_done(&c);
	ASSERT_EQ(0, oci_config_parse(mapped, strlen(mapped), "c", &c, &e)) TH_LOG("%s", e.msg);
	EXPECT_EQ(1000, c.linux_.uid_map.v[0].outside);
	EXPECT_EQ(1001, c.linux_.gid_map.v[0].outside);
	oci_config_done(&c);
}

TEST_HARNESS_MAIN
