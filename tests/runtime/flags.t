#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: every option that runc, crun and those who start them have, by command: honoured, or refused with an error.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

# container c runs for the rows that want one; rows that make one of their own call it n
bundle c '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 50}, cpu: {shares: 512, quota: 50000, period: 100000}} | .mounts |= map(select(.type != "cgroup")) | args(["sleep", "1000"])'
bundle n 'args(["sleep", "1000"])'
bundle e 'args(["true"])'
bundle o 'sh("ls /proc/self/fd | wc -l; echo >&2 err; cat")'
create c && oci start c || bail 'no container'
v2_mount=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
# file CONTROLLER V1-FILE V2-FILE: of c's cgroup
file() {
	local path
	path=$(awk -F: -v c="$1" '{ n = split($2, l, ","); for (i = 1; i <= n; i++) if (l[i] == c) print $3 }' "/proc/$(pid_of c)/cgroup")
	if [ -n "$path" ]; then cat "/sys/fs/cgroup/$1$path/$2"; else cat "$v2_mount$(sed -n 's/^0:://p' "/proc/$(pid_of c)/cgroup")/$3"; fi
}
jq '.process | .args = ["sh", "-c", "echo of-file"]' "$bundles/n/config.json" >"$TMPDIR/p.json"
echo '{"pids": {"limit": 44}}' >"$TMPDIR/r.json"
socket_log=$TMPDIR/got
# console PATH: a console socket that notes that a terminal came
console() {
	python3 - "$1" "$socket_log" <<-'PY' &
		import array, socket, sys, time
		s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1)
		c, _ = s.accept()
		d, anc, *_ = c.recvmsg(64, socket.CMSG_SPACE(4))
		open(sys.argv[2], "w").write("fd" if anc else "none")
		time.sleep(1) # without a master, who is on the terminal hangs up
	PY
	wait_until 5 test -S "$1"
}

# Rows: COMMAND LINE (behind davit-oci --root R) | what is run before | what is looked at after | what that prints
# "refused: REGEX" in the last but one column: the error, of status 1 or 255.
accepts() {
	local line=$1 before=$2 after=$3 want=$4
	rm -f "$TMPDIR"/{pid,got,log,sock}
	[ -z "$before" ] || eval "$before" >/dev/null 2>&1
	eval "alone timeout 20 '$oci_runtime' $line"
	status=$?
	out=$(<"$TMPDIR/said")
	if [[ $after == refused:* ]]; then
		if [[ $status =~ ^(1|255)$ ]] && [[ $out =~ ${after#refused: } ]]; then
			pass "$line: refused"
		else
			fail "$line: refused" "status $status: $out" "wanted: ${after#refused: }"
		fi
	else
		got=$(eval "$after" 2>&1)
		if [ "$status" -eq 0 ] && [ "$got" = "$want" ]; then
			pass "$line"
		else
			fail "$line" "status $status, printed: $out" "$after: got '$got', wanted '$want'"
		fi
	fi
	wait
}

# shellcheck disable=SC2034 # of the rows
R="--root $oci_root"
table() {
	local line before after want
	while IFS='~' read -r line before after want; do
		line=${line#"${line%%[![:space:]]*}"}
		[ -n "$line" ] && [[ $line != '#'* ]] || continue
		accepts "$(sed 's/[[:space:]]*$//' <<<"$line")" "$(xargs -0 <<<"$before")" "$(sed 's/^ *//; s/ *$//' <<<"$after")" "$(sed 's/^ *//; s/ *$//' <<<"$want")"
		[ ! -e "$oci_root/n" ] || oci delete --force n
	done
}

### before the command

table <<'EOT'
--root $oci_root state c ~ ~ jq -r .status "$TMPDIR/said" ~ running
--root=$oci_root state c ~ ~ jq -r .status "$TMPDIR/said" ~ running
-root $oci_root state c ~ ~ jq -r .status "$TMPDIR/said" ~ running
-root=$oci_root state c ~ ~ jq -r .status "$TMPDIR/said" ~ running
--root $TMPDIR/none state c ~ ~ refused: does not exist ~
$R --log $TMPDIR/log --log-format json state none ~ ~ refused: does not exist ~
$R --log $TMPDIR/log --log-format json state c ~ oci --log "$TMPDIR/log" --log-format json state none ~ jq -r .level "$TMPDIR/log" ~ error
$R --log $TMPDIR/log --log-format text state c ~ oci --log "$TMPDIR/log" --log-format text state none ~ grep -c level=error "$TMPDIR/log" ~ 1
$R --log-format xml state c ~ ~ refused: --log-format ~
$R --log-level debug state c ~ ~ echo ~
$R --log-level loud state c ~ ~ refused: --log-level ~
$R --log $TMPDIR/no/dir/log state c ~ ~ refused: --log ~
$R --debug state c ~ ~ echo ~
$R --cgroup-manager=cgroupfs state c ~ ~ echo ~
$R --cgroup-manager cgroupfs state c ~ ~ echo ~
$R --cgroup-manager other state c ~ ~ refused: --cgroup-manager ~
$R --systemd-cgroup --cgroup-manager cgroupfs state c ~ ~ refused: exclude each other ~
$R --systemd-cgroup state c ~ ~ echo ~
$R --rootless false state c ~ ~ echo ~
$R --rootless=auto state c ~ ~ echo ~
$R --rootless=true state c ~ ~ refused: --rootless.*cannot be honoured ~
$R --rootless=maybe state c ~ ~ refused: --rootless ~
--version ~ ~ head -1 "$TMPDIR/said" | cut -d" " -f1,2 ~ davit-oci version
-v ~ ~ grep -c "^spec: " "$TMPDIR/said" ~ 1
$R --criu /usr/sbin/criu state c ~ ~ echo ~
--nonsense state c ~ ~ refused: --nonsense ~
state --root $oci_root c ~ ~ refused: '--root' goes before the command ~
$R nonsense ~ ~ refused: unknown command ~
$R mounts add c f ~ ~ refused: unknown command ~
features ~ ~ jq -r .ociVersionMax "$TMPDIR/said" ~ 1.3.0
EOT

### create, run, start, delete

table <<'EOT'
$R create --bundle $bundles/n --pid-file $TMPDIR/pid n ~ ~ [ "$(cat "$TMPDIR/pid")" = "$(pid_of n)" ] && echo same ~ same
$R create -b $bundles/n --no-pivot n ~ ~ status_of n ~ created
$R create --bundle=$bundles/n --no-new-keyring n ~ ~ status_of n ~ created
$R create --bundle $bundles/n --preserve-fds 1 n 3</dev/null ~ ~ readlink "/proc/$(pid_of n)/fd/3" ~ /dev/null
$R create --bundle $bundles/n --preserve-fds 5000 n ~ ~ refused: --preserve-fds ~
$R create --bundle $bundles/n --console-socket $TMPDIR/sock n ~ ~ refused: process.terminal ~
$R create --bundle $bundles/nonsense n ~ ~ refused: nonsense ~
$R create --bundle $bundles/n --nonsense n ~ ~ refused: --nonsense ~
$R create --bundle $bundles/n ~ ~ refused: takes ID ~
$R create --bundle $bundles/n --config $TMPDIR/c.json n ~ ~ refused: --config ~
$R run --detach --bundle $bundles/n n ~ ~ status_of n ~ running
$R run -d -b $bundles/n --pid-file $TMPDIR/pid n ~ ~ [ "$(cat "$TMPDIR/pid")" = "$(pid_of n)" ] && echo same ~ same
$R run -no-subreaper --detach --bundle $bundles/n n ~ ~ status_of n ~ running
$R run --no-subreaper --bundle $bundles/e n ~ ~ status_of n ~
$R run --keep --bundle $bundles/e n ~ ~ status_of n ~ stopped
$R run -keep -bundle $bundles/e n ~ ~ status_of n ~ stopped
$R start n ~ create n ~ status_of n ~ running
$R start none ~ ~ refused: does not exist ~
$R delete n ~ oci run --keep --bundle "$bundles/e" n ~ status_of n ~
$R delete n ~ oci run -d --bundle "$bundles/n" n </dev/null ~ refused: running ~
$R delete --force n ~ oci run -d --bundle "$bundles/n" n </dev/null ~ status_of n ~
$R delete -f n ~ create n ~ status_of n ~
$R delete --force none ~ ~ echo ~
$R delete --regex .* ~ ~ refused: --regex ~
EOT

### options behind arguments, as runc takes them; not those of another program

table <<'EOT'
$R create n --bundle $bundles/n -pid-file $TMPDIR/pid ~ ~ [ "$(cat "$TMPDIR/pid")" = "$(pid_of n)" ] && echo same ~ same
$R run n -d -b $bundles/n ~ ~ status_of n ~ running
$R delete n --force ~ oci run -d --bundle "$bundles/n" n </dev/null ~ status_of n ~
$R delete n -f none ~ oci run -d --bundle "$bundles/n" n </dev/null ~ status_of n ~
$R kill n KILL --all ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill n -a KILL ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R update c --pids-limit 49 ~ ~ file pids pids.max pids.max ~ 49
$R delete -- --force ~ ~ refused: '--force' does not exist ~
$R kill c --nonsense KILL ~ ~ refused: --nonsense ~
$R exec c echo --env -t ~ ~ cat "$TMPDIR/said" ~ --env -t
$R ps c -o pid ~ ~ head -1 "$TMPDIR/said" | xargs ~ PID
EOT

### exec

table <<'EOT'
$R exec c echo hello ~ ~ cat "$TMPDIR/said" ~ hello
$R exec --cwd /tmp c pwd ~ ~ cat "$TMPDIR/said" ~ /tmp
$R exec --env A=b -e C=d c sh -c 'echo $A$C' ~ ~ cat "$TMPDIR/said" ~ bd
$R exec --user 5:6 c sh -c 'echo $(id -u):$(id -g)' ~ ~ cat "$TMPDIR/said" ~ 5:6
$R exec -u 7 c id -u ~ ~ cat "$TMPDIR/said" ~ 7
$R exec --user nobody c id -u ~ ~ refused: --user ~
$R exec --additional-gids 77 -g 78 c id -G ~ ~ tr " " "\n" <"$TMPDIR/said" | grep -c "^7[78]$" ~ 2
$R exec --cap CAP_SYS_TIME -c CAP_SYS_BOOT c sed -n s/^CapEff:.//p /proc/self/status ~ ~ echo $((0x$(cat "$TMPDIR/said") >> 25 & 1)) $((0x$(cat "$TMPDIR/said") >> 22 & 1)) ~ 1 1
$R exec --cap CAP_NONSENSE c true ~ ~ refused: --cap ~
$R exec --no-new-privs c sed -n s/^NoNewPrivs:.//p /proc/self/status ~ ~ cat "$TMPDIR/said" ~ 1
$R exec --process $TMPDIR/p.json c ~ ~ cat "$TMPDIR/said" ~ of-file
$R exec -p $TMPDIR/p.json c ~ ~ cat "$TMPDIR/said" ~ of-file
$R exec --process=$TMPDIR/p.json --detach --pid-file $TMPDIR/pid c ~ ~ grep -c '^[0-9]*$' "$TMPDIR/pid" ~ 1
$R exec --process $TMPDIR/none c ~ ~ refused: none ~
$R exec --process $TMPDIR/p.json --cwd /tmp c ~ ~ refused: exclude each other ~
$R exec --process $TMPDIR/p.json c true ~ ~ refused: exclude each other ~
$R exec --detach --pid-file $TMPDIR/pid c sleep 1 ~ ~ grep -c '^[0-9]*$' "$TMPDIR/pid" ~ 1
$R exec --preserve-fds 1 c readlink /proc/self/fd/3 3</dev/null ~ ~ cat "$TMPDIR/said" ~ /dev/null
$R exec --preserve-fds -1 c true ~ ~ refused: --preserve-fds ~
$R exec --preserve-fds 1 c true 3<&- ~ ~ refused: descriptor 3 is not open ~
$R exec --cwd '' --cgroup '' c sh -c 'echo $(pwd) $(id -u)' ~ ~ cat "$TMPDIR/said" ~ / 0
$R exec --ignore-paused --detach c true ~ ~ echo ~
$R exec --tty --console-socket $TMPDIR/sock c true ~ console "$TMPDIR/sock" ~ wait_until 5 test -s "$socket_log"; cat "$socket_log" ~ fd
$R exec -t -d --console-socket $TMPDIR/sock c true ~ console "$TMPDIR/sock" ~ wait_until 5 test -s "$socket_log"; cat "$socket_log" ~ fd
$R exec --tty --detach c true ~ ~ refused: --console-socket ~
$R exec --console-socket $TMPDIR/sock c true ~ ~ refused: --tty ~
$R exec --pidfd-socket $TMPDIR/sock c true ~ console "$TMPDIR/sock" ~ wait_until 5 test -s "$socket_log"; cat "$socket_log" ~ fd
$R exec --cgroup / c true ~ ~ echo ~
$R exec --cgroup /sub c true ~ ~ refused: --cgroup ~
$R exec --process-label a:b:c:d c true ~ ~ refused: [sS][eE][lL]inux ~
$R exec --apparmor none-such c true ~ ~ refused: [aA]pp[aA]rmor ~
$R exec c ~ ~ refused: command ~
$R exec none true ~ ~ refused: does not exist ~
$R exec --nonsense c true ~ ~ refused: --nonsense ~
EOT

### kill, pause, resume

table <<'EOT'
$R kill n KILL ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill n SIGKILL ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill n 9 ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill n kill ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill --all n 9 ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill -a n KILL ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill -all n KILL ~ oci run -d --bundle "$bundles/n" n </dev/null ~ wait_until 5 is_status n stopped; status_of n ~ stopped
$R kill n RTMIN+1 ~ oci run -d --bundle "$bundles/n" n </dev/null ~ status_of n ~ running
$R kill n 0 ~ oci run -d --bundle "$bundles/n" n </dev/null ~ status_of n ~ running
$R kill c NONSENSE ~ ~ refused: NONSENSE ~
$R kill c 99 ~ ~ refused: 99 ~
$R kill --regex .* KILL ~ ~ refused: --regex ~
$R kill none KILL ~ ~ refused: does not exist ~
$R pause c ~ ~ status_of c ~ paused
$R pause c ~ ~ refused: paused ~
$R exec c true ~ ~ refused: paused ~
$R resume c ~ ~ status_of c ~ running
$R resume c ~ ~ refused: running ~
EOT

### state, list, ps, events, spec

table <<'EOT'
$R state c ~ ~ jq -r '[.id, .status, .pid > 0, (.created | length) > 20] | join(" ")' "$TMPDIR/said" ~ c running true true
$R list ~ ~ awk '{ print $1, $3 }' "$TMPDIR/said" | xargs ~ ID STATUS c running
$R list --format json ~ ~ jq -r '.[0].id' "$TMPDIR/said" ~ c
$R list --format=json ~ ~ jq -r '.[0].id' "$TMPDIR/said" ~ c
$R list -f json ~ ~ jq -r '.[0].status' "$TMPDIR/said" ~ running
$R list --quiet ~ ~ cat "$TMPDIR/said" ~ c
$R list -q ~ ~ cat "$TMPDIR/said" ~ c
$R list --format xml ~ ~ refused: --format ~
$R ps c ~ ~ xargs <"$TMPDIR/said" | sed "s/$(pid_of c)/P/" ~ PID P
$R ps --format json c ~ ~ jq .[0] "$TMPDIR/said" | sed "s/$(pid_of c)/P/" ~ P
$R ps -f json c ~ ~ jq length "$TMPDIR/said" ~ 1
$R ps --format=table c ~ ~ head -1 "$TMPDIR/said" ~ PID
$R ps c -ef ~ ~ awk '{ print $NF }' "$TMPDIR/said" | xargs ~ CMD 1000
$R ps c -o user,pid,args ~ sleep 0 ~ awk '{ print $1, $3 }' "$TMPDIR/said" | xargs ~ USER COMMAND root sleep
$R ps c -eo user ~ ~ refused: PID ~
$R ps c --nonsense ~ ~ refused: ps ~
$R ps --format json c -ef ~ ~ refused: exclude each other ~
$R events --stats c ~ ~ jq -r .type "$TMPDIR/said" ~ stats
$R events --interval 1.5s --stats c ~ ~ jq -r .type "$TMPDIR/said" ~ stats
$R events --interval 1m30s --stats c ~ ~ jq -r .type "$TMPDIR/said" ~ stats
$R events --interval 0s --stats c ~ ~ refused: --interval ~
$R events --interval 25h --stats c ~ ~ refused: --interval ~
$R events --interval 5x --stats c ~ ~ refused: --interval ~
spec --bundle $TMPDIR/spec ~ rm -rf "$TMPDIR/spec"; mkdir "$TMPDIR/spec" ~ jq -r .ociVersion "$TMPDIR/spec/config.json" | cut -d. -f1 ~ 1
spec -b $TMPDIR/spec --rootless ~ rm -f "$TMPDIR/spec/config.json" ~ jq -r '.linux.uidMappings | length' "$TMPDIR/spec/config.json" ~ 1
EOT
rm -rf "$TMPDIR/spec"

### update

table <<'EOT'
$R update --resources $TMPDIR/r.json c ~ ~ file pids pids.max pids.max ~ 44
$R update --resources=$TMPDIR/r.json c ~ ~ file pids pids.max pids.max ~ 44
$R update -r $TMPDIR/r.json c ~ ~ file pids pids.max pids.max ~ 44
$R update --pids-limit 33 c ~ ~ file pids pids.max pids.max ~ 33
$R update --pids-limit -1 c ~ ~ file pids pids.max pids.max ~ max
$R update --memory 96m c ~ ~ file memory memory.limit_in_bytes memory.max ~ 100663296
$R update --memory 83886080 c ~ ~ file memory memory.limit_in_bytes memory.max ~ 83886080
$R update --memory-reservation 32m c ~ ~ file memory memory.soft_limit_in_bytes memory.low ~ 33554432
$R update --cpu-quota 25000 --cpu-period 50000 c ~ ~ echo $(file cpu cpu.cfs_quota_us cpu.max) | cut -d" " -f1 ~ 25000
$R update --cpu-share 2 c ~ ~ file cpu cpu.shares cpu.weight | sed s/^1$/2/ ~ 2
$R update --cpuset-cpus 0 c ~ ~ file cpuset cpuset.cpus cpuset.cpus ~ 0
$R update --cpuset-mems 0 c ~ ~ file cpuset cpuset.mems cpuset.mems ~ 0
$R update --cpu-idle 2 c ~ ~ refused: idle ~
$R update --cpu-quota much c ~ ~ refused: --cpu-quota ~
$R update --memory much c ~ ~ refused: --memory ~
$R update --kernel-memory 1m c ~ ~ refused: --kernel-memory ~
$R update --l3-cache-schema L3:0=f c ~ ~ refused: --l3-cache-schema ~
$R update --mem-bw-schema MB:0=50 c ~ ~ refused: --mem-bw-schema ~
$R update --resources $TMPDIR/r.json --memory 1g c ~ ~ refused: exclude each other ~
$R update c ~ ~ refused: --resources ~
$R update --memory 64m none ~ ~ refused: does not exist ~
EOT
if [ -e /sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes ]; then
	table <<<'$R update --kernel-memory-tcp 1m c ~ ~ file memory memory.kmem.tcp.limit_in_bytes - ~ 1048576'
else
	table <<<'$R update --kernel-memory-tcp 1m c ~ ~ refused: memory.kernelTCP ~'
fi
ok 'update --resources - c' oci update --resources - c <<<'{"pids": {"limit": 41}}'
is "$(file pids pids.max pids.max)" 41 'takes effect'

### checkpoint, restore

# instead of criu: it tells how it was called, and what it restores is a `sleep`
cat >"$TMPDIR/criu" <<'END'
#!/bin/sh
for a; do echo "$a"; done >"$(dirname "$0")/criu.args"
[ "$1" = restore ] || exit 0
for a; do
	case $a in --pidfile=*) pid_file=${a#*=} ;; esac
done
sleep 1000 &
echo $! >"$pid_file"
END
chmod 755 "$TMPDIR/criu"
mkdir -p "$TMPDIR/image" "$TMPDIR/dir"
# shellcheck disable=SC2034 # of the rows
{
	C="$R --criu $TMPDIR/criu checkpoint --leave-running --image-path $TMPDIR/dir/i"
	X="$R --criu $TMPDIR/criu restore --detach --bundle $bundles/n --image-path $TMPDIR/image"
}
# given ARGUMENT...: which of them the last criu got
given() {
	local a
	for a; do grep -qxF -e "$a" "$TMPDIR/criu.args" && echo "$a"; done | xargs
}
image() { echo '{"version": 1, "mounts": [], "streams": ["", "", ""]}' >"$TMPDIR/image/davit-oci.json"; }
image
table <<'EOT'
$R --criu $TMPDIR/criu checkpoint --image-path $TMPDIR/dir/i --leave-running c ~ ~ given dump "--tree=$(pid_of c)" "--images-dir=$TMPDIR/dir/i" --leave-running | wc -w ~ 4
$R --criu=$TMPDIR/criu checkpoint --image-path=$TMPDIR/dir/i -R c ~ ~ given --leave-running ~ --leave-running
$C -work-path $TMPDIR/dir/w c ~ ~ given "$TMPDIR/dir/w" | wc -w ~ 1
$C --parent-path ../p c ~ ~ given --prev-images-dir=../p --track-mem ~ --prev-images-dir=../p --track-mem
$C --parent-path /p c ~ ~ refused: '/p' is not relative ~
$C --tcp-established c ~ ~ given --tcp-established ~ --tcp-established
$C --tcp-close c ~ ~ given --tcp-close ~ --tcp-close
$C --tcp-skip-in-flight c ~ ~ given --skip-in-flight ~ --skip-in-flight
$C --link-remap c ~ ~ given --link-remap ~ --link-remap
$C --network-lock nftables c ~ ~ given --network-lock=nftables ~ --network-lock=nftables
$C --network-lock=iptables c ~ ~ given --network-lock=iptables ~ --network-lock=iptables
$C --network-lock much c ~ ~ refused: --network-lock.*'much' ~
$C --ext-unix-sk c ~ ~ given --ext-unix-sk ~ --ext-unix-sk
$C --shell-job c ~ ~ given --shell-job ~ --shell-job
$C --file-locks c ~ ~ given --file-locks ~ --file-locks
$C --auto-dedup c ~ ~ given --auto-dedup ~ --auto-dedup
$C --pre-dump c ~ ~ given pre-dump dump --leave-running --track-mem ~ pre-dump --track-mem
$C --empty-ns network c ~ ~ given --empty-ns=net ~ --empty-ns=net
$C --empty-ns mount c ~ ~ refused: 'mount' is not network ~
$C --page-server 127.0.0.1:99 c ~ ~ given --page-server --address=127.0.0.1 --port=99 ~ --page-server --address=127.0.0.1 --port=99
$C --page-server [::1]:99 c ~ ~ given --page-server --address=::1 --port=99 ~ --page-server --address=::1 --port=99
$C --page-server 99 c ~ ~ refused: is not ADDRESS:PORT ~
$C --status-fd 3 c 3</dev/null ~ ~ given --status-fd=100 ~ --status-fd=100
$C --status-fd 77 c ~ ~ refused: '77' is no open descriptor ~
$C --lazy-pages c ~ ~ refused: --lazy-pages.*not supported ~
$C --manage-cgroups-mode soft c ~ ~ given --manage-cgroups=ignore ~ --manage-cgroups=ignore
$C --manage-cgroups-mode ignore c ~ ~ given --manage-cgroups=ignore ~ --manage-cgroups=ignore
$C --manage-cgroups-mode full c ~ ~ refused: 'full' is not soft or ignore ~
$C --manage-cgroups-mode strict c ~ ~ refused: 'strict' is not soft or ignore ~
$C --nonsense c ~ ~ refused: --nonsense ~
$C none ~ ~ refused: does not exist ~
$C ~ ~ refused: takes ID ~
$X n ~ ~ given restore "--images-dir=$TMPDIR/image" | wc -w | sed "s/$/ $(status_of n)/" ~ 2 running
$R --criu $TMPDIR/criu restore -d -b $bundles/n --image-path=$TMPDIR/image n ~ ~ status_of n ~ running
$X --pid-file $TMPDIR/pid n ~ ~ [ "$(cat "$TMPDIR/pid")" = "$(pid_of n)" ] && echo same ~ same
$X --work-path $TMPDIR/dir/w n ~ ~ given "$TMPDIR/dir/w" | wc -w ~ 1
$X --no-subreaper n ~ ~ status_of n ~ running
$X -no-subreaper n ~ ~ status_of n ~ running
$X --no-pivot n ~ ~ refused: --no-pivot.*pivot_root ~
$X --console-socket $TMPDIR/sock n ~ ~ refused: --console-socket.*process.terminal ~
$X --tcp-established n ~ ~ given --tcp-established ~ --tcp-established
$X --tcp-close n ~ ~ given --tcp-close ~ --tcp-close
$X --network-lock nftables n ~ ~ given --network-lock=nftables ~ --network-lock=nftables
$X --network-lock much n ~ ~ refused: --network-lock.*'much' ~
$X --ext-unix-sk n ~ ~ given --ext-unix-sk ~ --ext-unix-sk
$X --shell-job n ~ ~ given --shell-job ~ --shell-job
$X --file-locks n ~ ~ given --file-locks ~ --file-locks
$X --auto-dedup n ~ ~ given --auto-dedup ~ --auto-dedup
$X --empty-ns network n ~ ~ given --empty-ns=net ~ --empty-ns=net
$X --empty-ns ipc n ~ ~ refused: 'ipc' is not network ~
$X --lazy-pages n ~ ~ refused: --lazy-pages.*not supported ~
$X --lsm-profile apparmor:x n ~ ~ given --lsm-profile=apparmor:x ~ --lsm-profile=apparmor:x
$X --lsm-mount-context a:b:c n ~ ~ given --lsm-mount-context=a:b:c ~ --lsm-mount-context=a:b:c
$X --lsm-mount-context ~ ~ refused: requires an argument ~
$X --manage-cgroups-mode soft n ~ ~ given --manage-cgroups=ignore ~ --manage-cgroups=ignore
$X --manage-cgroups-mode strict n ~ ~ refused: 'strict' is not soft or ignore ~
$X --nonsense n ~ ~ refused: --nonsense ~
$X c ~ ~ refused: already exists ~
$X ~ ~ refused: takes ID ~
$R --criu $TMPDIR/criu restore --detach --bundle $bundles/nonsense --image-path $TMPDIR/image n ~ ~ refused: nonsense ~
$R --criu $TMPDIR/criu restore --detach --bundle $bundles/n --image-path $TMPDIR/dir n ~ ~ refused: no 'davit-oci.json' ~
EOT
ok 'the image is ./checkpoint without --image-path' eval "cd '$TMPDIR/dir' && oci --criu '$TMPDIR/criu' checkpoint --leave-running c && test -d checkpoint"
ok 'also at restore' eval "cd '$TMPDIR/dir' && alone oci --criu '$TMPDIR/criu' restore --detach --bundle '$bundles/n' n"
oci delete --force n
rm -rf "$TMPDIR"/{criu,criu.args,image,dir}

### users without root

if command -v setpriv >/dev/null; then
	cp "$(command -v "$oci_runtime")" "$DAVIT_OUT/bin/davit-init" "$TMPDIR/" && chmod 755 "$TMPDIR/davit-oci" "$TEST_DIR" "$TMPDIR"
	user() { DAVIT_LIBDIR=$TMPDIR setpriv --reuid 1234 --regid 1234 --clear-groups "$TMPDIR/davit-oci" "$@"; }
	fails 'list as a user' 1 user list
	like "$err" "needs root.*hint: run it as root" 'says what is missing' <<<"$err"
	fails 'also with --rootless=auto' 1 user --rootless=auto list
	ok 'features work' user features
else
	skip 'no setpriv'
fi

oci delete --force c
rm -rf "${TMPDIR:?}"/*
done_testing
