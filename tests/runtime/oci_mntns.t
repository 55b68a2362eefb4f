#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci without a mount namespace: the root is mounted in the caller's, entered by chroot, unmounted by delete.
# shellcheck disable=SC2016 # filters are jq's
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
roots=$oci_root/~roots
no='no_ns("mount")'
mounts() { grep -c . /proc/self/mountinfo; }
before=$(mounts)
gone() {
	is "$(mounts)" "$before" "$1: the mount table is as before"
	is "$(ls -A "$roots" 2>/dev/null)" '' 'and nothing is below ~roots/'
}
look='sed -E "s/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/ (shared|master):[0-9]+//" /proc/self/mountinfo | sort; ls -a / /dev; pwd'

inside t 'sh($c)' --arg c "$look"
is "$status" 0 'with one'
with_one=$out
inside t "$no"' | sh($c)' --arg c "$look"
is "$out" "$with_one" 'without one it looks the same'
shows 'it is the namespace of the host' "$(readlink /proc/self/ns/mnt)" "$no"' | args(["readlink", "/proc/self/ns/mnt"])'
shows 'no namespace at all' "$(readlink /proc/self/ns/pid)" \
	'.linux.namespaces = [] | del(.hostname) | args(["readlink", "/proc/self/ns/pid"])'
shows 'a read-only root' no "$no"' | .root.readonly = true | sh("touch /x 2>/dev/null || echo no")'
shows 'a masked path' 0 "$no"' | .linux.maskedPaths = ["/etc/passwd"] | sh("wc -c </etc/passwd")'
shows 'a device' 1:7 "$no"' | .linux.devices = [{path: "/dev/full2", type: "c", major: 1, minor: 7}] | sh("stat -c %t:%T /dev/full2")'
gone 'after these'

denies 'a new user namespace' 'linux.namespaces: a mount namespace is missing' "$no"' | userns'
denies 'a mount that fails' 'mounts\[' "$no"' | bind("/nonexistent"; "/m"; [])'
denies 'a command that is not there' '/nonexistent' "$no"' | args(["/nonexistent"])'
printf '#!/bin/sh\nexit 3\n' >"$TEST_DIR/bad"
printf '#!/bin/sh\nls / >%q\n' "$TEST_DIR/said" >"$TEST_DIR/hook"
chmod +x "$TEST_DIR/bad" "$TEST_DIR/hook"
denies 'a hook that fails' 'exited with status 3' "$no"' | hook("createContainer"; $p; [])' --arg p "$TEST_DIR/bad"
gone 'after creates that failed'
for at in prestart createRuntime createContainer; do
	rm -f "$TEST_DIR/said"
	shows "a hook at $at" ok "$no"' | hook($at; $p; []) | sh("echo ok")' --arg at $at --arg p "$TEST_DIR/hook"
	is "$(cat "$TEST_DIR/said")" "$(ls /)" 'sees the root of the host'
done
printf '#!/bin/sh\nls / >/said\n' >"$rootfs/hook"
chmod +x "$rootfs/hook"
shows 'a hook at startContainer' ok "$no"' | hook("startContainer"; "/hook"; []) | sh("echo ok")'
is "$(cat "$rootfs/said")" "$(ls "$rootfs")" 'sees that of the container'
rm "$rootfs/hook" "$rootfs/said"
for ((i = 0; i < 5; i++)); do
	shows 'an empty list of them' ok "$no"' | .hooks.startContainer = [] | sh("echo ok")'
done

# mounts of the host that are shared: what the container mounts in its cgroup is not the host's
mount --make-rshared /sys/fs/cgroup
before=$(mounts)
bundle t "$no"' | no_ns("cgroup") | .mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)
	| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"]) | del(.linux.seccomp)
	| sh("d=/sys/fs/cgroup; [ -e $d/cgroup.procs ] || d=$d/pids; mkdir $d/x && mount -t tmpfs evil $d/x && echo mounted; sleep 1000")'
oci run --detach --bundle "$bundles/t" t </dev/null >"$TMPDIR/said" 2>&1
ok 'a mount in its cgroup' wait_until 10 grep -q mounted "$TMPDIR/said"
is "$(awk '$9 == "evil" || $10 == "evil" || / evil / { print $5 }' /proc/self/mountinfo | grep -vc "^$roots/")" 0 'is not the host'"'"'s'
ok 'and in nobody'"'"'s way' oci delete --force t
gone 'after it'
mount --make-rprivate /sys/fs/cgroup
before=$(mounts)

mkdir "$TEST_DIR/data"
echo precious >"$TEST_DIR/data/file"
bundle long "$no"' | bind($d; "/data"; ["rbind"]) | sh("sleep 1000")' --arg d "$TEST_DIR/data"
ok 'one that stays' alone oci run --detach --bundle "$bundles/long" long
is "$(<"$roots/long/data/file")" precious 'its mounts are the host'"'"'s'
is "$(oci exec long ls /)" "$(ls "$rootfs")" 'exec goes to its root'
is "$(unshare --mount "$oci_runtime" --root "$oci_root" exec long ls /data)" file 'also from another mount namespace'
is "$(oci exec long readlink /proc/self/ns/mnt)" "$(readlink /proc/self/ns/mnt)" 'in the namespace of the host'
is "$(oci list -q)" long 'the list has it alone'
fails 'a checkpoint' 1 oci checkpoint --image-path "$TEST_DIR/image" long
if command -v criu >/dev/null; then
	like "$err" 'without a mount namespace' 'is refused'
else
	skip 'no criu'
fi
fails 'delete of one that runs' 1 oci delete long
ok 'has no effect' test -e "$roots/long/data/file"
ok 'delete --force' oci delete --force long
gone 'after delete'
is "$(<"$TEST_DIR/data/file")" precious 'what was bound is untouched'
bundle long "$no"' | bind($d; "/data"; ["rbind"]) | sh("true")' --arg d "$TEST_DIR/data"
ok 'create' create long
ok 'start' oci start long
ok 'it stops' wait_until 10 is_status long stopped
ok 'delete' oci delete long
gone 'after delete'
is "$(<"$TEST_DIR/data/file")" precious 'what was bound is untouched'
# killed in the middle: found by its id
bundle t "$no"' | bind($d; "/data"; ["rbind"]) | sh("sleep 1000")' --arg d "$TEST_DIR/data"
bad=
stride=20
# a program that makes many more calls, and cannot look for leaks while it is traced
! has_sanitizers || { stride=150; sanitizer_options detect_leaks=0; }
for ((step = stride; step < 100 * stride; step += stride)); do
	timeout -k 1 30 "$DAVIT_OUT/tests/stepper" -r "$TMPDIR/step" "$step" "$oci_runtime" --root "$oci_root" \
		create --bundle "$bundles/t" t </dev/null >/dev/null 2>&1
	oci delete --force t >/dev/null 2>&1
	[ "$(mounts)" = "$before" ] && [ -z "$(ls -A "$roots")" ] || bad+=" $step"
	read -r _ _ program <"$TMPDIR/step"
	[ "$program" != - ] || break
done
is "$bad" '' 'create, killed: delete --force takes the mounts away'
is "$program" - 'up to its last call'
rm -f "$TMPDIR/step"
gone 'after all'
is "$(<"$TEST_DIR/data/file")" precious 'what was bound is untouched'
rm -f "$TMPDIR/long.out" "$TMPDIR/said"
done_testing
