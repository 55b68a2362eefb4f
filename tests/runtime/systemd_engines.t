#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Podman and containerd with the systemd cgroup driver and davit-oci, under a systemd of their own.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/booted.sh
. "$(dirname "$0")/booted.sh"
# shellcheck source=tests/runtime/image.sh
. "$(dirname "$0")/image.sh"
# shellcheck source=tests/runtime/podman.sh
. "$(dirname "$0")/podman.sh"
# shellcheck source=tests/runtime/containerd.sh
. "$(dirname "$0")/containerd.sh"
need_systemd
davit_env "$@"

mode=$(systemd_modes | tail -1)
booted "$mode"
is "$?" 0 "systemd starts with cgroups: $mode" || { done_testing; }
tar=$(demo_rootfs) || bail 'no demo tree'
scope_of() { sd sed -n 's/^0:://p' "/proc/$1/cgroup"; }
no_scopes() { [ -z "$(sd systemctl list-units --all --plain --no-legend "$1*.scope")" ]; }

### Podman: --cgroup-manager=systemd, conmon's --systemd-cgroup

test_podman() {
	local d=$TEST_DIR/podman pid id
	podman_on "$d" systemd
	p() { sd "${podman[@]}" "$@" </dev/null; }
	ok 'podman imports an image' p import "$tar" demo
	is "$(p run --rm --network none demo echo hi)" hi 'run'
	fails 'the status of the program' 7 p run --rm --network none demo sh -c 'exit 7'
	ok 'run -d' p run -d --name c --network none --memory 64m --pids-limit 20 demo sleep 1000
	id=$(p inspect c --format '{{.Id}}') pid=$(p inspect c --format '{{.State.Pid}}')
	is "$(scope_of "$pid")" "/machine.slice/libpod-$id.scope" 'in a scope of machine.slice'
	is "$(sd systemctl show --value -p MemoryMax "libpod-$id.scope") $(sd systemctl show --value -p TasksMax "libpod-$id.scope")" \
		'67108864 20' 'which has the limits'
	is "$(p exec c echo hi)" hi 'exec'
	ok 'pause' p pause c
	ok 'unpause' p unpause c
	like "$(p top c)" sleep 'top'
	ok 'stop' p stop -t 0 c
	ok 'rm' p rm c
	ok 'no scope is left' wait_until 10 no_scopes libpod
	is "$(p run --rm --network none --cgroups disabled demo echo hi 2>&1)" hi '--cgroups disabled'
}

### containerd: SystemdCgroup of its runc shim

test_containerd() {
	local d=$TEST_DIR/containerd pid daemon image=test.local/demo:1
	containerd_on "$d"
	oci_image "$d/image.tar" "$image" || bail 'no image'
	sd containerd -c "$d/config.toml" >"$d/log" 2>&1 </dev/null &
	daemon=$!
	c() { sd "${ctr[@]}" "$@" </dev/null; }
	wait_until 30 c version || { skip 'containerd does not start here' 10; diag "$(tail -5 "$d/log")"; return; }
	flags=("${ctr_run[@]}" --runc-systemd-cgroup --cgroup davit-ctr.slice:ctr:c)
	ok 'ctr imports an image' c image import --snapshotter native "$d/image.tar"
	is "$(c run "${flags[@]}" --rm "$image" c echo hi)" hi 'run'
	ok 'run -d' c run "${flags[@]}" --memory-limit 67108864 -d "$image" c sleep 1000
	pid=$(c task ls | awk '$1 == "c" { print $2 }')
	is "$(scope_of "$pid")" /davit.slice/davit-ctr.slice/ctr-c.scope 'in its scope'
	is "$(sd systemctl show --value -p MemoryMax ctr-c.scope)" 67108864 'which has the limit'
	is "$(c task exec --exec-id e c echo hi)" hi 'exec'
	ok 'metrics' c task metrics c
	ok 'pause' c task pause c
	ok 'resume' c task resume c
	ok 'delete' c task delete --force c
	c container delete c
	ok 'no scope is left' wait_until 10 no_scopes ctr-
	kill "$daemon" 2>/dev/null
}

if command -v podman >/dev/null && command -v conmon >/dev/null; then test_podman; else skip 'podman or conmon is not installed' 13; fi
if command -v ctr >/dev/null && command -v containerd-shim-runc-v2 >/dev/null; then test_containerd; else skip 'containerd is not installed' 10; fi
halted
done_testing
