#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit policy: shown, asked and changed, also while the container runs.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# a container with a server on ports 80 and 81, and who tries them
serve() {
	local name=$1
	shift
	# shellcheck disable=SC2016 # the container's shell expands
	davit run -d --name "$name" "$@" davit/demo sh -c 'for p in 80 81; do while :; do nc -l -p $p -e true; done & done; wait' >/dev/null
}
can() { davit exec "$1" nc -w 2 127.0.0.1 "$2" </dev/null >"$TMPDIR/nc" 2>&1; }
cannot() { ! can "$@"; }
serve web
ok 'without a policy: all is reached' wait_until 5 can web 80

run davit policy show web
is "$out" $'ORDER VERDICT RULE\n1     allow  out: everything\n2     allow  in: everything\n3     allow  bind: everything\nrefused so far: 0 out, 0 in, 0 bind' 'and shown'
run davit policy test web tcp:127.0.0.1:80
is "$status $out" '0 allowed by --net-default allow' 'and said'

ok 'add a denial' davit policy add --net-deny tcp:127.0.0.1:81 web
ok 'what it denies is refused' cannot web 81
like "$(cat "$TMPDIR/nc")" 'not permitted' 'at once'
ok 'the rest is not' can web 80
run davit policy show web
is "$(sed -n 2,3p <<<"$out")" $'1     deny   tcp:127.0.0.1:81\n2     allow  out: everything else' 'shown in order'
like "$out" 'last refused: tcp:127.0.0.1:81 by --net-deny tcp:127.0.0.1:81' 'with what was refused'
run davit policy test web tcp:127.0.0.1:81
is "$status $out" '1 denied by --net-deny tcp:127.0.0.1:81' 'test says by which rule'

ok 'set: another policy' davit policy set --net-allow tcp:127.0.0.0/8:80 web
ok 'allows' can web 80
ok 'and denies the rest' cannot web 81
run davit policy show --format json web
is "$(jq -c '[.default.out, .rules[0].rule, .rules[0].verdict, .seen.lastBy]' <<<"$out")" '["deny","tcp:127.0.0.0/8:80","allow","--net-default deny"]' 'as JSON'
ok 'rm of the rule, in other words' davit policy rm --net-allow out:tcp:127.0.0.0/8:80-80 web
ok 'the default stays' cannot web 80
ok 'add of an allowance' davit policy add --allow tcp:80 web
ok 'allows again' can web 80
ok 'the default alone' davit policy add --net-default allow web
ok 'changes what no rule names' can web 81
ok 'a denial of what comes in' davit policy add --net-deny in:tcp:127.0.0.0/8:81 web
ok 'is in force' cannot web 81
ok '… for that port' can web 80
like "$(davit policy show web)" 'last refused: in:tcp:127.0.0.1:81 by --net-deny in:tcp:127.0.0.0/8:81' 'shown in the words of a rule'
run davit policy test web in:tcp:127.0.0.1:81
is "$status $out" '1 denied by --net-deny in:tcp:127.0.0.0/8:81' 'said'
run davit policy test web bind:tcp:0.0.0.0:80
is "$status $out" '0 allowed by --net-default bind:allow' 'the default of each direction'
ok 'another error' davit policy add --net-deny tcp:81 --net-deny-errno ECONNREFUSED web
ok 'still refused' cannot web 81
like "$(cat "$TMPDIR/nc")" 'refused' 'and told as asked for'
is "$(davit policy show --format json web | jq -c '[.errno, .default]')" '["ECONNREFUSED",{"out":"allow","in":"allow","bind":"allow"}]' 'shown'

# large ones
rules=()
for ((i = 0; i < 300; i++)); do rules+=(--net-deny "any:10.$((i / 250)).$((i % 250)).0/24"); done
ok 'a policy of 300 rules' davit policy set "${rules[@]}" --net-deny tcp:81 web
ok 'denies' cannot web 81
ok 'and allows' can web 80
run davit policy test web udp:10.1.7.9:53
is "$status $out" '1 denied by --net-deny any:10.1.7.0/24' 'by the rule that is said'
ok 'another of 300 rules' davit policy set "${rules[@]}" web
ok 'allows what that denied' can web 81
ok 'and none' davit policy set --net-default allow web
rows=$(find "$DAVIT_BPFFS/$DAVIT_SLICE" -name tries)
is "$(bpftool -j map dump pinned "$rows" | jq length)" 0 'nothing is left of the large ones'

# kept for the next start
ok 'set' davit policy set --net-deny tcp:81 web
davit stop -t 0 web >/dev/null
ok 'set while it is stopped' davit policy add --net-deny udp web
like "$(davit policy show web)" 'in force from its next start' 'show says so'
davit start web >/dev/null
wait_until 5 can web 80
ok 'in force after a start' cannot web 81
is "$(davit policy show web | grep -c ' deny ')" 2 'both'

# changed between the look of a start at the record and its lock
davit stop -t 0 web >/dev/null
ok 'no policy' davit policy set --net-default allow web
record=$DAVIT_ROOT/containers/$(davit inspect web | jq -r ".[0].Id")
(
	exec 9<"$record"
	flock 9
	davit start web >/dev/null 9<&- &
	sleep 0.3
	jq -c '.options["net-deny"] = ["tcp:81"]' "$record/config.json" >"$TMPDIR/changed"
	chmod 0600 "$TMPDIR/changed"
	mv "$TMPDIR/changed" "$record/config.json"
	exec 9<&-
	wait
)
wait_until 5 can web 80
ok 'the start has it' cannot web 81
ok 'set' davit policy set --net-deny tcp:81 --net-deny udp web

# run --rm has its record elsewhere
davit run -d --rm --name eph davit/demo sleep 1000 >/dev/null
ok 'of run --rm' davit policy add --net-deny tcp:81 eph
is "$(davit policy test eph tcp:1.2.3.4:81)" 'denied by --net-deny tcp:81' 'is kept, too'
davit rm -f eph >/dev/null

# a host's network with packet sockets
davit run -d --name hst --network host davit/demo sleep 1000 >/dev/null
fails 'a container on the host'"'"'s network with CAP_NET_RAW' 125 davit policy set --net-default deny hst
like "$err" 'CAP_NET_RAW, which no policy can hold' 'is told'
davit rm -f hst >/dev/null

# bad input changes nothing
before=$(davit policy show --format json web | jq -c '[.default, .rules]')
bad() {
	local want=$1
	shift
	fails "davit policy $*" 125 davit policy "$@"
	like "$err" "$want" 'says why'
}
bad "position 5: '10.0.0.300'" add --net-deny tcp:10.0.0.300 web
bad "no bind\\(\\) of 'icmp'" set --net-allow bind:icmp web
bad 'is not EPERM or ECONNREFUSED' set --net-deny-errno EACCES web
bad "takes no option '--net-deny-errno'" rm --net-deny tcp --net-deny-errno EPERM web
bad 'is not allow or deny' set --net-default maybe web
bad "has no deny rule 'tcp:99'" rm --net-deny tcp:99 web
bad "no container 'none'" add --net-deny tcp none
bad 'an option is missing' add web
bad "takes no option '--net-default'" rm --net-default deny web
bad "takes no option '--net-deny'" show --net-deny tcp web
bad "takes no option '--format'" set --format json --net-deny tcp web
bad 'takes CONTAINER FLOW' test web
bad 'takes CONTAINER' show web d
bad 'needs one address' test web tcp:10.0.0.0/8:80
bad 'needs one port' test web tcp:10.0.0.1
bad 'one protocol is needed' test web any:10.0.0.1
bad "'frob' is not show, test, set, add, rm, watch or learn" frob web
is "$(davit policy show --format json web | jq -c '[.default, .rules]')" "$before" 'nothing of it has changed the policy'

# many at once: none is lost
pids=()
for ((i = 1; i <= 12; i++)); do
	davit policy add --net-deny "tcp:192.0.2.$i:1" web &
	pids+=($!)
done
wait "${pids[@]}"
is "$(davit policy show --format json web | jq '[.rules[] | select(.rule | startswith("tcp:192.0.2."))] | length')" 12 'twelve at once: each counts'
davit rm -f web >/dev/null
rm -rf "${TMPDIR:?}"/*
done_testing
