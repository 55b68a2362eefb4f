#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit run: output, input, exit statuses, signals; direct and under a monitor.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

# each once with davit itself as the parent (--rm), once with a monitor in between
for mode in --rm '--name mm'; do
	read -ra how <<<"$mode"
	clean() { [ "${how[0]}" = --rm ] || davit rm -f mm >/dev/null 2>&1; }
	run davit run "${how[@]}" davit/demo sh -c 'echo out; echo err >&2; exit 3'
	is "$status" 3 "$mode: exit status"
	is "$out" out 'standard output'
	is "$err" err 'standard error'
	clean
	for code in 0 1 125 126 127 128 255; do
		run davit run "${how[@]}" davit/demo sh -c "exit $code"
		is "$status" "$code" "exit status $code"
		clean
	done
	run davit run "${how[@]}" davit/demo sh -c 'kill -9 $$'
	isnt "$status" 125 'pid 1 is immune to its own kill'
	clean
	run davit run "${how[@]}" --init davit/demo sh -c 'kill -TERM $$'
	is "$status" 143 'ended by a signal'
	clean
	fails 'not found' 127 davit run "${how[@]}" davit/demo nothing-here
	like "$err" "execute 'nothing-here'" 'is said'
	clean
	fails 'not found by path' 127 davit run "${how[@]}" davit/demo /bin/nothing
	clean
	fails 'not executable' 126 davit run "${how[@]}" davit/demo /etc/passwd
	clean
	is "$(echo hello | davit run -i "${how[@]}" davit/demo cat)" hello '-i passes input on'
	clean
	is "$(echo hello | davit run "${how[@]}" davit/demo cat)" '' 'without -i there is none'
	clean
	is "$(echo hello | davit run -i "${how[@]}" davit/demo sh -c 'cat; echo end')" $'hello\nend' 'the end of input arrives'
	clean
	is "$(head -c 3000000 /dev/zero | davit run -i "${how[@]}" davit/demo wc -c)" 3000000 'megabytes in'
	clean
	is "$(davit run "${how[@]}" davit/demo head -c 3000000 /dev/zero | wc -c)" 3000000 'megabytes out'
	clean
	run bash -c 'davit run "$@" davit/demo sh -c "yes" | head -1' - "${how[@]}"
	is "$out" y 'a reader that goes away ends it'
	clean
	# signals
	for sig in TERM INT HUP USR1; do
		rm -f "$TMPDIR/out"
		davit run "${how[@]}" davit/demo sh -c "trap 'echo got $sig; exit 9' $sig; echo ready; while :; do sleep 0.05; done" >"$TMPDIR/out" 2>/dev/null &
		pid=$!
		wait_until 5 grep -q ready "$TMPDIR/out"
		kill -$sig $pid
		wait $pid
		is "$?:$(tail -1 "$TMPDIR/out")" "9:got $sig" "SIG$sig is passed on"
		clean
	done
	rm -f "$TMPDIR/out"
done

# where it cannot be started
fails 'no such image' 125 davit run --rm nothing/here true
like "$err" "'nothing/here'" 'is said'
fails 'the name of another' 125 sh -c 'davit run -d --name twice davit/demo sleep 60 && davit run --name twice davit/demo true'
like "$err" "'twice' is in use" 'is said'
like "$err" 'hint: ' 'with a hint'
ok 'rm -f' davit rm -f twice
fails 'a missing option value' 125 davit run --name
fails 'no arguments' 125 davit run
ok '--help' davit run --help
like "$out" '--cap-add' 'lists the options'
fails '-t without a terminal' 125 davit run --rm -it davit/demo true </dev/null
like "$err" 'terminal' 'is said'

# detached
ok '-d' davit run -d --name bg davit/demo sh -c 'echo started; sleep 60'
like "$out" '^[0-9a-f]{64}$' 'prints the id'
is "$(davit ps -q --no-trunc)" "$out" 'ps lists it'
wait_until 5 sh -c 'davit logs bg | grep -q started'
is "$(davit logs bg)" started 'logs tell its output'
ok 'kill' davit kill bg
is "$(davit wait bg)" 137 'wait tells of the signal'
ok 'rm' davit rm bg
run davit run -d --rm --name gone davit/demo true
ok '-d --rm removes it' wait_until 5 sh -c '! davit inspect --type container gone'

# by hash bang, by relative path, with odd arguments
tree=$TMPDIR/tree
mkdir "$tree"
tar -C "$tree" -xf "$(demo_rootfs)"
printf '#!/bin/sh\necho script "$@"\n' >"$tree/bin/script"
printf 'echo no interpreter\n' >"$tree/bin/plain"
printf '#!/no/such/interpreter\n' >"$tree/bin/orphan"
head -c 100 /dev/urandom >"$tree/bin/noise"
printf '#!/bin/sh\necho here\n' >"$tree/home/demo/rel"
chmod +x "$tree"/bin/{script,plain,orphan,noise} "$tree/home/demo/rel"
davit import "$tree" scripts >/dev/null
is "$(davit run --rm scripts script a 'b c' '')" 'script a b c ' 'a script'
is "$(davit run --rm -w /home/demo scripts ./rel)" here 'a path relative to the working directory'
fails 'a script without #!' 126 davit run --rm scripts plain
fails 'an interpreter that is missing' 127 davit run --rm scripts orphan
fails 'no program' 126 davit run --rm scripts noise
fails 'an empty command' 127 davit run --rm scripts ''
is "$(davit run --rm -e PATH=/home/demo scripts rel)" here 'PATH of the container counts'
is "$(davit run --rm davit/demo echo "$(printf 'a%.0s' {1..100000})" | wc -c)" 100001 'a long argument'
is "$(davit run --rm davit/demo printf '%s,' $'\n' $'\t' '*' "'" '"' '\\')" $'\n,\t,*,\',",\\\\,' 'characters arrive as they are'
fails 'options behind the image belong to the command' 127 davit run --rm davit/demo --rm
rm -rf "$tree"

# another architecture
davit import --platform linux/arm64 "$(demo_rootfs)" foreign >/dev/null
[ "$(uname -m)" = x86_64 ] && { fails 'an image for another machine' 125 davit run --rm foreign true; like "$err" arm64 'is said'; }

davit import --platform windows/amd64 "$(demo_rootfs)" foreign-os >/dev/null
refuses 'an image for another system' "operating system 'windows'" foreign-os true

# --timings
err=$(davit run --rm --timings davit/demo true 2>&1 >/dev/null) # a pipe: davit itself is the parent
for phase in plan cgroup policy rootfs clone steps exec exit teardown; do like "$err" "$phase +[0-9]+ ns" "--timings: $phase"; done

# terminals
run script -qec 'davit run --rm -t davit/demo sh -c "tty; echo \$TERM; ls -l /dev/console | cut -c1"' /dev/null
like "$(tr -d '\r' <<<"$out" | xargs)" '^/dev/(pts/0|console) xterm c$' '-t: a terminal of its own'
run script -qec 'davit run --rm -it davit/demo sh -c "exit 5"' /dev/null
is "$status" 5 '-it: exit status'
run script -qec 'davit run --rm davit/demo sh -c "tty; ls -l /proc/self/fd/1 | grep -c pts"' /dev/null
like "$(tr -d '\r' <<<"$out" | xargs)" '^not a tty 0$' 'without -t a terminal of the host never goes inside'

# many at once, of one name: one wins
wins=0 jobs=()
for _ in $(seq 24); do
	davit run -d --name one davit/demo sleep 60 >/dev/null 2>&1 &
	jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" && wins=$((wins + 1)); done
is "$wins" 1 'of 24 with one name one starts'
davit rm -f one >/dev/null
for i in $(seq 40); do davit run --rm davit/demo echo "$i" >"$TMPDIR/o.$i" & done
wait
is "$(cat "$TMPDIR"/o.* | sort -n | xargs)" "$(seq 40 | xargs)" '40 at once'
rm -f "$TMPDIR"/o.*

sees 'on the network of the host: its name' "$(hostname)" --network host davit/demo hostname
sees 'and its /etc/hosts' "$(grep -c . /etc/hosts)" --network host davit/demo grep -c . /etc/hosts
for file in hosts resolv.conf; do
	[ -e /etc/$file ] || continue
	head -c 4194304 /dev/zero | tr '\0' '\n' >"$TMPDIR/large"
	mount --bind "$TMPDIR/large" /etc/$file
	ok "4 MiB of $file are read" davit run --rm --network host davit/demo true
	{ head -c 4194304 /dev/zero | tr '\0' a; echo; echo x; } >"$TMPDIR/large"
	refuses 'no more behind one line' "'/etc/$file' of the host is larger than 4194304 bytes" --network host davit/demo true
	{ head -c 4194304 /dev/zero | tr '\0' '\n'; echo; echo; } >"$TMPDIR/large"
	refuses 'no more' "'/etc/$file' of the host is larger than 4194304 bytes" --network host davit/demo true
	umount /etc/$file
	rm "$TMPDIR/large"
done
sees 'unless it has one of its own' mine --network host -h mine davit/demo hostname
done_testing
