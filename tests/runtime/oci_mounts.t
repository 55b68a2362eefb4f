#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: the root file system, mounts, devices, masked and read-only paths, terminals.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
h=$TEST_DIR/host
mkdir -p "$h/dir/sub"
echo host >"$h/dir/file"

options() { echo "awk '\$5 == \"$1\" { print \$6 }' /proc/self/mountinfo"; }

### binds

shows 'a directory' host 'bind($h + "/dir"; "/m"; []) | sh("cat /m/file")' --arg h "$h"
shows 'a file' host 'bind($h + "/dir/file"; "/m-file"; []) | sh("cat /m-file")' --arg h "$h"
shows 'on a path that is made' host 'bind($h + "/dir"; "/new/a/b"; []) | sh("cat /new/a/b/file")' --arg h "$h"
shows 'a relative destination is below /' host 'bind($h + "/dir"; "rel"; []) | sh("cat /rel/file")' --arg h "$h"
shows 'ro' no 'bind($h + "/dir"; "/m"; ["ro"]) | sh("touch /m/x 2>/dev/null || echo no")' --arg h "$h"
shows 'the last of ro and rw counts' yes 'bind($h + "/dir"; "/m"; ["ro", "rw"]) | sh("touch /m/x && echo yes")' --arg h "$h"
shows 'nosuid, nodev, noexec, noatime' rw,nosuid,nodev,noexec,noatime \
	'bind($h + "/dir"; "/m"; ["nosuid", "nodev", "noexec", "noatime"]) | sh($c)' --arg h "$h" --arg c "$(options /m)"
mount -t tmpfs sub "$h/dir/sub"
echo sub >"$h/dir/sub/file"
shows 'bind leaves out what is mounted below' '' 'bind($h + "/dir"; "/m"; []) | sh("ls /m/sub")' --arg h "$h"
shows 'rbind has it' sub 'mount("/m"; "bind"; $h + "/dir"; ["rbind"]) | sh("cat /m/sub/file")' --arg h "$h"
shows 'ro is for the top alone' yes 'mount("/m"; "bind"; $h + "/dir"; ["rbind", "ro"]) | sh("touch /m/sub/y && echo yes")' --arg h "$h"
shows 'rro is for all' no 'mount("/m"; "bind"; $h + "/dir"; ["rbind", "rro"]) | sh("touch /m/sub/y 2>/dev/null || echo no")' --arg h "$h"
shows 'rnosuid, rnodev, rnoexec' rw,nosuid,nodev,noexec,relatime \
	'mount("/m"; "bind"; $h + "/dir"; ["rbind", "rnosuid", "rnodev", "rnoexec"]) | sh($c)' --arg h "$h" --arg c "$(options /m/sub)"
for p in shared slave private unbindable; do
	case $p in
	shared) want='shared:[0-9]+' ;;
	slave) want='master:[0-9]+' ;;
	private) want='-' ;;
	unbindable) want='unbindable' ;;
	esac
	mount --make-shared "$h/dir/sub"
	inside t 'mount("/m"; "bind"; $h + "/dir/sub"; ["rbind", "r'$p'"]) | sh("awk '"'"'$5 == \"/m\" { print $7 }'"'"' /proc/self/mountinfo")' --arg h "$h"
	like "$out" "^$want$" "propagation r$p"
	mount --make-private "$h/dir/sub"
done
umount "$h/dir/sub"
denies 'a source that is missing' 'mounts\[[0-9]+\].*/nonexistent' 'bind("/nonexistent"; "/m"; [])'
denies 'a file system that is none' 'mounts\[[0-9]+\].*nosuchfs' 'mount("/m"; "nosuchfs"; "x"; [])'
denies 'a value that may be a secret is not told' "mounts\\[[0-9]+\\].*option 'secret': " 'mount("/m"; "tmpfs"; "x"; ["secret=TOPSECRET"])'
denies 'a value that is none' "mounts\[[0-9]+\].*option 'size=abc'" 'mount("/m"; "tmpfs"; "x"; ["size=abc"])'
denies 'an option that is none' 'mounts\[[0-9]+\].*nosuchoption' 'mount("/m"; "tmpfs"; "x"; ["nosuchoption"])'

### id-mapped

touch "$h/dir/mine" && chown 1000:1001 "$h/dir/mine"
maps='.mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 5, size: 1}], gidMappings: [{containerID: 1001, hostID: 6, size: 1}]}'
idmap() { # NAME WANTED FILTER...
	inside t "${@:3}"
	if [[ $err == *"mounts["*"ids"* || $err == *"map ids"* ]] && [ "$status" -ne 0 ] && ! [[ $(stat -f -c %T "$h") =~ ext|xfs|btrfs|tmpfs ]]; then
		skip "$1: this file system cannot: $err"
	else
		is "$out" "$2" "$1" || diag "$err"
	fi
}
idmap 'mappings of the mount' 5:6 "bind(\$h + \"/dir\"; \"/m\"; []) | $maps | sh(\"stat -c %u:%g /m/mine\")" --arg h "$h"
idmap 'option idmap=' 5:6 'bind($h + "/dir"; "/m"; ["idmap=uids=1000-5-1;gids=1001-6-1"]) | sh("stat -c %u:%g /m/mine")' --arg h "$h"
idmap 'those of the user namespace' 1000:1001 'userns | bind($h + "/dir"; "/m"; ["idmap"]) | sh("stat -c %u:%g /m/mine")' --arg h "$h"
denies 'without one' 'mounts\[[0-9]+\].*user namespace' 'bind($h + "/dir"; "/m"; ["idmap"])' --arg h "$h"
denies 'not of a tmpfs' 'mounts\[[0-9]+\].*bind' 'mount("/m"; "tmpfs"; "tmpfs"; ["idmap=uids=0-0-1;gids=0-0-1"])'

### new ones

shows 'tmpfs with size and mode' '64 1700' 'mount("/t"; "tmpfs"; "tmpfs"; ["size=64k", "mode=1700"]) | sh("echo $(df -k /t | awk \"NR == 2 { print \\$2 }\") $(stat -c %a /t)")'
mkdir -p "$rootfs/full/d" && echo x >"$rootfs/full/d/f" && chmod 2755 "$rootfs/full/d" && chown 5:6 "$rootfs/full/d" && ln -s f "$rootfs/full/d/l"
shows 'tmpcopyup' 'tmpfs x 2755 5 6 f' 'mount("/full"; "tmpfs"; "tmpfs"; ["tmpcopyup"]) |
	sh("echo $(stat -f -c %T /full) $(cat /full/d/f) $(stat -c \"%a %u %g\" /full/d) $(readlink /full/d/l)")'
shows 'mqueue' mqueue 'sh($c)' --arg c "awk '\$5 == \"/dev/mqueue\" { print \$(NF - 2) }' /proc/self/mountinfo"
shows 'sysfs is read-only' ro,nosuid,nodev,noexec,relatime 'sh($c)' --arg c "$(options /sys)"
shows 'a remount' no 'bind($h + "/dir"; "/m"; []) | mount("/m"; "bind"; $h + "/dir"; ["remount", "bind", "ro"]) | sh("touch /m/x 2>/dev/null || echo no")' --arg h "$h"
shows 'the cgroup is its own' yes 'mount("/sys/fs/cgroup"; "cgroup"; "cgroup"; ["ro", "nosuid"]) | sh("ls /sys/fs/cgroup | grep -q . && echo yes")'

### symbolic links of the image lead nowhere else

ln -sfn "$h" "$rootfs/evil"
ln -sfn /../../../../etc "$rootfs/up"
shows 'a mount below a link stays inside' host 'bind($h + "/dir"; "/evil/dir2"; []) | sh("cat /evil/dir2/file")' --arg h "$h"
ok 'and nothing was made outside' test ! -e "$h/dir2"
shows 'one that climbs, too' host 'bind($h + "/dir"; "/up/m"; []) | sh("cat /etc/m/file")' --arg h "$h"
ok 'nothing in /etc of the host' test ! -e /etc/m
rm -rf "${rootfs:?}/dev" && ln -s "$h" "$rootfs/dev"
inside t 'sh("ls /dev/null")'
ok 'a link for /dev makes no devices outside' test ! -e "$h/null"
rm -f "$rootfs/dev" && mkdir "$rootfs/dev"
rmdir "$rootfs/proc" && ln -s /tmp "$rootfs/proc"
denies 'a link for /proc is no place for proc' 'mounts\[[0-9]+\].*/proc' 'sh("true")'
rm -f "$rootfs/proc" && mkdir "$rootfs/proc"
denies 'proc cannot be covered' "mounts\[[0-9]+\]: .*'/proc': only proc may cover what proc shows" 'mount("/proc"; "tmpfs"; "tmpfs"; [])'

### root, masked and read-only paths

shows 'a read-only root' no '.root.readonly = true | sh("touch /x 2>/dev/null || echo no")'
shows 'a relative root' ok '.root.path = "../rootfs" | sh("echo ok")'
for d in / //../.; do
	denies "a mount on $d" "mounts\\[[0-9]+\\] \\('$d'\\): destination: is the root" 'bind("/etc"; $d; [])' --arg d "$d"
done
denies 'remount of nothing' "options: 'remount' with nothing to change" 'mount("/tmp"; "bind"; "/etc"; ["rbind", "remount"])'
denies 'a file on a directory' "mount '/etc/passwd' on '/bin': a file cannot cover a directory" 'bind("/etc/passwd"; "/bin"; [])'
denies 'a directory on a file' "mount '/etc' on '/bin/busybox': a directory cannot cover a file" 'bind("/etc"; "/bin/busybox"; [])'
denies 'a root that is missing' 'root.path' '.root.path = "/nonexistent"'
denies "the host's root" 'root.path' '.root.path = "/"'
shows 'a masked file is empty' '' '.linux.maskedPaths = ["/etc/passwd"] | sh("cat /etc/passwd")'
shows 'a masked directory is empty' '' '.linux.maskedPaths = ["/etc"] | sh("ls /etc")'
shows 'and read-only' no '.linux.maskedPaths = ["/etc"] | sh("touch /etc/x 2>/dev/null || echo no")'
shows 'one that is missing is passed over' ok '.linux.maskedPaths = ["/nope/nope"] | sh("echo ok")'
shows 'many of them' '' '.linux.maskedPaths = ["/etc", "/tmp", "/home", "/proc/keys", "/proc/timer_list"] | sh("ls /etc /tmp /home | grep -v :; cat /proc/keys")'
# containerd and others hand over the host's null device: its mode, the same one, is tried
shows 'the null device as standard input cannot be changed' '1 no' \
	'sh("chmod 666 /proc/self/fd/0 2>/dev/null && echo yes; echo $? no; echo >/proc/self/fd/0; cat")'
bundle null 'args(["sleep", "1000"])'
create null && oci start null
run oci exec null sh -c 'chmod 666 /proc/self/fd/0 2>/dev/null && echo yes; echo $? no; cat' </dev/null
is "$status $out" '0 1 no' 'nor by exec'
run oci exec null readlink /proc/self/fd/0 < <(exec sleep 0.1)
like "$out" '^pipe:' 'what else it is stays'
oci delete -f null
shows 'no top of a cgroup hierarchy is shown' '' 'ns("cgroup") | sh("ls -d /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent 2>/dev/null; true")'
shows 'a read-only path' no '.linux.readonlyPaths = ["/etc", "/nope"] | sh("touch /etc/x 2>/dev/null || echo no")'
shows '/proc/sys of the default' no 'sh("echo x 2>/dev/null >/proc/sys/kernel/hostname || echo no")'

### devices

shows 'the default ones' 'null zero full random urandom tty ptmx' 'sh("cd /dev && for d in null zero full random urandom tty ptmx; do test -c $d && echo $d; done | xargs")'
shows 'links' '/proc/self/fd /proc/self/fd/0 pts/ptmx' 'sh("cd /dev && echo $(readlink fd) $(readlink stdin) $(readlink ptmx)")'
shows 'more' 'crw-r----- 5 6 1, 3' '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3, fileMode: 416, uid: 5, gid: 6}] |
	sh("ls -ln /dev/mine | awk \"{ print \\$1, \\$3, \\$4, \\$5, \\$6 }\"")'
shows 'a fifo' yes '.linux.devices = [{path: "/dev/fifo", type: "p"}] | sh("test -p /dev/fifo && echo yes")'
shows 'what is not listed is denied' no '.linux.resources.devices = [{allow: false, access: "rwm"}] | .process.capabilities |= with_entries(.value += ["CAP_MKNOD"]) |
	sh("mknod /dev/d b 7 0; cat </dev/d 2>/dev/null || echo no; rm -f /dev/d")'
shows 'the default ones are not' ok '.linux.resources.devices = [{allow: false, access: "rwm"}] | sh("echo ok >/dev/null && head -c 1 /dev/zero >/dev/null && echo ok")'
shows 'what is listed is allowed' 'ok' '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "w"}] |
	.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}] | sh("exec 3>/dev/kmsg && echo ok")'
shows 'with its accesses only' 'no' '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "w"}] |
	.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}] | sh("(exec 3</dev/kmsg) 2>/dev/null || echo no")'

### terminals

bundle t '.process.terminal = true | .process.consoleSize = {height: 33, width: 99} |
	sh("test -t 0 && test -t 2 && stty size; stat -c %t,%T /dev/console; tty; sleep 0.2")'
receive "$TMPDIR/s"
ok 'create with a terminal' alone oci create --bundle "$bundles/t" --console-socket "$TMPDIR/s" t
ok 'start' oci start t
received
is "$(tr -d '\r' <"$TMPDIR/tty.out" | xargs)" 'ready 33 99 88,0 /dev/pts/0' 'size, /dev/console, name'
wait_until 10 is_status t stopped
oci delete t
deep=$TMPDIR/$(printf 'x%.0s' {1..100})
mkdir "$deep"
receive "$deep/s"
ok 'a socket with a long path' alone oci create --bundle "$bundles/t" --console-socket "$deep/s" t
oci start t; received; wait_until 10 is_status t stopped; oci delete t
denies 'a terminal without a socket is refused' 'console-socket' '.process.terminal = true'
bundle t 'args(["sleep", "1000"])'
create t && oci start t
receive "$TMPDIR/s"
ok 'exec with a terminal' alone oci exec -d -t --console-socket "$TMPDIR/s" t sh -c 'test -t 0 && tty; sleep 0.2'
received
is "$(tr -d '\r' <"$TMPDIR/tty.out" | xargs)" 'ready /dev/pts/0' 'has one of the container'
oci delete -f t
rm -rf "${TMPDIR:?}"/*
done_testing
