#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci checkpoint and restore, by criu. Where criu does not work only what is refused is tested.
# shellcheck disable=SC2317 # functions are called by ok and fails
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

img=$TEST_DIR/img
work=$TEST_DIR/work
data=$TEST_DIR/data
mkdir -p "$data"

# counting NAME [FILTER]: a container that counts in its memory, tells in /data, and writes down what it is
counting() {
	bundle "$1" 'sh("n=0; t=$$; while :; do n=$((n + 1)); echo $n >/data/'"$1"'.new; mv /data/'"$1"'.new /data/'"$1"'; sleep 0.05; done")
		| bind("'"$data"'"; "/data"; []) | '"${2:-.}"
}
# started NAME: created and started, its output in a pipe, as engines have it
started() {
	(oci create --bundle "$bundles/$1" "$1" </dev/null 2>&1 | cat >"$TMPDIR/$1.out") &
	wait_until 30 is_status "$1" created && oci start "$1" && wait_until 30 test -s "$data/$1"
}
# restored IMAGE NAME BUNDLE [OPTION...]
restored() {
	local image=$1 name=$2 bundle=$3
	shift 3
	oci restore --detach --image-path "$image" --work-path "$work" --bundle "$bundles/$bundle" "$@" "$name" \
		</dev/null >"$TMPDIR/$name.restored" 2>&1
}
tell_restore() {
	[ "$status" = 0 ] || diag "$(cat "$TMPDIR/$1.restored")" "$(tail -20 "$work/restore.log")"
}
count() { cat "$data/$1"; }
counts_on() {
	local n
	n=$(count "$1")
	wait_until 30 eval "[ \"\$(count $1)\" -gt $n ]"
}
nothing_of() { [ ! -e "$oci_root/$1" ] && ! _list_cgroups | grep -q "/$1\$"; }
cgroup_file() { cat "$(find /sys/fs/cgroup -path "*/$DAVIT_SLICE/$1/$2" 2>/dev/null | head -1)"; }

### what is refused, on every host

counting c
create c </dev/null
fails 'checkpoint of a created one fails' 1 oci checkpoint --image-path "$img" c
like "$err" "it is created|'criu' is not in" 'and says why'
oci delete --force c
counting c
started c
empty=$TEST_DIR/empty
mkdir "$empty"
run env -i PATH="$empty" DAVIT_LIBDIR="${DAVIT_LIBDIR:-$DAVIT_OUT/bin}" "$DAVIT_OUT/bin/davit-oci" --root "$oci_root" checkpoint --image-path "$img" c
is "$status" 1 'checkpoint without criu fails'
is "$err" $'davit-oci: checkpoint container \'c\': program \'criu\' is not in $PATH\nhint: apt install criu' 'and says so'
ok 'no image is made' test ! -e "$img"
is "$(status_of c)" running 'and the container runs'
run env -i PATH="$empty" DAVIT_LIBDIR="${DAVIT_LIBDIR:-$DAVIT_OUT/bin}" "$DAVIT_OUT/bin/davit-oci" --root "$oci_root" restore --detach --image-path "$img" --bundle "$bundles/c" r
is "$status" 1 'restore without criu fails'
like "$err" "^davit-oci: restore container 'r': program 'criu' is not in" 'and says so'
ok 'and leaves nothing' nothing_of r
run oci --criu /nope checkpoint --image-path "$img" c
like "$err" "program '/nope' is not there" '--criu'
refuses() {
	local what=$1 want=$2
	shift 2
	run oci "$@"
	if [ "$status" = 1 ] && [[ $err =~ $want ]] && [ ! -e "$img" ]; then pass "$what"; else fail "$what" "$err"; fi
}
refuses '--lazy-pages' 'lazy-pages.* is not supported' checkpoint --lazy-pages --image-path "$img" c
refuses '--manage-cgroups-mode=full' "'full' is not soft or ignore" checkpoint --manage-cgroups-mode=full --image-path "$img" c
refuses '--empty-ns ipc' "'ipc' is not network" checkpoint --empty-ns ipc --image-path "$img" c
refuses '--status-fd of none' "'77' is no open descriptor" checkpoint --status-fd 77 --image-path "$img" c
refuses 'restore --no-pivot' 'no-pivot.* is not supported' restore --no-pivot --image-path "$img" --bundle "$bundles/c" r
fails 'checkpoint of what is not there' 1 oci checkpoint --image-path "$img" nope
oci delete --force c
ok 'checkpoint --help, which engines ask for' oci checkpoint --help

if ! command -v criu >/dev/null; then
	skip 'checkpoint and restore: criu is not installed'
	rm -f "$TMPDIR"/*
	done_testing
	exit
fi
said=$(criu check 2>&1) || {
	# and that is what the user is told
	counting c '.mounts |= map(select(.type != "cgroup"))'
	started c
	fails 'checkpoint fails where criu does not work' 1 oci checkpoint --image-path "$img" c
	like "$err" "criu dump failed: Error \\(.*\\(log: '$img/dump.log'\\)" 'with the reason of criu'
	is "$(status_of c)" running 'the container runs on'
	ok 'it counts' counts_on c
	oci delete --force c
	skip "checkpoint and restore: criu does not work here: $(head -1 <<<"$said")"
	rm -f "$TMPDIR"/*
	done_testing
	exit
}

### a whole cycle

counting c '.linux.resources.pids.limit = 17 | .linux.resources.memory.limit = 67108864 | .hostname = "counter"
	| .linux.resources.devices = [{allow: false, access: "rwm"}] | bind("'"$data"'"; "/ro"; ["ro"])'
started c
mknod "$rootfs/m" c 1 1
sleep 0.5
before=$(count c)
mounts_before=$(awk '{ print $5, $6 }' "/proc/$(pid_of c)/mountinfo" | sort)
ok 'checkpoint' oci checkpoint --image-path "$img" --work-path "$work" c
is "$(status_of c)" stopped 'it has stopped'
ok 'delete' oci delete c
stopped_at=$(count c)
cp -a "$data" "$TEST_DIR/data2" # with what was open just then
rm "$TEST_DIR/data2/c"
ok 'restore' restored "$img" c c --pid-file "$TMPDIR/pid"
tell_restore c
is "$(status_of c)" running 'it runs'
is "$(<"$TMPDIR/pid")" "$(pid_of c)" 'the pid file has its pid'
ok 'it counts on' counts_on c
ok 'from where it was' test "$(count c)" -gt "$stopped_at" -a "$stopped_at" -ge "$before"
pid=$(pid_of c)
like "$(cat "/proc/$pid/cgroup")" "/$DAVIT_SLICE/c(\$|
)" 'in its cgroup'
is "$(cgroup_file c pids.max)" 17 'with its limit of processes'
is "$(cgroup_file c memory.max)" 67108864 'and of memory'
is "$(awk '{ print $5, $6 }' "/proc/$pid/mountinfo" | sort)" "$mounts_before" 'mounts and their flags are as they were'
is "$(oci exec c hostname)" counter 'exec, and the host name'
is "$(oci exec c sh -c 'echo x 2>/dev/null >/ro/x || echo no')" no 'a read-only bind is read-only'
is "$(oci exec c sh -c 'chmod 777 /proc/kcore 2>/dev/null || echo no')" no 'a mask cannot be changed'
is "$(oci exec c sh -c 'head -c1 /m 2>/dev/null || echo no')" no 'device rules hold'
is "$(find "$oci_root/c" -mindepth 1 | sed 's,.*/,,')" state.json 'the record is as that of a created one'
ok 'pause' oci pause c
is "$(status_of c)" paused 'is paused'
ok 'resume' oci resume c

# the same image under another name, with another bundle, while the first runs
counting d '.linux.resources.pids.limit = 23 | .hostname = "counter" | bind("'"$data"'"; "/ro"; ["ro"])'
sed -i "s,\"$data\",\"$TEST_DIR/data2\"," "$bundles/d/config.json"
ok 'a second restore under another id' restored "$img" d d
tell_restore d
ok 'counts, too, into what its bundle binds' wait_until 30 test -s "$TEST_DIR/data2/c"
is "$(cgroup_file d pids.max)" 23 'with the limits of its bundle'
ok 'kill' oci kill d KILL
ok 'it stops' wait_until 30 is_status d stopped
ok 'delete' oci delete d
ok 'kill' oci kill c KILL
ok 'it stops' wait_until 30 is_status c stopped
ok 'delete' oci delete c

### left running, paused, in the foreground

counting c
started c
rm -rf "$img"
ok 'checkpoint --leave-running' oci checkpoint --leave-running --image-path "$img" c
is "$(status_of c)" running 'it runs'
ok 'it counts on' counts_on c
oci pause c
ok 'checkpoint of a paused one' oci checkpoint --image-path "$img" --work-path "$work" --manage-cgroups-mode soft c
is "$(status_of c)" stopped 'it has stopped'
oci delete --force c
timeout -s KILL 180 "$oci_runtime" --root "$oci_root" restore --image-path "$img" --work-path "$work" --bundle "$bundles/c" c </dev/null >"$TMPDIR/said" 2>&1 & runner=$!
ok 'restore in the foreground' wait_until 60 is_status c running
ok 'it counts' counts_on c
ok 'kill' oci kill c TERM
ok 'by signal' oci kill c KILL
wait "$runner"
is $? 137 'restore tells how it ended'
ok 'and it is deleted' nothing_of c

### before-hand, in two steps

counting c
started c
rm -rf "$img"
mkdir "$img"
ok 'checkpoint --pre-dump' oci checkpoint --pre-dump --image-path "$img/first" c
is "$(status_of c)" running 'it runs'
ok 'it counts on' counts_on c
fails 'a parent that is not relative' 1 oci checkpoint --parent-path "$img/first" --image-path "$img/second" c
like "$err" "is not relative to the image" 'and says so'
ok '--parent-path' oci checkpoint --parent-path ../first --image-path "$img/second" --work-path "$work" c
ok 'the second has a parent' test -e "$img/second/parent"
oci delete --force c
n=$(count c)
ok 'restore' restored "$img/second" c c
ok 'it counts on' counts_on c
ok 'from there' test "$(count c)" -gt "$n"
oci delete --force c

### streams, cgroup namespace, read-only root, hosts whose mounts are shared, a network by path

mountpoint -q /run/netns && had_netns=yes
mount --make-rshared /
ip netns add "$DAVIT_SLICE" 2>/dev/null || diag 'no network namespace by path'
counting c 'ns("cgroup") | ns("network"; "/run/netns/'"$DAVIT_SLICE"'") | .root.readonly = true | .linux.maskedPaths = []
	| mount("/t"; "tmpfs"; "tmpfs"; ["size=64k"])'
mkdir -p "$rootfs/t" "$rootfs/data"
oci create --bundle "$bundles/c" c </dev/null >"$TMPDIR/c.out" 2>&1
oci start c
wait_until 30 test -s "$data/c"
oci exec c sh -c 'echo kept >/t/f'
rm -rf "$img"
ok 'checkpoint of one with files of the host as streams' oci checkpoint --image-path "$img" --work-path "$work" c
[ "$status" = 0 ] || diag "$(grep -n 'Error\|Warn' "$work/dump.log")"
oci delete --force c
ok 'restore' restored "$img" c c
tell_restore c
ok 'it counts' counts_on c
is "$(oci exec c cat /t/f)" kept 'a tmpfs has its files'
is "$(oci exec c sh -c 'echo x 2>/dev/null >/x || echo no')" no 'a read-only root is read-only'
is "$(oci exec c cat /proc/self/cgroup)" '0::/' 'it has a cgroup namespace, and is its root'
is "$(stat -Lc %i "/proc/$(pid_of c)/ns/net")" "$(stat -Lc %i "/run/netns/$DAVIT_SLICE")" 'the network is that of the path'
to=$(pid_of c)
# its shell redirects it for moments
ok 'output goes where that of restore goes' wait_until 10 bash -c "readlink /proc/$to/fd/1 | grep 'c.restored$'"
oci delete --force c
ip netns del "$DAVIT_SLICE" 2>/dev/null
[ -n "${had_netns:-}" ] || umount /run/netns 2>/dev/null

### a restore that fails leaves nothing

counting c
rm -rf "$TEST_DIR/broken"
cp -r "$img" "$TEST_DIR/broken"
: >"$TEST_DIR/broken/pstree.img"
fails 'restore of a broken image' 1 restored "$TEST_DIR/broken" c c
like "$(cat "$TMPDIR/c.restored")" "^davit-oci: restore container 'c': criu restore failed: Error \\(" 'says why'
ok 'and leaves nothing' nothing_of c
fails 'restore of no image' 1 restored "$TEST_DIR/empty" c c
like "$(cat "$TMPDIR/c.restored")" "no 'davit-oci.json' in the image" 'says why'
ok 'and leaves nothing' nothing_of c
counting c 'sh("exec 3>/data/held; echo >/data/c; exec sleep 1000")'
rm -f "$data/c"
started c
ok 'checkpoint of one with an open file' oci checkpoint --image-path "$TEST_DIR/held" --work-path "$work" c
oci delete --force c
rm "$data/held"
fails 'restore without that file' 1 restored "$TEST_DIR/held" c c
like "$(cat "$TMPDIR/c.restored")" "criu restore failed: Error .*data/held" 'names it'
ok 'and leaves nothing' nothing_of c
bundle c '.'
fails 'restore with a bundle that lacks the bind' 1 restored "$img" c c
like "$(cat "$TMPDIR/c.restored")" "the image has a bind mount on '/data', config.json has not" 'says why'
ok 'and leaves nothing' nothing_of c
bundle c 'sh("exec sleep 1000") | hook("poststart"; "/bin/true"; [])'
create c && oci start c
rm -rf "$img"
fails 'checkpoint of one with hooks' 1 oci checkpoint --image-path "$img" c
like "$err" 'hooks.poststart: a restore would not run them' 'says which'
is "$(status_of c)" running 'and it runs on'
oci delete --force c
rm -f "$TMPDIR"/*
done_testing
