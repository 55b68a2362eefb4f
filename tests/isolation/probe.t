#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit probe: davit passes, the output is KTAP and JSON, bad input, and nothing stays.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
probe=$DAVIT_OUT/bin/davit-probe
tap=$TEST_DIR/tap
json=$TEST_DIR/json

### davit
davit probe >"$tap" 2>"$TEST_DIR/err"
is "$?$(<"$TEST_DIR/err")" 0 'davit passes'
[ "$_tap_failed" -eq 0 ] || diag "$(grep -A 1 '^not ok' "$tap")"
is "$(grep -c '^not ok' "$tap")" 0 'in every row'
davit probe --with user --with time --format json >"$json"
is $? 0 'with user and time namespaces, too'
is "$(jq '[.probes[] | select(.result == "pass") | select(.name == "user/new-namespace" or .name == "time/new-namespace"
	or .name == "users/uid-map" or .name == "time/monotonic")] | length' "$json")" 4 'which are new'
ok 'at least 120 probes pass' jq -e '.totals.pass >= 120' "$json"

### KTAP
is "$(head -n 1 "$tap")" 'KTAP version 1' 'first line'
n=$(sed -n '2s/^1\.\.//p' "$tap")
is "$(grep -cE '^(not )?ok [0-9]+ [a-z0-9-]+/[a-z0-9_-]+( # SKIP .+)?$' "$tap")" "$n" 'the plan counts the results'
is "$(awk '/^(not )?ok/ { if ($(NF && $1 == "not" ? 3 : 2) != ++n) bad++ } END { print bad + 0 }' "$tap")" 0 'they are numbered'
is "$(grep -A 1 -E '^(not )?ok' "$tap" | grep -c '^# tried: .*; seen: ')" "$n" 'behind each is what was tried and seen'
like "$(tail -n 1 "$tap")" '^# Totals: pass:[0-9]+ fail:0 xfail:0 xpass:0 skip:[0-9]+ error:0$' 'totals'
is "$(grep -c '^ok.*# SKIP' "$tap")" "$(sed -n 's/.*skip:\([0-9]*\).*/\1/p' <<<"$(tail -n 1 "$tap")")" 'of what was skipped'
# what it is shown is no test of ours: not counted
ok 'prove takes it' env -u PERL_TEST_HARNESS_DUMP_TAP prove --exec cat "$tap"
for group in $(davit probe --list | sed -n 's/^\([a-z-]*\): .*/\1/p'); do
	grep -q "^# $group: " "$tap" || fail "group $group is told"
done
run davit probe --probe uts/hostname --program "$DAVIT_OUT/bin/../bin/davit"
like "$out" 'ok 2 uts/hostname' 'another program of the engine'

### JSON
ok 'is one object' jq -e 'type == "object"' "$json"
is "$(jq '.probes | length' "$json")" "$n" 'all probes are in it'
is "$(jq -r '[.probes[].name] | unique | length' "$json")" "$n" 'once'
is "$(jq '[.totals.pass, .totals.fail, .totals.skip] | add' "$json")" "$n" 'totals'
is "$(jq -r '.engine, .runtime, .kernel, .version' "$json" | xargs)" "davit null $(uname -r) davit version $(davit --version | sed 's/.* //')" 'head'
is "$(jq '[.probes[] | select((.tried | length) < 5 or (.seen | length) < 1 or (.name | length) < 5)] | length' "$json")" 0 'all say something'

### lists and selection
is "$(davit probe --list | grep -c '^  ')" "$n" 'list'
is "$(davit probe --list --format json | jq length)" "$n" 'as JSON'
is "$("$probe" list | grep -c '^  ')" "$n" 'of the helper'
names() { awk '/^(not )?ok/ { print $($1 == "not" ? 4 : 3) }' <<<"$out" | xargs; }
run davit probe --probe uts/new-namespace
is "$status $(names)" '0 uts/new-namespace' 'one probe'
run davit probe --probe uts/new-namespace --probe ipc/new-namespace
is "$status $(names)" '0 uts/new-namespace ipc/new-namespace' 'two'
run davit probe --group uts --list
is "$(grep -c '^  uts/' <<<"$out") $(grep -c '^  [^u]' <<<"$out")" '2 0' 'what begins alike'
run davit probe --probe caps/effective
is "$(names)" 'caps/bounding caps/permitted caps/effective' 'with what it needs'
run davit probe --group outside
is "$status $(grep -c '^not ok' <<<"$out")" '0 0' 'from outside alone'
run davit probe --probe time/new-namespace
is "$status" 4 'nothing but skipped'
like "$out" '# SKIP no time namespace was asked for' 'and why'

### an image, the state before
demo_image
run davit probe --image davit/demo --group namespaces
is "$status $(grep -c '^not ok' <<<"$out")" '0 0' 'an image'
is "$(davit images -q | wc -l)" 1 'is still there, alone'
is "$(davit ps -aq | wc -l)" 0 'without containers'

### bad input
bad() { # NAME ERROR OPTION...
	local name=$1 want=$2
	shift 2
	run davit probe "$@"
	is "$status" 125 "$name"
	like "$err" "$want" "$name: the error"
	is "$out" '' "$name: no output"
}
bad 'no such engine' "'--engine': 'lxc' is not davit, docker, podman, nspawn or bwrap" --engine lxc
bad 'no such runtime' "'/nowhere/runc' is not a program: No such file" --runtime /nowhere/runc
bad 'not in PATH' "no program 'nowhere-runc' in PATH.*hint: " --runtime nowhere-runc
bad 'a directory' "'/tmp' is not a program" --runtime /tmp
bad 'a file' "'/etc/passwd' is not a program: Permission denied" --runtime /etc/passwd
bad 'not a runtime' "'[^']*/true' ended with status 0 and said nothing" --runtime /bin/true
bad 'a program that fails' "'[^']*/false' ended with status 1 and said nothing" --runtime /bin/false
bad 'a program that says why' "'[^']*/ls': Try" --runtime "$(command -v ls)"
bad 'no such program' "'/nowhere' is not a program" --program /nowhere
bad 'an image that is not there' "no image|nowhere" --image nowhere:1
bad 'an image that is none' "'-v' is no image" --image=-v
bad 'an unknown probe' "no probe or group 'pid/nothing'" --probe pid/nothing
bad 'an unknown group' "no probe or group 'nothing'" --group nothing
bad 'a probe as a group' "'pid/new-namespace' is a probe, not a group" --group pid/new-namespace
bad 'a group as a probe' "'pid' is not GROUP/NAME" --probe pid
bad 'format' "'xml' is not tap or json" --format xml
bad 'with' "'net' is not user or time" --with net
bad 'with nothing' "'' is not user or time" --with ''
bad 'with a comma at its end' "'user,' ends with a comma" --with user,
bad 'time-out' "'99999999' is not 1 to" --timeout 99999999
bad 'no time' "'0' is not 1 to" --timeout 0
bad 'runtime and engine' 'exclude each other' --runtime runc --engine davit
bad 'runtime and image' 'needs an engine' --runtime runc --image x
run davit probe word
is "$status" 125 'an argument'
run "$probe" host --nothing
is "$status" 125 'unknown option of the helper'
like "$err" "unknown option '--nothing'" 'is named'
run "$probe"
is "$status" 125 'the helper without a verb'
run "$probe" inside /nowhere token
is "$status" 1 'the inside without facts'
like "$err" "cannot read facts '/nowhere/facts'" 'says so'
TMPDIR=/proc/nowhere bad 'no place' "create directory '/proc/nowhere/davit-probe-" --group pid
run bash -c 'davit probe --group pid >/dev/full'
is "$status" 125 'a full disk'
like "$err" 'write to standard output' 'is an error'
run bash -c 'davit probe --list >/dev/full'
is "$status" 125 'for a list'
run bash -c 'davit probe --list --format json >/dev/full'
is "$status" 125 'as JSON, too'
is "$(davit probe --help | grep -c '^Exit status')" 1 'exit statuses are told once'

### a container that lies: what it writes is not trusted
cat >"$TEST_DIR/liar" <<'SH'
#!/bin/bash
# a runtime whose containers are this script: the sibling holds, the other one says $LIE
[ "${3:-}" = run ] || exit 0
share=$(jq -r '.mounts[] | select(.type == "bind").source' "$5/config.json")
if [ "$(basename "$5")" = inside ]; then eval "$LIE"; else echo 'probes done'; fi
for ((i = 0; i < 500; i++)); do [ ! -e "$share/go" ] || exit 0; sleep 0.02; done
SH
chmod +x "$TEST_DIR/liar"
# lie SCRIPT: runs it as the container
lie() {
	export LIE=$1
	run "$probe" host --runtime "$TEST_DIR/liar" --probe uts/new-namespace --timeout "${2:-20}"
}
lie 'printf "probe\tuts/new-namespace\t0\tfine\nprobes done\n"'
is "$status" 0 'what the inside writes'
like "$out" 'ok 1 uts/new-namespace' 'is read'
lie 'printf "probe\tuts/new-namespace\t1\tbad\nprobes done\n"'
is "$status" 1 'a failure'
lie 'printf "probe\tuts/new-namespace\t0\tfine\nprobe\tuts/new-namespace\t0\tfine\nprobes done\n"'
is "$status" 1 'told twice'
like "$out" "error: .*'uts/new-namespace' told twice" 'is an error'
lie 'printf "probe\tuts/new-namespace\t0\tfine\nprobe\tno/such\t0\tfine\nprobe\tipc/new-namespace\t0\tx\nprobe\toutside/uid\t0\tx\nprobes done\n"'
is "$status" 1 'unknown names'
like "$out" "there is no probe 'no/such'.*'ipc/new-namespace' was not asked for.*'outside/uid' was not asked for.*error:3" 'are errors'
for line in 'probe' 'probe\tx' 'probe\tuts/new-namespace' 'probe\tuts/new-namespace\t0' 'probe\tuts/new-namespace\t9\tx' \
	'probe\tuts/new-namespace\t-1\tx' 'probe\tuts/new-namespace\t00\tx' 'probe\t\t\t' '\0' 'other' \
	'probe\tuts/new-namespace\t0\t%0600d' 'probe\tuts/new-namespace\t0\t%02000d'; do
	lie "printf '$line\nprobes done\n' 1"
	is "$status $(grep -c '^not ok 1' <<<"$out")" '1 1' "the line '$line'"
	like "$out" '# error: .*error:1$' 'is an error'
done
lie 'printf "probe\tuts/new-namespace\t0\tx\033[31m\r\b\200\nprobes done\n"'
like "$out" 'seen: x\?\[31m\?\?\?' 'control characters stay inside'
lie 'printf "probe\tuts/new-namespace\t2\t# not ok\nprobes done\n"'
is "$(names)" uts/new-namespace 'nor do results'
lie 'exit 3'
is "$status" 125 'nothing is written'
lie 'printf "probes done\n"'
is "$status" 1 'nothing but the end'
like "$out" 'the container told nothing of it' 'is a failure'
lie 'yes'
is "$status" 125 'endless output ends'
lie 'yes x | tr -d "\n"'
is "$status" 125 'without lines, too'
lie 'exec sleep 100' 1
is "$status" 125 'waiting ends'
like "$out" 'ok 1 uts/new-namespace # SKIP the time was over before it' 'by the time-out'
like "$err" 'after 1 s 1 of 1 probes had not been tried' 'which is told'
lie 'sleep 1.5; printf "probe\tuts/new-namespace\t1\tlate\nprobes done\n"' 1
is "$status" 125 'what comes late'
like "$out" 'SKIP the time was over.*fail:0 .*error:0' 'is not read'
run sh -c '"$1" host --runtime "$2" --probe uts/new-namespace >&-' - "$probe" "$TEST_DIR/liar"
is "$status" 125 'a closed standard output is an error'
run sh -c '("$1" list; echo $? >&2) | head -n 1' - "$probe"
is "$(grep -vx '[0-9]*' <<<"$err")" '' 'a reader that goes is none to speak of'
LIE='' run "$probe" host --runtime /bin/false --probe uts/new-namespace
is "$status" 125 'a runtime that fails'
unlike "$err" 'cgroup' 'without a word of cgroups'

### nothing stays
# one a line
host_objects() {
	cat /proc/sysvipc/{shm,sem,msg} | awk '$1 ~ /[0-9]/ { print "sysv", $1, $2 }'
	find /dev/shm /dev/mqueue -name 'davit-probe*' 2>/dev/null
	find /sys/fs/cgroup -maxdepth 3 -name 'davit-probe*' 2>/dev/null
	grep davit-probe /proc/self/mountinfo
	ls -A "$TMPDIR"
	davit ps -aq
	davit images -q
	pgrep -a davit-probe
	pgrep -x runc
	true
}
before=$(host_objects | sort)
# gone: what the probes made. Others may probe on this machine: theirs comes and goes.
gone() {
	local i left
	left=$(comm -13 <(echo "$before") <(host_objects | sort))
	for ((i = 0; i < 100; i++)); do
		[ -n "$left" ] || return 0
		sleep 0.1
		left=$(comm -12 <(echo "$left") <(host_objects | sort))
	done
	diag "$left"
	return 1
}
ok 'after all that' gone
# interrupted SIGNAL SECONDS OPTION...
interrupted() {
	local pid signal=$1 after=$2
	shift 2
	setsid "$probe" host "$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	pid=$!
	sleep "$after"
	kill -s "$signal" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	status=$?
	# it may have been faster
	[ "$status" -eq $((128 + $(kill -l "$signal"))) ] || [ "$status" -eq 0 ] || [ "$status" -eq 1 ] ||
		diag "status $status: $(<"$TEST_DIR/err")"
}
for after in 0.02 0.05 0.1 0.2 0.3 0.45; do
	for signal in INT TERM KILL; do
		interrupted $signal $after
		ok "SIG$signal after $after s" gone
		interrupted $signal $after --runtime runc
		ok "SIG$signal after $after s, runc" gone
	done
done
interrupted HUP 0.1
ok 'SIGHUP' gone
# while the container waits, nothing else is possible: the end is certain to be ours
export LIE='exec sleep 100'
interrupted INT 1 --runtime "$TEST_DIR/liar"
is "$status" 130 'exit status of SIGINT'
interrupted TERM 1 --runtime "$TEST_DIR/liar"
is "$status" 143 'of SIGTERM'
is "$(<"$TEST_DIR/out")" '' 'no results then'
ok 'nothing stays' gone
export LIE='for ((i = 0; i < 500; i++)); do [ ! -e "$share/go" ] || exit 0; sleep 0.02; done'
interrupted KILL 1 --runtime "$TEST_DIR/liar"
is "$status" 137 'of SIGKILL'
ok 'somebody else cleans up' gone
# a runtime that is killed, at different times
for after in 0.05 0.1 0.15 0.2 0.3; do
	"$probe" host --runtime runc >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	pid=$!
	sleep "$after"
	pkill -KILL -P "$pid" -x runc
	wait "$pid"
	ok "the runtime is killed after $after s" gone
done

# an import that is killed: what it started does not go on
for after in 0.01 0.02 0.03 0.05 0.08; do
	"$probe" host --engine davit >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	pid=$!
	sleep "$after"
	pkill -KILL -P "$pid" -x davit
	wait "$pid"
	ok "davit is killed after $after s" gone
done
# a davit that was killed leaves its record to the next
ok 'davit finds what is left of them' davit system check

### what engines are given
if ! command -v runc >/dev/null; then
	skip 'no runc' 7
else
	# whatever happens here, it does not happen to this machine
	mkdir "$TEST_DIR/node"
	mount -t tmpfs davit-test "$TEST_DIR/node"
	mknod -m 0666 "$TEST_DIR/node/null" c 1 3
	mount --bind "$TEST_DIR/node/null" /dev/null
	umount -l "$TEST_DIR/node"
	runtime() { printf '#!/bin/bash\n%s\nexec runc "$@"\n' "$1" >"$TEST_DIR/runtime" && chmod +x "$TEST_DIR/runtime"; }
	# as crun does for a user namespace
	runtime 'chown 100000:100000 /proc/self/fd/0'
	run "$probe" host --runtime "$TEST_DIR/runtime" --probe outside/null-device-unchanged
	is "$status" 1 'a runtime that changes the owner of the null device'
	like "$out" 'not ok 1 outside/null-device-unchanged' 'fails for it'
	is "$(stat -c '%u:%g %a' /dev/null)" '0:0 666' "the caller's is as it was"
	umount /dev/null
	# what make's children ignore, by the system call: libraries leave it out
	run perl -e '$ign = pack("Q4", 1, 0, 0, 0); syscall(13, $_, $ign, 0, 8) == 0 or die for 10, 32, 33; exec @ARGV' \
		"$probe" host --runtime runc --probe inherited/ignored-signals
	is "$status" 0 'signals that the caller ignores are not handed on'
	# it hangs whatever it is asked for
	runtime 'sleep 30.0625'
	start=$SECONDS
	run "$probe" host --runtime "$TEST_DIR/runtime" --timeout 1
	is "$status" 125 'a runtime that hangs'
	[ $((SECONDS - start)) -lt 15 ] && pass 'ends soon' || fail 'ends soon' "$((SECONDS - start)) s"
	is "$(pgrep -af 'sleep 30\.0625')" '' 'with what it started'
	rm -r "$TEST_DIR/runtime" "$TEST_DIR/node"
fi
ok 'nothing stays of that' gone

### as a kselftest, without the rest of davit
if ! command -v runc >/dev/null; then
	skip 'no runc' 8
else
	alone=$TEST_DIR/isolation
	mkdir "$alone"
	cp "$TEST_TOP"/tests/isolation/{*.c,*.h,Makefile,run.sh} "$alone/"
	ok 'the directory builds alone' make -s -C "$alone" CC='gcc -Werror'
	clean_path=/usr/sbin:/usr/bin:/sbin:/bin
	run env PATH=$clean_path make -s -C "$alone" TARGETS='uts ipc' RUNTIME=runc run_tests
	is "$status" 0 'run_tests'
	is "$(names | tr ' ' '\n' | sed 's,/.*,,' | sort -u | xargs)" 'ipc net uts' 'of the chosen groups'
	like "$out" '^KTAP version 1' 'as KTAP'
	run env PATH=$clean_path TARGETS='isolation uts' PROBE="$probe" RUNTIME=runc "$alone/run.sh"
	is "$status" 0 'the name of the directory is no group'
	run env PATH=$clean_path TARGETS=uts PROBE="$probe" WEAK_JQ='.hostname = "other"' \
		RUNTIME="$TEST_TOP/tests/isolation/weak-runtime" "$alone/run.sh"
	is "$status" 1 'a failure is 1'
	mkdir "$TEST_DIR/path"
	for program in bash basename dirname id; do ln -s "$(command -v $program)" "$TEST_DIR/path/"; done
	run env PATH="$TEST_DIR/path" PROBE="$probe" "$alone/run.sh"
	is "$status" 4 'no runtime is 4'
	like "$out" '1..0 # SKIP ' 'and says so'
	run env PATH=$clean_path PROBE="$probe" RUNTIME=/nowhere "$alone/run.sh"
	is "$status" 1 'a wrong one is not'
	rm -rf "$alone"
fi
done_testing
