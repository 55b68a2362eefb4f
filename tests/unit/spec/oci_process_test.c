// SPDX-License-Identifier: Apache-2.0
/* process: every property, as it is understood and as it is refused. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "oci_help.h"

#define SCHED(more) PROCESS(",'scheduler':{" more "}")
#define RLIMIT(more) PROCESS(",'rlimits':[" more "]")
#define CAPS(more) PROCESS(",'capabilities':{" more "}")

/* clang-format off */
static const struct oci_good good[] = {
	IS(DOC(""), has_process, false),
	IS(PROCESS(""), has_process, true),
	IS(DOC(",'process':null"), has_process, false),
	IS(PROCESS(",'terminal':true"), process.terminal, true),
	IS(PROCESS(",'terminal':null"), process.terminal, false),
	IS(PROCESS(",'terminal':true,'consoleSize':{'height':25,'width':80}"), process.console_height, 25),
	IS(PROCESS(",'terminal':true,'consoleSize':{'height':25,'width':80}"), process.console_width, 80),
	IS(PROCESS(",'consoleSize':{'height':25,'width':80}"), process.console_width, 0),
	IS_LIST(DOC(",'process':{'cwd':'/','args':['a','','c d']}"), process.args, 3, "a,,c d,"),
	IS_LIST(PROCESS(",'env':['A=1','B=','C==']"), process.env, 3, "A=1,B=,C==,"),
	IS_LIST(PROCESS(",'env':[]"), process.env, 0, ""),
	IS_TEXT(DOC(",'process':{'cwd':'/x/../y','args':['a']}"), process.cwd, "/x/../y"),
	IS(PROCESS(",'user':{'uid':4294967294,'gid':7}"), process.user.uid, 4294967294),
	IS(PROCESS(",'user':{'uid':1,'gid':7}"), process.user.gid, 7),
	IS(PROCESS(",'user':{'uid':1,'gid':7}"), process.user.has_umask, false),
	IS(PROCESS(",'user':{'uid':1,'gid':7,'umask':0}"), process.user.has_umask, true),
	IS(PROCESS(",'user':{'uid':1,'gid':7,'umask':63}"), process.user.umask, 077),
	IS(PROCESS(",'user':{'uid':1,'gid':7,'username':'ann','additionalGids':[5,6]}"), process.user.groups.n, 2),
	IS(PROCESS(",'noNewPrivileges':true"), process.no_new_privs, true),
	IS_TEXT(PROCESS(",'apparmorProfile':'docker-default'"), process.apparmor_profile, "docker-default"),
	IS_TEXT(PROCESS(",'apparmorProfile':''"), process.apparmor_profile, NULL),
	IS_TEXT(PROCESS(",'selinuxLabel':'a:b:c:s0:c1,c2'"), process.selinux_label, "a:b:c:s0:c1,c2"),
	IS(PROCESS(""), process.has_oom_score_adj, false),
	IS(PROCESS(",'oomScoreAdj':0"), process.has_oom_score_adj, true),
	IS(PROCESS(",'oomScoreAdj':-1000"), process.oom_score_adj, -1000),
	IS(PROCESS(",'oomScoreAdj':1000"), process.oom_score_adj, 1000),
	/* capabilities */
	IS(PROCESS(""), process.has_caps, false),
	IS(CAPS(""), process.has_caps, true),
	IS(CAPS("'bounding':['CAP_CHOWN','CAP_SYSLOG']"), process.caps.bounding, CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_SYSLOG)),
	IS(CAPS("'effective':['CAP_WAKE_ALARM']"), process.caps.effective, CAP_BIT(CAP_WAKE_ALARM)),
	IS(CAPS("'inheritable':['CAP_AUDIT_CONTROL']"), process.caps.inheritable, CAP_BIT(CAP_AUDIT_CONTROL)),
	IS(CAPS("'permitted':['CAP_BPF']"), process.caps.permitted, CAP_BIT(CAP_BPF)),
	IS(CAPS("'ambient':['CAP_KILL','CAP_KILL']"), process.caps.ambient, CAP_BIT(CAP_KILL)),
	IS(CAPS("'ambient':null"), process.caps.ambient, 0),
	IS_LIST(CAPS("'bounding':['CAP_NEW','CAP_KILL','kill'],'effective':['CAP_NEW']"), process.unknown_caps, 2, "CAP_NEW,kill,"),
	IS(CAPS("'bounding':['CAP_NEW','CAP_KILL']"), process.caps.bounding, CAP_BIT(CAP_KILL)),
	/* scheduling */
	IS(PROCESS(""), process.has_scheduler, false),
	IS(SCHED("'policy':'SCHED_OTHER'"), process.has_scheduler, true),
	IS(SCHED("'policy':'SCHED_BATCH','nice':-20"), process.scheduler.nice, -20),
	IS(SCHED("'policy':'SCHED_BATCH','nice':19"), process.scheduler.policy, SCHED_BATCH),
	IS(SCHED("'policy':'SCHED_IDLE'"), process.scheduler.policy, SCHED_IDLE),
	IS(SCHED("'policy':'SCHED_FIFO','priority':99"), process.scheduler.priority, 99),
	IS(SCHED("'policy':'SCHED_RR','priority':1"), process.scheduler.policy, SCHED_RR),
	IS(SCHED("'policy':'SCHED_ISO'"), process.scheduler.policy, 4),
	IS(SCHED("'policy':'SCHED_DEADLINE','runtime':1,'deadline':2,'period':3"), process.scheduler.policy, 6),
	IS(SCHED("'policy':'SCHED_DEADLINE','runtime':1,'deadline':2"), process.scheduler.deadline, 2),
	IS(SCHED("'policy':'SCHED_DEADLINE','runtime':1,'deadline':2,'period':3"), process.scheduler.runtime, 1),
	IS(SCHED("'policy':'SCHED_DEADLINE','runtime':1,'deadline':2,'period':3"), process.scheduler.period, 3),
	IS(SCHED("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_RESET_ON_FORK','SCHED_FLAG_DL_OVERRUN']"), process.scheduler.flags, 5),
	IS(SCHED("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_RECLAIM','SCHED_FLAG_KEEP_POLICY','SCHED_FLAG_KEEP_PARAMS','SCHED_FLAG_UTIL_CLAMP_MIN','SCHED_FLAG_UTIL_CLAMP_MAX']"), process.scheduler.flags, 0x7a),
	IS(PROCESS(",'ioPriority':{'class':'IOPRIO_CLASS_RT'}"), process.has_io_priority, true),
	IS(PROCESS(",'ioPriority':{'class':'IOPRIO_CLASS_RT','priority':7}"), process.io_priority.class, 1),
	IS(PROCESS(",'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':7}"), process.io_priority.priority, 7),
	IS(PROCESS(",'ioPriority':{'class':'IOPRIO_CLASS_IDLE','priority':0}"), process.io_priority.class, 3),
	IS_TEXT(PROCESS(",'execCPUAffinity':{'initial':'0-3,8','final':'4'}"), process.affinity.initial, "0-3,8"),
	IS_TEXT(PROCESS(",'execCPUAffinity':{'initial':'0-3,8','final':'4'}"), process.affinity.final, "4"),
	IS_TEXT(PROCESS(",'execCPUAffinity':{'initial':''}"), process.affinity.initial, NULL),
	IS(RLIMIT(""), process.rlimits.n, 0),
	IS(PROCESS(",'commandLine':1,'unknown':{}"), process.terminal, false),
};

static const struct oci_bad bad[] = {
	{ DOC(",'process':1"), -EBADMSG, "process: it is not an object" },
	{ DOC(",'process':{'args':['x']}"), -EBADMSG, "process.cwd: it is missing" },
	{ DOC(",'process':{'cwd':null,'args':['x']}"), -EBADMSG, "process.cwd: it is missing" },
	{ DOC(",'process':{'cwd':'','args':['x']}"), -EINVAL, "process.cwd: it is empty" },
	{ DOC(",'process':{'cwd':'tmp','args':['x']}"), -EINVAL, "process.cwd: 'tmp' is not an absolute path" },
	{ DOC(",'process':{'cwd':1,'args':['x']}"), -EBADMSG, "process.cwd: it is not a string" },
	{ DOC(",'process':{'cwd':'/'}"), -EBADMSG, "process.args: it is missing" },
	{ DOC(",'process':{'cwd':'/','args':[]}"), -EINVAL, "process.args: it is empty" },
	{ DOC(",'process':{'cwd':'/','args':['','x']}"), -EINVAL, "process.args: the name of the program is empty" },
	{ DOC(",'process':{'cwd':'/','args':'x'}"), -EBADMSG, "process.args: it is not an array" },
	{ DOC(",'process':{'cwd':'/','args':['x',1]}"), -EBADMSG, "process.args[1]: it is not a string" },
	{ DOC(",'process':{'cwd':'/','args':['x',18446744073709551615]}"), -EBADMSG, "process.args[1]: it is not a string" },
	{ PROCESS(",'terminal':'yes'"), -EBADMSG, "process.terminal: it is not true or false" },
	{ PROCESS(",'consoleSize':[]"), -EBADMSG, "process.consoleSize: it is not an object" },
	{ PROCESS(",'consoleSize':{'width':1}"), -EBADMSG, "process.consoleSize.height: it is missing" },
	{ PROCESS(",'consoleSize':{'height':65536,'width':1}"), -ERANGE, "process.consoleSize.height: 65536 is not a number from 0 to 65535" },
	{ PROCESS(",'consoleSize':{'height':1,'width':-1}"), -ERANGE, "process.consoleSize.width: -1 is not a number from 0 to 65535" },
	{ PROCESS(",'env':{}"), -EBADMSG, "process.env: it is not an array" },
	{ PROCESS(",'env':['A=1',true]"), -EBADMSG, "process.env[1]: it is not a string" },
	{ PROCESS(",'env':['A=1','B']"), -EINVAL, "process.env[1]: 'B' is not NAME=VALUE" },
	{ PROCESS(",'env':['=1']"), -EINVAL, "process.env[0]: '=1' is not NAME=VALUE" },
	{ PROCESS(",'env':['a\\nb']"), -EINVAL, "process.env[0]: 'a?b' is not NAME=VALUE" },
	{ PROCESS(",'user':0"), -EBADMSG, "process.user: it is not an object" },
	{ PROCESS(",'user':{'gid':0}"), -EBADMSG, "process.user.uid: it is missing" },
	{ PROCESS(",'user':{'uid':0}"), -EBADMSG, "process.user.gid: it is missing" },
	{ PROCESS(",'user':{'uid':4294967295,'gid':0}"), -ERANGE, "process.user.uid: 4294967295 is not a number from 0 to 4294967294" },
	{ PROCESS(",'user':{'uid':4294967296,'gid':0}"), -ERANGE, "process.user.uid: 4294967296 is not a number from 0 to 4294967294" },
	{ PROCESS(",'user':{'uid':18446744073709551616,'gid':0}"), -ERANGE, "process.user.uid: 18446744073709551616 is not a number from 0 to 4294967294" },
	{ PROCESS(",'user':{'uid':0,'gid':-1}"), -ERANGE, "process.user.gid: -1 is not a number from 0 to 4294967294" },
	{ PROCESS(",'user':{'uid':0.5,'gid':0}"), -EBADMSG, "process.user.uid: it is not a whole number" },
	{ PROCESS(",'user':{'uid':'0','gid':0}"), -EBADMSG, "process.user.uid: it is not a whole number" },
	{ PROCESS(",'user':{'uid':0,'gid':0,'umask':512}"), -ERANGE, "process.user.umask: 512 is not a number from 0 to 511" },
	{ PROCESS(",'user':{'uid':0,'gid':0,'additionalGids':1}"), -EBADMSG, "process.user.additionalGids: it is not an array" },
	{ PROCESS(",'user':{'uid':0,'gid':0,'additionalGids':[1,-2]}"), -ERANGE, "process.user.additionalGids[1]: -2 is not a number from 0 to 4294967294" },
	{ PROCESS(",'noNewPrivileges':1"), -EBADMSG, "process.noNewPrivileges: it is not true or false" },
	{ PROCESS(",'apparmorProfile':1"), -EBADMSG, "process.apparmorProfile: it is not a string" },
	{ PROCESS(",'apparmorProfile':'a\\nb'"), -EINVAL, "process.apparmorProfile: it has more than one line" },
	{ PROCESS(",'selinuxLabel':{}"), -EBADMSG, "process.selinuxLabel: it is not a string" },
	{ PROCESS(",'selinuxLabel':'a\\nb'"), -EINVAL, "process.selinuxLabel: it has more than one line" },
	{ PROCESS(",'oomScoreAdj':1001"), -ERANGE, "process.oomScoreAdj: 1001 is not a number from -1000 to 1000" },
	{ PROCESS(",'oomScoreAdj':-1001"), -ERANGE, "process.oomScoreAdj: -1001 is not a number from -1000 to 1000" },
	{ PROCESS(",'oomScoreAdj':'1'"), -EBADMSG, "process.oomScoreAdj: it is not a whole number" },
	/* capabilities */
	{ PROCESS(",'capabilities':[]"), -EBADMSG, "process.capabilities: it is not an object" },
	{ CAPS("'bounding':'CAP_KILL'"), -EBADMSG, "process.capabilities.bounding: it is not an array" },
	{ CAPS("'effective':[1]"), -EBADMSG, "process.capabilities.effective[0]: it is not a string" },
	{ CAPS("'inheritable':1"), -EBADMSG, "process.capabilities.inheritable: it is not an array" },
	{ CAPS("'permitted':1"), -EBADMSG, "process.capabilities.permitted: it is not an array" },
	{ CAPS("'ambient':['CAP_KILL',null]"), -EBADMSG, "process.capabilities.ambient[1]: it is not a string" },
	/* limits */
	{ PROCESS(",'rlimits':{}"), -EBADMSG, "process.rlimits: it is not an array" },
	{ RLIMIT("1"), -EBADMSG, "process.rlimits[0]: it is not an object" },
	{ RLIMIT("{'hard':1,'soft':1}"), -EBADMSG, "process.rlimits[0].type: it is missing" },
	{ RLIMIT("{'type':'RLIMIT_CPU','soft':1}"), -EBADMSG, "process.rlimits[0].hard: it is missing" },
	{ RLIMIT("{'type':'RLIMIT_CPU','hard':1}"), -EBADMSG, "process.rlimits[0].soft: it is missing" },
	{ RLIMIT("{'type':'RLIMIT_CPU','hard':1,'soft':1},{'type':'RLIMIT_AS','hard':1,'soft':1},{'type':'RLIMIT_FOO','hard':1,'soft':1}"), -EINVAL, "process.rlimits[2].type: 'RLIMIT_FOO' is no resource limit" },
	{ RLIMIT("{'type':7,'hard':1,'soft':1}"), -EBADMSG, "process.rlimits[0].type: it is not a string" },
	{ RLIMIT("{'type':'RLIMIT_CPU','hard':1,'soft':2}"), -EINVAL, "process.rlimits[0].soft: 2 is above the hard limit, 1" },
	{ RLIMIT("{'type':'RLIMIT_CPU','hard':-1,'soft':1}"), -ERANGE, "process.rlimits[0].hard: -1 is not a number from 0 to 18446744073709551615" },
	{ RLIMIT("{'type':'RLIMIT_CPU','hard':1,'soft':18446744073709551616}"), -ERANGE, "process.rlimits[0].soft: 18446744073709551616 is not a number from 0 to 18446744073709551615" },
	{ RLIMIT("{'type':'RLIMIT_CPU','hard':1,'soft':1},{'type':'RLIMIT_CPU','hard':1,'soft':1}"), -EINVAL, "process.rlimits[1].type: this limit is given twice" },
	/* scheduling */
	{ PROCESS(",'scheduler':'SCHED_FIFO'"), -EBADMSG, "process.scheduler: it is not an object" },
	{ SCHED("'nice':1"), -EBADMSG, "process.scheduler.policy: it is missing" },
	{ SCHED("'policy':'FIFO'"), -EINVAL, "process.scheduler.policy: 'FIFO' is no scheduling policy" },
	{ SCHED("'policy':'SCHED_OTHER','nice':20"), -ERANGE, "process.scheduler.nice: 20 is not a number from -20 to 19" },
	{ SCHED("'policy':'SCHED_OTHER','nice':'1'"), -EBADMSG, "process.scheduler.nice: it is not a whole number" },
	{ SCHED("'policy':'SCHED_FIFO','priority':1,'nice':1"), -EINVAL, "process.scheduler.nice: only SCHED_OTHER and SCHED_BATCH have a nice value" },
	{ SCHED("'policy':'SCHED_FIFO'"), -EINVAL, "process.scheduler.priority: SCHED_FIFO and SCHED_RR need one from 1 to 99" },
	{ SCHED("'policy':'SCHED_RR','priority':100"), -ERANGE, "process.scheduler.priority: 100 is not a number from 0 to 99" },
	{ SCHED("'policy':'SCHED_OTHER','priority':1"), -EINVAL, "process.scheduler.priority: only SCHED_FIFO and SCHED_RR have a priority" },
	{ SCHED("'policy':'SCHED_OTHER','flags':'x'"), -EBADMSG, "process.scheduler.flags: it is not an array" },
	{ SCHED("'policy':'SCHED_OTHER','flags':['SCHED_FLAG_RECLAIM','x']"), -EINVAL, "process.scheduler.flags[1]: 'x' is no scheduling flag" },
	{ SCHED("'policy':'SCHED_OTHER','runtime':1"), -EINVAL, "process.scheduler: only SCHED_DEADLINE has runtime, deadline and period" },
	{ SCHED("'policy':'SCHED_OTHER','deadline':-1"), -ERANGE, "process.scheduler.deadline: -1 is not a number from 0 to 9223372036854775807" },
	{ SCHED("'policy':'SCHED_OTHER','period':true"), -EBADMSG, "process.scheduler.period: it is not a whole number" },
	{ SCHED("'policy':'SCHED_DEADLINE','runtime':3,'deadline':2,'period':4"), -EINVAL, "process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period" },
	{ SCHED("'policy':'SCHED_DEADLINE','runtime':1,'deadline':5,'period':4"), -EINVAL, "process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period" },
	{ SCHED("'policy':'SCHED_DEADLINE'"), -EINVAL, "process.scheduler: SCHED_DEADLINE needs 0 < runtime <= deadline <= period" },
	{ PROCESS(",'ioPriority':1"), -EBADMSG, "process.ioPriority: it is not an object" },
	{ PROCESS(",'ioPriority':{'priority':1}"), -EBADMSG, "process.ioPriority.class: it is missing" },
	{ PROCESS(",'ioPriority':{'class':'RT'}"), -EINVAL, "process.ioPriority.class: 'RT' is no I/O class" },
	{ PROCESS(",'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}"), -ERANGE, "process.ioPriority.priority: 8 is not a number from 0 to 7" },
	{ PROCESS(",'execCPUAffinity':'0'"), -EBADMSG, "process.execCPUAffinity: it is not an object" },
	{ PROCESS(",'execCPUAffinity':{'initial':0}"), -EBADMSG, "process.execCPUAffinity.initial: it is not a string" },
	{ PROCESS(",'execCPUAffinity':{'initial':'3-1'}"), -EINVAL, "process.execCPUAffinity.initial: '3-1' is no list of processors, like 0-3,8" },
	{ PROCESS(",'execCPUAffinity':{'final':'1,'}"), -EINVAL, "process.execCPUAffinity.final: '1,' is no list of processors, like 0-3,8" },
	{ PROCESS(",'execCPUAffinity':{'final':'0-'}"), -EINVAL, "process.execCPUAffinity.final: '0-' is no list of processors, like 0-3,8" },
	{ PROCESS(",'execCPUAffinity':{'final':'all'}"), -EINVAL, "process.execCPUAffinity.final: 'all' is no list of processors, like 0-3,8" },
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

TEST(every_capability_has_its_bit)
{
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		_cleanup_free_ char *text = str_printf(CAPS("'bounding':['%s'],'ambient':['%s']"),
						       cap_name(cap), cap_name(cap));
		struct oci_config c;

		ASSERT_NE(NULL, text);
		ASSERT_EQ(0, oci_help_parse(text, &c, NULL));
		EXPECT_EQ(CAP_BIT(cap), c.process.caps.bounding) TH_LOG("%s", cap_name(cap));
		EXPECT_EQ(CAP_BIT(cap), c.process.caps.ambient);
		oci_config_done(&c);
	}
}

TEST(every_limit_has_its_number)
{
	static const struct {
		const char *name;
		unsigned int resource;
	} limits[] = {
		{ "AS", RLIMIT_AS },
		{ "CORE", RLIMIT_CORE },
		{ "CPU", RLIMIT_CPU },
		{ "DATA", RLIMIT_DATA },
		{ "FSIZE", RLIMIT_FSIZE },
		{ "LOCKS", RLIMIT_LOCKS },
		{ "MEMLOCK", RLIMIT_MEMLOCK },
		{ "MSGQUEUE", RLIMIT_MSGQUEUE },
		{ "NICE", RLIMIT_NICE },
		{ "NOFILE", RLIMIT_NOFILE },
		{ "NPROC", RLIMIT_NPROC },
		{ "RSS", RLIMIT_RSS },
		{ "RTPRIO", RLIMIT_RTPRIO },
		{ "RTTIME", RLIMIT_RTTIME },
		{ "SIGPENDING", RLIMIT_SIGPENDING },
		{ "STACK", RLIMIT_STACK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_free_ char *text = str_printf(
			RLIMIT("{'type':'RLIMIT_%s','soft':3,'hard':18446744073709551615}"),
			limits[i].name);
		struct oci_config c;

		ASSERT_NE(NULL, text);
		ASSERT_EQ(0, oci_help_parse(text, &c, NULL));
		ASSERT_EQ(1, c.process.rlimits.n);
		EXPECT_EQ(limits[i].resource, c.process.rlimits.v[0].resource);
		EXPECT_EQ(3, c.process.rlimits.v[0].soft);
		EXPECT_EQ(UINT64_MAX, c.process.rlimits.v[0].hard);
		oci_config_done(&c);
	}
}

TEST(groups_are_in_order)
{
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(PROCESS(",'user':{'uid':0,'gid':0,'additionalGids':[9,3,9]}"),
				    &c, NULL));
	ASSERT_EQ(3, c.process.user.groups.n);
	EXPECT_EQ(9, c.process.user.groups.v[0]);
	EXPECT_EQ(3, c.process.user.groups.v[1]);
	oci_config_done(&c);
}

TEST(the_document_of_exec)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"ps\",\"x\"],\"terminal\":true,"
				   "\"user\":{\"uid\":5,\"gid\":6}}";
	static const char wrong[] = "{\"cwd\":\"/\",\"args\":[\"ps\"],\"user\":{\"uid\":-1}}";
	struct err e = ERR_INIT;
	struct oci_process p;
	struct oci_doc doc;

	ASSERT_EQ(0, oci_process_parse(text, strlen(text), "p.json", &doc, &p, &e));
	EXPECT_STREQ("x", p.args.v[1]);
	EXPECT_EQ(NULL, p.args.v[2]);
	EXPECT_EQ(5, p.user.uid);
	oci_doc_done(&doc);
	EXPECT_EQ(-ERANGE, oci_process_parse(wrong, strlen(wrong), "p.json", &doc, &p, &e));
	EXPECT_STREQ("p.json: user.uid: -1 is not a number from 0 to 4294967294", e.msg);
	EXPECT_EQ(NULL, doc.json);
	EXPECT_EQ(-EBADMSG, oci_process_parse("[]", 2, "p.json", &doc, &p, &e));
	EXPECT_STREQ("p.json: it is not an object", e.msg);
	EXPECT_EQ(-EBADMSG, oci_process_parse("{", 1, "p.json", &doc, &p, &e));
	EXPECT_NE(NULL, strstr(e.msg, "p.json is not valid JSON"));
}

TEST_HARNESS_MAIN
