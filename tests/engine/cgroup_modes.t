#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers on hosts with cgroup v1 alone and with v2 alone, made in mount namespaces from this one.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

if ! mountpoint -q /sys/fs/cgroup/unified || ! mountpoint -q /sys/fs/cgroup/freezer; then
	plan skip_all 'the host is not hybrid'
fi

# in_mode v1|v2: from here on
in_mode() {
	if [ "$1" = v1 ]; then umount /sys/fs/cgroup/unified; else mount -t cgroup2 cgroup2 /sys/fs/cgroup; fi
	is "$(davit doctor --format json | jq -r .cgroups)" "$1" "the host has $1 alone"
}

life() {
	run davit run --rm davit/demo sh -c 'echo hello; exit 3'
	is "$status $out" '3 hello' 'a container runs'
	run davit run -d --name sleeper davit/demo sh -c 'sleep 100 & sleep 100 & wait'
	is "$status" 0 'and in the background'
	run davit stats --no-stream --format json sleeper
	is "$(jq '.cpu.usage_ns > 0' <<<"$out")" true 'CPU time is counted'
	is "$(jq .pids.current <<<"$out")" 3 'and processes'
	is "$(davit exec sleeper echo in)" in 'exec enters'
	is "$(davit ps --format json | jq -r .State)" running 'it is seen running'
	run davit rm -f sleeper
	is "$status" 0 'and is killed with all its processes'
}

devices() {
	# shellcheck disable=SC2016
	run davit run --rm davit/demo sh -c 'mknod /n b 7 0 && echo made; cat /n; echo x >/dev/null && echo null'
	like "$out" 'made.*null' 'nodes are made, the usual devices work'
	like "$err" "can't open '/n': Operation not permitted" 'others cannot be opened'
}

# v2 first, over the rest; unmounted again, v1 is what is left
in_mode v2
life
devices
run davit run --rm -m 64m davit/demo true
is "$status" 125 'a limit whose controller is on v1 is refused'
like "$err" "option '--memory': the 'memory' controller" 'by name'
umount /sys/fs/cgroup

in_mode v1
life
devices
run davit run --rm --device /dev/loop-control davit/demo sh -c ': </dev/loop-control && echo opened'
is "$out" opened 'a device that is passed can be opened'
run davit run --name hog -m 16m --pids-limit 10 --cpus 0.5 davit/demo dd if=/dev/zero of=/dev/null bs=64M count=1
is "$status" 137 'limits bite'
is "$(davit inspect hog | jq '.[0].State.OOMKilled')" true 'and are told'
davit rm hog >/dev/null
run davit run --rm --net-default deny davit/demo true
is "$status" 125 'a network policy is refused'
like "$err" 'needs cgroup v2' 'with the reason'
done_testing
