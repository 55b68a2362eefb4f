#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --mntns host: the root is mounted in the caller's mount namespace while the container runs, and nothing of it stays.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image davit/demo

davit run --rm davit/demo true || bail 'a container does not run'
roots=$DAVIT_STATE/~roots
up() { davit run -d --mntns host "$@"; }
mounts() { grep -c . /proc/self/mountinfo; }
before=$(mounts)
# gone NAME: the mount table is as it was
gone() {
	is "$(mounts)" "$before" "$1: the mount table is as before"
	is "$(ls -A "$roots")" '' 'and nothing is below ~roots/'
}

### as in a namespace of its own
sees 'it is the namespace of the host' "$(readlink /proc/self/ns/mnt)" --mntns host davit/demo readlink /proc/self/ns/mnt
sees 'the root is the image' "$(davit run --rm davit/demo ls -A /)" --mntns host davit/demo ls -A /
sees 'the same is mounted, masked, read-only' \
	"$(davit run --rm davit/demo sh -c 'mount | sed "s/^overlay .*/overlay/" | sort')" \
	--mntns host davit/demo sh -c 'mount | sed "s/^overlay .*/overlay/" | sort'
sees 'the working directory' /tmp --mntns host -w /tmp davit/demo pwd
sees 'a user' 1000 --mntns host -u 1000 davit/demo id -u
sees '--read-only' 1 --mntns host --read-only davit/demo sh -c 'touch /x 2>/dev/null; echo $?'
sees '--tmpfs and -v' 'a tmpfs' --mntns host --tmpfs /m -v "$TMPDIR:/t:ro" davit/demo \
	sh -c 'touch /t/x 2>/dev/null || echo a $(stat -f -c %T /m)'
sees 'every namespace of the host at once' 8 --mntns host --pid host --ipc host --uts host --cgroupns host --timens host \
	--network host --userns host davit/demo sh -c "[ -d /proc/$$ ] && ls /proc/self/ns | grep -vc _for_"
sees 'pid 1 of a namespace of its own' 1 --mntns host davit/demo sh -c 'echo $$'
run davit run --rm -t --mntns host davit/demo tty
is "${out%$'\r'}" /dev/pts/0 'a terminal'
gone 'after all of these'

### what cannot be
refuses 'with a user namespace' "'--userns' contradicts --mntns host" --mntns host --userns auto davit/demo true
refuses 'a namespace that is none' "'some' is not host or private" --mntns some davit/demo true
fails 'a command that is not there' 127 davit run --rm --mntns host davit/demo nothing-here
refuses 'a mount that fails half-way' 'cannot be mounted on' --mntns host -v "$TMPDIR:/etc/hostname" davit/demo true
gone 'after a start that failed'

### while it runs
mkdir "$TMPDIR/data"
echo precious >"$TMPDIR/data/file"
id=$(up --name xx -v "$TMPDIR/data:/data" davit/demo sleep 1000)
ok 'its root is mounted on the host' mountpoint -q "$roots/$id"
is "$(<"$roots/$id/data/file")" precious 'with what was bound in it'
is "$(davit inspect xx | jq -r '.[0].Options.mntns')" host 'inspect tells'
is "$(davit exec xx sh -c 'readlink /proc/self/ns/mnt; pwd; ls /data')" "$(readlink /proc/self/ns/mnt)
/
file" 'exec goes to its root'
is "$(davit exec -t xx tty | tr -d '\r')" /dev/pts/0 'with a terminal, too'
fails 'and finds no more than is there' 127 davit exec xx nothing-here
mount -t tmpfs none "$roots/$id/var"
touch "$roots/$id/var/of-the-host"
is "$(davit exec xx ls /var)" of-the-host 'a mount of the host shows up inside'
(cd "$roots/$id/data" && exec sleep 1000) &
busy=$!
ok 'it stops with somebody inside its mounts' davit stop -t 0 xx
kill $busy
wait $busy 2>/dev/null
gone 'after stop'
is "$(<"$TMPDIR/data/file")" precious 'what was bound is untouched'
ok 'it starts again' davit start xx
ok 'and runs' davit exec xx true
ok 'rm -f' davit rm -f xx
gone 'after rm -f'
is "$(<"$TMPDIR/data/file")" precious 'what was bound is untouched'

### what the container mounts itself
id=$(up --name xx --privileged -v "$TMPDIR/data:/data" davit/demo sh -c \
	'mount -t tmpfs a /data && mount -t tmpfs b / && mount -t tmpfs c / && sleep 1000')
ok 'mounts on its root' wait_until 10 sh -c "[ \$(grep -c ' $roots/$id ' /proc/self/mountinfo) = 3 ]"
ok 'rm -f' davit rm -f xx
gone 'after a container that mounted'
is "$(<"$TMPDIR/data/file")" precious 'what was bound is untouched'

### a host whose mounts are shared, as systemd's are
mount --bind "$DAVIT_STATE" "$DAVIT_STATE"
mount --make-shared "$DAVIT_STATE"
unshare --mount --propagation slave sleep 1000 &
other=$!
wait_until 10 sh -c "[ \$(readlink /proc/$other/ns/mnt) != \$(readlink /proc/self/ns/mnt) ]"
before=$(mounts)
id=$(up --name xx davit/demo sleep 1000)
ok 'its root arrives in namespaces that follow' grep -q "$roots/$id " /proc/$other/mountinfo
ok 'what is mounted in it does not' sh -c "! grep -q $roots/$id/ /proc/$other/mountinfo"
ok 'rm -f' davit rm -f xx
gone 'after rm -f on a shared mount'
ok 'there as well' sh -c "! grep -q $roots/ /proc/$other/mountinfo"
kill $other
wait $other 2>/dev/null
umount "$DAVIT_STATE"
before=$(mounts)

### when something dies
id=$(up --name xx -v "$TMPDIR/data:/data" davit/demo sleep 1000)
kill -KILL "$(pgrep -x davit-monitor)"
ok 'without its monitor it can be entered' davit exec xx ls /data/file
ok 'and stopped' davit stop -t 0 xx
gone 'after the end without a monitor'
davit rm xx >/dev/null
id=$(up --rm --name xx -v "$TMPDIR/data:/data" davit/demo sleep 1000)
kill -KILL "$(pgrep -x davit-monitor)" "$(pgrep -x sleep)"
wait_until 10 sh -c '! pgrep -x sleep'
run davit system check
is "$status" 0 'system check after monitor and container were killed'
gone 'after it'
id=$(up --name xx -v "$TMPDIR/data:/data" davit/demo sleep 1000)
ok 'rm -f from another mount namespace' unshare --mount davit rm -f xx
gone 'after it'
up -v "$TMPDIR/data:/data" davit/demo sleep 1000 >/dev/null
ok 'system reset' davit system reset --force
gone 'after reset'
left=$(printf '%064d' 7)
mkdir -p "$roots/$left"
mount --bind "$TMPDIR/data" "$roots/$left"
run davit system check
like "$out" "mounts of no container.*${left:0:12}" 'mounts that nobody owns are told'
gone 'and removed'
is "$(<"$TMPDIR/data/file")" precious 'what was bound is untouched'
rm -r "$TMPDIR/data"
done_testing
