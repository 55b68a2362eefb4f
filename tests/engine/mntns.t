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
	run ls -A "$roots"
	is "$status:$out" 0: 'and nothing is below ~roots/'
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
all='for n in pid net mnt ipc uts user cgroup time; do readlink /proc/self/ns/$n; done'
sees 'every namespace of the host at once' "$(sh -c "$all")" --mntns host --pid host --ipc host --uts host --cgroupns host \
	--timens host --network host --userns host davit/demo sh -c "$all"
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
ok 'somebody is inside' wait_until 10 sh -c "[ \$(readlink /proc/$busy/cwd) = '$TMPDIR/data' ] || readlink /proc/$busy/cwd | grep -q '^$roots/$id/data'"
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

# a bind that is a peer of a mount of the host: what is below it is the host's
mkdir "$TMPDIR/top"
mount -t tmpfs top "$TMPDIR/top"
mount --make-shared "$TMPDIR/top"
mkdir "$TMPDIR/top/sub"
mount -t tmpfs sub "$TMPDIR/top/sub"
echo precious >"$TMPDIR/top/sub/file"
before=$(mounts)
for how in rshared shared rslave private; do
	ok "a bind that is $how" davit run --rm --mntns host -v "$TMPDIR/top:/top:$how" davit/demo true
	is "$(cat "$TMPDIR/top/sub/file")" precious 'leaves the mounts of the host'
	gone 'after it'
done
umount "$TMPDIR/top/sub"
up --name xx -v "$TMPDIR/top:/top:shared" davit/demo sleep 1000 >/dev/null
mount -t tmpfs sub "$TMPDIR/top/sub"
echo precious >"$TMPDIR/top/sub/file"
is "$(davit exec xx cat /top/sub/file)" precious 'what the host mounts later arrives'
ok 'rm -f' davit rm -f xx
is "$(cat "$TMPDIR/top/sub/file")" precious 'and stays'
gone 'after it'
umount "$TMPDIR/top/sub" "$TMPDIR/top"
rmdir "$TMPDIR/top"
before=$(mounts)

### who is in another mount namespace
unshare --mount --propagation private sleep 1000 &
other=$!
wait_until 10 sh -c "[ \$(readlink /proc/$other/ns/mnt) != \$(readlink /proc/self/ns/mnt) ]"
up --name xx -v "$TMPDIR/data:/data" davit/demo sleep 1000 >/dev/null
is "$(nsenter -t $other -m davit exec xx sh -c 'readlink /proc/self/ns/mnt; ls /data')" "$(readlink /proc/self/ns/mnt)
file" 'exec goes to the root of the container'
ok 'rm -f' nsenter -t $other -m davit rm -f xx
gone 'after it'
kill $other
wait $other 2>/dev/null

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
# not under the feet of a start, which holds the lock of the record
id=$(davit create --name xx --mntns host davit/demo sleep 1000)
mkdir -p "$roots/$id"
mount --bind "$TMPDIR/data" "$roots/$id"
ok 'a check while it is about to start' flock "$DAVIT_ROOT/containers/$id" davit system check
ok 'removes nothing' mountpoint -q "$roots/$id"
ok 'it starts' davit start xx
ok 'on a mount point of its own' davit exec xx test ! -e /file
ok 'rm -f' davit rm -f xx
gone 'after it'
# a file that somebody has put there
id=$(davit create --name xx --mntns host davit/demo sleep 1000)
mkdir -p "$roots/$id"
touch "$roots/$id/stray"
ok 'over a file of somebody it starts' davit start xx
ok 'and runs' davit exec xx test ! -e /stray
ok 'and is removed' davit rm -f xx
is "$(ls "$roots/$id")" stray 'the file stays'
fails 'system check' 1 davit system check
like "$out" "problem: somebody has put files into '$roots/$id'" 'tells'
rm -r "${roots:?}/$id"
ok 'until it is gone' davit system check
# a record that cannot be read
id=$(up -v "$TMPDIR/data:/data" davit/demo sleep 1000)
echo '{' >"$DAVIT_ROOT/containers/$id/config.json"
ok 'rm -f of what cannot be read' davit rm -f "$id"
gone 'after it'
is "$(<"$TMPDIR/data/file")" precious 'what was bound is untouched'
rm -r "$TMPDIR/data"
done_testing
