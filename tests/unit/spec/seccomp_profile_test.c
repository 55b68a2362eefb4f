// SPDX-License-Identifier: Apache-2.0
/* Profiles: every verdict is libseccomp's; every refusal says why. */
#include "spec/seccomp_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cap.h"
#include "kselftest_harness.h"
#include "seccomp_reference.h"
#include "spec/oci_config.h"
#include "tests/unit/kern/bpf_run.h"

#define DOCKER "tests/data/seccomp/docker.json"
#define PODMAN "/usr/share/containers/seccomp.json"

#define X86 (1u << SECCOMP_X86_64 | 1u << SECCOMP_X32 | 1u << SECCOMP_I386)
#define ARM (1u << SECCOMP_AARCH64 | 1u << SECCOMP_ARM)

static const uint32_t audit[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
				  AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM };

/* Argument values around everything that a profile compares with. */
/* clang-format off */
static const uint64_t values[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
	26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 0x100,
	0xffff, 0x10000, 0x1ffff, 0x20000, 0x20001, 0x20007, 0x20008, 0x20009, 0x2000000, 0x4000000,
	0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x7e020000, 0x80000000, 0x7fffffff,
	0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x10000000a, 0x10000000c, 0x100020008,
	0x1ffffffff, 0x7e02000000000000, 0xffffffff00000000, 0xffffffff00000002,
	0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX - 1, UINT64_MAX,
};
/* clang-format on */

static const uint32_t odd_numbers[] = {
	1023,	 1024,	  0xf0000,    0xf0001,	  0xf0002,    0xf0003,	  0xf0004,   0xf0005,
	0xf0006, 0xf0007, 0x3fffffff, 0x7fffffff, 0x80000000, 0xbfffffff, 0xfffffffe
};

static char *read_text(const char *path, size_t *ret_n)
{
	char *text = NULL;

	return io_read_file(AT_FDCWD, path, 1 << 20, &text, ret_n, NULL) < 0 ? NULL : text;
}

/* Number of calls on which the two disagree; the first is printed. */
static unsigned int compare_call(const struct reference *ref, const struct sock_filter *f, size_t n,
				 enum seccomp_arch arch, uint32_t nr)
{
	unsigned int wrong = 0;

	for (size_t v = 0; v < 2 * ARRAY_SIZE(values); v++) {
		struct seccomp_data d = { .nr = (int)nr, .arch = audit[arch] };
		uint64_t value = values[v / 2];
		uint32_t want, got;

		for (int a = 0; a < (v % 2 ? 6 : 1); a++)
			d.args[a] = value;
		want = reference_verdict(ref, arch, &d);
		got = (uint32_t)bpf_run(f, n, &d);
		if (want != got && wrong++ == 0)
			ksft_print_msg("arch %d number %#x argument %#llx: %#x, not %#x\n", arch,
				       nr, (unsigned long long)value, got, want);
	}
	return wrong;
}

static unsigned int compare_filter(const struct reference *ref, const struct sock_filter *f,
				   size_t n, uint32_t arches)
{
	unsigned int wrong = 0;

	for (unsigned int arch = 0; arch < SECCOMP_ARCH_COUNT; arch++) {
		uint32_t bit = arch == SECCOMP_X32 ? 0x40000000 : 0;

		if (!(arches & 1u << arch))
			continue;
		for (uint32_t nr = 0; nr <= 600; nr++)
			wrong += compare_call(ref, f, n, arch, nr | bit);
		for (size_t i = 0; i < ARRAY_SIZE(odd_numbers); i++)
			if (bit || !(odd_numbers[i] & 0x40000000))
				wrong += compare_call(ref, f, n, arch, odd_numbers[i] | bit);
	}
	return wrong;
}

/* Our parser and compiler against the reference, for one profile. */
static int compare_profile(const char *text, size_t n_text, uint32_t arches, uint64_t caps)
{
	struct err e = ERR_INIT;
	struct seccomp_profile p;
	struct sock_filter *f = NULL;
	struct reference ref;
	unsigned int wrong;
	size_t n;

	if (seccomp_profile_parse(text, n_text, "test", &p, &e) < 0) {
		ksft_print_msg("%s\n", e.msg);
		return -1;
	}
	p.policy.arches = arches;
	p.policy.caps = caps;
	if (seccomp_compile(&p.policy, &f, &n, &e) < 0) {
		ksft_print_msg("%s\n", e.msg);
		return -1;
	}
	reference_init(&ref, text, n_text, arches, caps);
	wrong = compare_filter(&ref, f, n, arches);
	reference_done(&ref);
	seccomp_profile_done(&p);
	free(f);
	return (int)wrong;
}

static const uint64_t cap_sets[] = {
	CAP_DEFAULT,
	0,
	CAP_FULL,
	CAP_DEFAULT | CAP_BIT(CAP_SYS_ADMIN),
	CAP_DEFAULT | CAP_BIT(CAP_SYS_PTRACE) | CAP_BIT(CAP_BPF),
	CAP_BIT(CAP_PERFMON) | CAP_BIT(CAP_SYSLOG) | CAP_BIT(CAP_SYS_NICE) | CAP_BIT(CAP_SYS_TIME),
};

TEST(numbers_are_those_of_libseccomp)
{
	unsigned int known = 0;

	for (unsigned int id = 0; seccomp_syscall_name(id); id++) {
		const char *name = seccomp_syscall_name(id);

		ASSERT_EQ((int)id, seccomp_syscall_find(name));
		for (unsigned int a = 0; a < SECCOMP_ARCH_COUNT; a++) {
			int want = seccomp_syscall_resolve_name_arch(reference_arch_token(a), name);

			if (want >= 0) {
				EXPECT_EQ(want, seccomp_syscall_number(id, a))
				TH_LOG("%s on architecture %u", name, a);
				known++;
			}
		}
	}
	EXPECT_GT(known, 1700);
	EXPECT_EQ(-ENOENT, seccomp_syscall_find("no_such_call"));
	EXPECT_EQ(-ENOENT, seccomp_syscall_find(""));
}

#if defined(__x86_64__)
TEST(docker_profile_matches_libseccomp)
{
	_cleanup_free_ char *text = NULL;
	size_t n;

	text = read_text(DOCKER, &n);
	ASSERT_NE(NULL, text);
	for (size_t i = 0; i < ARRAY_SIZE(cap_sets); i++) {
		EXPECT_EQ(0, compare_profile(text, n, X86, cap_sets[i]));
	}
}

TEST(one_architecture_matches_libseccomp)
{
	_cleanup_free_ char *text = NULL;
	size_t n;

	text = read_text(DOCKER, &n);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, compare_profile(text, n, 1u << SECCOMP_X86_64, CAP_DEFAULT));
	EXPECT_EQ(0, compare_profile(text, n, 1u << SECCOMP_I386, CAP_DEFAULT));
	EXPECT_EQ(0, compare_profile(text, n, 1u << SECCOMP_X32, CAP_DEFAULT));
}

TEST(podman_profile_matches_libseccomp)
{
	_cleanup_free_ char *text = NULL;
	size_t n;

	text = read_text(PODMAN, &n);
	if (!text)
		SKIP(return, "no " PODMAN " (package golang-github-containers-common)");
	for (size_t i = 0; i < ARRAY_SIZE(cap_sets); i++) {
		EXPECT_EQ(0, compare_profile(text, n, X86, cap_sets[i]));
	}
}

/* What is compiled in is Docker's profile. */
TEST(default_policy_is_dockers)
{
	_cleanup_free_ char *text = NULL;
	size_t n_text, n;

	text = read_text(DOCKER, &n_text);
	ASSERT_NE(NULL, text);
	for (size_t i = 0; i < ARRAY_SIZE(cap_sets); i++) {
		struct seccomp_policy p = seccomp_default_policy;
		_cleanup_free_ struct sock_filter *f = NULL;
		struct reference ref;

		p.caps = cap_sets[i];
		ASSERT_EQ(0, seccomp_compile(&p, &f, &n, NULL));
		reference_init(&ref, text, n_text, X86, cap_sets[i]);
		EXPECT_EQ(0, compare_filter(&ref, f, n, X86));
		reference_done(&ref);
	}
}
#endif

/* Single quotes to double ones; caller frees. */
static char *quoted(const char *text)
{
	char *copy = strdup(text);

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

/* clang-format off */
static const char *const profiles[] = {
	/* every operator, on a call with a small and with a large number */
	"{'defaultAction':'SCMP_ACT_ERRNO','syscalls':["
	"{'names':['read'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':5,'op':'SCMP_CMP_NE'}]},"
	"{'names':['write'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':5,'op':'SCMP_CMP_LT'}]},"
	"{'names':['open'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':5,'op':'SCMP_CMP_LE'}]},"
	"{'names':['close'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':5,'op':'SCMP_CMP_EQ'}]},"
	"{'names':['stat'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':5,'op':'SCMP_CMP_GE'}]},"
	"{'names':['fstat'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':5,'op':'SCMP_CMP_GT'}]},"
	"{'names':['lstat'],'action':'SCMP_ACT_ALLOW','args':"
	"[{'index':0,'value':12,'valueTwo':4,'op':'SCMP_CMP_MASKED_EQ'}]},"
	"{'names':['statx'],'action':'SCMP_ACT_KILL','args':[{'index':5,'value':131080,'op':'SCMP_CMP_GE'}]}]}",
	/* deny list, several comparisons of one call, traps and kills */
	"{'defaultAction':'SCMP_ACT_ALLOW','syscalls':["
	"{'names':['mount','umount2'],'action':'SCMP_ACT_ERRNO','errnoRet':13},"
	"{'names':['ioctl'],'action':'SCMP_ACT_TRAP','args':["
	"{'index':0,'value':2,'op':'SCMP_CMP_GT'},{'index':1,'value':131072,'op':'SCMP_CMP_EQ'}]},"
	"{'names':['ptrace'],'action':'SCMP_ACT_KILL_PROCESS'},"
	"{'names':['kexec_load'],'action':'SCMP_ACT_TRACE','errnoRet':7},"
	"{'names':['reboot'],'action':'SCMP_ACT_LOG'}]}",
	/* two comparisons of one argument mean "or" */
	"{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':38,'syscalls':["
	"{'names':['personality'],'action':'SCMP_ACT_ALLOW','args':["
	"{'index':0,'value':3,'op':'SCMP_CMP_EQ'},{'index':0,'value':9,'op':'SCMP_CMP_EQ'},"
	"{'index':0,'value':40,'op':'SCMP_CMP_GT'}]}]}",
	/* 64-bit values; a rule of the default action */
	"{'defaultAction':'SCMP_ACT_KILL','syscalls':["
	"{'names':['lseek'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':4294967297,'op':'SCMP_CMP_EQ'}]},"
	"{'names':['fcntl'],'action':'SCMP_ACT_ALLOW','args':[{'index':0,'value':4294967306,'op':'SCMP_CMP_GT'}]},"
	"{'names':['getpid'],'action':'SCMP_ACT_KILL'}]}",
	/* i386: calls that are also socketcall(2) and ipc(2) */
	"{'defaultAction':'SCMP_ACT_ERRNO','syscalls':["
	"{'names':['socket','bind','accept','recv','shutdown','semop','shmat'],'action':'SCMP_ACT_ALLOW'},"
	"{'names':['openat2'],'action':'SCMP_ACT_ALLOW'},"
	"{'names':['listen'],'action':'SCMP_ACT_ALLOW','args':[{'index':1,'value':5,'op':'SCMP_CMP_EQ'}]}]}",
	/* no rule at all */
	"{'defaultAction':'SCMP_ACT_LOG'}",
	/* calls that only some have: the last, for libseccomp 2.5.4 gets them wrong on arm */
	"{'defaultAction':'SCMP_ACT_KILL','syscalls':["
	"{'names':['getpid','statx','mmap2','time'],'action':'SCMP_ACT_ALLOW'}]}",
};
/* clang-format on */

#if defined(__x86_64__)
TEST(small_profiles_match_libseccomp)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		_cleanup_free_ char *text = quoted(profiles[i]);

		EXPECT_EQ(0, compare_profile(text, strlen(text), X86, CAP_DEFAULT))
		TH_LOG("profile %zu", i);
		if (i + 1 < ARRAY_SIZE(profiles)) {
			EXPECT_EQ(0, compare_profile(text, strlen(text), ARM, CAP_DEFAULT))
			TH_LOG("profile %zu on arm", i);
		}
	}
}
#endif

/* An entry of "syscalls" around which a valid profile is put. */
#define ENTRY(text) "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':[" text "]}"
#define CALL(more) ENTRY("{'names':['read'],'action':'SCMP_ACT_ALLOW'," more "}")
#define ARG(text) CALL("'args':[" text "]")

/* clang-format off */
static const struct {
	const char *text;
	int want;
	const char *message; /* part of it */
} refusals[] = {
	{ "", -EBADMSG, "seccomp profile 'p.json' is not valid JSON" },
	{ "{'defaultAction':", -EBADMSG, "not valid JSON" },
	{ "[]", -EBADMSG, "seccomp profile 'p.json': it is not an object" },
	{ "{'defaultAction':1}", -EBADMSG, "seccomp profile 'p.json': defaultAction: it is not a string" },
	{ "{'defaultAction':'ALLOW'}", -EINVAL, "defaultAction: 'ALLOW' is no action" },
	{ "{'defaultAction':'SCMP_ACT_NOTIFY'}", -EOPNOTSUPP, "action SCMP_ACT_NOTIFY is not supported" },
	{ "{'syscalls':[{'names':['read'],'action':'SCMP_ACT_ALLOW'}]}", -EBADMSG, "defaultAction: it is missing" },
	{ "{'defaultAction':'SCMP_ACT_ALLOW','defaultErrnoRet':1}", -EINVAL, "defaultErrnoRet: action SCMP_ACT_ALLOW takes none" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096}", -ERANGE, "defaultErrnoRet: 4096 is not a number from 0 to 4095" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':-1}", -ERANGE, "defaultErrnoRet: -1 is not a number" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':'1'}", -EBADMSG, "defaultErrnoRet: it is not a whole number" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','listenerPath':'/run/x'}", -EOPNOTSUPP, "listenerPath: it is not supported" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','flags':['NO']}", -EINVAL, "flags[0]: 'NO' is no flag of a filter" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','flags':[1]}", -EBADMSG, "flags[0]: it is not a string" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['X86']}", -EINVAL, "architectures[0]: 'X86' is no architecture" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','architectures':['SCMP_ARCH_X86'],'archMap':[{'architecture':'SCMP_ARCH_X86_64'}]}", -EINVAL, "'architectures' and 'archMap' exclude each other" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','archMap':[1]}", -EBADMSG, "archMap[0]: it is not an object" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','archMap':[{}]}", -EBADMSG, "archMap[0].architecture: it is missing" },
	{ "{'defaultAction':'SCMP_ACT_ERRNO','syscalls':{}}", -EBADMSG, "syscalls: it is not an array" },
	{ ENTRY("1"), -EBADMSG, "syscalls[0]: it is not an object" },
	{ ENTRY("{'names':['read']}"), -EBADMSG, "syscalls[0].action: it is missing" },
	{ ENTRY("{'names':['read'],'action':'SCMP_ACT_NOTIFY'}"), -EOPNOTSUPP, "SCMP_ACT_NOTIFY is not supported" },
	{ ENTRY("{'action':'SCMP_ACT_ALLOW'}"), -EBADMSG, "syscalls[0].names: it is missing" },
	{ ENTRY("{'names':[1],'action':'SCMP_ACT_ALLOW'}"), -EBADMSG, "syscalls[0].names[0]: it is not a string" },
	{ ENTRY("{'name':'read','names':['read'],'action':'SCMP_ACT_ALLOW'}"), -EINVAL, "'name' and 'names' exclude each other" },
	{ CALL("'errnoRet':1"), -EINVAL, "syscalls[0].errnoRet: action SCMP_ACT_ALLOW takes none" },
	{ ARG("1"), -EBADMSG, "syscalls[0].args[0]: it is not an object" },
	{ ARG("{'value':1,'op':'SCMP_CMP_EQ'}"), -EBADMSG, "syscalls[0].args[0].index: it is missing" },
	{ ARG("{'index':6,'value':1,'op':'SCMP_CMP_EQ'}"), -ERANGE, "syscalls[0].args[0].index: 6 is not a number from 0 to 5" },
	{ ARG("{'index':0,'value':-1,'op':'SCMP_CMP_EQ'}"), -ERANGE, "syscalls[0].args[0].value: -1 is not a number" },
	{ ARG("{'index':0,'value':1}"), -EBADMSG, "syscalls[0].args[0].op: it is missing" },
	{ ARG("{'index':0,'value':1,'op':'EQ'}"), -EINVAL, "syscalls[0].args[0].op: 'EQ' is no operator" },
	{ CALL("'includes':{'caps':['CAP_NONE']}"), -EINVAL, "syscalls[0].includes.caps[0]: unknown capability 'CAP_NONE'" },
	{ CALL("'excludes':{'caps':[1]}"), -EBADMSG, "syscalls[0].excludes.caps[0]: it is not a string" },
	{ CALL("'includes':{'minKernel':'4'}"), -EINVAL, "syscalls[0].includes.minKernel: '4' is no kernel version" },
	{ CALL("'includes':{'minKernel':'four.8'}"), -EINVAL, "minKernel: 'four.8' is no kernel version" },
	{ CALL("'includes':[]"), -EBADMSG, "syscalls[0].includes: it is not an object" },
};
/* clang-format on */

TEST(refusals_say_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		_cleanup_free_ char *text = quoted(refusals[i].text);
		struct seccomp_profile p;
		struct err e = ERR_INIT;

		EXPECT_EQ(refusals[i].want,
			  seccomp_profile_parse(text, strlen(text), "p.json", &p, &e))
		TH_LOG("%s", refusals[i].text);
		EXPECT_NE(NULL, strstr(e.msg, refusals[i].message))
		TH_LOG("%s: %s", refusals[i].text, e.msg);
	}
}

TEST(limits_hold)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct seccomp_profile p;
	struct err e = ERR_INIT;

	str_add(&s, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
	for (unsigned int i = 0; i <= SECCOMP_PROFILE_RULES_MAX; i++)
		str_addf(&s, "%s{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}",
			 i ? "," : "");
	str_add(&s, "]}");
	EXPECT_EQ(-E2BIG, seccomp_profile_parse(str_text(&s), s.len, "p", &p, &e));
	EXPECT_NE(NULL, strstr(e.msg, "syscalls: it has 2049 entries, at most 2048 are allowed"));

	str_truncate(&s, 0);
	str_add(&s, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"x\"");
	for (unsigned int i = 0; i < SECCOMP_PROFILE_NAMES_MAX; i++)
		str_add(&s, ",\"x\"");
	str_add(&s, "],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	EXPECT_EQ(-E2BIG, seccomp_profile_parse(str_text(&s), s.len, "p", &p, &e));
	EXPECT_NE(NULL, strstr(e.msg,
			       "syscalls[0].names: it has 1025 entries, at most 1024 are allowed"));

	str_truncate(&s, 0);
	str_add(&s, "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}");
	while (s.len <= SECCOMP_PROFILE_SIZE_MAX)
		str_add_char(&s, ' ');
	EXPECT_EQ(-EFBIG, seccomp_profile_parse(str_text(&s), s.len, "p", &p, &e));
	EXPECT_STREQ("seccomp profile 'p' is larger than 1048576 bytes", e.msg);
}

TEST(conditions_are_kept)
{
	_cleanup_free_ char *text =
		quoted(CALL("'includes':{'caps':['CAP_BPF'],'minKernel':'4.8'},"
			    "'excludes':{'caps':['CAP_KILL'],'minKernel':'99.1'}"));
	struct seccomp_profile p;

	ASSERT_EQ(0, seccomp_profile_parse(text, strlen(text), "p", &p, NULL));
	ASSERT_EQ(1, p.policy.n_rules);
	EXPECT_EQ(CAP_BIT(CAP_BPF), p.rules[0].caps_with);
	EXPECT_EQ(CAP_BIT(CAP_KILL), p.rules[0].caps_without);
	EXPECT_EQ(4 << 16 | 8, p.rules[0].kernel_min);
	EXPECT_EQ(99 << 16 | 1, p.rules[0].kernel_before);
	EXPECT_EQ(1u << SECCOMP_NATIVE, p.policy.arches);
	EXPECT_EQ(SECCOMP_FILTER_FLAG_SPEC_ALLOW, p.policy.flags);
	seccomp_profile_done(&p);
}

/* A profile as part of a configuration: here somebody may listen. */
static int read_in_config(const char *seccomp, struct oci_config *c, struct err *e)
{
	_cleanup_free_ char *text = str_printf(
		"{'ociVersion':'1.3.0','root':{'path':'r'},'linux':{'seccomp':%s}}", seccomp);
	_cleanup_free_ char *json = quoted(text);

	return oci_config_parse(json, strlen(json), "c", c, e);
}

#define NOTIFY(more)                                                                                        \
	"{'defaultAction':'SCMP_ACT_ALLOW','syscalls':[{'names':['read'],'action':'SCMP_ACT_NOTIFY'}]" more \
	"}"

TEST(listeners_of_a_configuration)
{
	struct oci_config c;

	ASSERT_EQ(0, read_in_config(NOTIFY(",'listenerPath':'/run/x','listenerMetadata':'m',"
					   "'flags':['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV']"),
				    &c, NULL));
	EXPECT_EQ(true, c.linux_.has_seccomp);
	EXPECT_EQ(true, c.linux_.seccomp.has_notify);
	EXPECT_STREQ("/run/x", c.linux_.seccomp.listener_path);
	EXPECT_STREQ("m", c.linux_.seccomp.listener_metadata);
	EXPECT_EQ(1u << 5, c.linux_.seccomp.policy.flags);
	ASSERT_EQ(1, c.linux_.seccomp.policy.n_rules);
	EXPECT_EQ(SECCOMP_RET_USER_NOTIF, c.linux_.seccomp.rules[0].action);
	oci_config_done(&c);

	/* without anything to wait for, the kernel refuses the flag */
	ASSERT_EQ(0, read_in_config(
			     "{'defaultAction':'SCMP_ACT_ALLOW','flags':["
			     "'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV','SECCOMP_FILTER_FLAG_LOG']}",
			     &c, NULL));
	EXPECT_EQ(SECCOMP_FILTER_FLAG_LOG, c.linux_.seccomp.policy.flags);
	EXPECT_EQ(false, c.linux_.seccomp.has_notify);
	oci_config_done(&c);

	ASSERT_EQ(0, read_in_config("{'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/x'}", &c, NULL));
	EXPECT_EQ(true, c.linux_.seccomp.has_notify);
	oci_config_done(&c);
}

TEST(a_configuration_names_the_property)
{
	/* clang-format off */
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "c: linux.seccomp: it is not an object" },
		{ "{'defaultAction':'NO'}", "c: linux.seccomp.defaultAction: 'NO' is no action" },
		{ NOTIFY(""), "c: linux.seccomp.listenerPath: it is missing, but SCMP_ACT_NOTIFY is used" },
		{ NOTIFY(",'listenerPath':'x'"), "c: linux.seccomp.listenerPath: 'x' is not an absolute path" },
		{ NOTIFY(",'listenerPath':1"), "c: linux.seccomp.listenerPath: it is not a string" },
		{ NOTIFY(",'listenerMetadata':1"), "c: linux.seccomp.listenerMetadata: it is not a string" },
		{ NOTIFY(",'listenerMetadata':'m'"), "c: linux.seccomp.listenerMetadata: there is no listenerPath" },
		{ ARG("{'index':9,'op':'SCMP_CMP_EQ'}"), "c: linux.seccomp.syscalls[0].args[0].index: 9 is not a number from 0 to 5" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = ERR_INIT;
		struct oci_config c;

		EXPECT_GT(0, read_in_config(cases[i].text, &c, &e));
		EXPECT_STREQ(cases[i].message, e.msg);
	}
}

TEST(wide_values_are_kept)
{
	_cleanup_free_ char *text =
		quoted(ARG("{'index':0,'value':18446744073709551615,'valueTwo':9223372036854775808,"
			   "'op':'SCMP_CMP_MASKED_EQ'}"));
	struct seccomp_profile p;

	ASSERT_EQ(0, seccomp_profile_parse(text, strlen(text), "p", &p, NULL));
	EXPECT_EQ(UINT64_MAX, p.args[0].value);
	EXPECT_EQ(UINT64_C(1) << 63, p.args[0].value_two);
	seccomp_profile_done(&p);
}

TEST(nothing_asked_is_no_filter)
{
	static const char *const texts[] = { "{}", "{\"syscalls\":[]}",
					     "{\"defaultAction\":\"\"}" };
	struct seccomp_profile p;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ASSERT_EQ(0, seccomp_profile_parse(texts[i], strlen(texts[i]), "p", &p, NULL));
		EXPECT_EQ(true, p.is_disabled);
		seccomp_profile_done(&p);
	}
}

TEST_HARNESS_MAIN
