#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: hooks that take their time: what others can do to the container meanwhile; what hooks start with.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

### a hook that hangs holds up nobody: it waits until a file is there

cat >"$TEST_DIR/slow" <<-'END'
	#!/bin/sh
	# FILE: says that it has begun in FILE.begun, goes on when there is FILE.go
	cat >/dev/null
	echo begun >>"$1.begun"
	while [ ! -e "$1.go" ]; do sleep 0.02; done
END
chmod 755 "$TEST_DIR/slow"
cp "$TEST_DIR/slow" "$rootfs/bin/slow"

# slow POINT [FILTER]: a bundle whose hook of POINT hangs; $gate as the host has it
slow() {
	local hook=$TEST_DIR/slow seen
	gate=$rootfs/gate seen=$rootfs/gate
	rm -f "$gate".*
	[ "$1" != startContainer ] || hook=/bin/slow seen=/gate
	# shellcheck disable=SC2016 # $p, $h, $g are jq's
	bundle t 'hook($p; $h; [$g]) | .hooks[$p][0].env = ["PATH=/bin:/usr/bin"] | args(["sleep", "1000"]) | '"${2:-.}" \
		--arg p "$1" --arg h "$hook" --arg g "$seen"
}
begun() { wait_until 10 test -s "$gate.begun"; }
go_on() { : >"$gate.go"; }
soon() { timeout 5 "$oci_runtime" --root "$oci_root" "$@"; }
creates() { create t & creating=$!; }
starts() {
	oci start t >"$TMPDIR/start" 2>&1 &
	starting=$!
}

for p in prestart createRuntime createContainer; do
	slow "$p"
	creates
	ok "$p: the hook has begun" begun
	is "$(soon state t | jq -r .status)" creating 'state: creating'
	fails 'kill does not wait for it' 1 soon kill t KILL
	like "$err" 'container not running' 'and says why'
	fails 'nor start' 1 soon start t
	like "$err" 'it is being created' 'and says why'
	fails 'nor exec' 255 soon exec t true
	fails 'nor delete' 1 soon delete t
	like "$err" 'not stopped: creating' 'and says why'
	go_on
	wait "$creating"
	is $? 0 'the create ends well'
	ok 'and the container is there' is_status t created
	ok 'and is deleted' oci delete --force t

	slow "$p"
	creates
	begun
	ok "$p: delete --force does not wait for the hook" soon delete --force t
	is "$(oci list -q)" '' 'the container is gone'
	go_on
	wait "$creating"
	is $? 1 'the create fails'
	like "$(<"$TMPDIR/t.out")" "container 't' was deleted while its hooks ran" 'and says why'
done

# another of its name is not harmed by the create that goes on
slow createRuntime
creates
begun
soon delete --force t
bundle t 'args(["sleep", "1000"])'
ok 'another container of that id' create t
go_on
wait "$creating"
ok 'is still there when the first create has ended' is_status t created
ok 'and can be started' soon start t
ok 'and runs' is_status t running
ok 'and is deleted' oci delete --force t

slow startContainer
ok 'startContainer: created' create t
starts
ok 'the hook has begun' begun
is "$(soon state t | jq -r .status)" created 'state: created'
fails 'a second start does not run the hooks again' 1 soon start t
like "$err" 'its hooks are running' 'and says why'
go_on
wait "$starting"
is $? 0 'the first one ends well'
is "$(grep -c . "$gate.begun")" 1 'they ran once'
ok 'and the container runs' is_status t running
oci delete --force t

slow startContainer
create t
starts
begun
ok 'startContainer: kill does not wait for the hook' soon kill t KILL
wait "$starting"
is $? 1 'the start fails'
ok 'the container has stopped' is_status t stopped
ok 'and is deleted' soon delete t

slow startContainer
create t
starts
begun
ok 'startContainer: delete --force does not wait for the hook' soon delete --force t
wait "$starting"
is $? 1 'the start fails'
is "$(oci list -q)" '' 'the container is gone'

slow startContainer
create t
starts
begun
ok 'startContainer: pause does not wait for the hook' soon pause t
ok 'nor resume' soon resume t
go_on
wait "$starting"
is $? 0 'the start ends well'
oci delete --force t

for how in kill delete; do
	slow poststart
	create t
	starts
	begun
	is "$(soon state t | jq -r .status)" running 'poststart: state: running'
	fails 'a second start' 1 soon start t
	like "$err" 'it is running' 'says why'
	[ $how = delete ] || ok 'kill does not wait for the hook' soon kill t KILL
	ok 'nor delete --force' soon delete --force t
	go_on
	wait "$starting"
	is "$(oci list -q)" '' 'nothing is left'
done

slow poststart
timeout 20 "$oci_runtime" --root "$oci_root" run --bundle "$bundles/t" t </dev/null >"$TMPDIR/run" 2>&1 &
running=$!
begun
ok 'poststart of run: delete --force does not wait' soon delete --force t
go_on
wait "$running"
is $? 1 'the run fails'
is "$(oci list -q)" '' 'nothing is left'

# killed in a hook: what is left is found to be dead
for p in createRuntime createContainer; do
	slow "$p"
	create t &
	creating=$!
	begun
	pid=$(pgrep -o -f "^$oci_runtime --root $oci_root create")
	kill -KILL "$pid"
	wait "$creating" 2>/dev/null
	go_on
	ok "$p: after a kill -9 of create delete takes what is left" wait_until 10 soon delete t
	is "$(oci list -q)" '' 'nothing is left'
done

### a paused container is not started

bundle t 'args(["sleep", "1000"])'
create t
ok 'pause of a created container' soon pause t
fails 'start' 1 soon start t
like "$err" 'it is paused' 'says why'
fails 'delete' 1 soon delete t
like "$err" 'not stopped: paused' 'says why'
ok 'resume' soon resume t
ok 'now it starts' soon start t
ok 'pause of a running one' soon pause t
ok 'kill KILL ends it' soon kill t KILL
ok 'without a resume' wait_until 5 is_status t stopped
ok 'and it is deleted' soon delete t

### what they start with

# shellcheck disable=SC2016 # $p, $to are jq's
tell='hook($p; "/bin/sh"; ["-c", "{ cat; echo; pwd; echo \"$X,$Y,$HOME\"; } >\($to)"]) | .process.env += ["X=inside"]'
# told POINT [FILTER]: what its hook writes: pid, directory, variables
told() {
	local to=$rootfs/told
	rm -f "$to"
	[ "$1" != startContainer ] || to=/told
	X=outside Y=y HOME=/h inside t "$tell | sh(\"true\") | ${2:-.}" --arg p "$1" --arg to "$to"
	sed '/^}/q' "$rootfs/told" | jq -r .pid | sed 's/^[0-9]\{2,\}$/host/'
	sed '1,/^}/d' "$rootfs/told"
}
for p in prestart createRuntime poststart; do
	is "$(told $p | xargs)" "host $bundles/t outside,y,/h" "$p: the host's pid, the bundle, the caller's variables"
done
is "$(told poststop | xargs)" "0 $bundles/t outside,y,/h" 'poststop: no pid, the bundle, the caller'"'"'s variables'
is "$(told createContainer | xargs)" "1 $rootfs inside,," 'createContainer: its own pid, the root, the process'"'"' variables'
is "$(told startContainer | xargs)" '1 / inside,,' 'startContainer: its own pid, /, the process'"'"' variables'
is "$(told startContainer 'no_ns("pid")' | xargs)" 'host / inside,,' 'without a pid namespace: the host'"'"'s pid'
is "$(told startContainer '.hooks.startContainer[0].env = ["Y=own"]' | xargs)" '1 / ,own,' 'variables of its own are all it has'
is "$(told prestart '.hooks.prestart[0].env = []' | xargs)" "host $bundles/t ,," 'an empty list is none'
bundle t "$tell | args([\"true\"])" --arg p poststop --arg to "$rootfs/told"
rm -f "$rootfs/told"
create t
mv "$bundles/t" "$bundles/away"
oci delete --force t
is "$(sed '1,/^}/d' "$rootfs/told" | head -1)" / 'poststop of a bundle that is gone: /'
rm -rf "${TMPDIR:?}"/*
done_testing
