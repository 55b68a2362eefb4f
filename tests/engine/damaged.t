#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A record that cannot be read is told, hinders nobody else, and can be removed.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image davit/demo

davit create --name good davit/demo true >/dev/null
davit run -d --name up davit/demo sleep 1000 >/dev/null
for damage in 'empty' 'half' 'not JSON' 'another type' 'a field less' 'too large' 'a directory'; do
	for kind in created running; do
		if [ $kind = created ]; then
			id=$(davit create --name bad davit/demo true)
		else
			id=$(davit run -d --name bad davit/demo sleep 1000)
		fi
		record=$DAVIT_ROOT/containers/$id/config.json
		case $damage in
		empty) : >"$record" ;;
		half) truncate -s 60 "$record" ;;
		'not JSON') printf '\0\0\0\0' >"$record" ;;
		'another type') sed -i 's/"created_ns":[0-9]*/"created_ns":[]/' "$record" ;;
		'a field less') echo '{}' >"$record" ;;
		'too large') truncate -s 100M "$record" ;;
		'a directory') rm "$record" && mkdir "$record" ;;
		esac
		run davit ps -a
		is "$status" 0 "$damage, $kind: ps -a lists"
		like "$out" ' good.* up|up.* good' 'the others'
		like "$err" "^davit: record of container '${id:0:12}' cannot be read: [^"$'\n'"]+$" 'and tells of it in a line'
		run davit system check
		isnt "$status" 0 'system check fails'
		like "$out" "problem: record of container '${id:0:12}' cannot be read: " 'and tells'
		ok 'but removes nothing' test -d "$DAVIT_ROOT/containers/$id"
		run davit stats --no-stream
		is "$status" 0 'stats go on'
		fails 'it does not start' any davit start "$id"
		fails 'its name is in use' 125 davit run --rm --name bad davit/demo true
		fails 'rm without -f refuses' 1 davit rm "$id"
		fails 'rm -f wants the whole id' 1 davit rm -f "${id:0:12}"
		ok 'rm -f of it' davit rm -f "$id"
		run davit ps -aq
		is "$(wc -l <<<"$out") $err" '2 ' 'it is gone'
		is "$(find "$DAVIT_ROOT"/{containers,names,trash} "$DAVIT_STATE/containers" -maxdepth 1 \
			\( -name "*$id*" -o -name bad \))" '' 'with its name and files'
		ok 'nothing is left to check' davit system check
	done
done
# how it ended, cut short by a power failure
id=$(davit run -d --name cut davit/demo true)
davit wait cut >/dev/null
for damage in : 'echo {' 'echo {}' "head -c 9000 /dev/zero"; do
	$damage >"$DAVIT_ROOT/containers/$id/end.json"
	like "$(davit ps -a)" 'Exited \(unknown\).* cut' "an end that cannot be read is unknown: $damage"
	ok 'it can be started' davit start cut
	is "$(davit wait cut)" 0 'and has a new end'
done
davit rm cut >/dev/null
id=$(davit run -d --name bad davit/demo sleep 1000)
: >"$DAVIT_ROOT/containers/$id/config.json"
ok 'system reset -f takes all' davit system reset -f
is "$(davit ps -aq)" '' 'none is left'
done_testing
