// SPDX-License-Identifier: Apache-2.0
/* linux: every property but resources and seccomp, as it is understood and as it is refused. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "oci_help.h"

#define MAP "{'containerID':0,'hostID':1000,'size':5}"
#define USER_NS(more) BARE("'namespaces':[{'type':'user'}]" more)
#define DEVICE(more) BARE("'devices':[{" more "}]")
#define RDT(more) BARE("'intelRdt':{" more "}")
#define POLICY(more) BARE("'memoryPolicy':{" more "}")
#define OFFSETS(more) LINUX(",'timeOffsets':{" more "}")
#define NET(more) LINUX(",'netDevices':{" more "}")
#define SYSCTL(more) LINUX(",'sysctl':{" more "}")
#define L linux_

/* clang-format off */
static const struct oci_good good[] = {
	IS(DOC(""), L.namespaces[OCI_NS_PID].is_listed, false),
	IS(DOC(",'linux':null"), L.namespaces[OCI_NS_PID].is_listed, false),
	IS(LINUX(""), L.namespaces[OCI_NS_PID].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_NETWORK].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_MOUNT].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_IPC].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_UTS].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_USER].is_listed, false),
	IS(LINUX(""), L.namespaces[OCI_NS_CGROUP].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_TIME].is_listed, true),
	IS(LINUX(""), L.namespaces[OCI_NS_TIME].path, 0),
	IS_TEXT(BARE("'namespaces':[{'type':'network','path':'/proc/1/ns/net'}]"), L.namespaces[OCI_NS_NETWORK].path, "/proc/1/ns/net"),
	IS_TEXT(BARE("'namespaces':[{'type':'user','path':'/proc/1/ns/user'}]"), L.namespaces[OCI_NS_USER].path, "/proc/1/ns/user"),
	IS_TEXT(BARE("'namespaces':[{'type':'pid','path':''}]"), L.namespaces[OCI_NS_PID].path, NULL),
	IS(USER_NS(",'uidMappings':[" MAP "],'gidMappings':[" MAP "]"), L.uid_map.n, 1),
	IS(USER_NS(",'uidMappings':[" MAP "],'gidMappings':[" MAP ",{'containerID':5,'hostID':1,'size':999}]"), L.gid_map.n, 2),
	/* clocks */
	IS(OFFSETS(""), L.mono.is_set, false),
	IS(OFFSETS("'monotonic':{}"), L.mono.is_set, true),
	IS(OFFSETS("'monotonic':{'secs':-5,'nanosecs':999999999}"), L.mono.secs, -5),
	IS(OFFSETS("'monotonic':{'secs':-5,'nanosecs':999999999}"), L.mono.nanosecs, 999999999),
	IS(OFFSETS("'boottime':{'secs':7}"), L.boot.secs, 7),
	IS(OFFSETS("'boottime':{'secs':7}"), L.boot.is_set, true),
	/* devices */
	IS(DEVICE("'path':'/dev/fuse','type':'c','major':10,'minor':229"), L.devices.n, 1),
	IS(NET("'eth0':{}"), L.net_devices.n, 1),
	/* cgroups, paths */
	IS_TEXT(BARE("'cgroupsPath':'/a/b..c/..d'"), L.cgroups_path, "/a/b..c/..d"),
	IS_TEXT(BARE("'cgroupsPath':'system.slice:davit:id'"), L.cgroups_path, "system.slice:davit:id"),
	IS_TEXT(BARE("'cgroupsPath':''"), L.cgroups_path, NULL),
	IS_LIST(LINUX(",'maskedPaths':['/proc/kcore','/x']"), L.masked_paths, 2, "/proc/kcore,/x,"),
	IS_LIST(LINUX(",'maskedPaths':null"), L.masked_paths, 0, ""),
	IS_LIST(LINUX(",'readonlyPaths':['/proc/sys']"), L.readonly_paths, 1, "/proc/sys,"),
	IS_LIST(BARE("'readonlyPaths':[],'maskedPaths':[]"), L.readonly_paths, 0, ""),
	IS_TEXT(BARE("'mountLabel':'a:b:c'"), L.mount_label, "a:b:c"),
	IS(BARE(""), L.propagation, 0),
	IS(BARE("'rootfsPropagation':''"), L.propagation, 0),
	IS(BARE("'rootfsPropagation':'private'"), L.propagation, MS_PRIVATE),
	IS(BARE("'rootfsPropagation':'rprivate'"), L.propagation, MS_PRIVATE | MS_REC),
	IS(BARE("'rootfsPropagation':'slave'"), L.propagation, MS_SLAVE),
	IS(BARE("'rootfsPropagation':'rslave'"), L.propagation, MS_SLAVE | MS_REC),
	IS(BARE("'rootfsPropagation':'shared'"), L.propagation, MS_SHARED),
	IS(BARE("'rootfsPropagation':'rshared'"), L.propagation, MS_SHARED | MS_REC),
	IS(BARE("'rootfsPropagation':'unbindable'"), L.propagation, MS_UNBINDABLE),
	IS(BARE("'rootfsPropagation':'runbindable'"), L.propagation, MS_UNBINDABLE | MS_REC),
	/* personality, memory, RDT */
	IS(BARE(""), L.has_personality, false),
	IS(BARE("'personality':{'domain':'LINUX'}"), L.has_personality, true),
	IS(BARE("'personality':{'domain':'LINUX32','flags':[]}"), L.personality, PER_LINUX32),
	IS(BARE(""), L.has_memory_policy, false),
	IS(POLICY("'mode':'MPOL_DEFAULT'"), L.has_memory_policy, true),
	IS(POLICY("'mode':'MPOL_LOCAL'"), L.memory_policy.mode, MPOL_LOCAL),
	IS(POLICY("'mode':'MPOL_PREFERRED'"), L.memory_policy.mode, MPOL_PREFERRED),
	IS(POLICY("'mode':'MPOL_BIND','nodes':'0'"), L.memory_policy.mode, MPOL_BIND),
	IS(POLICY("'mode':'MPOL_INTERLEAVE','nodes':'0'"), L.memory_policy.mode, MPOL_INTERLEAVE),
	IS(POLICY("'mode':'MPOL_PREFERRED_MANY','nodes':'0'"), L.memory_policy.mode, 5),
	IS(POLICY("'mode':'MPOL_WEIGHTED_INTERLEAVE','nodes':'0'"), L.memory_policy.mode, 6),
	IS_TEXT(POLICY("'mode':'MPOL_BIND','nodes':'0-1,3'"), L.memory_policy.nodes, "0-1,3"),
	IS(POLICY("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_NUMA_BALANCING']"), L.memory_policy.flags, 1 << 15 | 1 << 13),
	IS(POLICY("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_RELATIVE_NODES']"), L.memory_policy.flags, 1 << 14),
	IS(BARE(""), L.has_intel_rdt, false),
	IS(RDT(""), L.has_intel_rdt, true),
	IS_TEXT(RDT("'closID':'gold'"), L.intel_rdt.clos_id, "gold"),
	IS_TEXT(RDT("'l3CacheSchema':'L3:0=7f0;1=1f'"), L.intel_rdt.l3_cache_schema, "L3:0=7f0;1=1f"),
	IS_TEXT(RDT("'memBwSchema':'MB:0=20;1=70'"), L.intel_rdt.mem_bw_schema, "MB:0=20;1=70"),
	IS_LIST(RDT("'schemata':['L3:0=f','MB:0=5']"), L.intel_rdt.schemata, 2, "L3:0=f,MB:0=5,"),
	IS(RDT("'enableMonitoring':true"), L.intel_rdt.enable_monitoring, true),
	IS(RDT("'enableCMT':true"), L.intel_rdt.enable_cmt, true),
	IS(RDT("'enableMBM':true"), L.intel_rdt.enable_mbm, true),
	IS(SYSCTL(""), L.sysctls.n, 0),
	IS(SYSCTL("'net.core.somaxconn':'1','kernel.shmmax':'2','kernel.domainname':'d'"), L.sysctls.n, 3),
};

static const struct oci_bad bad[] = {
	{ DOC(",'linux':[]"), -EBADMSG, "linux: it is not an object" },
	{ BARE("'namespaces':{}"), -EBADMSG, "linux.namespaces: it is not an array" },
	{ BARE("'namespaces':['pid']"), -EBADMSG, "linux.namespaces[0]: it is not an object" },
	{ BARE("'namespaces':[{}]"), -EBADMSG, "linux.namespaces[0].type: it is missing" },
	{ BARE("'namespaces':[{'type':'pid'},{'type':'net'}]"), -EINVAL, "linux.namespaces[1].type: 'net' is no type of a namespace" },
	{ BARE("'namespaces':[{'type':'pid'},{'type':'pid','path':'/x'}]"), -EINVAL, "linux.namespaces[1].type: 'pid' is listed twice" },
	{ BARE("'namespaces':[{'type':'pid','path':'x'}]"), -EINVAL, "linux.namespaces[0].path: 'x' is not an absolute path" },
	{ BARE("'namespaces':[{'type':'pid','path':1}]"), -EBADMSG, "linux.namespaces[0].path: it is not a string" },
	/* mappings */
	{ USER_NS(""), -EBADMSG, "linux.uidMappings: it is missing, but there is a new user namespace" },
	{ USER_NS(",'uidMappings':[" MAP "]"), -EBADMSG, "linux.gidMappings: it is missing, but there is a new user namespace" },
	{ LINUX(",'uidMappings':[" MAP "]"), -EINVAL, "linux.uidMappings: it needs the user namespace in linux.namespaces" },
	{ LINUX(",'gidMappings':[" MAP "]"), -EINVAL, "linux.gidMappings: it needs the user namespace in linux.namespaces" },
	{ USER_NS(",'uidMappings':{}"), -EBADMSG, "linux.uidMappings: it is not an array" },
	{ USER_NS(",'uidMappings':[{'containerID':0,'hostID':0}]"), -EBADMSG, "linux.uidMappings[0].size: it is missing" },
	{ USER_NS(",'uidMappings':[{'containerID':0,'size':1}]"), -EBADMSG, "linux.uidMappings[0].hostID: it is missing" },
	{ USER_NS(",'uidMappings':[{'containerID':0,'hostID':-1,'size':1}]"), -ERANGE, "linux.uidMappings[0].hostID: -1 is not a number from 0 to 4294967294" },
	{ USER_NS(",'uidMappings':[{'containerID':4294967295,'hostID':1,'size':1}]"), -ERANGE, "linux.uidMappings[0].containerID: 4294967295 is not a number from 0 to 4294967294" },
	{ USER_NS(",'uidMappings':[{'containerID':4294967290,'hostID':1,'size':6}]"), -ERANGE, "linux.uidMappings[0].size: the range goes beyond the last id, 4294967294" },
	{ USER_NS(",'uidMappings':[" MAP ",{'containerID':4,'hostID':5000,'size':1}]"), -EINVAL, "linux.uidMappings[1].containerID: the range overlaps that of entry 0" },
	{ USER_NS(",'gidMappings':[" MAP ",{'containerID':9,'hostID':999,'size':2}]"), -EINVAL, "linux.gidMappings[1].hostID: the range overlaps that of entry 0" },
	/* clocks */
	{ BARE("'timeOffsets':{'monotonic':{'secs':1}}"), -EINVAL, "linux.timeOffsets: it needs a new time namespace in linux.namespaces" },
	{ BARE("'namespaces':[{'type':'time','path':'/x'}],'timeOffsets':{'boottime':{'secs':1}}"), -EINVAL, "linux.timeOffsets: it needs a new time namespace in linux.namespaces" },
	{ LINUX(",'timeOffsets':[]"), -EBADMSG, "linux.timeOffsets: it is not an object" },
	{ OFFSETS("'realtime':{}"), -EINVAL, "linux.timeOffsets[\"realtime\"]: it is no clock of a time namespace: monotonic, boottime" },
	{ OFFSETS("'boottime':1"), -EBADMSG, "linux.timeOffsets[\"boottime\"]: it is not an object" },
	{ OFFSETS("'boottime':{'secs':'1'}"), -EBADMSG, "linux.timeOffsets[\"boottime\"].secs: it is not a whole number" },
	{ OFFSETS("'monotonic':{'secs':9223372036854775808}"), -ERANGE, "linux.timeOffsets[\"monotonic\"].secs: 9223372036854775808 is not a number from -9223372036854775808 to 9223372036854775807" },
	{ OFFSETS("'monotonic':{'nanosecs':1000000000}"), -ERANGE, "linux.timeOffsets[\"monotonic\"].nanosecs: 1000000000 is not a number from 0 to 999999999" },
	/* devices */
	{ BARE("'devices':{}"), -EBADMSG, "linux.devices: it is not an array" },
	{ DEVICE("'type':'c','major':1,'minor':3"), -EBADMSG, "linux.devices[0].path: it is missing" },
	{ DEVICE("'path':'dev/x','type':'c','major':1,'minor':3"), -EINVAL, "linux.devices[0].path: 'dev/x' is not an absolute path" },
	{ DEVICE("'path':'/dev/x','major':1,'minor':3"), -EBADMSG, "linux.devices[0].type: it is missing" },
	{ DEVICE("'path':'/dev/x','type':'x','major':1,'minor':3"), -EINVAL, "linux.devices[0].type: 'x' is no type of a device" },
	{ DEVICE("'path':'/dev/x','type':'c','minor':3"), -EBADMSG, "linux.devices[0].major: it is missing" },
	{ DEVICE("'path':'/dev/x','type':'b','major':3"), -EBADMSG, "linux.devices[0].minor: it is missing" },
	{ DEVICE("'path':'/dev/x','type':'b','major':-1,'minor':0"), -ERANGE, "linux.devices[0].major: -1 is not a number from 0 to 4095" },
	{ DEVICE("'path':'/dev/x','type':'b','major':1,'minor':1048576"), -ERANGE, "linux.devices[0].minor: 1048576 is not a number from 0 to 1048575" },
	{ DEVICE("'path':'/dev/x','type':'p','fileMode':65536"), -ERANGE, "linux.devices[0].fileMode: 65536 is not a number from 0 to 65535" },
	{ DEVICE("'path':'/dev/x','type':'p','uid':4294967295"), -ERANGE, "linux.devices[0].uid: 4294967295 is not a number from 0 to 4294967294" },
	{ DEVICE("'path':'/dev/x','type':'p','gid':'0'"), -EBADMSG, "linux.devices[0].gid: it is not a whole number" },
	{ LINUX(",'netDevices':[]"), -EBADMSG, "linux.netDevices: it is not an object" },
	{ BARE("'netDevices':{'eth0':{}}"), -EINVAL, "linux.netDevices: it needs the network namespace in linux.namespaces" },
	{ NET("'eth0':'eth1'"), -EBADMSG, "linux.netDevices[\"eth0\"]: it is not an object" },
	{ NET("'eth0':{'name':1}"), -EBADMSG, "linux.netDevices[\"eth0\"].name: it is not a string" },
	{ NET("'a b':{}"), -EINVAL, "linux.netDevices[\"a b\"]: it is no name of a network device" },
	{ NET("'eth%d':{}"), -EINVAL, "linux.netDevices[\"eth%d\"]: it is no name of a network device" },
	{ NET("'0123456789abcdef':{}"), -EINVAL, "linux.netDevices[\"0123456789abcdef\"]: it is no name of a network device" },
	{ NET("'eth0':{'name':'a/b'}"), -EINVAL, "linux.netDevices[\"eth0\"].name: 'a/b' is no name of a network device" },
	{ NET("'eth0':{'name':'e%s'}"), -EINVAL, "linux.netDevices[\"eth0\"].name: 'e%s' is no name of a network device" },
	{ NET("'eth0':{'name':'..'}"), -EINVAL, "linux.netDevices[\"eth0\"].name: '..' is no name of a network device" },
	{ NET("'eth0':{'name':'x'},'eth1':{'name':'x'}"), -EINVAL, "linux.netDevices[\"eth1\"]: two devices would be named 'x'" },
	{ NET("'eth0':{'name':'eth1'},'eth1':{}"), -EINVAL, "linux.netDevices[\"eth1\"]: two devices would be named 'eth1'" },
	/* paths */
	{ BARE("'cgroupsPath':1"), -EBADMSG, "linux.cgroupsPath: it is not a string" },
	{ BARE("'cgroupsPath':'/a/../b'"), -EINVAL, "linux.cgroupsPath: it has a '..'" },
	{ BARE("'cgroupsPath':'..'"), -EINVAL, "linux.cgroupsPath: it has a '..'" },
	{ BARE("'cgroupsPath':'a//..'"), -EINVAL, "linux.cgroupsPath: it has a '..'" },
	{ LINUX(",'maskedPaths':'/x'"), -EBADMSG, "linux.maskedPaths: it is not an array" },
	{ LINUX(",'maskedPaths':['/x','y']"), -EINVAL, "linux.maskedPaths[1]: 'y' is not an absolute path" },
	{ LINUX(",'maskedPaths':['']"), -EINVAL, "linux.maskedPaths[0]: it is empty" },
	{ LINUX(",'readonlyPaths':['y']"), -EINVAL, "linux.readonlyPaths[0]: 'y' is not an absolute path" },
	{ BARE("'mountLabel':1"), -EBADMSG, "linux.mountLabel: it is not a string" },
	{ BARE("'rootfsPropagation':'none'"), -EINVAL, "linux.rootfsPropagation: 'none' is no propagation of mounts" },
	{ BARE("'rootfsPropagation':1"), -EBADMSG, "linux.rootfsPropagation: it is not a string" },
	/* personality, memory, RDT */
	{ BARE("'personality':'LINUX'"), -EBADMSG, "linux.personality: it is not an object" },
	{ BARE("'personality':{}"), -EBADMSG, "linux.personality.domain: it is missing" },
	{ BARE("'personality':{'domain':'BSD'}"), -EINVAL, "linux.personality.domain: 'BSD' is no execution domain" },
	{ BARE("'personality':{'domain':'LINUX','flags':['x']}"), -EINVAL, "linux.personality.flags[0]: 'x' is no flag of an execution domain" },
	{ BARE("'memoryPolicy':1"), -EBADMSG, "linux.memoryPolicy: it is not an object" },
	{ POLICY("'nodes':'0'"), -EBADMSG, "linux.memoryPolicy.mode: it is missing" },
	{ POLICY("'mode':'BIND'"), -EINVAL, "linux.memoryPolicy.mode: 'BIND' is no memory policy" },
	{ POLICY("'mode':'MPOL_BIND'"), -EBADMSG, "linux.memoryPolicy.nodes: it is missing" },
	{ POLICY("'mode':'MPOL_BIND','nodes':0"), -EBADMSG, "linux.memoryPolicy.nodes: it is not a string" },
	{ POLICY("'mode':'MPOL_BIND','nodes':'all'"), -EINVAL, "linux.memoryPolicy.nodes: 'all' is no list of nodes, like 0-1,3" },
	{ POLICY("'mode':'MPOL_LOCAL','nodes':'0'"), -EINVAL, "linux.memoryPolicy.nodes: MPOL_DEFAULT and MPOL_LOCAL take no nodes" },
	{ POLICY("'mode':'MPOL_BIND','nodes':'0','flags':['x']"), -EINVAL, "linux.memoryPolicy.flags[0]: 'x' is no flag of a memory policy" },
	{ POLICY("'mode':'MPOL_BIND','nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']"), -EINVAL, "linux.memoryPolicy.flags: static and relative nodes exclude each other" },
	{ POLICY("'mode':'MPOL_PREFERRED','flags':['MPOL_F_STATIC_NODES']"), -EINVAL, "linux.memoryPolicy.flags: there are no nodes that they are about" },
	{ POLICY("'mode':'MPOL_PREFERRED','flags':['MPOL_F_NUMA_BALANCING']"), -EINVAL, "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING needs MPOL_BIND or MPOL_PREFERRED_MANY" },
	{ BARE("'intelRdt':[]"), -EBADMSG, "linux.intelRdt: it is not an object" },
	{ RDT("'closID':'a/b'"), -EINVAL, "linux.intelRdt.closID: it is no name of a directory" },
	{ RDT("'closID':'..'"), -EINVAL, "linux.intelRdt.closID: it is no name of a directory" },
	{ RDT("'l3CacheSchema':1"), -EBADMSG, "linux.intelRdt.l3CacheSchema: it is not a string" },
	{ RDT("'memBwSchema':'L3:0=1'"), -EINVAL, "linux.intelRdt.memBwSchema: it is not one line that starts with MB:" },
	{ RDT("'memBwSchema':'MB:0=1\\nL3:0=1'"), -EINVAL, "linux.intelRdt.memBwSchema: it is not one line that starts with MB:" },
	{ RDT("'schemata':['L3:0=1','x']"), -EINVAL, "linux.intelRdt.schemata[1]: it is not one line, RESOURCE:…" },
	{ RDT("'enableMonitoring':1"), -EBADMSG, "linux.intelRdt.enableMonitoring: it is not true or false" },
	/* kernel parameters */
	{ LINUX(",'sysctl':[]"), -EBADMSG, "linux.sysctl: it is not an object" },
	{ SYSCTL("'net.core.somaxconn':1"), -EBADMSG, "linux.sysctl[\"net.core.somaxconn\"]: it is not a string" },
	{ SYSCTL("'vm.swappiness':'1'"), -EINVAL, "linux.sysctl[\"vm.swappiness\"]: sysctl 'vm.swappiness=1': it belongs to the whole host, not to a container" },
	{ SYSCTL("'net/../kernel/x':'1'"), -EINVAL, "linux.sysctl[\"net/../kernel/x\"]: sysctl 'net/../kernel/x=1': the key has an empty part or '..'" },
	{ SYSCTL("'net.x=y':'1'"), -EINVAL, "linux.sysctl[\"net.x=y\"]: it is no name of a kernel parameter" },
	{ BARE("'sysctl':{'net.core.somaxconn':'1'}"), -EINVAL, "linux.sysctl[\"net.core.somaxconn\"]: it needs the network namespace in linux.namespaces" },
	{ BARE("'sysctl':{'kernel.shmmax':'1'}"), -EINVAL, "linux.sysctl[\"kernel.shmmax\"]: it needs the ipc namespace in linux.namespaces" },
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

TEST(new_namespaces_are_those_without_a_path)
{
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(LINUX(""), &c, NULL));
	EXPECT_EQ(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
			  CLONE_NEWCGROUP | 0x80,
		  oci_linux_new_namespaces(&c.linux_));
	oci_config_done(&c);
	ASSERT_EQ(0,
		  oci_help_parse(BARE("'namespaces':[{'type':'mount'},{'type':'ipc','path':'/x'}]"),
				 &c, NULL));
	EXPECT_EQ(CLONE_NEWNS, oci_linux_new_namespaces(&c.linux_));
	oci_config_done(&c);
	for (size_t t = 0; t < OCI_NS_COUNT; t++) {
		EXPECT_NE(NULL, oci_ns_name(t));
		EXPECT_NE(0, oci_ns_flag(t));
	}
}

TEST(devices_to_make)
{
	static const struct {
		const char *text;
		struct oci_device want;
	} cases[] = {
		{ DEVICE("'path':'/dev/fuse','type':'c','major':10,'minor':229,'fileMode':438,'uid':0,'gid':5"),
		  { .type = 'c',
		    .path = "/dev/fuse",
		    .major = 10,
		    .minor = 229,
		    .mode = 0666,
		    .gid = 5,
		    .has_mode = true,
		    .has_uid = true,
		    .has_gid = true } },
		{ DEVICE("'path':'/x','type':'u','major':1,'minor':3,'fileMode':8630"),
		  { .type = 'c',
		    .path = "/x",
		    .major = 1,
		    .minor = 3,
		    .mode = 0666,
		    .has_mode = true } },
		{ DEVICE("'path':'/x','type':'b','major':0,'minor':0"),
		  { .type = 'b', .path = "/x" } },
		{ DEVICE("'path':'/x','type':'p'"), { .type = 'p', .path = "/x" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct oci_device *got, *want = &cases[i].want;
		struct oci_config c;

		ASSERT_EQ(0, oci_help_parse(cases[i].text, &c, NULL)) TH_LOG("%zu", i);
		got = &c.linux_.devices.v[0];
		EXPECT_EQ(want->type, got->type) TH_LOG("%zu", i);
		EXPECT_STREQ(want->path, got->path);
		EXPECT_EQ(want->major, got->major) TH_LOG("%zu", i);
		EXPECT_EQ(want->minor, got->minor) TH_LOG("%zu", i);
		EXPECT_EQ(want->mode, got->mode) TH_LOG("%zu", i);
		EXPECT_EQ(want->gid, got->gid) TH_LOG("%zu", i);
		EXPECT_EQ(want->has_mode, got->has_mode) TH_LOG("%zu", i);
		EXPECT_EQ(want->has_uid, got->has_uid) TH_LOG("%zu", i);
		EXPECT_EQ(want->has_gid, got->has_gid) TH_LOG("%zu", i);
		oci_config_done(&c);
	}
}

TEST(network_devices_and_parameters)
{
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(
			     LINUX(",'netDevices':{'eth0':{'name':'net%d'},'eth1':{'name':'net%d'},"
				   "'eth2':{'name':''}},"
				   "'sysctl':{'net.ipv4.conf.eth0/1.forwarding':'1'}"),
			     &c, NULL));
	ASSERT_EQ(3, c.linux_.net_devices.n);
	EXPECT_STREQ("eth0", c.linux_.net_devices.v[0].host_name);
	EXPECT_STREQ("net%d", c.linux_.net_devices.v[1].name);
	EXPECT_EQ(NULL, c.linux_.net_devices.v[2].name);
	ASSERT_EQ(1, c.linux_.sysctls.n);
	EXPECT_STREQ("net.ipv4.conf.eth0/1.forwarding", c.linux_.sysctls.v[0].name);
	EXPECT_STREQ("net/ipv4/conf/eth0.1/forwarding", c.linux_.sysctls.v[0].path);
	EXPECT_STREQ("1", c.linux_.sysctls.v[0].value);
	EXPECT_EQ(CLONE_NEWNET, c.linux_.sysctls.v[0].ns);
	oci_config_done(&c);
}

TEST(mappings_are_in_order)
{
	struct oci_config c;

	ASSERT_EQ(0, oci_help_parse(USER_NS(",'gidMappings':[" MAP "],'uidMappings':["
					    "{'containerID':1,'hostID':2,'size':3},"
					    "{'containerID':0,'hostID':4294967293,'size':1}]"),
				    &c, NULL));
	ASSERT_EQ(2, c.linux_.uid_map.n);
	EXPECT_EQ(1, c.linux_.uid_map.v[0].inside);
	EXPECT_EQ(2, c.linux_.uid_map.v[0].outside);
	EXPECT_EQ(3, c.linux_.uid_map.v[0].count);
	EXPECT_EQ(4294967293, c.linux_.uid_map.v[1].outside);
	oci_config_done(&c);
}

TEST_HARNESS_MAIN
