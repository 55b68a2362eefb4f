# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A pod by the CRI, as a kubelet makes it, with davit-oci as the handler of its RuntimeClass: the flow of cri*.t.

# shellcheck disable=SC2034 # of cri*.t
cri_programs=(containerd ctr containerd-shim-runc-v2 curl jq)

# cri_config DIR: the lines of docs/integrations.md, and what keeps this containerd away from others
cri_config() {
	mkdir -p "$1"/{root,state,net.d,log}
	cat >"$1/config.toml" <<-END
		version = 2
		root = "$1/root"
		state = "$1/state"
		disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.btrfs",
		  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
		  address = "$1/sock"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "test.local/pause:1"
		  restrict_oom_score_adj = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "$1/net.d"
		[plugins."io.containerd.grpc.v1.cri".containerd]
		  snapshotter = "native"
		  default_runtime_name = "davit"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.davit]
		  runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.davit.options]
		  BinaryName = "$DAVIT_OUT/bin/davit-oci"
		  SystemdCgroup = false
		[[plugins."io.containerd.transfer.v1.local".unpack_config]]
		  platform = "linux/amd64"
		  snapshotter = "native"
	END
	cat >"$1/net.d/10-test.conflist" <<-END
		{"cniVersion": "0.4.0", "name": "test", "plugins": [{"type": "bridge", "bridge": "davit-cri", "isGateway": true,
		  "ipam": {"type": "host-local", "dataDir": "$1/ipam", "subnet": "10.99.0.0/24"}}]}
	END
}

# cri METHOD REQUEST [FIELD...]
cri() { "$TEST_TOP/tests/runtime/cri.py" "$d/sock" "$@"; }
runtime() { cri "RuntimeService/$1" "${@:2}"; }

# cri_container POD POD-CONFIG NAME MEMORY COMMAND...: prints its id
cri_container() {
	runtime CreateContainer "$(jq -n --arg pod "$1" --argjson pod_config "$2" --arg name "$3" --argjson memory "$4" \
		'{"1": $pod, "3": $pod_config, "2": {"1": {"1": $name}, "2": {"1": "test.local/demo:1"}, "3": $ARGS.positional,
		"6": {"1": "GREETING", "2": "hello"}, "11": ($name + ".log"), "15": {"1": {"4": $memory}}}}' --args -- "${@:5}")" 1
}
# cri_exec CONTAINER COMMAND...: standard output, and the exit code
cri_exec() { runtime ExecSync "$(jq -n --arg id "$1" '{"1": $id, "2": $ARGS.positional, "3": 60}' --args -- "${@:2}")" 1 3; }
cri_state() { runtime ContainerStatus "{\"1\": \"$1\"}" 1.3; }

# cri_flow VERSION: a regular expression
cri_flow() {
	local pod_config pod a b pid
	d=$TEST_DIR/containerd
	cri_config "$d"
	mount -t tmpfs containerd /run
	oci_image "$d/demo.tar" test.local/demo:1 && oci_image "$d/pause.tar" test.local/pause:1 sleep 100000 || bail 'no image'
	containerd -c "$d/config.toml" >"$d/log/containerd" 2>&1 </dev/null &
	daemon=$!
	wait_until 60 runtime Version '{}' || {
		diag "$(tail -5 "$d/log/containerd")"
		plan skip_all "the CRI of containerd does not answer here: $(runtime Version '{}' 2>&1)"
	}
	like "$(runtime Version '{}' 2 3 | xargs)" "^containerd v?($1)" 'its version'
	for a in demo pause; do
		ok "an image: $a" timeout "$(patience 60)" ctr -a "$d/sock" -n k8s.io image import --snapshotter native "$d/$a.tar"
	done
	ok 'which the CRI knows' wait_until 20 eval \
		'[ -n "$(cri ImageService/ImageStatus "{\"1\": {\"1\": \"test.local/demo:1\"}}" 1.1)" ]'

	pod_config=$(jq -n --arg log "$d/log" --arg cgroup "/$DAVIT_SLICE/pod" \
		'{"1": {"1": "pod", "2": "uid", "3": "default"}, "2": "box", "3": $log, "8": {"1": $cgroup}}')
	fails 'a handler that nobody knows' any runtime RunPodSandbox "{\"1\": $pod_config, \"2\": \"nope\"}"
	like "$err" 'no runtime for "nope"' 'is refused'
	pod=$(runtime RunPodSandbox "{\"1\": $pod_config, \"2\": \"davit\"}" 1)
	like "$pod" '^[0-9a-f]{64}$' 'a pod with the handler davit' || { cri_end; return; }
	is "$(runtime PodSandboxStatus "{\"1\": \"$pod\"}" 1.3 1.9 | xargs)" 'davit' 'is ready' # 0 is not sent
	like "$(runtime PodSandboxStatus "{\"1\": \"$pod\"}" 1.5.1)" '^10\.99\.0\.' 'has an address'
	ok 'davit-oci has it' [ -n "$(find /run "$d/state" -path "*$pod*" -name state.json 2>/dev/null | head -1)" ]

	a=$(cri_container "$pod" "$pod_config" a 67108864 sh -c 'echo $GREETING $(hostname); echo bad >&2; mkdir /www; echo hi >/www/f; httpd -f -p 80 -h /www')
	ok 'a container' runtime StartContainer "{\"1\": \"$a\"}"
	is "$(cri_state "$a")" 1 'runs'
	ok 'its log is that of a kubelet' wait_until 10 eval '[ "$(cut -d" " -f2- "$d/log/a.log" | sort | xargs)" = "stderr F bad stdout F hello box" ]'
	b=$(cri_container "$pod" "$pod_config" b 0 sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done')
	ok 'another' runtime StartContainer "{\"1\": \"$b\"}"
	is "$(cri_exec "$b" wget -qO- http://127.0.0.1/f)" hi 'they share a network'
	is "$(cri_exec "$b" sh -c 'exit 5' | xargs)" 5 'exec, its status'
	fails 'exec of what is missing' any cri_exec "$b" nope
	like "$err" 'exec: "nope": executable file not found in \$PATH' 'in words that a kubelet shows'
	is "$(wget -T 5 -qO- "http://$(runtime PodSandboxStatus "{\"1\": \"$pod\"}" 1.5.1)/f")" hi 'from outside'
	like "$(cri_exec "$a" sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null')" \
		'^67108864' 'the limit of memory'
	ok 'is changed' runtime UpdateContainerResources "{\"1\": \"$a\", \"2\": {\"4\": 33554432}}"
	like "$(cri_exec "$a" sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null')" \
		'^33554432' 'inside, too'
	like "$(runtime ContainerStats "{\"1\": \"$a\"}" 1.3.2.1)" '^[1-9][0-9]*$' 'statistics'
	ok 'stop' runtime StopContainer "{\"1\": \"$b\", \"2\": 10}"
	is "$(runtime ContainerStatus "{\"1\": \"$b\"}" 1.3 1.7 | xargs)" '2 3' 'its own status'
	ok 'stop, by force' runtime StopContainer "{\"1\": \"$a\", \"2\": 0}"
	is "$(runtime ContainerStatus "{\"1\": \"$a\"}" 1.7)" 137 'that of SIGKILL'
	ok 'remove' eval 'runtime RemoveContainer "{\"1\": \"$a\"}" && runtime RemoveContainer "{\"1\": \"$b\"}"'
	ok 'stop of the pod' runtime StopPodSandbox "{\"1\": \"$pod\"}"
	ok 'and its removal' runtime RemovePodSandbox "{\"1\": \"$pod\"}"
	cri_end
}

cri_end() {
	wait_until 10 eval '! pgrep -f containerd-shim' || diag 'a shim is left'
	kill "$daemon"
	wait "$daemon"
	umount -l /run
	ip link del davit-cri 2>/dev/null
	is "$(_list_cgroups | grep /pod/)" '' 'no cgroup of a container is left'
	_sweep_cgroups # that of the pod, which a kubelet makes and removes
}
