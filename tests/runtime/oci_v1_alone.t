#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci where there is cgroup v1 alone: devices, limits, freezing, killing.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"

if ! mountpoint -q /sys/fs/cgroup/unified || ! mountpoint -q /sys/fs/cgroup/freezer || ! mountpoint -q /sys/fs/cgroup/devices; then
	plan skip_all 'the host is not hybrid, with hierarchies freezer and devices of cgroup v1'
fi
umount /sys/fs/cgroup/unified
_env_mounts=$(_list_mounts)
oci_env
is "$(davit doctor --format json | jq -r .cgroups)" v1 'the host has v1 alone'

shows 'a bundle as "davit-oci spec" has it runs' hello 'sh("echo hello")'

bundle t '.linux.resources.pids.limit = 7 | .linux.resources.memory = {limit: 33554432} | args(["sleep", "1000"])'
ok 'create with limits' create t
ok 'start' oci start t
is "$(cat "/sys/fs/cgroup/pids/$DAVIT_SLICE/t/pids.max")" 7 'pids.max'
is "$(cat "/sys/fs/cgroup/memory/$DAVIT_SLICE/t/memory.limit_in_bytes")" 33554432 'memory.limit_in_bytes'
ok 'update' oci update --pids-limit 9 t
is "$(cat "/sys/fs/cgroup/pids/$DAVIT_SLICE/t/pids.max")" 9 'has changed it'
ok 'exec' alone oci exec -d t sleep 1000
is "$(oci ps -f json t | jq length)" 2 'is in the cgroup'
is "$(oci events --stats t | jq .data.pids.current)" 2 'and counted'
ok 'pause' oci pause t
is "$(status_of t)" paused 'state: paused'
fails 'exec' 255 oci exec t true
ok 'resume' oci resume t
is "$(status_of t)" running 'state: running'
ok 'pause' oci pause t
ok 'kill KILL of a paused one' oci kill t KILL
ok 'ends it without a resume' wait_until 5 is_status t stopped
ok 'delete' oci delete t

bundle t 'args(["sleep", "1000"])'
create t
oci start t
ok 'pause' oci pause t
ok 'delete --force of a paused one' oci delete --force t
is "$(oci list -q)" '' 'nothing is left'

### devices

# allows WHAT RULES LIST: what devices.list has, but for what every container may use
allows() {
	bundle t ".linux.resources.devices = $2 | args([\"true\"])"
	create t
	is "$(sort "/sys/fs/cgroup/devices/$DAVIT_SLICE/t/devices.list" | grep -vE '^[bc] \*:\* m$|^c (1:[35789]|5:[02]|136:\*) ' | xargs)" "$3" "$1"
	oci delete --force t
}
allows 'no rule' '[]' ''
allows 'nothing' '[{allow: false, access: "rwm"}]' ''
allows 'all' '[{allow: true, access: "rwm"}]' 'a *:* rwm'
# every container may make nodes, and the kernel looks for one line that grants all that is asked for: hence m
allows 'one' '[{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]' 'c 10:229 rwm'
allows 'both types' '[{allow: true, type: "a", access: "r"}]' 'b *:* rm c *:* rm'
allows 'a later rule takes it back' '[{allow: true, type: "c", major: 10, minor: 229, access: "rw"}, {allow: false, type: "c", major: 10, access: "w"}]' \
	'c 10:229 rm'
allows 'all that came before is taken back' '[{allow: true, type: "b", major: 8, access: "r"}, {allow: false, access: "rwm"}]' ''
allows 'what a wider one grants counts for a narrow one' '[{allow: true, type: "b", major: 8, access: "r"}, {allow: true, type: "b", major: 8, minor: 1, access: "w"}]' \
	'b 8:* rm b 8:1 rwm'
denies 'one of many that were granted' 'linux.resources.devices: cgroup v1 cannot except single devices' \
	'.linux.resources.devices = [{allow: true, type: "c", major: 10, access: "rw"}, {allow: false, type: "c", major: 10, minor: 229, access: "w"}]'
# shellcheck disable=SC2016
shows 'the kernel goes by them' $'made\nnull' 'sh("mknod /n b 7 0 && echo made; (cat /n) 2>/dev/null; echo x >/dev/null && echo null")
	| .process.capabilities[] |= . + ["CAP_MKNOD"]'
bundle t 'args(["sleep", "1000"])'
create t
ok 'update of the list' oci update -r <(jq -n '{devices: [{allow: true, type: "c", major: 10, minor: 229, access: "rw"}]}') t
like "$(cat "/sys/fs/cgroup/devices/$DAVIT_SLICE/t/devices.list")" 'c 10:229 rwm' 'has changed it'
ok 'delete' oci delete --force t
rm -rf "${TMPDIR:?}"/*
done_testing
