// SPDX-License-Identifier: Apache-2.0
/* The null device that engines get. */
#include "null_node.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "facts.h"
#include "process.h"

#define NULL_PATH "/dev/null"
/* where the node is made: hidden for a moment, from nobody but us. It is there wherever probes can run. */
#define PLACE "/proc"

static int mount_node(void)
{
	static const char node[] = PLACE "/null";
	int r = -1;

	if (mount("davit-probe", PLACE, "tmpfs", 0, "mode=0755,size=4k") < 0)
		return -1;
	if (mknod(node, S_IFCHR | 0666, makedev(1, 3)) == 0 && chmod(node, 0666) == 0)
		r = mount(node, NULL_PATH, NULL, MS_BIND, NULL);
	return umount2(PLACE, MNT_DETACH) < 0 ? -1 : r;
}

int null_node_make(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return complain("make a mount namespace: %s", strerror(errno));
	if (mount_node() < 0)
		return complain("mount a null device on '" NULL_PATH "': %s", strerror(errno));
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		return complain("share mounts: %s", strerror(errno));
	return 0;
}

void null_node_tell(struct facts *f)
{
	struct stat st;

	if (stat(NULL_PATH, &st) == 0)
		(void)facts_set(f, "host.null", "%u:%u %04o", st.st_uid, st.st_gid,
				st.st_mode & 07777);
}
