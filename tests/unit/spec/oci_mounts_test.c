// SPDX-License-Identifier: Apache-2.0
/* mounts: every option, as it is understood and as it is refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/mount.h"
#include "kselftest_harness.h"
#include "oci_help.h"

#define BIND(more) MOUNT(",'source':'/s','options':['bind'" more "]")
#define TMPFS(more) MOUNT(",'type':'tmpfs','options':[" more "]")

#define ATIME MOUNT_ATTR__ATIME

/* clang-format off */
static const struct {
	const char *options;
	uint64_t set, clear, rec_set, rec_clear, sb_set, sb_clear;
	uint32_t flags, propagation;
	const char *data;
} options[] = {
	{ "'defaults',''", .set = 0 },
	{ "'ro'", .set = MOUNT_ATTR_RDONLY },
	{ "'rw'", .clear = MOUNT_ATTR_RDONLY },
	{ "'ro','rw'", .clear = MOUNT_ATTR_RDONLY },
	{ "'rw','ro'", .set = MOUNT_ATTR_RDONLY },
	{ "'nosuid'", .set = MOUNT_ATTR_NOSUID },
	{ "'suid'", .clear = MOUNT_ATTR_NOSUID },
	{ "'nodev'", .set = MOUNT_ATTR_NODEV },
	{ "'dev'", .clear = MOUNT_ATTR_NODEV },
	{ "'noexec'", .set = MOUNT_ATTR_NOEXEC },
	{ "'exec'", .clear = MOUNT_ATTR_NOEXEC },
	{ "'nosymfollow'", .set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "'symfollow'", .clear = MOUNT_ATTR_NOSYMFOLLOW },
	{ "'nodiratime'", .set = MOUNT_ATTR_NODIRATIME },
	{ "'diratime'", .clear = MOUNT_ATTR_NODIRATIME },
	{ "'noatime'", .set = MOUNT_ATTR_NOATIME, .clear = ATIME },
	{ "'atime'", .clear = ATIME },
	{ "'relatime'", .clear = ATIME },
	{ "'norelatime'", .set = 0 },
	{ "'strictatime'", .set = MOUNT_ATTR_STRICTATIME, .clear = ATIME },
	{ "'nostrictatime'", .clear = ATIME },
	{ "'noatime','strictatime'", .set = MOUNT_ATTR_STRICTATIME, .clear = ATIME },
	{ "'strictatime','relatime'", .clear = ATIME },
	{ "'rro'", .rec_set = MOUNT_ATTR_RDONLY },
	{ "'rrw'", .rec_clear = MOUNT_ATTR_RDONLY },
	{ "'rnosuid'", .rec_set = MOUNT_ATTR_NOSUID },
	{ "'rsuid'", .rec_clear = MOUNT_ATTR_NOSUID },
	{ "'rnodev'", .rec_set = MOUNT_ATTR_NODEV },
	{ "'rdev'", .rec_clear = MOUNT_ATTR_NODEV },
	{ "'rnoexec'", .rec_set = MOUNT_ATTR_NOEXEC },
	{ "'rexec'", .rec_clear = MOUNT_ATTR_NOEXEC },
	{ "'rnodiratime'", .rec_set = MOUNT_ATTR_NODIRATIME },
	{ "'rdiratime'", .rec_clear = MOUNT_ATTR_NODIRATIME },
	{ "'rnoatime'", .rec_set = MOUNT_ATTR_NOATIME, .rec_clear = ATIME },
	{ "'ratime'", .rec_clear = ATIME },
	{ "'rrelatime'", .rec_clear = ATIME },
	{ "'rnorelatime'", .set = 0 },
	{ "'rstrictatime'", .rec_set = MOUNT_ATTR_STRICTATIME, .rec_clear = ATIME },
	{ "'rnostrictatime'", .rec_clear = ATIME },
	{ "'rnosymfollow'", .rec_set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "'rsymfollow'", .rec_clear = MOUNT_ATTR_NOSYMFOLLOW },
	{ "'ro','rnosuid'", .set = MOUNT_ATTR_RDONLY, .rec_set = MOUNT_ATTR_NOSUID },
	{ "'sync'", .sb_set = MS_SYNCHRONOUS },
	{ "'async'", .sb_clear = MS_SYNCHRONOUS },
	{ "'dirsync'", .sb_set = MS_DIRSYNC },
	{ "'mand'", .sb_set = MS_MANDLOCK },
	{ "'nomand'", .sb_clear = MS_MANDLOCK },
	{ "'lazytime'", .sb_set = 1 << 25 },
	{ "'nolazytime'", .sb_clear = 1 << 25 },
	{ "'iversion'", .sb_set = MS_I_VERSION },
	{ "'noiversion'", .sb_clear = MS_I_VERSION },
	{ "'silent'", .sb_set = MS_SILENT },
	{ "'loud'", .sb_clear = MS_SILENT },
	{ "'acl'", .sb_set = MS_POSIXACL },
	{ "'noacl'", .sb_clear = MS_POSIXACL },
	{ "'remount'", .flags = OCI_MOUNT_REMOUNT },
	{ "'tmpcopyup'", .flags = OCI_MOUNT_COPY_UP },
	{ "'copy-symlink'", .flags = OCI_MOUNT_COPY_SYMLINK },
	{ "'src-nofollow'", .flags = OCI_MOUNT_SRC_NOFOLLOW },
	{ "'dest-nofollow'", .flags = OCI_MOUNT_DST_NOFOLLOW },
	{ "'private'", .propagation = MS_PRIVATE },
	{ "'rprivate'", .propagation = MS_PRIVATE | MS_REC },
	{ "'shared'", .propagation = MS_SHARED },
	{ "'rshared'", .propagation = MS_SHARED | MS_REC },
	{ "'slave'", .propagation = MS_SLAVE },
	{ "'rslave'", .propagation = MS_SLAVE | MS_REC },
	{ "'unbindable'", .propagation = MS_UNBINDABLE },
	{ "'runbindable'", .propagation = MS_UNBINDABLE | MS_REC },
	{ "'mode=755','nosuid','size=65536k','newinstance'", .set = MOUNT_ATTR_NOSUID, .data = "mode=755|size=65536k|newinstance|" },
	{ "'mode=755,size=1k','ro'", .set = MOUNT_ATTR_RDONLY, .data = "mode=755|size=1k|" },
	{ "',a,,b,'", .data = "a|b|" },
	{ "'lowerdir=/a\\\\,b:/c','upperdir=/d,workdir=/e'", .data = "lowerdir=/a\\,b:/c|upperdir=/d|workdir=/e|" },
	{ "'context=\\\"s0:c1,c2\\\",size=1'", .data = "context=\"s0:c1,c2\"|size=1|" },
	{ "'x\\\\'", .data = "x\\|" },
	{ "'rox','RO'", .data = "rox|RO|" },
};
/* clang-format on */

TEST(every_option_is_read)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		_cleanup_free_ char *text = str_printf(TMPFS("%s"), options[i].options);
		_cleanup_str_ struct str data = STR_INIT;
		struct err e = ERR_INIT;
		const struct oci_mount *m;
		struct oci_config c;

		ASSERT_NE(NULL, text);
		ASSERT_EQ(0, oci_help_parse(text, &c, &e)) TH_LOG("%s", e.msg);
		m = &c.mounts.v[0];
		EXPECT_EQ(options[i].set, m->set) TH_LOG("%s", text);
		EXPECT_EQ(options[i].clear, m->clear) TH_LOG("%s", text);
		EXPECT_EQ(options[i].rec_set, m->rec_set) TH_LOG("%s", text);
		EXPECT_EQ(options[i].rec_clear, m->rec_clear) TH_LOG("%s", text);
		EXPECT_EQ(options[i].sb_set, m->sb_set) TH_LOG("%s", text);
		EXPECT_EQ(options[i].sb_clear, m->sb_clear) TH_LOG("%s", text);
		EXPECT_EQ(options[i].flags, m->flags) TH_LOG("%s", text);
		EXPECT_EQ(options[i].propagation != 0, m->n_propagation) TH_LOG("%s", text);
		EXPECT_EQ(options[i].propagation, m->propagation[0]) TH_LOG("%s", text);
		for (size_t k = 0; k < m->data.n; k++)
			str_addf(&data, "%s|", m->data.v[k]);
		EXPECT_STREQ(options[i].data ? options[i].data : "", str_text(&data));
		EXPECT_EQ(NULL, m->data.v[m->data.n]);
		oci_config_done(&c);
	}
}

/* Each is in the table above, or below as a bind mount's, and the search needs them sorted. */
TEST(options_are_sorted_and_all_tested)
{
	static const char others[] = "'bind''rbind''idmap''ridmap'";

	for (size_t i = 0; oci_mount_option_name(i); i++) {
		_cleanup_free_ char *quoted = str_printf("'%s'", oci_mount_option_name(i));
		bool is_tested = strstr(others, quoted) != NULL;

		for (size_t k = 0; k < ARRAY_SIZE(options); k++)
			is_tested |= strstr(options[k].options, quoted) != NULL;
		EXPECT_EQ(true, is_tested) TH_LOG("%s", quoted);
		if (i > 0)
			EXPECT_GT(0,
				  strcmp(oci_mount_option_name(i - 1), oci_mount_option_name(i)));
	}
}

/* clang-format off */
static const struct oci_good counts[] = {
	IS(DOC(",'mounts':[]"), mounts.n, 0),
	IS(DOC(",'mounts':null"), mounts.n, 0),
	IS(BIND(""), mounts.n, 1),
};

static const struct {
	const char *text, *destination, *source, *type;
	uint32_t flags;
} binds[] = {
	{ BIND(""), "/m", "/s", NULL, OCI_MOUNT_BIND },
	{ MOUNT(",'source':'rel','options':['rbind','ro']"), "/m", "rel", NULL, OCI_MOUNT_BIND | OCI_MOUNT_RECURSIVE },
	{ MOUNT(",'source':'/s','type':'bind'"), "/m", "/s", "bind", OCI_MOUNT_BIND },
	{ MOUNT(",'source':'/s','type':'none','options':['bind']"), "/m", "/s", "none", OCI_MOUNT_BIND },
	{ MOUNT(",'type':'proc','options':null"), "/m", NULL, "proc", 0 },
	{ DOC(",'mounts':[{'destination':'rel/x','type':'proc','source':''}]"), "rel/x", NULL, "proc", 0 },
	{ MOUNT(",'options':['remount','bind','ro']"), "/m", NULL, NULL, OCI_MOUNT_REMOUNT | OCI_MOUNT_BIND },
	{ MOUNT(",'source':'/s','options':['bind','copy-symlink','src-nofollow']"), "/m", "/s", NULL, OCI_MOUNT_BIND | OCI_MOUNT_COPY_SYMLINK | OCI_MOUNT_SRC_NOFOLLOW },
};
/* clang-format on */

TEST(kinds_of_mounts)
{
	EXPECT_GOOD(counts);
	for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
		struct err e = ERR_INIT;
		struct oci_config c;

		ASSERT_EQ(0, oci_help_parse(binds[i].text, &c, &e)) TH_LOG("%s", e.msg);
		ASSERT_EQ(1, c.mounts.n);
		EXPECT_EQ(true, str_eq(binds[i].destination, c.mounts.v[0].destination));
		EXPECT_EQ(true, str_eq(binds[i].source, c.mounts.v[0].source));
		EXPECT_EQ(true, str_eq(binds[i].type, c.mounts.v[0].type));
		EXPECT_EQ(binds[i].flags, c.mounts.v[0].flags) TH_LOG("%s", binds[i].text);
		oci_config_done(&c);
	}
}

TEST(propagations_keep_their_order)
{
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(BIND(",'rslave','ro','shared'"), &c, NULL));
	ASSERT_EQ(2, c.mounts.v[0].n_propagation);
	EXPECT_EQ(MS_SLAVE | MS_REC, c.mounts.v[0].propagation[0]);
	EXPECT_EQ(MS_SHARED, c.mounts.v[0].propagation[1]);
	oci_config_done(&c);
}

#define MAP(i, o, n) "{'containerID':" #i ",'hostID':" #o ",'size':" #n "}"
#define MAPS(u, g) ",'source':'/s','uidMappings':[" u "],'gidMappings':[" g "]"

TEST(mappings_of_a_mount)
{
	static const struct {
		const char *text;
		uint32_t flags;
		bool is_relative;
		size_t n_uids, n_gids;
		struct oci_id_map last_uid;
	} cases[] = {
		{ MOUNT(MAPS(MAP(0, 1000, 5), MAP(0, 2000, 5)) ",'options':['bind']"),
		  OCI_MOUNT_BIND | OCI_MOUNT_IDMAP,
		  false,
		  1,
		  1,
		  { 0, 1000, 5 } },
		{ MOUNT(MAPS(MAP(0, 1000, 5) "," MAP(5, 10, 1),
			     MAP(0, 0, 1)) ",'options':['rbind','ridmap']"),
		  OCI_MOUNT_BIND | OCI_MOUNT_RECURSIVE | OCI_MOUNT_IDMAP | OCI_MOUNT_RIDMAP,
		  false,
		  2,
		  1,
		  { 5, 10, 1 } },
		{ BIND(",'idmap=uids=0-1000-1#1-2000-10;gids=0-0-1'"),
		  OCI_MOUNT_BIND | OCI_MOUNT_IDMAP,
		  false,
		  2,
		  1,
		  { 1, 2000, 10 } },
		{ BIND(",'ridmap=gids=0-0-1;uids=7-8-9'"),
		  OCI_MOUNT_BIND | OCI_MOUNT_IDMAP | OCI_MOUNT_RIDMAP,
		  false,
		  1,
		  1,
		  { 7, 8, 9 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_INIT;
		const struct oci_mount *m;
		struct oci_config c;

		ASSERT_EQ(0, oci_help_parse(cases[i].text, &c, &e)) TH_LOG("%s", e.msg);
		m = &c.mounts.v[0];
		EXPECT_EQ(cases[i].flags, m->flags);
		EXPECT_EQ(cases[i].is_relative, m->is_map_relative);
		ASSERT_EQ(cases[i].n_uids, m->uid_map.n);
		EXPECT_EQ(cases[i].n_gids, m->gid_map.n);
		EXPECT_EQ(0, memcmp(&cases[i].last_uid, &m->uid_map.v[m->uid_map.n - 1],
				    sizeof(struct oci_id_map)));
		oci_config_done(&c);
	}
}

#define IDMAP_USERNS                                                         \
	",'linux':{'uidMappings':[" MAP(0, 1000, 5) "],'gidMappings':[" MAP( \
		0, 1000, 5) "],"                                             \
			    "'namespaces':[{'type':'user'}]}"

TEST(mappings_of_the_container)
{
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(DOC(",'mounts':[{'destination':'/m','source':'/s','options':"
					"['bind','idmap']}]" IDMAP_USERNS),
				    &c, NULL));
	EXPECT_EQ(OCI_MOUNT_BIND | OCI_MOUNT_IDMAP, c.mounts.v[0].flags);
	EXPECT_EQ(0, c.mounts.v[0].uid_map.n);
	oci_config_done(&c);
	ASSERT_EQ(0, oci_help_parse(DOC(",'mounts':[{'destination':'/m','source':'/s','options':"
					"['bind','idmap=uids=@0-1-1;gids=@0-1-1']}]" IDMAP_USERNS),
				    &c, NULL));
	EXPECT_EQ(true, c.mounts.v[0].is_map_relative);
	oci_config_done(&c);
}

/* clang-format off */
#define IDMAP_WORDS "mounts[0].options[1]: it is not idmap=uids=FROM-TO-COUNT#…;gids=…"
static const struct oci_bad bad[] = {
	{ DOC(",'mounts':{}"), -EBADMSG, "mounts: it is not an array" },
	{ DOC(",'mounts':['/m']"), -EBADMSG, "mounts[0]: it is not an object" },
	{ DOC(",'mounts':[{'type':'proc'}]"), -EBADMSG, "mounts[0].destination: it is missing" },
	{ DOC(",'mounts':[{'destination':'','type':'proc'}]"), -EINVAL, "mounts[0].destination: it is empty" },
	{ DOC(",'mounts':[{'destination':'/a','type':'proc'},{'destination':1}]"), -EBADMSG, "mounts[1].destination: it is not a string" },
	{ MOUNT(""), -EBADMSG, "mounts[0].type: it is missing" },
	{ MOUNT(",'type':[]"), -EBADMSG, "mounts[0].type: it is not a string" },
	{ MOUNT(",'type':'proc','source':1"), -EBADMSG, "mounts[0].source: it is not a string" },
	{ MOUNT(",'options':['rbind']"), -EBADMSG, "mounts[0].source: it is missing" },
	{ MOUNT(",'type':'proc','options':'ro'"), -EBADMSG, "mounts[0].options: it is not an array" },
	{ TMPFS("'ro',1"), -EBADMSG, "mounts[0].options[1]: it is not a string" },
	{ BIND(",'size=1'"), -EINVAL, "mounts[0].options: 'size=1' is no option of a bind mount" },
	{ MOUNT(",'type':'proc','options':['tmpcopyup']"), -EINVAL, "mounts[0].options: 'tmpcopyup' is only for a tmpfs" },
	{ TMPFS("'slave','shared','private','slave','shared'"), -E2BIG, "mounts[0].options[4]: more than 4 propagations are given" },
	/* ids */
	{ BIND(",'idmap'"), -EINVAL, "mounts[0]: an idmap needs uidMappings or the user namespace" },
	{ BIND(",'idmap=uids=@0-0-1;gids=@0-0-1'"), -EINVAL, "mounts[0]: a relative idmap needs the user namespace" },
	{ BIND(",'idmap='"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids='"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-0'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-4294967296'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-99999999999999999999'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-1#'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-1;'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-1,gids=0-1-1'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-1;gids=@0-1-1'"), -EINVAL, IDMAP_WORDS },
	{ BIND(",'idmap=uids=0-1-1;uids=0-1-1'"), -EINVAL, "mounts[0].options[1]: its ids are given twice" },
	{ BIND(",'idmap=uids=0-1-5#3-100-5'"), -EINVAL, "mounts[0].options[1][1].containerID: the range overlaps that of entry 0" },
	{ BIND(",'idmap=uids=0-1-1'"), -EBADMSG, "mounts[0].gidMappings: it is missing, but there are uidMappings" },
	{ BIND(",'idmap=gids=0-1-1'"), -EBADMSG, "mounts[0].uidMappings: it is missing, but there are gidMappings" },
	{ MOUNT(",'type':'bind','source':'/s','uidMappings':[" MAP(0, 0, 1) "]"), -EBADMSG, "mounts[0].gidMappings: it is missing, but there are uidMappings" },
	{ MOUNT(",'type':'bind','source':'/s','options':['idmap=uids=0-0-1;gids=0-0-1'],'uidMappings':[" MAP(0, 0, 1) "]"), -EINVAL, "mounts[0].uidMappings: an option of the mount has mappings, too" },
	{ MOUNT(MAPS("1", "")), -EBADMSG, "mounts[0].uidMappings[0]: it is not an object" },
	{ MOUNT(MAPS("{'hostID':0,'size':1}", "")), -EBADMSG, "mounts[0].uidMappings[0].containerID: it is missing" },
	{ MOUNT(MAPS(MAP(0, 0, 1), MAP(0, 0, 0))), -ERANGE, "mounts[0].gidMappings[0].size: 0 is not a number from 1 to 4294967295" },
	{ MOUNT(MAPS(MAP(0, 0, 1), MAP(0, 4294967294, 2))), -ERANGE, "mounts[0].gidMappings[0].size: the range goes beyond the last id, 4294967294" },
};
/* clang-format on */

TEST(what_is_wrong_is_named)
{
	EXPECT_BAD(bad);
}

TEST(limits_hold)
{
	_cleanup_str_ struct str commas = STR_INIT, options_text = STR_INIT;
	_cleanup_free_ char *text = NULL, *text_two = NULL;
	struct err e = ERR_INIT;
	struct oci_config c;

	for (unsigned int i = 0; i <= OCI_OPTIONS_MAX; i++) {
		str_add(&commas, i ? ",x" : "x");
		str_add(&options_text, i ? ",'x'" : "'x'");
	}
	text = str_printf(TMPFS("'%s'"), str_text(&commas));
	EXPECT_EQ(-E2BIG, oci_help_parse(text, &c, &e));
	EXPECT_STREQ("config.json: mounts[0].options[0]: more than 256 options are given", e.msg);
	text_two = str_printf(TMPFS("%s"), str_text(&options_text));
	EXPECT_EQ(-E2BIG, oci_help_parse(text_two, &c, &e));
	EXPECT_STREQ("config.json: mounts[0].options: it has 257 entries, at most 256 are allowed",
		     e.msg);
}

TEST_HARNESS_MAIN
