#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many at once: one wins a name, all others are right, nobody hangs, nothing is left.
# IDLE=N containers that idle (1000), WILD=SECONDS of random commands on one name (10)
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
davit run --rm davit/demo true || bail 'a container does not run'

# at_once N COMMAND...: runs it N times with $i; status and stderr of each in $TMPDIR/{s,e}.$i
at_once() {
	local n=$1 i
	shift
	for ((i = 0; i < n; i++)); do
		(
			"$@" >/dev/null 2>"$TMPDIR/e.$i" </dev/null
			echo $? >"$TMPDIR/s.$i"
		) &
	done
	wait
}
tally() { cat "$TMPDIR"/s.* | sort -n | uniq -c | awk '{ printf "%s%d of %s", sep, $1, $2; sep = ", " }'; }
clean() { rm -f "$TMPDIR"/[se].*; }

### one name

same_detached() { davit run -d --name same davit/demo sleep 1000; }
at_once 64 same_detached
is "$(tally)" '1 of 0, 63 of 125' '64 times "run -d" of one name: one wins'
is "$(sort -u "$TMPDIR"/e.* | sed "s/'[0-9a-f]*'/ID/")" \
	"davit: name 'same' is in use by container ID
hint: remove it with 'davit rm same', or choose another name" 'the others are told why'
is "$(davit ps -aq | wc -l)" 1 'one container is listed'
clean
ok 'it is removed' davit rm -f same

# the winner stays until all others have been told
same_direct() { davit run --rm --name same davit/demo sleep 1000; }
at_once 64 same_direct &
all=$!
wait_until 30 bash -c "cat '$TMPDIR'/s.* | grep -c 125 | grep -x 63"
ok 'the winner of 64 times "run --rm" is removed' davit rm -f same
wait "$all"
is "$(tally)" '63 of 125, 1 of 137' 'one won'
clean

### all at once

one_of_many() { davit run --rm davit/demo sh -c "exit $((i % 50))"; }
at_once 200 one_of_many
wrong=
for ((i = 0; i < 200; i++)); do
	[ "$(<"$TMPDIR/s.$i")" = $((i % 50)) ] || wrong+="$i: $(<"$TMPDIR/s.$i") $(<"$TMPDIR/e.$i")"$'\n'
done
is "$wrong" '' '200 times "run --rm" at once: each has its own status'
is "$(cat "$TMPDIR"/e.*)" '' 'and says nothing'
clean

detached_of_many() { davit run -d --rm davit/demo true; }
at_once 100 detached_of_many
is "$(tally)" '100 of 0' '100 times "run -d --rm"'
clean
ok 'they all end' wait_until 20 bash -c '! davit ps -aq | grep .'

### everything with one container

wild_commands=(
	'create --name wild davit/demo sleep 1000'
	'run -d --name wild davit/demo sleep 1000'
	'run --rm --name wild davit/demo true'
	'run -d --rm --name wild davit/demo sleep 0.1'
	'start wild' 'start wild' 'stop -t 0 wild' 'kill wild' 'kill -s HUP wild'
	'exec wild true' 'exec wild sleep 0.05' 'inspect wild' 'ps -a' 'rm wild' 'rm -f wild' 'rm -f wild'
	'system check' 'stats --no-stream' 'logs wild'
)
# what a command may say when another one was faster
known='no container|is not running|in use by|is running|running already|started meanwhile|was killed|keeps no log'
wild() {
	local end=$((SECONDS + ${WILD:-10})) rc said command
	while [ "$SECONDS" -lt "$end" ]; do
		command=${wild_commands[RANDOM % ${#wild_commands[@]}]}
		# shellcheck disable=SC2086
		said=$(timeout -k 1 40 davit $command 2>&1 >/dev/null </dev/null)
		rc=$?
		echo "$command" >>"$TMPDIR/ran.$1"
		case $rc in
		0) [ -z "$said" ] || [[ $command == 'rm -f'* && $said == *'no container'* ]] || echo "$command: 0: $said" ;;
		1 | 125) grep -Eq "$known" <<<"$said" || echo "$command: $rc: $said" ;;
		137 | 129) ;; # killed by another
		*) echo "$command: $rc: $said" ;;
		esac
	done >"$TMPDIR/wild.$1"
}
for i in 1 2 3 4 5 6; do wild "$i" & done
wait
diag "$(cat "$TMPDIR"/ran.* | wc -l) commands"
is "$(cat "$TMPDIR"/wild.* | sort | uniq -c | head -n 20)" '' 'random commands on one name: no surprise'
rm -f "$TMPDIR"/wild.* "$TMPDIR"/ran.*
davit rm -f wild >/dev/null 2>&1
run davit ps -aq
is "$out" '' 'nothing is listed'
run davit system check
is "$out" 'nothing left behind' 'system check finds nothing'

### many that idle

# CPU milliseconds of 50 starts; the bench is what judges
cost() {
	local stat
	for ((i = 0; i < 50; i++)); do davit run --rm davit/demo true; done
	read -ra stat <"/proc/$BASHPID/stat" # of a subshell: its children are those alone
	echo $(((stat[15] + stat[16]) * 1000 / $(getconf CLK_TCK)))
}
idle=${IDLE:-1000}
mounts=$(wc -l </proc/self/mountinfo)
without=$(cost)
started=0
for ((i = 0; i < idle; i++)); do
	davit run -d --rm davit/demo sleep 10000 >/dev/null || break
	started=$((started + 1))
done
is "$started" "$idle" "$idle idle containers start"
is "$(davit ps -q | wc -l)" "$idle" 'and run'
is "$(wc -l </proc/self/mountinfo)" "$mounts" 'the mount table has as many entries as before'
diag "50 starts: $without CPU-ms alone, $(cost) beside them"
davit ps -q | xargs -n 50 -P 2 davit rm -f >/dev/null
is "$(davit ps -aq | wc -l)" 0 'they are removed'
done_testing
