#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci run and exec in the foreground get signals at any time, also before there is a process to pass them on to.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

# a hook that takes its time holds the start where a signal would have ended us
for point in createRuntime createContainer poststart; do
	rm -f "$rootfs/begun"
	# shellcheck disable=SC2016 # $p, $b are jq's
	bundle t 'hook($p; "/bin/sh"; ["-c", "echo >\($b); sleep 0.7"]) | .hooks[$p][0].args[0] = "sh"
		| sh("trap \"exit 5\" TERM; while :; do sleep 0.05; done")' --arg p "$point" --arg b "$rootfs/begun"
	"$oci_runtime" --root "$oci_root" run --bundle "$bundles/t" t </dev/null >"$TMPDIR/out" 2>&1 &
	pid=$!
	wait_until 10 test -e "$rootfs/begun"
	kill -TERM "$pid"
	# what comes before the program has its handler ends it by nothing: it is the first of its pid namespace
	[ $point = poststart ] || { wait_until 10 is_status t running && sleep 0.3 && kill -TERM "$pid" 2>/dev/null; }
	wait "$pid"
	is $? 5 "run: a TERM while its $point hook runs is passed on later"
	is "$(oci list -q)" '' 'nothing is left'
done

# early COUNT STEP-US COMMAND...: each run of it gets a TERM, the first at once and each next one later by the step; those that do not
# end by it within 0.3 s get a KILL. From Python, which knows when the program has been executed.
early() {
	python3 - "$@" <<-'PY'
		import subprocess, sys, time
		count, step, command = int(sys.argv[1]), int(sys.argv[2]) / 1e6, sys.argv[3:]
		null = subprocess.DEVNULL
		for i in range(count):
		    p = subprocess.Popen([c.replace("%", str(i)) for c in command], stdin=null, stdout=null, stderr=null)
		    time.sleep(i * step)
		    p.terminate()
		    try: p.wait(0.3)
		    except subprocess.TimeoutExpired: p.kill(); p.wait()
	PY
}

bundle c 'args(["sleep", "1000"])'
create c && oci start c
early 40 100 "$oci_runtime" --root "$oci_root" exec c sleep 4711
alone_in() { [ "$(oci ps -f json c | jq length)" = 1 ]; }
ok 'exec: a TERM at any time of its start leaves no process' wait_until 3 alone_in
oci delete --force c

# what is the first of its pid namespace ends by a TERM only when it has a handler: it runs, or is gone
bundle t 'sh("trap \"exit 5\" TERM; while :; do sleep 0.05; done") | del(.linux.cgroupsPath)'
early 30 150 "$oci_runtime" --root "$oci_root" run --bundle "$bundles/t" 't%'
is "$(oci list -f json | jq -c '[.[]? | select(.status != "running")]')" '[]' 'run: nor a container half made'
for id in $(oci list -q); do oci delete --force "$id"; done
for m in $(_list_cgroup_mounts); do rmdir "$m/davit-oci" 2>/dev/null; done
rm -rf "${TMPDIR:?}"/*
done_testing
