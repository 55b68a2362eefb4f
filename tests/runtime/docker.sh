# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# dockerd with --add-runtime davit=davit-oci, in a network namespace of its own: the flow of docker*.t and swarm*.t.

# shellcheck source=tests/runtime/words.sh
. "$(dirname "$0")/words.sh"
# shellcheck disable=SC2034 # of docker*.t
docker_programs=(dockerd docker containerd)

# docker_begin OPTION...: the dockerd that is first in PATH, with davit-oci as the default runtime; c is its client
docker_begin() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || command -v apparmor_parser >/dev/null ||
		plan skip_all 'apparmor_parser is not installed: dockerd starts nothing without it on a kernel with AppArmor'
	d=$TEST_DIR/docker
	mkdir -p "$d"/{root,v,config}
	mount -t tmpfs docker /run
	tar=$(demo_rootfs) || bail 'no demo tree'
	printf '{"runtimes": {"davit": {"path": "%s"}}, "default-runtime": "davit"}\n' "$DAVIT_OUT/bin/davit-oci" >"$d/daemon.json"
	export DOCKER_HOST=unix://$d/sock DOCKER_CONFIG=$d/config
	dockerd --config-file "$d/daemon.json" --host "$DOCKER_HOST" --data-root "$d/root" --exec-root /run/docker --pidfile "$d/pid" \
		--storage-driver vfs --cgroup-parent "/$DAVIT_SLICE" \
		--exec-opt native.cgroupdriver=cgroupfs --shutdown-timeout 5 "$@" >"$d/log" 2>&1 </dev/null &
	daemon=$!
	limit=$(patience 60)
	c() { timeout "$limit" docker "$@" </dev/null; }
	wait_until 45 c version || {
		diag "$(tail -5 "$d/log")"
		plan skip_all "dockerd does not start here: $(sed -n 's/^failed to start daemon: //p' "$d/log" | tail -1)"
	}
	ok 'docker imports an image' c import "$tar" demo
	is "$(c info --format '{{.DefaultRuntime}}')" davit 'davit is the default runtime'
}

docker_end() {
	kill "$daemon"
	wait "$daemon"
	umount -l /run "$d/root" 2>/dev/null
	is "$(_list_cgroups | grep -E '/[0-9a-f]{64}$')" '' 'no cgroup of a container is left'
}

# docker_memory_limit PID: what the cgroup of a process has
docker_memory_limit() {
	cat "$(awk -F: '$2 == "memory" { print "/sys/fs/cgroup/memory" $3 "/memory.limit_in_bytes" } $2 == "" { v2 = $3 }
		END { print "/sys/fs/cgroup" v2 "/memory.max" }' "/proc/$1/cgroup" | head -1)"
}

# docker_flow VERSION: a regular expression
docker_flow() {
	docker_begin --bridge none --iptables=false --ip6tables=false
	like "$(c version --format '{{.Server.Version}}')" "^($1)" 'its version'
	crun() { c run --network none "$@"; }

	is "$(crun --rm demo echo hi)" hi 'run'
	is "$(crun --rm --runtime davit demo echo hi)" hi '--runtime'
	engine_words crun
	is "$(crun --rm --ulimit nofile=64:64 demo sh -c 'ulimit -n')" 64 'limits'
	is "$(crun --rm --memory 32m --pids-limit 20 --cpus 0.5 demo echo ok)" ok 'limits of the cgroup'
	is "$(crun --rm --init demo sh -c 'tr "\0" " " </proc/1/cmdline | cut -d" " -f1')" /sbin/docker-init '--init'
	is "$(crun --rm -t demo sh -c 'test -t 0 && test -t 1 && echo tty' | tr -d '\r')" tty 'a terminal'
	is "$(echo data | timeout "$limit" docker run -i --rm --network none demo cat)" data 'standard input'
	# it asks for all that the kernel has
	if capsh --has-p=cap_sys_resource 2>/dev/null; then
		is "$(crun --rm --privileged demo sh -c 'grep CapEff /proc/self/status | cut -f2')" \
			"$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" '--privileged'
	else
		skip '--privileged: this host lacks CAP_SYS_RESOURCE'
	fi
	is "$(crun --rm --security-opt seccomp=unconfined demo sed -n 's/^Seccomp:\t//p' /proc/self/status)" 0 'without a filter'
	is "$(crun --rm demo sed -n 's/^Seccomp:\t//p' /proc/self/status)" 2 "with Docker's"
	is "$(crun --rm --device /dev/null:/dev/other demo sh -c 'echo x >/dev/other && echo ok')" ok 'a device'

	ok 'run -d' crun -d --name cc demo sh -c 'echo out; echo err >&2; trap "echo term; exit 0" TERM; while :; do sleep 0.1; done'
	ok 'logs' wait_until 10 eval '[ "$(c logs cc 2>&1 | sort | xargs)" = "err out" ]'
	is "$(c inspect cc --format '{{.State.Status}} {{.HostConfig.Runtime}}')" 'running davit' 'inspect'
	is "$(c exec cc echo hi)" hi 'exec'
	fails 'its status' 5 c exec cc sh -c 'exit 5'
	fails 'exec of what is missing' any c exec cc nope # 126 before version 23, then 127
	like "$out$err" 'executable file not found' 'says so'
	fails 'exec of a directory' 126 c exec cc /etc
	is "$(c exec -t cc sh -c 'test -t 0 && echo tty' | tr -d '\r')" tty 'exec with a terminal'
	is "$(c exec -u 1000 -w /tmp -e X=y cc sh -c 'echo $(id -u) $(pwd) $X')" '1000 /tmp y' 'exec with a user'
	ok 'update' c update --memory 64m --memory-swap 64m --cpu-shares 512 cc
	pid=$(c inspect cc --format '{{.State.Pid}}')
	is "$(docker_memory_limit "$pid")" 67108864 'reaches the kernel'
	like "$(c stats --no-stream --format '{{.Name}} {{.MemUsage}}' cc)" '^cc .* / 64MiB' 'stats'
	like "$(c top cc)" sleep 'top'
	ok 'pause' c pause cc
	is "$(c inspect cc --format '{{.State.Status}}')" paused 'is paused'
	ok 'unpause' c unpause cc
	ok 'stop' c stop -t 10 cc
	is "$(c inspect cc --format '{{.State.Status}} {{.State.ExitCode}}')" 'exited 0' 'the trap has run'
	ok 'start again' c start cc
	ok 'restart' c restart -t 1 cc
	ok 'kill' c kill cc
	ok 'has ended' wait_until 10 eval '[ "$(c inspect cc --format "{{.State.Status}} {{.State.ExitCode}}")" = "exited 137" ]'
	ok 'rm' c rm cc
	ok 'a container shares namespaces of another' eval 'crun -d --name aa --ipc shareable demo sleep 1000 && c run -d --name bb --network container:aa --ipc container:aa --pid container:aa demo sleep 1000'
	is "$(c exec bb readlink /proc/self/ns/net)" "$(c exec aa readlink /proc/self/ns/net)" 'net'
	is "$(c exec bb readlink /proc/self/ns/pid)" "$(c exec aa readlink /proc/self/ns/pid)" 'pid'
	ok 'rm -f' c rm -f aa bb
	# containerd listens for it only after the start
	fails 'oom is told' 137 crun --name oo --memory 16m --memory-swap 16m demo sh -c 'sleep 2; x=$(head -c 64m /dev/zero | tr "\0" a); echo ${#x}'
	is "$(c inspect oo --format '{{.State.OOMKilled}}')" true 'as such'
	c rm -f oo >/dev/null

	docker_end
}
