#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman --runtime davit-oci: Debian's Podman and conmon, on storage of their own.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/podman.sh
. "$(dirname "$0")/podman.sh"
# shellcheck source=tests/runtime/words.sh
. "$(dirname "$0")/words.sh"
for peer in podman conmon; do
	command -v "$peer" >/dev/null || plan skip_all "$peer is not installed"
done
davit_env "$@"

d=$TEST_DIR/podman
tar=$(demo_rootfs) || bail 'no demo tree'
# what podman and conmon leave is removed with the test's directories
mount -t tmpfs podman /run
mkdir -p /run/lock
podman_on "$d" cgroupfs
p() { "${podman[@]}" "$@" </dev/null; }
parent=(--cgroup-parent "/$DAVIT_SLICE" --network none)
prun() { p run "${parent[@]}" "$@"; }

ok 'podman imports an image' p import "$tar" demo
run p info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
is "$out" "davit $DAVIT_OUT/bin/davit-oci" 'podman uses davit-oci'
like "$(p info --format '{{.Host.OCIRuntime.Version}}')" 'davit-oci version' 'and knows its version'

run prun --rm demo echo hi
is "$out" hi 'run'
[ "$status" = 0 ] || diag "$err"
is "$(p --runtime "$DAVIT_OUT/bin/davit-oci" run --rm "${parent[@]}" demo echo hi)" hi '--runtime with its place'
mkdir "$d/v"
engine_words prun
is "$(prun --rm --ulimit nofile=64:64 --ulimit nproc=100:100 demo sh -c 'ulimit -n')" 64 'limits'
is "$(prun --rm --memory 32m --pids-limit 20 demo true; echo $?)" 0 'limits of the cgroup'
fails 'out of memory' 137 prun --rm --memory 16m --memory-swap 16m demo sh -c 'x=$(head -c 64m /dev/zero | tr "\0" a); echo ${#x}'
ok 'leaves nothing where we are' [ ! -e oom ]
is "$(prun --rm --init demo sh -c 'echo ok' 2>/dev/null || echo ok)" ok '--init where there is a catatonit'
is "$(prun --rm -t demo sh -c 'test -t 0 && test -t 1 && echo tty' | tr -d '\r')" tty 'a terminal'
is "$(echo data | "${podman[@]}" run -i --rm "${parent[@]}" demo cat)" data 'standard input'
is "$(prun --rm --privileged demo sh -c 'grep CapEff /proc/self/status | cut -f2')" \
	"$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" '--privileged'
is "$(prun --rm --security-opt seccomp=unconfined demo sed -n 's/^Seccomp:\t//p' /proc/self/status)" 0 'without a filter'
is "$(prun --rm demo sed -n 's/^Seccomp:\t//p' /proc/self/status)" 2 'with that of podman'
is "$(prun --rm --userns keep-id:uid=0,gid=0 demo id -u 2>/dev/null || prun --rm --uidmap 0:100000:1000 --gidmap 0:100000:1000 demo id -u)" 0 \
	'a user namespace'

# in the background
ok 'run -d' prun -d --name c demo sh -c 'echo out; echo err >&2; trap "echo term; exit 0" TERM; while :; do sleep 0.1; done'
ok 'logs' wait_until 10 eval '[ "$(p logs c 2>&1 | sort | xargs)" = "err out" ]'
is "$(p inspect c --format '{{.State.Status}} {{.OCIRuntime}}')" 'running davit' 'inspect'
is "$(p exec c echo hi)" hi 'exec'
fails 'its status' 5 p exec c sh -c 'exit 5'
fails 'exec of what is missing' 127 p exec c nope
fails 'exec of a directory' 126 p exec c /etc
is "$(p exec -t c sh -c 'test -t 0 && echo tty' | tr -d '\r')" tty 'exec with a terminal'
is "$(p exec -u 1000 -w /tmp -e X=y c sh -c 'echo $(id -u) $(pwd) $X')" '1000 /tmp y' 'exec with a user'
ok 'exec -d' p exec -d c sh -c 'echo made >/made'
ok 'runs' wait_until 10 eval '[ "$(p exec c cat /made)" = made ]'
like "$(p top c)" 'sleep' 'top'
like "$(p ps)" ' Up ' 'ps'
ok 'pause' p pause c
is "$(p inspect c --format '{{.State.Status}}')" paused 'is paused'
ok 'unpause' p unpause c
ok 'stop' p stop -t 10 c
is "$(p inspect c --format '{{.State.Status}} {{.State.ExitCode}}')" 'exited 0' 'the trap has run'
like "$(p logs c 2>&1)" term 'and said so'
ok 'start again' p start c
ok 'restart' p restart -t 1 c
ok 'kill' p kill c
ok 'has ended' wait_until 10 eval '[ "$(p inspect c --format "{{.State.Status}} {{.State.ExitCode}}")" = "exited 137" ]'
ok 'rm' p rm c
ok 'run -d to be removed' prun -d --name c demo sleep 1000
ok 'rm -f' p rm -f -t 0 c

# health: an exec whose status is kept
health() { p inspect "$1" --format '{{.State.Health.Status}}'; }
ok 'with a health check' prun -d --name h --health-cmd 'test ! -e /ill && echo fine' --health-retries 1 --health-interval disable demo sleep 1000
is "$(health h)" starting 'of which nothing is known yet'
ok 'which runs' p healthcheck run h
is "$(health h)" healthy 'and is kept'
like "$(p inspect h --format '{{json .State.Health.Log}}')" '"ExitCode":0,"Output":"fine' 'with what it said'
p exec h touch /ill
fails 'one that fails' 1 p healthcheck run h
is "$(health h)" unhealthy 'is kept, too'
p exec h rm /ill
ok 'and again' p healthcheck run h
is "$(health h)" healthy 'it recovers'
ok 'stop of one that knows no SIGTERM' p stop -t 1 h
is "$(p inspect h --format '{{.State.Status}} {{.State.ExitCode}}')" 'exited 137' 'takes SIGKILL'
fails 'a check of what does not run' 125 p healthcheck run h
p rm -f -t 0 h >/dev/null

# logs
ok 'one that speaks' prun -d --name l demo sh -c 'for i in 1 2 3; do echo line $i; sleep 0.3; done; echo end >&2'
is "$(p logs -f l 2>&1 | xargs)" 'line 1 line 2 line 3 end' 'logs --follow, to its end'
is "$(p logs --tail 2 l 2>&1 | sort | xargs)" 'end line 3' '--tail'
like "$(p logs -t --tail 1 l 2>&1)" '^20[0-9-]+T[0-9:.]+.* end$' '--timestamps'
p rm -f -t 0 l >/dev/null

# a pod: containers that share namespaces by path
infra=$(p import -c 'CMD ["sleep", "1000"]' "$tar" infra 2>/dev/null)
[ -n "$infra" ] || diag 'no infra image'
pod_state() { p pod inspect pod --format '{{.State}}'; }
# pod_has_devices: Podman 4.3 makes the pod's cgroup with a filter, of cgroup v2, that refuses all devices
pod_has_devices() {
	local group
	[ -e /sys/fs/cgroup/cgroup.controllers ] || return 0
	group=/sys/fs/cgroup$(p pod inspect pod --format '{{.CgroupPath}}')
	mkdir "$group/probe" || return 1
	sh -c 'echo $$ >"$1/probe/cgroup.procs" && : </dev/null' sh "$group" 2>/dev/null
	status=$?
	rmdir "$group/probe"
	return "$status"
}
test_pod() {
	ok 'a container in it' p run -d --pod pod --name a demo sh -c 'mkdir -p /www && echo hi >/www/f && exec httpd -f -p 80 -h /www'
	ok 'and another' p run -d --pod pod --name b demo sleep 1000
	is "$(pod_state) $(p pod inspect pod --format '{{.NumContainers}}')" 'Running 3' 'with that of the pod itself they are three'
	for ns in net ipc uts; do
		is "$(p exec a readlink /proc/self/ns/$ns)" "$(p exec b readlink /proc/self/ns/$ns)" "share $ns"
	done
	isnt "$(p exec a readlink /proc/self/ns/mnt)" "$(p exec b readlink /proc/self/ns/mnt)" 'but not mounts'
	ok 'one serves the other' wait_until 10 eval '[ "$(p exec b wget -qO- http://127.0.0.1/f)" = hi ]'
	like "$(p pod top pod)" httpd 'pod top'
	like "$(p pod ps)" 'pod +Running' 'pod ps'
	like "$(p pod stats --no-stream pod)" ' a ' 'pod stats'
	ok 'pod pause' p pod pause pod
	is "$(pod_state)" Paused 'is paused'
	ok 'pod unpause' p pod unpause pod
	ok 'pod restart' p pod restart pod
	is "$(pod_state)" Running 'runs again'
	ok 'pod kill' p pod kill pod
	ok 'has ended' wait_until 10 eval '[ "$(pod_state)" = Exited ]'
	ok 'pod start' p pod start pod
	is "$(pod_state)" Running 'runs'
	is "$(p exec a readlink /proc/self/ns/net)" "$(p exec b readlink /proc/self/ns/net)" 'with one network again'
	ok 'pod stop' p pod stop -t 0 pod
	ok 'pod rm' p pod rm -f pod
	ok 'a pod with one process namespace' p pod create --name pod --share pid,ipc --infra-image infra --infra-command 'sleep 1000' --cgroup-parent "/$DAVIT_SLICE"
	ok 'a container in it' p run -d --pod pod --network none --name a demo sleep 1001
	like "$(p run --rm --pod pod --network none demo ps)" 'sleep 1001' 'is seen by the next one'
	ok 'pod rm --force' p pod rm -f -t 0 pod
}
ok 'pod create' p pod create --name pod --infra-image infra --infra-command 'sleep 1000' --network none --cgroup-parent "/$DAVIT_SLICE"
if pod_has_devices; then
	test_pod
else
	skip "pods: Podman refuses all devices in the cgroup of a pod (cgroup v2), where runc and crun fail, too"
	p pod rm -f pod >/dev/null
fi
p rm -fa -t 0 >/dev/null 2>&1
p umount -a >/dev/null 2>&1
umount -l "$d/storage/overlay" "$d/storage" /run 2>/dev/null
# Podman itself leaves the cgroups of conmon, and in the hierarchy that it does not know those of pods
is "$(_list_cgroups | grep libpod)" '' 'no cgroup of a container is left'
_sweep_cgroups
ip link del cni-podman0 2>/dev/null # CNI, unlike netavark, leaves its bridge
done_testing
