#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: seccomp filters whose calls an agent answers (SCMP_ACT_NOTIFY, linux.seccomp.listenerPath).
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
agent_out=$TEST_DIR/agent.out
python3 "$TEST_TOP/tests/harness/seccomp_agent.py" "$TEST_DIR/agent" 83=42 >"$agent_out" 2>&1 & agent=$!
wait_until 10 grep -q ready "$agent_out" || bail 'the agent does not start'
# told FILTER: of the last state that the agent got
told() { grep '^{' "$agent_out" | tail -n 1 | jq -r "$1"; }

# shellcheck disable=SC2016
notify='def notify($names): .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s, listenerMetadata: "a=\"b\"",
	syscalls: [{names: $names, action: "SCMP_ACT_NOTIFY"}]};'
saw='mkdir: can.t create directory ./d.: No message of desired type'

# mkdir(2) is 83 on amd64, which the agent answers with ENOMSG
if [ "$(uname -m)" = x86_64 ]; then
	inside t "$notify"'notify(["mkdir"]) | .annotations = {"a/b": "c"} | sh("mkdir /d")' --arg s "$TEST_DIR/agent"
	like "$err" "$saw" 'the agent answers'
	is "$(told '[.ociVersion, .fds[0], .received, .metadata, .state.id, .state.status, .state.annotations["a/b"], .pid == .state.pid] | map(tostring) | join(" ")')" \
		'1.3.0 seccompFd 1 a="b" t creating c true' 'and is told which container it is'
	inside t "$notify"'notify(["mkdir"]) | .process.noNewPrivileges = false | .process.user = {uid: 5, gid: 5} | sh("mkdir /tmp/d")' --arg s "$TEST_DIR/agent"
	like "$err" 'No message' 'without no_new_privs, as a user'
	inside t "$notify"'notify(["mkdir"]) | userns | sh("mkdir /d")' --arg s "$TEST_DIR/agent"
	like "$err" "$saw" 'in a user namespace'
	inside t "$notify"'notify(["mkdir", "read", "write", "execve", "execveat", "fcntl", "capset", "prctl", "close"]) | .process.noNewPrivileges = false | sh("mkdir /d")' --arg s "$TEST_DIR/agent"
	like "$err" "$saw" 'calls of our own between filter and exec may be among them'
	for n in 0 1 59 126; do
		ok "call $n reaches the agent" grep -qx "call $n" "$agent_out"
	done
	inside t "$notify"'notify([]) | .linux.seccomp |= (.defaultAction = "SCMP_ACT_NOTIFY" | del(.syscalls)) | sh("mkdir /d")' --arg s "$TEST_DIR/agent"
	like "$err" "$saw" 'all of them'
	if [ -e /proc/self/ns/time ]; then
		inside t "$notify"'notify(["mkdir"]) | ns("time") | sh("mkdir /d")' --arg s "$TEST_DIR/agent"
		like "$err" "$saw" 'with a time namespace'
	fi
	bundle x "$notify"'notify(["mkdir"]) | args(["sleep", "1000"])' --arg s "$TEST_DIR/agent"
	ok 'create' create x
	ok 'start' oci start x
	run oci exec x mkdir /d
	like "$err" "$saw" 'exec'
	is "$(told '[.state.id, .state.status, .state.pid == .pid] | map(tostring) | join(" ")')" 'x running false' 'tells of its own process'
	is "$(told .state.pid)" "$(pid_of x)" "and of the container's"
	oci delete -f x
else
	skip 'written for amd64' 17
fi
denies 'an agent that is not there' 'linux\.seccomp\.listenerPath: connect to ./nonexistent.' "$notify"'notify(["mkdir"])' --arg s /nonexistent
denies 'no listenerPath' 'linux\.seccomp\.listenerPath: it is missing' "$notify"'notify(["mkdir"]) | del(.linux.seccomp | .listenerPath, .listenerMetadata)' --arg s /x
shows 'a listenerPath without SCMP_ACT_NOTIFY is not connected to' ok \
	'.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nonexistent"} | sh("echo ok")'

# an agent that takes the descriptor and is gone: calls fail with ENOSYS, nothing hangs
if [ "$(uname -m)" = x86_64 ]; then
	kill "$agent"
	wait "$agent" 2>/dev/null
	rm -f "$TEST_DIR/agent"
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print("ready", flush=True); s.accept()[0].recvmsg(65536)' "$TEST_DIR/agent" >"$agent_out" & agent=$!
	wait_until 10 grep -q ready "$agent_out"
	inside t "$notify"'notify(["mkdir"]) | sh("mkdir /d")' --arg s "$TEST_DIR/agent"
	like "$err" 'Function not implemented' 'without an agent the kernel refuses'
else
	skip 'written for amd64'
fi
kill "$agent" 2>/dev/null
wait "$agent" 2>/dev/null
rm -rf "${TMPDIR:?}"/*
done_testing
