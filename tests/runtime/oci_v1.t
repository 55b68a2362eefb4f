#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: limits of controllers that only cgroup v1 has, and of those that a hybrid host has on v1.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"

# The host's own hierarchies stay as they are: only where /sys/fs/cgroup is v2, a hybrid one is mounted over it, in our
# mount namespace, with the controllers that v2 has not.
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] || plan skip_all 'the host has hierarchies of cgroup v1'
mount -t tmpfs davit-test /sys/fs/cgroup
cd /sys/fs/cgroup && mkdir unified net_cls net_prio
mount -t cgroup2 cgroup2 unified
for c in net_cls net_prio; do
	mount -t cgroup -o "$c" cgroup "$c" 2>/dev/null || rmdir "$c"
done
_env_mounts=$(_list_mounts)
oci_env
is "$(davit doctor --format json | jq -r .cgroups)" hybrid 'the host looks hybrid'

if [ -d net_cls ]; then
	bundle t '.linux.resources.network.classID = 1048577 | args(["sleep", "1000"])'
	ok 'network.classID' create t
	dir=net_cls/$DAVIT_SLICE/t
	is "$(cat "$dir/net_cls.classid")" 1048577 'is in the file'
	is "$(cat "$dir/cgroup.procs")" "$(pid_of t)" 'and the process in the group'
	oci start t
	ok 'exec' alone oci exec -d t sleep 1000
	is "$(wc -l <"$dir/cgroup.procs")" 2 'enters it, too'
	ok 'update' oci update --resources - t <<<'{"network": {"classID": 3}}'
	is "$(cat "$dir/net_cls.classid")" 3 'changes it'
	ok 'delete' oci delete -f t
	ok 'removes the group' test ! -e "$dir"
	bundle t 'args(["sleep", "1000"])'
	create t && oci start t
	ok 'a container without is not in that hierarchy' test ! -e "$dir"
	ok 'update of one that runs' oci update --resources - t <<<'{"network": {"classID": 4}}'
	is "$(cat "$dir/net_cls.classid") $(cat "$dir/cgroup.procs")" "4 $(pid_of t)" 'puts its processes there'
	oci delete -f t
	ok 'which delete removes' test ! -e "$dir"
else
	skip 'no net_cls in this kernel' 12
fi
if [ -d net_prio ]; then
	bundle t '.linux.resources.network.priorities = [{name: "lo", priority: 5}] | args(["sleep", "1000"])'
	ok 'network.priorities' create t
	is "$(grep '^lo ' "net_prio/$DAVIT_SLICE/t/net_prio.ifpriomap")" 'lo 5' 'is in the file'
	oci delete -f t
	denies 'a device that is not there' 'linux.resources.network.priorities\[0\]' '.linux.resources.network.priorities = [{name: "nope", priority: 5}]'
else
	skip 'no net_prio in this kernel' 3
fi
for c in net_cls net_prio; do rmdir "$c/$DAVIT_SLICE" 2>/dev/null; done
cd /
umount -R /sys/fs/cgroup
rm -rf "${TMPDIR:?}"/*
done_testing
