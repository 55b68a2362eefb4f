#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: HOME where the document has none: what the container's own /etc/passwd says, of run and of exec; what exec
# takes for a variable and a directory.
# shellcheck disable=SC2016 # $p is jq's
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
! has_sanitizers || sanitizer_options detect_leaks=0 # not possible below strace
chmod 755 "$TEST_DIR" "$bundles" "$rootfs"
tell='.process.env = ["PATH=/bin"] | sh("echo \"$HOME\"")'
passwd=$rootfs/etc/passwd
mkdir -p "$rootfs/etc"
rm -f "$passwd"

shows 'without a file' / "$tell"
printf '%s\n' '1000:x:0:0:a name of digits:/trap:' 'root:x:0:0:root:/root:/bin/sh' 'ann:x:1000:1000::/home/ann:' 'two:x:1000:1000::/second:' >"$passwd"
shows 'root' /trap "$tell"
shows 'a user' /home/ann "$tell | .process.user.uid = 1000"
shows 'who has no entry' / "$tell | .process.user.uid = 1001"
shows 'an empty one is filled in' /trap "$tell | .process.env += [\"HOME=\"]"
shows 'one that is given stays' /given "$tell | .process.env += [\"HOME=/given\"]"
shows 'there is one of it' 1 '.process.env = ["PATH=/bin", "HOME="] | sh("env | grep -c ^HOME=")'
chmod 600 "$passwd"
shows 'it is read before the user changes' /home/ann "$tell | .process.user.uid = 1000"
shows 'in a user namespace, whose root may not read it' / "userns | $tell"
chmod 644 "$passwd"
shows 'in a user namespace' /trap "userns | $tell"
# who read the file behind the filter would be killed
shows 'a filter comes later' /trap "$tell"' | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["openat2"], action: "SCMP_ACT_KILL_PROCESS"}]}'
shows 'a limit of files comes later' /trap "$tell"' | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}]'
echo 'root:x:0:0::/bound:' >"$TEST_DIR/passwd"
shows 'a mount is seen' /bound "$tell"' | .mounts += [{destination: "/etc/passwd", type: "bind", source: $p, options: ["bind"]}]' --arg p "$TEST_DIR/passwd"

### what an image may put there
rm "$passwd"; mkfifo "$passwd"
shows 'a pipe does not block' / "$tell"
rm "$passwd"; mkdir "$passwd"
shows 'a directory' / "$tell"
rmdir "$passwd"; ln -s passwd "$passwd"
shows 'a loop' / "$tell"
# a descriptor that has a passwd file: of the caller, by a magic link of a proc that the container has
ln -sf /proc/self/fd/20 "$passwd"
inside t "$tell" 20<"$TEST_DIR/passwd"
is "$status:$out" 0:/ 'no descriptor of the runtime is read'
# what the kernel writes while it is read: the container may not, and the runtime must not
for file in proc/kmsg proc/kcore proc/cpuinfo sys/kernel/uevent_seqnum sys/kernel/notes sys/fs/cgroup/cgroup.procs; do
	ln -sf "/$file" "$passwd"
	inside t "$tell | .linux.maskedPaths = [] | .process.capabilities = {}"' | mount("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro"])'
	is "$status:$out" 0:/ "nor what $file has"
	strace -f -e trace=open,openat,openat2 -o "$TMPDIR/opened" "$oci_runtime" --root "$oci_root" run --bundle "$bundles/t" t >"$TMPDIR/out" 2>&1
	is "$(cat "$TMPDIR/out"; grep '"/etc/passwd", {' "$TMPDIR/opened" | grep -o 'flags=[^,]*')" $'/\nflags=O_RDONLY|O_CLOEXEC|O_PATH' 'which is not opened'
done
rm "$passwd"; mknod "$passwd" c 1 3
shows 'a device' / "$tell"
strace -f -e trace=openat2 -o "$TMPDIR/opened" "$oci_runtime" --root "$oci_root" run --bundle "$bundles/t" t >"$TMPDIR/out" 2>&1
is "$(grep '"/etc/passwd", {' "$TMPDIR/opened" | grep -o 'flags=[^,]*')" 'flags=O_RDONLY|O_CLOEXEC|O_PATH' 'is not opened'
rm "$passwd"
printf 'root:x:0:0::/%05000d:\n' 0 >"$passwd"
shows 'a directory without end' / "$tell"
printf 'root:x:0:0::/one\0two:\n' >"$passwd"
shows 'a NUL' / "$tell"
{ head -c 4194304 /dev/zero | tr '\0' '\n'; echo 'root:x:0:0::/late:'; } >"$passwd"
shows 'a file above 4 MiB' / "$tell"
{ head -c 4194290 /dev/zero | tr '\0' '\n'; echo 'root:x:0:0::/cut/in/two:'; } >"$passwd"
shows 'an entry across the end of 4 MiB' / "$tell"
{ head -c 4194270 /dev/zero | tr '\0' '\n'; echo 'root:x:0:0::/last:'; } >"$passwd"
shows 'one before it' /last "$tell"

### exec
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'ann:x:1000:1000::/home/ann:' >"$passwd"
bundle x '.process.env = ["PATH=/bin"] | args(["sleep", "1000"])'
ok 'a container' create x
ok 'that runs' oci start x
is "$(oci exec x sh -c 'echo "$HOME"')" /root 'exec as root'
is "$(oci exec -u 1000 x sh -c 'echo "$HOME"')" /home/ann 'as a user'
is "$(oci exec -e HOME=/other x sh -c 'echo "$HOME"')" /other 'as is asked for'
is "$(oci exec -e HOME= x sh -c 'echo "$HOME"')" /root 'an empty one is filled in'
is "$(jq '.process | .env = ["PATH=/bin"] | .user.uid = 1000 | .args = ["sh", "-c", "echo $HOME"]' "$bundles/x/config.json" >"$TMPDIR/p" && oci exec --process "$TMPDIR/p" x)" \
	/home/ann 'of a document'
fails 'a directory that is not absolute' 255 oci exec --cwd tmp x true
like "$err" "'--cwd': 'tmp' is not an absolute path" 'is named'
for v in BAD =x ''; do
	fails "a variable '$v'" 255 oci exec -e "$v" x true
	like "$err" "'--env': '$v' is not NAME=VALUE" 'is named'
done

### update of what has ended
oci kill x KILL
wait_until 10 is_status x stopped
fails 'update of a stopped container' 1 oci update --pids-limit 5 x
like "$err" "'x': container not running" 'says why'
oci delete x
rm -rf "${TMPDIR:?}"/*
done_testing
