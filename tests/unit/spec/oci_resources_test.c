// SPDX-License-Identifier: Apache-2.0
/* linux.resources: every property, as it is understood and as it is refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "kselftest_harness.h"
#include "oci_help.h"

#define MEMORY(more) RESOURCES("'memory':{" more "}")
#define CPU(more) RESOURCES("'cpu':{" more "}")
#define IO(more) RESOURCES("'blockIO':{" more "}")
#define RULE(more) RESOURCES("'devices':[{" more "}]")
#define HUGE(more) RESOURCES("'hugepageLimits':[{" more "}]")
#define NET(more) RESOURCES("'network':{" more "}")
#define RES linux_.resources

/* clang-format off */
static const struct oci_good good[] = {
	IS(LINUX(""), linux_.has_resources, false),
	IS(RESOURCES(""), linux_.has_resources, true),
	/* memory */
	IS(MEMORY(""), RES.memory.has_limit, false),
	IS(MEMORY("'limit':0"), RES.memory.has_limit, true),
	IS(MEMORY("'limit':536870912"), RES.memory.limit, 536870912),
	IS(MEMORY("'limit':-1"), RES.memory.limit, -1),
	IS(MEMORY("'reservation':9223372036854775807"), RES.memory.reservation, INT64_MAX),
	IS(MEMORY("'reservation':1"), RES.memory.has_reservation, true),
	IS(MEMORY("'limit':5,'swap':5"), RES.memory.swap, 5),
	IS(MEMORY("'swap':-1"), RES.memory.has_swap, true),
	IS(MEMORY("'limit':-1,'swap':-1"), RES.memory.swap, -1),
	IS(MEMORY("'kernel':7"), RES.memory.kernel, 7),
	IS(MEMORY("'kernel':7"), RES.memory.has_kernel, true),
	IS(MEMORY("'kernelTCP':7"), RES.memory.kernel_tcp, 7),
	IS(MEMORY("'kernelTCP':7"), RES.memory.has_kernel_tcp, true),
	IS(MEMORY("'swappiness':0"), RES.memory.has_swappiness, true),
	IS(MEMORY("'swappiness':100"), RES.memory.swappiness, 100),
	IS(MEMORY("'disableOOMKiller':true"), RES.memory.disable_oom_killer, true),
	IS(MEMORY("'disableOOMKiller':false"), RES.memory.has_disable_oom_killer, true),
	IS(MEMORY("'useHierarchy':true"), RES.memory.use_hierarchy, true),
	IS(MEMORY("'useHierarchy':true"), RES.memory.has_use_hierarchy, true),
	IS(MEMORY("'checkBeforeUpdate':true"), RES.memory.check_before_update, true),
	/* processors */
	IS(CPU("'shares':1024"), RES.cpu.shares, 1024),
	IS(CPU("'shares':0"), RES.cpu.has_shares, true),
	IS(CPU("'quota':-1"), RES.cpu.quota, -1),
	IS(CPU("'quota':5"), RES.cpu.has_quota, true),
	IS(CPU("'burst':5"), RES.cpu.burst, 5),
	IS(CPU("'burst':0"), RES.cpu.has_burst, true),
	IS(CPU("'period':100000"), RES.cpu.period, 100000),
	IS(CPU("'period':100000"), RES.cpu.has_period, true),
	IS(CPU("'realtimeRuntime':950000"), RES.cpu.realtime_runtime, 950000),
	IS(CPU("'realtimeRuntime':-1"), RES.cpu.has_realtime_runtime, true),
	IS(CPU("'realtimePeriod':1000000"), RES.cpu.realtime_period, 1000000),
	IS(CPU("'realtimePeriod':1000000"), RES.cpu.has_realtime_period, true),
	IS_TEXT(CPU("'cpus':'2-3'"), RES.cpu.cpus, "2-3"),
	IS_TEXT(CPU("'cpus':''"), RES.cpu.cpus, NULL),
	IS_TEXT(CPU("'mems':'0-7'"), RES.cpu.mems, "0-7"),
	IS(CPU("'idle':1"), RES.cpu.idle, 1),
	IS(CPU("'idle':0"), RES.cpu.has_idle, true),
	/* block devices */
	IS(IO("'weight':0"), RES.block_io.weight, 0),
	IS(IO("'weight':10"), RES.block_io.weight, 10),
	IS(IO("'leafWeight':1000"), RES.block_io.leaf_weight, 1000),
	IS(IO("'weightDevice':[{'major':8,'minor':0,'weight':500},{'major':8,'minor':16,'leafWeight':500}]"), RES.block_io.weight_devices.n, 2),
	IS(IO("'throttleReadBpsDevice':[{'major':8,'minor':0,'rate':1}]"), RES.block_io.read_bps.n, 1),
	IS(IO("'throttleWriteBpsDevice':[{'major':8,'minor':0,'rate':1}]"), RES.block_io.write_bps.n, 1),
	IS(IO("'throttleReadIOPSDevice':[{'major':8,'minor':0,'rate':1}]"), RES.block_io.read_iops.n, 1),
	IS(IO("'throttleWriteIOPSDevice':[{'major':8,'minor':0,'rate':1}]"), RES.block_io.write_iops.n, 1),
	IS(IO("'weight':0,'weightDevice':[],'throttleReadBpsDevice':null"), RES.block_io.weight_devices.n, 0),
	/* the rest */
	IS(RESOURCES("'pids':{}"), RES.has_pids_limit, false),
	IS(RESOURCES("'pids':{'limit':0}"), RES.has_pids_limit, true),
	IS(RESOURCES("'pids':{'limit':-1}"), RES.pids_limit, -1),
	IS(RESOURCES("'pids':{'limit':32771}"), RES.pids_limit, 32771),
	IS(HUGE("'pageSize':'2MB','limit':18446744073709551615"), RES.hugepages.n, 1),
	IS(NET("'classID':1048577"), RES.network.class_id, 1048577),
	IS(NET("'classID':4294967295"), RES.network.has_class_id, true),
	IS(NET("'priorities':[{'name':'eth0','priority':500}]"), RES.network.priorities.n, 1),
	IS(RESOURCES("'rdma':{'mlx5_1':{'hcaHandles':3},'mlx4_0':{'hcaObjects':0}}"), RES.rdma.n, 2),
	IS(RESOURCES("'unified':{'memory.high':'1','cpu.weight':''}"), RES.unified.n, 2),
	IS(RESOURCES("'devices':[{'allow':false,'access':'rwm'},{'allow':true}]"), RES.devices.n, 2),
	IS(RESOURCES("'disableOOMKiller':true,'oomScoreAdj':5"), linux_.has_resources, true),
};

static const struct oci_bad bad[] = {
	{ LINUX(",'resources':[]"), -EBADMSG, "linux.resources: it is not an object" },
	{ RESOURCES("'memory':1"), -EBADMSG, "linux.resources.memory: it is not an object" },
	{ MEMORY("'limit':'1g'"), -EBADMSG, "linux.resources.memory.limit: it is not a whole number" },
	{ MEMORY("'limit':-2"), -ERANGE, "linux.resources.memory.limit: -2 is not a number from -1 to 9223372036854775807" },
	{ MEMORY("'limit':9223372036854775808"), -ERANGE, "linux.resources.memory.limit: 9223372036854775808 is not a number from -1 to 9223372036854775807" },
	{ MEMORY("'limit':-9223372036854775809"), -ERANGE, "linux.resources.memory.limit: -9223372036854775809 is not a number from -1 to 9223372036854775807" },
	{ MEMORY("'reservation':-2"), -ERANGE, "linux.resources.memory.reservation: -2 is not a number from -1 to 9223372036854775807" },
	{ MEMORY("'swap':true"), -EBADMSG, "linux.resources.memory.swap: it is not a whole number" },
	{ MEMORY("'limit':2,'swap':1"), -EINVAL, "linux.resources.memory.swap: 1 is below the limit of memory, 2, which it includes" },
	{ MEMORY("'limit':-1,'swap':1"), -EINVAL, "linux.resources.memory.swap: it includes memory, which is not limited" },
	{ MEMORY("'kernel':1.5"), -EBADMSG, "linux.resources.memory.kernel: it is not a whole number" },
	{ MEMORY("'kernelTCP':-5"), -ERANGE, "linux.resources.memory.kernelTCP: -5 is not a number from -1 to 9223372036854775807" },
	{ MEMORY("'swappiness':101"), -ERANGE, "linux.resources.memory.swappiness: 101 is not a number from 0 to 100" },
	{ MEMORY("'swappiness':-1"), -ERANGE, "linux.resources.memory.swappiness: -1 is not a number from 0 to 100" },
	{ MEMORY("'disableOOMKiller':0"), -EBADMSG, "linux.resources.memory.disableOOMKiller: it is not true or false" },
	{ MEMORY("'useHierarchy':0"), -EBADMSG, "linux.resources.memory.useHierarchy: it is not true or false" },
	{ MEMORY("'checkBeforeUpdate':'x'"), -EBADMSG, "linux.resources.memory.checkBeforeUpdate: it is not true or false" },
	{ RESOURCES("'cpu':[]"), -EBADMSG, "linux.resources.cpu: it is not an object" },
	{ CPU("'shares':-1"), -ERANGE, "linux.resources.cpu.shares: -1 is not a number from 0 to 9223372036854775807" },
	{ CPU("'quota':-2"), -ERANGE, "linux.resources.cpu.quota: -2 is not a number from -1 to 9223372036854775807" },
	{ CPU("'burst':'1'"), -EBADMSG, "linux.resources.cpu.burst: it is not a whole number" },
	{ CPU("'period':18446744073709551615"), -ERANGE, "linux.resources.cpu.period: 18446744073709551615 is not a number from 0 to 9223372036854775807" },
	{ CPU("'realtimeRuntime':-7"), -ERANGE, "linux.resources.cpu.realtimeRuntime: -7 is not a number from -1 to 9223372036854775807" },
	{ CPU("'realtimePeriod':-1"), -ERANGE, "linux.resources.cpu.realtimePeriod: -1 is not a number from 0 to 9223372036854775807" },
	{ CPU("'cpus':0"), -EBADMSG, "linux.resources.cpu.cpus: it is not a string" },
	{ CPU("'cpus':'0\\n1'"), -EINVAL, "linux.resources.cpu.cpus: it has more than one line" },
	{ CPU("'mems':'0\\n1'"), -EINVAL, "linux.resources.cpu.mems: it has more than one line" },
	{ CPU("'idle':2"), -ERANGE, "linux.resources.cpu.idle: 2 is not a number from 0 to 1" },
	{ RESOURCES("'blockIO':1"), -EBADMSG, "linux.resources.blockIO: it is not an object" },
	{ IO("'weight':9"), -ERANGE, "linux.resources.blockIO.weight: 9 is not a number from 10 to 1000" },
	{ IO("'leafWeight':1001"), -ERANGE, "linux.resources.blockIO.leafWeight: 1001 is not a number from 0 to 1000" },
	{ IO("'weightDevice':[{'minor':0,'weight':500}]"), -EBADMSG, "linux.resources.blockIO.weightDevice[0].major: it is missing" },
	{ IO("'weightDevice':[{'major':0,'weight':500}]"), -EBADMSG, "linux.resources.blockIO.weightDevice[0].minor: it is missing" },
	{ IO("'weightDevice':[{'major':8,'minor':0}]"), -EINVAL, "linux.resources.blockIO.weightDevice[0]: it has neither weight nor leafWeight" },
	{ IO("'throttleReadBpsDevice':[{'major':8,'minor':0}]"), -EBADMSG, "linux.resources.blockIO.throttleReadBpsDevice[0].rate: it is missing" },
	{ IO("'throttleWriteBpsDevice':[{'major':4096,'minor':0,'rate':1}]"), -ERANGE, "linux.resources.blockIO.throttleWriteBpsDevice[0].major: 4096 is not a number from 0 to 4095" },
	{ IO("'throttleReadIOPSDevice':[{'major':8,'minor':1048576,'rate':1}]"), -ERANGE, "linux.resources.blockIO.throttleReadIOPSDevice[0].minor: 1048576 is not a number from 0 to 1048575" },
	{ IO("'throttleWriteIOPSDevice':[{'major':8,'minor':0,'rate':-1}]"), -ERANGE, "linux.resources.blockIO.throttleWriteIOPSDevice[0].rate: -1 is not a number from 0 to 18446744073709551615" },
	{ RESOURCES("'pids':5"), -EBADMSG, "linux.resources.pids: it is not an object" },
	{ RESOURCES("'pids':{'limit':-2}"), -ERANGE, "linux.resources.pids.limit: -2 is not a number from -1 to 9223372036854775807" },
	{ HUGE("'limit':1"), -EBADMSG, "linux.resources.hugepageLimits[0].pageSize: it is missing" },
	{ HUGE("'pageSize':'2MB'"), -EBADMSG, "linux.resources.hugepageLimits[0].limit: it is missing" },
	{ HUGE("'pageSize':'2 MB','limit':1"), -EINVAL, "linux.resources.hugepageLimits[0].pageSize: '2 MB' is no size of a page, like 2MB" },
	{ HUGE("'pageSize':'2','limit':1"), -EINVAL, "linux.resources.hugepageLimits[0].pageSize: '2' is no size of a page, like 2MB" },
	{ HUGE("'pageSize':'2MB/../x','limit':1"), -EINVAL, "linux.resources.hugepageLimits[0].pageSize: '2MB/../x' is no size of a page, like 2MB" },
	{ NET("'classID':4294967296"), -ERANGE, "linux.resources.network.classID: 4294967296 is not a number from 0 to 4294967295" },
	{ NET("'priorities':[{'priority':1}]"), -EBADMSG, "linux.resources.network.priorities[0].name: it is missing" },
	{ NET("'priorities':[{'name':'eth0'}]"), -EBADMSG, "linux.resources.network.priorities[0].priority: it is missing" },
	{ NET("'priorities':[{'name':'eth0 1','priority':1}]"), -EINVAL, "linux.resources.network.priorities[0].name: it is no name of a network device" },
	{ NET("'priorities':[{'name':'0123456789abcdef','priority':1}]"), -E2BIG, "linux.resources.network.priorities[0].name: it is longer than 15 bytes" },
	{ RESOURCES("'rdma':[]"), -EBADMSG, "linux.resources.rdma: it is not an object" },
	{ RESOURCES("'rdma':{'a':{}}"), -EINVAL, "linux.resources.rdma[\"a\"]: it has neither hcaHandles nor hcaObjects" },
	{ RESOURCES("'rdma':{'a b':{'hcaHandles':1}}"), -EINVAL, "linux.resources.rdma[\"a b\"]: it is no name of a device" },
	{ RESOURCES("'rdma':{'a':{'hcaHandles':-1}}"), -ERANGE, "linux.resources.rdma[\"a\"].hcaHandles: -1 is not a number from 0 to 4294967295" },
	{ RESOURCES("'rdma':{'a':{'hcaObjects':'1'}}"), -EBADMSG, "linux.resources.rdma[\"a\"].hcaObjects: it is not a whole number" },
	{ RESOURCES("'unified':[]"), -EBADMSG, "linux.resources.unified: it is not an object" },
	{ RESOURCES("'unified':{'memory.high':1}"), -EBADMSG, "linux.resources.unified[\"memory.high\"]: it is not a string" },
	{ RESOURCES("'unified':{'a/memory.high':'1'}"), -EINVAL, "linux.resources.unified[\"a/memory.high\"]: it is no file of a cgroup" },
	{ RESOURCES("'unified':{'..':'1'}"), -EINVAL, "linux.resources.unified[\"..\"]: it is no file of a cgroup" },
	{ RESOURCES("'unified':{'':'1'}"), -EINVAL, "linux.resources.unified: it has an entry without a name" },
	{ RESOURCES("'unified':{'tasks':'1'}"), -EINVAL, "linux.resources.unified[\"tasks\"]: it is no file of a cgroup" },
	/* device rules */
	{ RESOURCES("'devices':{}"), -EBADMSG, "linux.resources.devices: it is not an array" },
	{ RULE("'access':'rwm'"), -EBADMSG, "linux.resources.devices[0].allow: it is missing" },
	{ RULE("'allow':1"), -EBADMSG, "linux.resources.devices[0].allow: it is not true or false" },
	{ RULE("'allow':true,'type':'p'"), -EINVAL, "linux.resources.devices[0].type: 'p' is no type of a device rule" },
	{ RULE("'allow':true,'access':'rx'"), -EINVAL, "linux.resources.devices[0].access: 'rx' is not made of r, w and m" },
	{ RULE("'allow':true,'type':'c','major':4096"), -ERANGE, "linux.resources.devices[0].major: 4096 is not a number from -1 to 4095" },
	{ RULE("'allow':true,'type':'c','minor':-2"), -ERANGE, "linux.resources.devices[0].minor: -2 is not a number from -1 to 1048575" },
	{ RULE("'allow':true,'major':1"), -EINVAL, "linux.resources.devices[0].type: a rule for all types cannot have device numbers" },
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

TEST(rules_of_devices)
{
	static const struct {
		const char *text;
		struct oci_device_rule want;
	} cases[] = {
		{ RULE("'allow':false,'access':'rwm'"), { .type = 'a', .access = 7 } },
		{ RULE("'allow':false,'type':'','access':''"), { .type = 'a' } },
		{ RULE("'allow':true,'type':'a','major':-1,'minor':-1,'access':'m'"),
		  { .is_allow = true, .type = 'a', .access = OCI_DEVICE_MKNOD } },
		{ RULE("'allow':true,'type':'c','major':1,'minor':3,'access':'rw'"),
		  { .is_allow = true,
		    .type = 'c',
		    .has_major = true,
		    .has_minor = true,
		    .major = 1,
		    .minor = 3,
		    .access = OCI_DEVICE_READ | OCI_DEVICE_WRITE } },
		{ RULE("'allow':true,'type':'b','major':8,'minor':-1,'access':'r'"),
		  { .is_allow = true,
		    .type = 'b',
		    .has_major = true,
		    .major = 8,
		    .access = OCI_DEVICE_READ } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct oci_device_rule *got, *want = &cases[i].want;
		struct oci_config c;

		ASSERT_EQ(0, oci_help_parse(cases[i].text, &c, NULL)) TH_LOG("%zu", i);
		got = &c.linux_.resources.devices.v[0];
		EXPECT_EQ(want->is_allow, got->is_allow) TH_LOG("%zu", i);
		EXPECT_EQ(want->type, got->type) TH_LOG("%zu", i);
		EXPECT_EQ(want->has_major, got->has_major) TH_LOG("%zu", i);
		EXPECT_EQ(want->has_minor, got->has_minor) TH_LOG("%zu", i);
		EXPECT_EQ(want->major, got->major) TH_LOG("%zu", i);
		EXPECT_EQ(want->minor, got->minor) TH_LOG("%zu", i);
		EXPECT_EQ(want->access, got->access) TH_LOG("%zu", i);
		oci_config_done(&c);
	}
}

TEST(entries_of_lists)
{
	const struct oci_resources *r;
	struct oci_config c;

	ASSERT_EQ(0,
		  oci_help_parse(
			  RESOURCES("'blockIO':{'weightDevice':[{'major':8,'minor':16,'weight':500,"
				    "'leafWeight':300}],'throttleWriteIOPSDevice':[{'major':8,"
				    "'minor':1,'rate':18446744073709551615}]},"
				    "'hugepageLimits':[{'pageSize':'64KB','limit':5}],"
				    "'network':{'priorities':[{'name':'eth0','priority':9}]},"
				    "'rdma':{'m':{'hcaObjects':0}},'unified':{'cpu.max':'max'}"),
			  &c, NULL));
	r = &c.linux_.resources;
	EXPECT_EQ(8, r->block_io.weight_devices.v[0].major);
	EXPECT_EQ(16, r->block_io.weight_devices.v[0].minor);
	EXPECT_EQ(500, r->block_io.weight_devices.v[0].weight);
	EXPECT_EQ(300, r->block_io.weight_devices.v[0].leaf_weight);
	EXPECT_EQ(8, r->block_io.write_iops.v[0].major);
	EXPECT_EQ(1, r->block_io.write_iops.v[0].minor);
	EXPECT_EQ(UINT64_MAX, r->block_io.write_iops.v[0].rate);
	EXPECT_STREQ("64KB", r->hugepages.v[0].page_size);
	EXPECT_EQ(5, r->hugepages.v[0].limit);
	EXPECT_STREQ("eth0", r->network.priorities.v[0].name);
	EXPECT_EQ(9, r->network.priorities.v[0].priority);
	EXPECT_STREQ("m", r->rdma.v[0].device);
	EXPECT_EQ(false, r->rdma.v[0].has_hca_handles);
	EXPECT_EQ(true, r->rdma.v[0].has_hca_objects);
	EXPECT_STREQ("cpu.max", r->unified.v[0].key);
	EXPECT_STREQ("max", r->unified.v[0].value);
	oci_config_done(&c);
}

TEST(the_document_of_update)
{
	static const char text[] = "{\"memory\":{\"limit\":5},\"pids\":{\"limit\":-1}}";
	static const char wrong[] = "{\"unified\":{\"memory.high\":5}}";
	struct err e = ERR_INIT;
	struct oci_resources r;
	struct oci_doc doc;

	ASSERT_EQ(0, oci_resources_parse(text, strlen(text), "r.json", &doc, &r, &e));
	EXPECT_EQ(5, r.memory.limit);
	EXPECT_EQ(false, r.memory.has_swap);
	EXPECT_EQ(-1, r.pids_limit);
	oci_doc_done(&doc);
	EXPECT_EQ(-EBADMSG, oci_resources_parse(wrong, strlen(wrong), "r.json", &doc, &r, &e));
	EXPECT_STREQ("r.json: unified[\"memory.high\"]: it is not a string", e.msg);
}

TEST_HARNESS_MAIN
