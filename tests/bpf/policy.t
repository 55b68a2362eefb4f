#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Network policy on the command line: what is allowed, refused at once, counted, said.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# talk ARG...: one container whose policy is ARG..., with a server inside on ports 80 and 81
talk() {
	local script=$1
	shift
	# shellcheck disable=SC2016 # the container's shell expands
	run timeout 30 davit run --rm "$@" davit/demo sh -c '
		ip addr add 192.0.2.1/32 dev lo
		for p in 80 81; do nc -l -p $p -e true & done
		usleep 200000
		try() { nc -w 2 $1 $2 </dev/null 2>&1 && echo open || echo failed; }
		'"$script"
}

talk 'try 127.0.0.1 80'
is "$out" open 'without a policy everything is allowed'

talk 'try 127.0.0.1 80; try 127.0.0.1 81' --net-allow tcp:127.0.0.0/8:80
like "$out" '^open.*failed$' 'an allowance denies the rest'
like "$out" 'not permitted' 'and says so at once'

talk 'try 127.0.0.1 80; try 127.0.0.1 81' --net-deny tcp:81
like "$out" '^open.*failed$' 'a denial allows the rest'

talk 'try 127.0.0.1 80' --net-allow tcp:80 --net-deny any:127.0.0.1
like "$out" 'failed$' 'a denial beats an allowance'

talk 'try 127.0.0.1 80' --net-default deny
like "$out" 'failed$' 'default deny'

talk 'try 127.0.0.1 80; try 127.0.0.1 81' --net-allow tcp:79-80 --net-default deny
like "$out" '^open.*failed$' 'range of ports'

fails 'a bad rule is an error' 125 davit run --rm --net-allow tcp:10.0.0.300 davit/demo true
like "$err" "position 5: '10.0.0.300' is not an address" 'that tells where and why'
fails 'a rule that the kernel cannot keep is an error' 125 davit run --rm --net-deny bind:sctp:80 davit/demo true
like "$err" "no bind\(\) of 'sctp'" 'and the message says it'
fails 'bad default' 125 davit run --rm --net-default maybe davit/demo true
like "$err" 'is not allow or deny' 'and the message says it'
fails 'bad errno' 125 davit run --rm --net-deny-errno EACCES davit/demo true
like "$err" 'is not EPERM or ECONNREFUSED' 'and the message says it'

# what comes in, what is bound, what a denial says
talk 'try 127.0.0.1 80; try 127.0.0.1 81' --net-allow in:tcp:127.0.0.0/8:80
like "$out" '^open.*failed$' 'an allowance of what comes in denies the rest'
unlike "$out" 'not permitted' 'which its sender is not told'
talk 'try 127.0.0.1 80; try 127.0.0.1 81' --net-deny in:tcp:81
like "$out" '^open.*failed$' 'a denial of what comes in allows the rest'
talk 'try 127.0.0.1 80' --net-default in:deny
like "$out" 'failed$' 'default deny of what comes in'
talk 'try 127.0.0.1 80; try 127.0.0.1 81' --net-deny bind:tcp:81
like "$out" '^open.*failed$' 'a port that may not be bound is not served'
like "$err" 'bind: Operation not permitted' 'and bind() says so'
talk 'try 127.0.0.1 80' --net-default deny --net-deny-errno ECONNREFUSED
like "$out" 'onnection refused.*failed$' 'a denied connection is refused, if asked for'

rules=()
for ((i = 0; i < 200; i++)); do rules+=(--net-deny "any:10.$i.0.0/16"); done
talk 'try 127.0.0.1 80; try 10.7.1.1 80' "${rules[@]}"
like "$out" '^open.*not permitted.*failed$' '200 networks denied'

# devices by the same set: no /dev/kmsg without asking, whatever the cgroup version
run davit run --rm davit/demo sh -c 'mknod /tmp/k c 1 11 && : </tmp/k'
isnt "$status" 0 'a device that is not on the list cannot be opened'
ok 'one on the list can' davit run --rm davit/demo sh -c 'mknod /tmp/n c 1 3 && : </tmp/n'
ok 'nor a privileged one refused' davit run --rm --privileged davit/demo sh -c 'mknod /tmp/k c 1 11 && : </tmp/k'

# pins are shared and few; rows are gone with their containers
is "$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -type f | wc -l)" 18 'one set of pins: 9 maps, 9 links'
is "$(bpftool -j map dump pinned "$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -name rows)" | jq length)" 0 'no row is left'

# packet sockets pass by cgroup programs: on the host's network a policy goes without CAP_NET_RAW
run davit run --rm --network host --net-allow tcp:127.0.0.1:80 davit/demo grep CapEff /proc/self/status
is "${out##*[[:space:]]}" 00000000a80405fb 'a policy on the host network drops CAP_NET_RAW'
for flag in '--cap-add NET_RAW' '--cap-add ALL' --privileged; do
	# shellcheck disable=SC2086 # two words
	run davit run --rm --network host --net-allow tcp:127.0.0.1:80 $flag davit/demo true
	is "$status" 125 "a policy on the host network refuses $flag"
	like "$err" 'cannot hold CAP_NET_RAW' '… and says why'
done

done_testing
