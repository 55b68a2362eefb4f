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

bundle c 'args(["sleep", "1000"])'
create c && oci start c
for i in $(seq 1 40); do
	"$oci_runtime" --root "$oci_root" exec c sleep 4711 </dev/null >"$TMPDIR/out" 2>&1 &
	pid=$!
	sleep "0.00$(printf %02d $((i * 2)))"
	kill -TERM "$pid"
	wait "$pid"
done 2>/dev/null
alone_in() { [ "$(oci ps -f json c | jq length)" = 1 ]; }
ok 'exec: a TERM at any time of its start leaves no process' wait_until 3 alone_in
oci delete --force c

left=0
dead_or_running() { ! kill -0 "$pid" || is_status t running; }
for i in $(seq 1 30); do
	bundle t 'sh("trap \"exit 5\" TERM; while :; do sleep 0.05; done")'
	"$oci_runtime" --root "$oci_root" run --bundle "$bundles/t" t </dev/null >"$TMPDIR/out" 2>&1 &
	pid=$!
	sleep "0.00$(printf %02d $((i * 2)))"
	kill -TERM "$pid"
	wait_until 5 dead_or_running || left=$((left + 1))
	kill -KILL "$pid"
	wait "$pid"
	case $(status_of t) in creating) left=$((left + 1)) ;; esac
	oci delete --force t
done 2>/dev/null
is "$left" 0 'run: nor a container half made'
rm -rf "${TMPDIR:?}"/*
done_testing
