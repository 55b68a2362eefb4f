# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# containerd with io.containerd.runc.v2 and davit-oci as its binary, driven by ctr: the flow of containerd*.t.

# shellcheck disable=SC2034 # of containerd*.t
containerd_programs=(containerd ctr containerd-shim-runc-v2)

# containerd_on DIR: its configuration DIR/config.toml; then "${ctr[@]}" COMMAND..., "${ctr_run[@]}" of run
containerd_on() {
	mkdir -p "$1"/{root,state}
	cat >"$1/config.toml" <<-END
		version = 2
		root = "$1/root"
		state = "$1/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
		  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
		  address = "$1/sock"
		[[plugins."io.containerd.transfer.v1.local".unpack_config]]
		  platform = "linux/amd64"
		  snapshotter = "native"
	END
	ctr=(timeout "$(patience 60)" ctr -a "$1/sock")
	ctr_run=(--snapshotter native --runtime io.containerd.runc.v2 --runc-binary "$DAVIT_OUT/bin/davit-oci")
}

# containerd_flow VERSION: of the containerd that is first in PATH; VERSION is a regular expression
containerd_flow() {
	d=$TEST_DIR/containerd
	mkdir -p "$d/v"
	containerd_on "$d"
	mount -t tmpfs containerd /run # the shims' sockets
	oci_image "$d/image.tar" test.local/demo:1 || bail 'no image'
	containerd -c "$d/config.toml" >"$d/log" 2>&1 </dev/null &
	daemon=$!
	c() { "${ctr[@]}" "$@" </dev/null; }
	wait_until 30 c version || { diag "$(tail -5 "$d/log")"; plan skip_all "containerd does not start here: $(grep -m 1 -o 'level=\(fatal\|error\).*' "$d/log" | head -1)"; }
	like "$(c version | sed -n '/^Server/,$s/ *Version: *//p')" "^v?($1)" 'its version'
	crun() {
		c run "${ctr_run[@]}" --cgroup "/$DAVIT_SLICE/ctr" "$@"
	}
	image=test.local/demo:1
	ok 'ctr imports an image' c image import --snapshotter native "$d/image.tar"

	is "$(crun --rm "$image" t echo hi)" hi 'run'
	fails 'the status of the program' 7 crun --rm "$image" t sh -c 'exit 7'
	fails 'a program that is missing fails' any crun --rm "$image" t /nope
	like "$err" 'exec: "/nope": stat /nope: no such file or directory' 'in words that Kubernetes shows'
	fails 'one that is not in PATH fails' any crun --rm "$image" t nope
	like "$err" 'exec: "nope": executable file not found in \$PATH' 'in words'
	is "$(crun --rm --env A=b --cwd /tmp "$image" t sh -c 'echo $A $(pwd)')" 'b /tmp' 'variables, directory'
	is "$(crun --rm --read-only "$image" t sh -c 'touch /x 2>/dev/null || echo no')" no 'read-only root'
	is "$(crun --rm --mount "type=bind,src=$d/v,dst=/v,options=rbind:rw" "$image" t sh -c 'echo x >/v/f'; cat "$d/v/f")" x 'a mount'
	is "$(crun --rm --seccomp "$image" t sed -n 's/^Seccomp:\t//p' /proc/self/status)" 2 'with a filter'
	is "$(crun --rm --memory-limit 33554432 --cpus 0.5 "$image" t echo ok)" ok 'limits'
	is "$(crun --rm --privileged "$image" t sh -c 'grep CapEff /proc/self/status | cut -f2')" \
		"$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" '--privileged'
	# it stays for a moment, as does exec below: containerd may drop what a terminal says last
	is "$(timeout "$(patience 60)" script -qec "ctr -a $d/sock run --rm -t ${ctr_run[*]} --cgroup /$DAVIT_SLICE/ctr $image t sh -c 'test -t 0 && echo tty; sleep 1'" /dev/null \
		</dev/null | grep -ao tty)" tty 'a terminal'

	ok 'run -d' crun -d "$image" c sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
	like "$(c task ls)" 'c +[0-9]+ +RUNNING' 'runs'
	pid=$(c task ls | awk '$1 == "c" { print $2 }')
	like "$(cat "/proc/$pid/cgroup")" "/$DAVIT_SLICE/ctr" 'in its cgroup'
	is "$(c task exec --exec-id e1 c echo hi)" hi 'exec'
	fails 'its status' 5 c task exec --exec-id e2 c sh -c 'exit 5'
	fails 'exec of what is missing' any c task exec --exec-id e3 c nope
	like "$err" 'exec: "nope": executable file not found in \$PATH' 'in words'
	is "$(c task exec --exec-id e4 --user 1000 --cwd /tmp c sh -c 'id -u; pwd' | xargs)" '1000 /tmp' 'exec with a user'
	is "$(timeout "$(patience 60)" script -qec "ctr -a $d/sock task exec -t --exec-id e5 c sh -c 'test -t 0 && echo tty; sleep 1'" /dev/null </dev/null | grep -ao tty)" \
		tty 'exec with a terminal'
	ok 'exec -d' c task exec -d --exec-id e6 c sleep 1000
	ok 'ps lists both' eval '[ "$(c task ps c | grep -c "^[0-9]")" -ge 2 ]'
	ok 'pause' c task pause c
	like "$(c task ls)" 'PAUSED' 'is paused'
	ok 'resume' c task resume c
	ok 'metrics' c task metrics c
	like "$out" 'memory.usage_in_bytes|memory.usage' 'are there'
	ok 'kill' c task kill -s TERM c
	ok 'it ends' wait_until 10 eval 'c task ls | grep -q "c .*STOPPED"'
	ok 'delete' c task delete c
	like "$err" 'exit code 3' 'has its status'
	ok 'and the container can be deleted' c container delete c

	ok 'run -d of one to be removed' crun -d "$image" c sleep 1000
	ok 'by force' c task delete --force c
	c container delete c

	# the daemon restarts: shims and containers live on
	ok 'run -d' crun -d "$image" c sleep 1000
	kill "$daemon"
	wait "$daemon"
	containerd -c "$d/config.toml" >>"$d/log" 2>&1 </dev/null &
	daemon=$!
	wait_until 30 c version
	like "$(c task ls)" 'c +[0-9]+ +RUNNING' 'outlives a restart of containerd'
	is "$(c task exec --exec-id e c echo hi)" hi 'can be entered'
	ok 'and removed' c task delete --force c
	c container delete c

	wait_until 10 eval '! pgrep -f containerd-shim' || diag 'a shim is left'
	kill "$daemon"
	wait "$daemon"
	umount -l /run
	is "$(_list_cgroups | grep /ctr)" '' 'no cgroup of a container is left'
}
