#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The end of all processes by cgroup.kill, and the device policy by BPF, where cgroup v2 is alone.
. "$(dirname "$0")/../harness/lib.sh"
. "$(dirname "$0")/v2.sh"
need_v2 memory pids cpu
davit_env "$@"
demo_image

# forks as fast as it may, in sessions of their own too; unlike a shell, awk goes on when it may not
# shellcheck disable=SC2016
bomb='echo "BEGIN { while (1) system(\"setsid awk -f /bomb & sleep 1000 &\") }" >/bomb; exec awk -f /bomb'
for how in 'rm -f' 'kill' 'stop -t 0'; do
	background bomb --pids-limit 30 --memory 256m --cpus 0.3 -- sh -c "$bomb"
	ok "a fork bomb runs into its limit, for $how" wait_until 60 sh -c "grep -q '^max [1-9]' $dir/pids.events"
	# shellcheck disable=SC2086
	ok "$how" timeout 120 davit $how bomb
	if [ "$how" = 'rm -f' ]; then
		is "$(ls -d "$dir" 2>/dev/null)" '' 'its cgroup is gone'
	else
		is "$(davit inspect bomb | jq -r '.[0].State | "\(.Status) \(.ExitCode)"')" 'exited 137' 'it is dead'
		is "$(ls -d "$dir" 2>/dev/null)" '' 'its cgroup is gone'
		davit rm bomb >/dev/null
	fi
	_find_processes
	is "$(grep -cE 'sleep|setsid|awk' <<<"$_processes")" 0 'and every process of it'
done

# a shared pid namespace: no first process that takes the others along
background bomb --pids-limit 30 --cpus 0.3 --pid host -- sh -c "$bomb"
wait_until 60 sh -c "grep -q '^max [1-9]' $dir/pids.events"
ok 'rm -f of a fork bomb in the pid namespace of the host' timeout 120 davit rm -f bomb
_find_processes
is "$(grep -cE 'sleep|setsid|awk' <<<"$_processes")" 0 'all are gone'

# a container that makes cgroups below its own, and may have no process of its own beside them
background deep --privileged -- sh -c 'cd /sys/fs/cgroup; mkdir -p a/b/c; echo $$ >a/b/c/cgroup.procs; echo +memory >cgroup.subtree_control; sleep 1000 & sleep 1000 & wait'
ok 'a container with cgroups of its own' wait_until 20 sh -c "[ \"\$(wc -l <$dir/a/b/c/cgroup.procs)\" = 3 ]"
is "$(<"$dir/cgroup.subtree_control")" memory 'and controllers for them'
is "$(davit exec deep cat /proc/self/cgroup)" 0::/a/b/c 'exec goes where its first process is'
davit exec -d deep sleep 1000
is "$(davit stats --no-stream --format json deep | jq .pids.current)" 4 'all are counted'
ok 'pause holds them' davit pause deep
is "$(value "$dir/a/b/c/cgroup.events" frozen)" 1 'all'
ok 'rm -f' davit rm -f deep
is "$(ls -d "$dir" 2>/dev/null)" '' 'removes them with it'

# what a container can do to its own cgroup
background own -- sh -c 'for f in pids.max cgroup.procs cgroup.freeze cgroup.kill; do echo 1 >/sys/fs/cgroup/$f; done 2>/dev/null; cat /proc/self/cgroup; ls /sys/fs/cgroup | grep -c .; sleep 1000'
wait_until 20 sh -c '[ "$(davit logs own | wc -l)" = 2 ]'
is "$(davit logs own | head -n 1)" '0::/' 'it sees its own as the root'
is "$(davit inspect own | jq -r '.[0].State.Status') $(<"$dir/pids.max")" 'running max' 'and cannot write to it'
davit rm -f own >/dev/null

### devices

modprobe -q loop 2>/dev/null
if [ ! -c /dev/loop-control ]; then
	skip 'no /dev/loop-control to try' 4
	done_testing
fi
# shellcheck disable=SC2016
try='mknod /n c $1 && echo made; true 2>/dev/null </n && echo read; true 2>/dev/null >/n && echo write'
major=$(stat -c '%Hr %Lr' /dev/loop-control)
run davit run --rm davit/demo sh -c "${try/\$1/$major}; echo x >/dev/null && head -c 1 /dev/zero | wc -c"
is "$(xargs <<<"$out")" 'made 1' 'nodes are made and cannot be opened, the usual ones can'
run davit run --rm --device /dev/loop-control:/dev/loop-control:r davit/demo sh -c "${try/\$1/$major}"
is "$(xargs <<<"$out")" 'made read' 'a device that is passed to be read can be read, no more'
run davit run --rm --device /dev/loop-control davit/demo sh -c "${try/\$1/$major}"
is "$(xargs <<<"$out")" 'made read write' 'without a word on it, all'
run davit run --rm --privileged davit/demo sh -c "${try/\$1/$major}"
is "$(xargs <<<"$out")" 'made read write' 'with --privileged any'
done_testing
