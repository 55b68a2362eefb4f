// SPDX-License-Identifier: Apache-2.0
/* The document that `spec` prints. Its content is that of runc's. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "spec/oci_config.h"

#define INDENT 4

/* clang-format off */
#define CAPS "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]"

static const char head[] =
	"{\"ociVersion\":\"1.3.0\","
	"\"process\":{"
		"\"terminal\":true,\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],"
		"\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"TERM=xterm\"],"
		"\"cwd\":\"/\","
		"\"capabilities\":{\"bounding\":" CAPS ",\"effective\":" CAPS ",\"permitted\":" CAPS ",\"ambient\":" CAPS "},"
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],"
		"\"noNewPrivileges\":true},"
	"\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"davit\","
	"\"mounts\":["
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
			"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]},";

/* group 5 of a file system is no group of a user namespace with one */
static const char devpts[] =
		"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
			"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},";
static const char devpts_rootless[] =
		"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
			"\"options\":[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]},";

static const char shm[] =
		"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
			"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
		"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\","
			"\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},";

/* sysfs is mounted by who owns the network namespace */
static const char sysfs[] =
		"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\","
			"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},";
static const char sysfs_rootless[] =
		"{\"destination\":\"/sys\",\"type\":\"none\",\"source\":\"/sys\","
			"\"options\":[\"rbind\",\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},";

static const char cgroup[] =
		"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\","
			"\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\"]}],"
	"\"linux\":{";

static const char namespaces[] =
		"\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},"
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
			"{\"type\":\"mount\"}],";
#define NAMESPACES_ROOTLESS \
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}]," \
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":%u,\"size\":1}]," \
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}," \
			"{\"type\":\"user\"}],"

static const char tail[] =
		"\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
			"\"/proc/latency_stats\",\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\","
			"\"/sys/firmware\",\"/proc/scsi\"],"
		"\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
			"\"/proc/sysrq-trigger\"]}}";
/* clang-format on */

char *oci_spec_default(bool is_rootless, uid_t uid, gid_t gid)
{
	_cleanup_str_ struct str text = STR_INIT;
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *pretty = NULL;

	str_add(&text, head);
	str_add(&text, is_rootless ? devpts_rootless : devpts);
	str_add(&text, shm);
	str_add(&text, is_rootless ? sysfs_rootless : sysfs);
	str_add(&text, cgroup);
	if (is_rootless)
		str_addf(&text, NAMESPACES_ROOTLESS, uid, gid);
	else
		str_add(&text, namespaces);
	str_add(&text, tail);
	if (str_failed(&text))
		return NULL;
	json = json_parse(str_text(&text), text.len, "the default", NULL);
	pretty = json ? json_dumps(json, JSON_INDENT(INDENT)) : NULL;
	return pretty ? str_printf("%s\n", pretty) : NULL;
}
