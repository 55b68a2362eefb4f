#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci checkpoint and restore of containers that are not alone: namespaces of others, cgroups, terminals.
# shellcheck disable=SC2317 # functions are called by ok and fails
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
command -v criu >/dev/null || plan skip_all 'criu is not installed'
davit_env "$@"
oci_env
said=$(criu check 2>&1) || works=no

img=$TEST_DIR/img
work=$TEST_DIR/work
data=$TEST_DIR/data
mkdir -p "$data"

# counting NAME [FILTER]: counts in its memory, tells in /data
counting() {
	bundle "$1" 'sh("n=0; while :; do n=$((n + 1)); echo $n; echo $n >/data/'"$1"'.new; mv /data/'"$1"'.new /data/'"$1"'; sleep 0.05; done")
		| .mounts |= map(select(.type != "cgroup")) | bind("'"$data"'"; "/data"; []) | '"${2:-.}"
}
started() { # NAME: its output in a pipe, as engines have it
	rm -f "$data/$1"
	(oci create --bundle "$bundles/$1" "$1" </dev/null 2>&1 | cat >"$TMPDIR/$1.out") &
	wait_until 30 is_status "$1" created && oci start "$1" && wait_until 30 test -s "$data/$1"
}
checkpoint() { # NAME
	rm -rf "$img"
	oci checkpoint --image-path "$img" --work-path "$work" "$1" || { grep -h 'Error\|Warn' "$work/dump.log" >&2; return 1; }
}
restored() { # NAME: under its own name, from its own bundle
	oci delete --force "$1"
	oci restore --detach --image-path "$img" --work-path "$work" --bundle "$bundles/$1" "$1" </dev/null >"$TMPDIR/$1.restored" 2>&1 ||
		{ cat "$TMPDIR/$1.restored" >&2; grep 'Error\|Warn' "$work/restore.log" >&2; return 1; }
}
count() { cat "$data/$1"; }
counts_on() {
	local n
	n=$(count "$1")
	wait_until 30 eval "[ \"\$(count $1)\" -gt $n ]"
}
nothing_of() { [ ! -e "$oci_root/$1" ] && ! _list_cgroups | grep -q "/$1\$"; }
# refused WHAT NAME REGEX: its checkpoint is; it goes on, and there is no image
refused() {
	rm -rf "$img"
	run oci checkpoint --image-path "$img" "$2"
	if [ "$status" = 1 ] && [[ $err =~ $3 ]] && [ ! -e "$img" ] && is_status "$2" running; then pass "$1: refused"; else fail "$1: refused" "status $status: $err"; fi
	ok 'and it runs on' counts_on "$2"
}

### what is refused before anything is changed, wherever there is a criu

counting u 'ns("uts")'
started u
counting c "ns(\"cgroup\"; \"/proc/$(pid_of u)/ns/cgroup\")"
started c
refused 'a cgroup namespace by path' c "linux.namespaces: '/proc/[0-9]+/ns/cgroup' is shared with others"
oci delete --force c
oci delete --force u

v2=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
counting c
started c
own=$v2$(sed -n 's/^0:://p' "/proc/$(pid_of c)/cgroup")
if [[ $own == */$DAVIT_SLICE/c ]] && mkdir "$own/empty" "$own/sub" 2>/dev/null; then
	oci exec --detach --pid-file "$TMPDIR/pid" c sleep 1000 </dev/null >/dev/null 2>&1
	cat "$TMPDIR/pid" >"$own/sub/cgroup.procs"
	refused 'processes in a cgroup below' c "processes are in 'sub' below the container's cgroup"
else
	skip 'no cgroup v2 to make cgroups below' 2
fi
oci delete --force c

# a terminal
console() { # FILE: what is said there, until the end
	python3 - "$TMPDIR/sock" "$1" <<-'PY' &
		import array, os, socket, sys
		s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1)
		c, _ = s.accept()
		_, anc, *_ = c.recvmsg(64, socket.CMSG_SPACE(4))
		fd = array.array("i", anc[0][2])[0]
		out = open(sys.argv[2], "wb", 0)
		try:
		    while d := os.read(fd, 4096): out.write(d)
		except OSError: pass
	PY
	reader=$!
	wait_until 60 test -S "$TMPDIR/sock"
}
counting c '.process.terminal = true'
console "$TMPDIR/said"
rm -f "$data/c"
ok 'a container with a terminal' oci create --bundle "$bundles/c" --console-socket "$TMPDIR/sock" c </dev/null
oci start c
wait_until 30 test -s "$data/c"
refused 'a terminal' c 'process.terminal: '
oci delete --force c
kill "$reader" 2>/dev/null
wait "$reader"
rm -f "$TMPDIR/sock"
fails 'also by restore' 1 oci restore --detach --image-path "$img" --bundle "$bundles/c" c
like "$err" 'process.terminal: ' 'with the reason'
ok 'which leaves nothing' nothing_of c

if [ "${works:-}" = no ]; then
	skip "namespaces: criu does not work here: $(head -1 <<<"$said")"
	rm -rf "${TMPDIR:?}"/*
	done_testing
	exit
fi

### namespaces of others

counting other
started other
other=$(pid_of other)
for type in ipc uts; do
	path=$type
	counting c "ns(\"$type\"; \"/proc/$other/ns/$path\") | if \"$type\" == \"uts\" then del(.hostname) else . end"
	started c
	is "$(readlink "/proc/$(pid_of c)/ns/$path")" "$(readlink "/proc/$other/ns/$path")" "$type by path"
	ok 'checkpoint' checkpoint c
	is "$(status_of c)" stopped 'it has stopped'
	before=$(count c)
	ok 'restore' restored c
	is "$(readlink "/proc/$(pid_of c)/ns/$path")" "$(readlink "/proc/$other/ns/$path")" 'is in that namespace again'
	ok 'it counts on' counts_on c
	ok 'from where it was' test "$(count c)" -gt "$before"
	ok 'its output goes where that of restore goes' wait_until 30 grep -q '^[0-9]' "$TMPDIR/c.restored"
	ok 'and the other lives' counts_on other
	oci delete --force c
done
oci delete --force other

rm -rf "${TMPDIR:?}"/*
done_testing
