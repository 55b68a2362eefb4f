#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: the life of a container, and what callers see of it.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

### create, start, state, kill, delete

bundle c 'sh("echo started; exec sleep 1000") | .annotations = {"a.b/c": "d\"e"}'
ok 'create' create c --pid-file "$TMPDIR/pid"
run oci state c
is "$(jq -r '[.id, .status, .bundle, .rootfs, .annotations["a.b/c"]] | join(" ")' <<<"$out")" \
	"c created $bundles/c $rootfs d\"e" 'state tells id, status, bundle, root, annotations'
is "$(jq -r '.ociVersion | test("^1[.]")' <<<"$out")" true 'and the version'
ok 'the time is RFC 3339' date -d "$(jq -r .created <<<"$out")"
pid=$(pid_of c)
is "$(<"$TMPDIR/pid")" "$pid" 'the pid file has the same pid'
is "$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -d' ' -f2-4)" 'sh -c echo' 'which waits'
is "$(cat "$TMPDIR/c.out")" '' 'nothing has run'
fails 'a second create of the id fails' 1 oci create --bundle "$bundles/c" c
like "$err" "container 'c' already exists" 'and says why'
fails 'delete of a created one fails' 1 oci delete c
like "$err" 'not stopped: created' 'and says why'
is "$(oci ps --format json c)" "[$pid]" 'ps'
like "$(<"$oci_root/c/state.json")" '"started": 0,' 'the record does not say that it runs'
ok 'start' oci start c
like "$(<"$oci_root/c/state.json")" '"started": 1,' 'now it does'
ok 'the program runs' wait_until 10 grep -qx started "$TMPDIR/c.out"
is "$(status_of c)" running 'it is running'
is "$(pid_of c)" "$pid" 'with the same pid'
fails 'a second start fails' 1 oci start c
like "$err" 'is running' 'and says why'
fails 'delete of a running one fails' 1 oci delete c
like "$err" 'not stopped: running' 'and says why'
is "$(oci list --format json | jq -r '.[] | [.id, .status, .pid] | join(" ")')" "c running $pid" 'list as JSON'
is "$(oci list -q)" c 'list of ids'
like "$(oci list)" $'^ID .*PID .*STATUS .*\nc +'"$pid +running +$bundles/c" 'list as a table'

ok 'pause' oci pause c
is "$(status_of c)" paused 'it is paused'
fails 'a second pause fails' 1 oci pause c
fails 'exec in a paused one fails' 255 oci exec c true
ok 'resume' oci resume c
is "$(status_of c)" running 'it runs on'
fails 'a second resume fails' 1 oci resume c
ok 'kill by name' oci kill c KILL
ok 'it stops' wait_until 10 is_status c stopped
is "$(oci state c | jq .pid)" 0 'without a pid'
fails 'kill of a stopped one fails' 1 oci kill c TERM
like "$err" 'not running' 'as callers know it'
fails 'start of a stopped one fails' 1 oci start c
ok 'delete' oci delete c
fails 'state of what is not there fails' 1 oci state c
like "$err" 'does not exist' 'and says so'
fails 'delete of what is not there fails' 1 oci delete c
ok 'but for --force' oci delete --force c

# run in the foreground: others work on it meanwhile
bundle c 'args(["sleep", "1000"])'
oci run --bundle "$bundles/c" c </dev/null >/dev/null 2>&1 & runner=$!
ok 'run is seen by others' wait_until 10 is_status c running
ok 'exec' timeout 10 "$oci_runtime" --root "$oci_root" exec c true
ok 'pause' timeout 10 "$oci_runtime" --root "$oci_root" pause c
ok 'resume' timeout 10 "$oci_runtime" --root "$oci_root" resume c
ok 'kill' timeout 10 "$oci_runtime" --root "$oci_root" kill c TERM
ok 'delete --force' timeout 10 "$oci_runtime" --root "$oci_root" delete --force c
wait $runner
is $? 137 'run tells how it ended'
is "$(oci list -q)" '' 'and it is deleted'

for sig in 15 TERM SIGTERM sigterm; do
	bundle c 'sh("trap \"exit 7\" TERM; echo ready; while :; do sleep 0.1; done")'
	create c && oci start c
	wait_until 10 grep -q ready "$TMPDIR/c.out"
	ok "kill $sig" oci kill c "$sig"
	ok 'arrives' wait_until 10 is_status c stopped
	oci delete c
done
bundle c 'args(["sleep", "1000"])'
create c
ok 'kill of a created one' oci kill c 9
ok 'ends it' wait_until 10 is_status c stopped
ok 'and it can be deleted' oci delete c
create c
fails 'an unknown signal is refused' 1 oci kill c NOSUCH
ok 'delete --force of a created one' oci delete --force c
create c && oci start c
ok 'delete -f of a running one' oci delete -f c
create c && oci start c && oci pause c
ok 'delete --force of a paused one' oci delete --force c
mkdir "$oci_root/half"
ok 'delete --force of an empty record' oci delete --force half
ok 'is that' test ! -e "$oci_root/half"

### all processes

bundle c 'no_ns("pid") | sh("sleep 1000 & sleep 1000 & wait")'
create c && oci start c
ok 'three processes' wait_until 10 eval '[ "$(oci ps --format json c | jq length)" = 3 ]'
ok 'kill --all' oci kill --all c KILL
ok 'kills all' wait_until 10 eval '[ "$(oci ps --format json c | jq length)" = 0 ]'
ok 'kill -a of a stopped one is no error' oci kill -a c 9
oci delete c
create c && oci start c
wait_until 10 eval '[ "$(oci ps --format json c | jq length)" = 3 ]'
oci kill c KILL
wait_until 10 is_status c stopped
ok 'delete takes what has outlived the first process' oci delete c

### run

shows 'run shows the output' hi 'sh("echo hi")'
inside c 'sh("exit 3")'
is "$status" 3 'run has the status of the program'
inside c 'no_ns("pid") | sh("kill -9 $$")'
is "$status" 137 'of a killed one, too'
run oci state c
is "$status" 1 'and deletes it'
bundle c 'sh("cat")'
is "$(echo data | oci run -b "$bundles/c" c)" data 'standard input arrives'
bundle c 'args(["sleep", "1000"])'
ok 'run --detach' alone oci run --detach -no-subreaper --pid-file "$TMPDIR/pid" --bundle "$bundles/c" c
is "$(status_of c)" running 'runs'
is "$(pid_of c)" "$(<"$TMPDIR/pid")" 'with a pid file'
oci delete -f c
bundle c 'args(["true"])'
ok 'run --keep' oci run --keep -b "$bundles/c" c
is "$(status_of c)" stopped 'keeps it'
oci delete c
is "$(cd "$bundles/c" && jq '.process.args = ["pwd"]' config.json >n && mv n config.json && oci run c)" / \
	'the bundle is the working directory by default'

### programs that cannot be executed: dockerd and Podman choose 127 or 126 by these words

no_program() {
	local want=$1 filter=$2
	denies "create: $want" "$want" "$filter"
	run oci run --bundle "$bundles/t" t
	like "$err" "$want" 'run says the same'
	isnt "$status" 0 'and fails'
}
no_program 'exec: "/nope": stat /nope: no such file or directory' 'args(["/nope"])'
no_program 'exec: "nope": executable file not found in \$PATH' 'args(["nope"])'
no_program 'exec: "/etc": permission denied' 'args(["/etc"])'
no_program 'exec: "/etc/passwd": permission denied' 'args(["/etc/passwd"])'
no_program 'process.args: the name of the program is empty' 'args([""])'
: >"$rootfs/bin/empty"; chmod 755 "$rootfs/bin/empty"
bundle c 'args(["/bin/empty"])'
ok 'what only the kernel can tell is told' create c
fails 'by start' 1 oci start c
like "$err" 'exec container process: exec format error' 'in words'
oci delete -f c

### exec

bundle c 'args(["sleep", "1000"]) | .process.env += ["A=1", "B=2"]'
create c && oci start c
is "$(oci exec c echo hi)" hi 'exec'
fails 'has the status of its program' 5 oci exec c sh -c 'exit 5'
fails 'of a killed one, too' 143 oci exec c sh -c 'kill $$'
fails 'nothing to execute' 255 oci exec c /nope
like "$err" 'exec: "/nope": stat /nope: no such file or directory' 'is told'
fails 'nothing in $PATH' 255 oci exec c nope
like "$err" 'exec: "nope": executable file not found in \$PATH' 'is told'
fails 'a directory' 255 oci exec c /etc
like "$err" 'exec: "/etc": permission denied' 'is told'
is "$(oci exec --env A=3 -e C=4 c sh -c 'echo $A$B$C')" 324 'variables'
is "$(oci exec --cwd /tmp c pwd)" /tmp 'working directory'
is "$(oci exec --user 1000:1000 -g 2000 -g 3000 c id | xargs)" \
	'uid=1000(demo) gid=1000(demo) groups=2000(extra),3000' 'user and groups'
is "$(oci exec --no-new-privs c grep NoNewPrivs /proc/self/status | xargs)" 'NoNewPrivs: 1' 'no new privileges'
is "$(echo data | oci exec c cat)" data 'standard input'
jq '.process | .args = ["sh", "-c", "echo $X; id -u"] | .env = ["X=y", "PATH=/bin"] | .user = {uid: 5, gid: 6}' \
	"$bundles/c/config.json" >"$TMPDIR/process.json"
is "$(oci exec --process "$TMPDIR/process.json" c | xargs)" 'y 5' '--process'
is "$(oci exec --process="$TMPDIR/process.json" c | xargs)" 'y 5' '--process=FILE'
jq '.args = ["sleep", "1000"]' "$TMPDIR/process.json" >"$TMPDIR/p2.json"
ok '--detach' alone oci exec --detach --pid-file "$TMPDIR/pid" --process "$TMPDIR/p2.json" c
is "$(tr '\0' ' ' <"/proc/$(<"$TMPDIR/pid")/cmdline")" 'sleep 1000 ' 'with a pid file'
is "$(awk '/^NSpid/ { print NF }' "/proc/$(<"$TMPDIR/pid")/status")" 3 'in its pid namespace'
for ns in pid mnt ipc uts net cgroup; do
	is "$(oci exec c readlink /proc/self/ns/$ns)" "$(readlink "/proc/$(pid_of c)/ns/$ns")" "enters $ns"
done
is "$(oci exec c cat /proc/self/cgroup)" "$(oci exec c cat /proc/1/cgroup)" 'and all cgroups'
is "$(oci exec c sh -c 'ls /proc/self/fd | xargs')" '0 1 2 3' 'inherits no descriptor'
exec 7<"$bundles/spec.json"
is "$(oci exec c sh -c 'ls /proc/self/fd | xargs')" '0 1 2 3' 'not even one of the caller'
exec 7<&-
oci kill c KILL
wait_until 10 is_status c stopped
fails 'exec in a stopped one fails' 255 oci exec c true
oci delete c

### descriptors

exec 3<"$bundles/spec.json" 4</dev/null
bundle c 'sh("ls /proc/self/fd | xargs; head -c 1 <&3")'
is "$(oci run --preserve-fds 2 -b "$bundles/c" c)" $'0 1 2 3 4 5\n{' '--preserve-fds'
fails 'one that is not open is refused' 1 oci run --preserve-fds 9 -b "$bundles/c" c
bundle c 'sh("ls /proc/self/fd | xargs; echo $LISTEN_FDS $LISTEN_PID; head -c 1 <&4")'
exec 5<"$bundles/spec.json" 3</dev/null
exec 4<&5 5<&-
is "$(LISTEN_FDS=2 LISTEN_PID=$$ oci run -b "$bundles/c" c)" $'0 1 2 3 4 5\n2 1\n{' 'LISTEN_FDS'
exec 3<&- 4<&-

### options of callers

log=$TMPDIR/log.json
fails '--log' 1 oci --log "$log" --log-format json create --bundle /nonexistent x
fails 'appends' 1 oci --log="$log" --log-format=json --debug start x
is "$(jq -r '[.level, (.msg | test("exist"))] | join(" ")' "$log")" $'error true\nerror true' 'one object a line'
ok 'with a time' date -d "$(jq -r .time "$log" | tail -1)"
fails '--log as text' 1 oci --log "$log.text" state x
like "$(cat "$log.text")" '^time=".*" level=error msg=".*"$' 'as logfmt'
is "$(davit-oci --version | sed -n '1s/ version .*//p')" davit-oci '--version'
like "$(davit-oci --version)" $'\nspec: 1\\.' 'with that of the specification'
fails 'an unknown command is refused' 1 oci nope
fails 'an unknown option is refused' 1 oci list --nope
fails 'a missing id is refused' 1 oci state
fails 'an id with a slash is refused' 1 oci state ../x
bundle c 'args(["true"])'
ok '--no-pivot and --no-new-keyring, --rootless' davit-oci --rootless=false --root="$oci_root" run --no-new-keyring -b "$bundles/c" c

### one id, many creates

bundle one 'args(["sleep", "1000"])'
mkdir "$TMPDIR/race"
for i in {1..32}; do
	oci create --bundle "$bundles/one" one </dev/null >"$TMPDIR/race/$i" 2>&1 && echo "$i" >>"$TMPDIR/race/won" &
done
wait
is "$(wc -l <"$TMPDIR/race/won")" 1 'one of 32 concurrent creates wins'
is "$(grep -l "already exists" "$TMPDIR"/race/* | wc -l)" 31 'the others say why not'
ok 'it starts' oci start one
is "$(oci ps --format json one | jq length)" 1 'with one process'
oci delete -f one
for i in {1..8}; do
	bundle "p$i" 'args(["sleep", "1000"])'
	(create "p$i" && oci start "p$i") &
done
wait
is "$(oci list --format json | jq '[.[] | select(.status == "running")] | length')" 8 'creates of many ids at once'
for i in {1..8}; do oci delete -f "p$i" & done
wait
is "$(oci list -q)" '' 'and deletes'
# small
if has_sanitizers; then
	skip 'a sanitizer is neither small nor of little memory'
else
	ok 'the program has at most 2 MiB' test "$(stat -L -c %s "$(command -v "$oci_runtime")")" -le $((2 << 20))
	cp "$DAVIT_OUT/tests/true" "$rootfs/true"
	inside t '.linux.resources.memory.limit = 524288 | args(["/true"])'
	case $err in
	*'no memory controller'*) skip 'a static program in 512 KiB: no memory controller' ;;
	*) is "$status" 0 'a static program starts in 512 KiB' ;;
	esac
	rm "$rootfs/true"
fi
rm -rf "${TMPDIR:?}"/*
done_testing
