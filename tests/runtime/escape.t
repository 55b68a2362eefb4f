#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci against the published ways out of container runtimes; docs/SECURITY.md lists them. Beside each
# race stands a step as it must not be done, which is led astray: the race can be lost.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
# shellcheck source=tests/runtime/escape.sh
. "$(dirname "$0")/escape.sh"
davit_env "$@"
escape_env
src=$TEST_DIR/src
mkdir "$src"
touch "$src/marker"

# races NAME PATH FILTER [ARG...]: PATH of the root file system, and PATH.x, are exchanged while `run` makes
# containers and $after is done, in directory $in
races() {
	local name=$1 path=$2 filter=$3
	shift 3
	bundle race "$filter"' | hook("createContainer"; $look; ["hook", $host, $led])' \
		--arg look "$look" --arg host "$host" --arg led "$led" --arg src "$src" --arg sink "$TMPDIR/sink" "$@"
	cat >"$TMPDIR/run" <<-END
		#!/bin/sh
		$oci_runtime --root $oci_root run --bundle $bundles/race ${console:-} race
		s=\$?
		${after:-:}
		exit \$s
	END
	chmod +x "$TMPDIR/run"
	pushd "${in:-/}" >/dev/null || bail "no directory $in"
	judge "$name" "$rootfs/$path" "$rootfs/$path.x" "$TMPDIR/run"
	popd >/dev/null || bail 'popd'
	untouched "$name"
	rm -rf "${rootfs:?}$TEST_DIR" # what a link names is made, inside
}

# link_races NAME PATH LINK FILTER: PATH is a directory, PATH.x a link to LINK
link_races() {
	mkdir -p "$rootfs/$2"
	ln -sfn "$3" "$rootfs/$2.x"
	races "${@:1:2}" "${@:4}"
	rm -rf "${rootfs:?}/$2" "$rootfs/$2.x"
}
no_dev='.mounts |= map(select(.destination != "/dev"))'
up=../../../../../../../..

### mount targets (CVE-2021-30465)

beats mount-target m
link_races 'CVE-2021-30465: target, absolute link' m "$host" 'bind($src; "/m"; []) | sh("exit 0")'
link_races 'CVE-2021-30465: target, climbing link' m "$up$host" 'bind($src; "/m"; []) | sh("exit 0")'
link_races 'CVE-2021-30465: target, link to a descriptor' m /proc/self/fd/7 'bind($src; "/m"; []) | sh("exit 0")'
link_races 'CVE-2021-30465: target, link to proc' m /proc 'bind($src; "/m"; []) | args(["/look", "proc"])'
link_races 'CVE-2021-30465: target, link to /sys' m /sys 'mount("/m"; "tmpfs"; "tmpfs"; []) | args(["/look", "proc"])'
link_races 'a remount does not change another mount' m /proc/sys \
	'bind($src; "/m"; ["ro"]) | mount("/m"; "bind"; $src; ["remount", "bind", "rw"]) | args(["/look", "proc"])'

### making mount points (CVE-2024-45310)

beats make-target p
mkdir -p "$rootfs/p"
in=$rootfs/p after="[ -e $host/a ] && exit 42; rmdir a/b a 2>/dev/null" \
	link_races 'CVE-2024-45310: parents of a target' p "$host" 'bind($src; "/p/a/b"; []) | sh("exit 0")'

### proc and sysfs: other directories in their places (CVE-2019-19921, CVE-2023-27561), masks that land there

beats mask-target proc
fake() {
	mkdir -p "$rootfs/$1.x"/{sys/net/ipv4,bus,fs,irq,acpi,scsi,firmware}
	touch "$rootfs/$1.x"/{kcore,keys,timer_list,sysrq-trigger}
	ln -sf "$host/file" "$rootfs/$1.x/sys/net/ipv4/ip_forward"
}
for path in proc sys; do
	fake $path
	races "masks and read-only paths of /$path, exchanged with a directory" $path 'args(["/look", $path])' --arg path $path
	rm -rf "${rootfs:?}/$path.x"
	link_races "CVE-2019-19921: /$path is a link" $path "$host" 'args(["/look", $path])' --arg path $path
	link_races "CVE-2019-19921: /$path is a climbing link" $path "$up$host" 'sh("exit 0")'
	mkdir "$rootfs/$path"
done

### writes to proc (CVE-2025-52881)

beats proc-write proc/sys
fake proc
races 'CVE-2025-52881: sysctls' proc '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | sh("exit 0")'
rm -rf "$rootfs/proc.x"
mkdir -p "$rootfs/proc/sys/net/ipv4" && ln -s "$host/file" "$rootfs/proc/sys/net/ipv4/ip_forward"
shows 'CVE-2025-52881: a sysctl reaches the kernel' 1 '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | sh("cat /proc/sys/net/ipv4/ip_forward")'
untouched 'a link in the place of a sysctl'
rm -rf "$rootfs/proc/sys"

### what masks (CVE-2025-31133)

beats mask-source dev/null
mkdir -p "$rootfs/dev"
mknod "$rootfs/dev/null" c 1 3
ln -s "$host/file" "$rootfs/dev/null.x"
races 'CVE-2025-31133: /dev/null of the image is a link' dev/null \
	"$no_dev"' | .linux.maskedPaths = ["/etc/passwd", "/etc/group"] | sh("cat /etc/passwd /etc/group | grep -q . && exit 42; exit 0")'
rm "$rootfs"/dev/null*

### devices (CVE-2026-41579, CVE-2026-47766)

in=$rootfs/dev after='rm -rf ./*' link_races 'CVE-2026-41579: /dev is a link' dev "$host" "$no_dev"' | sh("exit 0")'
beats node-mode dev/x
mkdir -p "$rootfs/dev"
ln -s "$host/file" "$rootfs/dev/x.x"
in=$rootfs/dev after="rm -f x x.x; ln -s $host/file x.x" races 'mode and owner of a device that is a link by then' dev/x \
	"$no_dev"' | .linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3, fileMode: 511, uid: 5, gid: 6}] | sh("exit 0")'
rm -rf "${rootfs:?}"/dev/*

### the console (CVE-2025-52565)

beats console dev/console
cat >"$TMPDIR/sink.py" <<-'END'
	import array, os, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen(16)
	while True:
	    c, _ = s.accept()
	    _, data, _, _ = c.recvmsg(100, socket.CMSG_SPACE(4))
	    for d in data:
	        fds = array.array("i")
	        fds.frombytes(d[2][:4])
	        os.close(fds[0])
	    c.close()
END
python3 "$TMPDIR/sink.py" "$TMPDIR/sink" & sink=$!
wait_until 10 test -S "$TMPDIR/sink"
console="--console-socket $TMPDIR/sink"
touch "$rootfs/dev/console"
ln -s "$host/file" "$rootfs/dev/console.x"
races 'CVE-2025-52565: /dev/console is a link' dev/console "$no_dev"' | .process.terminal = true | sh("exit 0")'
ln -sfn /proc/sys/kernel/core_pattern "$rootfs/dev/console.x"
races 'CVE-2025-52565: /dev/console leads to proc' dev/console "$no_dev"' | .process.terminal = true | args(["/look", "proc"])'
rm "$rootfs"/dev/console*
mkdir -p "$rootfs/dev/pts" "$rootfs/dev/pts.x"
ln -s "$host/file" "$rootfs/dev/pts.x/ptmx"
ln -s "$host/file" "$rootfs/dev/pts.x/0"
races 'CVE-2025-52565: another directory for /dev/pts' dev/pts "$no_dev"' | .process.terminal = true | sh("exit 0")'
console=
kill "$sink"
rm -rf "${rootfs:?}"/dev/* "$TMPDIR"/sink*

### tmpcopyup

beats copy c/f
mkdir -p "$rootfs/c"
echo image >"$rootfs/c/f"
copy='mount("/c"; "tmpfs"; "tmpfs"; ["tmpcopyup"]) | sh("grep -rqs secret /c && exit 42; [ ! -f /c/f ] || [ -s /c/f ] || exit 42; exit 0")'
ln -s "$host/file" "$rootfs/c/f.x"
races 'tmpcopyup: a file is a link' c/f "$copy"
rm "$rootfs/c/f.x"
mknod "$rootfs/c/f.x" c 1 3
races 'tmpcopyup: a file is a device' c/f "$copy"
rm "$rootfs"/c/f*
link_races 'tmpcopyup: a directory is a link' c/d "$host/d" "$copy"
link_races 'tmpcopyup: all of it is a link' c "$host/d" "$copy"

### working directory (CVE-2024-21626)

beats cwd w
link_races 'CVE-2024-21626: working directory is a link' w "$host" '.process.cwd = "/w" | sh("[ -e file ] && exit 42; exit 0")'
here='case $(readlink /proc/self/cwd) in /w | /w.x) exit 0 ;; *) exit 42 ;; esac'
link_races 'CVE-2024-21626: … to a descriptor' w /proc/self/fd/8 '.process.cwd = "/w" | sh($here)' --arg here "$here"
mkdir -p "$rootfs/w"
bundle long 'args(["sleep", "1000"])'
ok 'a container to enter' create long
oci start long
for ((n = 3; n < 16; n++)); do
	# what davit-oci leaks would be one of these
	for cwd in "/proc/self/fd/$n" "/proc/1/fd/$n" "/proc/thread-self/fd/$n/../.."; do
		bundle race '.process.cwd = $cwd | sh("ls -d /proc/self/cwd/*")' --arg cwd "$cwd"
		run oci run --bundle "$bundles/race" race 9<"$host" </dev/null
		[ "$status" -eq 1 ] || fail "CVE-2024-21626: run in $cwd" "$out"
		run oci exec --cwd "$cwd" long sh -c 'ls -d /proc/self/cwd/*' 9<"$host" </dev/null
		[ "$status" -eq 255 ] || fail "CVE-2024-21626: exec in $cwd" "$out"
	done
done
pass 'CVE-2024-21626: no descriptor is a working directory'
ln -s "$host" "$rootfs/w.x"
judge 'CVE-2024-21626: working directory of exec' -e 255 "$rootfs/w" "$rootfs/w.x" \
	"$(command -v "$oci_runtime")" --root "$oci_root" exec --cwd /w long sh -c '[ -e file ] && exit 42; exit 0'
rm -rf "$rootfs"/w*

### descriptors (CVE-2016-9962, CVE-2024-21626)

run chroot "$rootfs" /look fds 9<"$host"
is "$status" 42 'a naive chroot leaks a descriptor'
bundle race 'args(["/look", "fds"])'
run oci run --bundle "$bundles/race" race 9<"$host" 33<"$host/file" 700</ </dev/null
is "$status" 0 'run: nothing is open but 0, 1 and 2' || diag "$err"
run oci exec long /look fds 9<"$host" 33<"$host/file" 700</ </dev/null
is "$status" 0 'exec: nothing is open but 0, 1 and 2' || diag "$err"
for ((n = 3; n < 16; n++)); do
	run oci exec long "/proc/self/fd/$n/../../../../../../../bin/sh" 9<"$host" </dev/null
	[ "$status" -ne 0 ] || fail "the command /proc/self/fd/$n/… is found"
done
pass 'a command is not found through a descriptor'

### the runtime's own file (CVE-2019-5736)

bin=$TEST_DIR/bin
mkdir "$bin"
cp "$DAVIT_OUT"/bin/davit-{oci,init} "$DAVIT_OUT/tests/grab" "$bin/" # what may be written to is a copy
before=$(sha256sum "$bin"/*)
cp "$bin/grab" "$rootfs/grab"
printf '#!/proc/self/exe\n' >"$rootfs/self" && chmod +x "$rootfs/self"
# grabbed FILTER COMMAND...: what a container can do about the processes of 50 commands that enter it
grabbed() {
	bundle bad "$1"' | args(["/grab"])'
	"$bin/davit-oci" --root "$oci_root" create --bundle "$bundles/bad" bad </dev/null >"$TMPDIR/grab" 2>&1
	"$bin/davit-oci" --root "$oci_root" start bad
	wait_until 10 grep -q ready "$TMPDIR/grab"
	for ((i = 0; i < 50; i++)); do "${@:2}" >/dev/null 2>&1 </dev/null; done
	oci kill bad TERM
	wait_until 20 is_status bad stopped
	oci delete bad
}
enter() { "$bin/davit-oci" --root "$oci_root" exec bad "$@"; }
all='.process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE"])'
cp "$(command -v sleep)" "$TEST_DIR/victim"
naive_victim() { nsenter --target "$(pid_of bad)" --pid "$TEST_DIR/victim" 0.05; }
grabbed "$all" naive_victim
like "$(<"$TMPDIR/grab")" "$(stat -c %i "$TEST_DIR/victim") open" 'a naive runtime that enters can be written to'
for row in 'CAP_SYS_PTRACE' 'CAP_KILL'; do
	grabbed '.process.capabilities |= with_entries(.value += ["'$row'"])' enter true
	unlike "$(<"$TMPDIR/grab")" "($(stat -c %i "$bin/davit-oci")|$(stat -c %i "$bin/davit-init")) open" \
		"CVE-2019-5736: $row: what exec runs cannot be written to"
	[ $row != CAP_SYS_PTRACE ] || like "$(<"$TMPDIR/grab")" "$(stat -c %i "$bin/davit-oci") 30" '… but is seen: the attack works so far'
	diag "$(xargs <"$TMPDIR/grab")"
done
# a container beside it, in its pid namespace
beside() {
	bundle pod 'ns("pid"; $p) | args(["true"])' --arg p "/proc/$(pid_of bad)/ns/pid"
	"$bin/davit-oci" --root "$oci_root" run --bundle "$bundles/pod" pod
}
grabbed "$all" beside
like "$(<"$TMPDIR/grab")" "$(stat -c %i "$bin/davit-oci") 30" 'CVE-2019-5736: what create runs in a pid namespace of others is seen'
unlike "$(<"$TMPDIR/grab")" "($(stat -c %i "$bin/davit-oci")|$(stat -c %i "$bin/davit-init")) open" '… and cannot be written to'
diag "$(xargs <"$TMPDIR/grab")"
for command in /self /proc/self/exe; do
	bundle race 'args([$c])' --arg c $command
	alone timeout 5 "$bin/davit-oci" --root "$oci_root" run --bundle "$bundles/race" race
	alone timeout 5 "$bin/davit-oci" --root "$oci_root" exec long $command
done
is "$(sha256sum "$bin"/*)" "$before" 'CVE-2019-5736: our programs are as before'

### proc is not covered (CVE-2019-16884)

for row in '/proc' '/proc/' '//proc' '/./proc' '/x/../proc'; do
	denies "CVE-2019-16884: a volume on $row" 'mounts\[[0-9]+\]' 'bind($src; $d; []) | sh("true")' --arg src "$src" --arg d "$row"
	denies "CVE-2019-16884: a tmpfs on $row" 'mounts\[[0-9]+\]' 'mount($d; "tmpfs"; "tmpfs"; []) | sh("true")' --arg d "$row"
done
ln -s /proc "$rootfs/to-proc"
denies 'CVE-2019-16884: a volume on a link to /proc/sys' 'mounts\[[0-9]+\]' 'bind($src; "/to-proc/sys"; []) | sh("true")' --arg src "$src"
rm "$rootfs/to-proc"
bundle race '.mounts = [{destination: "/proc", type: "bind", source: $src, options: ["bind"]}] + .mounts | args(["/look", "proc"])' --arg src "$src"
run oci run --bundle "$bundles/race" race </dev/null
is "$status" 0 'a volume below proc does not take its masks away' || diag "$err"

### capabilities at exec (CVE-2022-29162, CVE-2022-24769, CVE-2022-27652)

caps='grep -E "^Cap(Inh|Amb)" /proc/self/status | cut -f 2 | uniq'
none=0000000000000000
run setpriv --inh-caps=+net_raw --ambient-caps=+net_raw grep ^CapInh /proc/self/status
unlike "$out" "$none" 'a naive caller passes capabilities on'
raised=(setpriv '--inh-caps=+net_raw,+sys_admin' '--ambient-caps=+net_raw,+sys_admin')
bundle race 'sh($caps)' --arg caps "$caps"
run "${raised[@]}" "$(command -v "$oci_runtime")" --root "$oci_root" run --bundle "$bundles/race" race </dev/null
is "$out" $none 'run: nothing is inherited'
for row in '' '-u 1000:1000' '--cap CAP_NET_ADMIN' '-u 1000 --cap CAP_SYS_ADMIN' '--no-new-privs'; do
	# shellcheck disable=SC2086
	run "${raised[@]}" "$(command -v "$oci_runtime")" --root "$oci_root" exec $row long sh -c "$caps" </dev/null
	is "$out" $none "exec $row: nothing is inherited"
done

### groups (CVE-2022-2995 and its like)

groups='grep ^Groups: /proc/self/status | cut -f 2- | xargs'
run setpriv --groups 4,24 chroot "$rootfs" id -G
like "$out" 24 "a naive caller passes its groups on"
bundle race 'sh($g)' --arg g "$groups"
run setpriv --groups 4,24 "$(command -v "$oci_runtime")" --root "$oci_root" run --bundle "$bundles/race" race </dev/null
is "$out" '' "run: none of the caller's groups"
run setpriv --groups 4,24 "$(command -v "$oci_runtime")" --root "$oci_root" exec -u 1000:1000 long sh -c "$groups" </dev/null
is "$out" '' "exec: none of the caller's groups"
shows 'those of the document' '1000 7 8' '.process.user = {uid: 1000, gid: 1000, additionalGids: [7, 8]} | sh("id -G | xargs")'

### users (CVE-2026-30892)

for user in '' ' ' - -1 2147483648x 4294967295 4294967296 18446744073709551616 0x0 '1:' ':' ':0' a:b:c 1:-1 1:4294967296 '1 ' +0; do
	run oci exec -u "$user" long id -u </dev/null
	is "$status.$out" 255. "CVE-2026-30892: exec -u '$user' is refused"
done
run oci exec -u 4294967294 long id -u </dev/null
is "$out" 4294967294 'the largest user id is itself'

### hooks and limits

tight='.process.rlimits = [{type: "RLIMIT_FSIZE", soft: 0, hard: 0}, {type: "RLIMIT_NOFILE", soft: 4, hard: 4}, {type: "RLIMIT_NPROC", soft: 0, hard: 0}]'
run sh -c 'ulimit -f 0; echo x >"$1"' x "$TMPDIR/naive"
isnt "$status" 0 'a naive runtime that takes the limits first cannot go on'
echo "echo \$(ulimit -n) \$(ulimit -f) \$0 >>'$TMPDIR/hooks'" >"$TMPDIR/hook"
bundle race "$tight"' | hook("prestart"; "/bin/bash"; [$h]) | hook("createRuntime"; "/bin/bash"; [$h])
	| hook("createContainer"; "/bin/bash"; [$h]) | hook("poststart"; "/bin/bash"; [$h]) | hook("poststop"; "/bin/bash"; [$h])
	| sh("ulimit -n; ulimit -f")' --arg h "$TMPDIR/hook"
run oci run --bundle "$bundles/race" race </dev/null
is "$(xargs <<<"$out")" '4 0' 'limits are those of the document'
is "$(sort -u "$TMPDIR/hooks" | wc -l).$(wc -l <"$TMPDIR/hooks")" 1.5 "all five hooks run, with the caller's limits"
like "$(<"$TMPDIR/hooks")" "^$(ulimit -n) $(ulimit -f)" '… and are not those of the container'
rm -f "$TMPDIR"/{hook,hooks,naive}

### a volume of two containers, one of which exchanges names while the other is made

vol=$TEST_DIR/vol
mkdir -p "$vol/sub"
cp "$race" "$rootfs/race"
for to in /proc /proc/sys / /dev "$up" /proc/self/fd/7; do
	ln -sfn "$to" "$vol/sub.x"
	bundle swapper 'bind($vol; "/vol"; []) | args(["/race", "-s", "/vol/sub", "/vol/sub.x"])' --arg vol "$vol"
	oci create --bundle "$bundles/swapper" swapper </dev/null >"$TMPDIR/swapped" 2>&1
	oci start swapper
	bundle race 'bind($vol; "/vol"; []) | bind($src; "/vol/sub"; []) | mount("/vol/sub/t"; "tmpfs"; "tmpfs"; []) | args(["/look", "proc"])
		| hook("createContainer"; $look; ["hook", $host, $led])' --arg vol "$vol" --arg src "$src" --arg look "$look" --arg host "$host" --arg led "$led"
	leaks=0 runs=0
	for ((end = SECONDS + 20; SECONDS < end; runs++)); do
		[ $runs -lt 20 ] || ! grep -q enough "$TMPDIR/swapped" || break
		run oci run --bundle "$bundles/race" race </dev/null
		[ "$status" -lt 2 ] || { leaks=$((leaks + 1)); _tell 'run beside a swapper'; }
	done
	oci kill swapper TERM
	wait_until 10 is_status swapper stopped
	oci delete swapper
	out=$(<"$TMPDIR/swapped")
	diag "shared volume, $to: $out runs=$runs leaks=$leaks"
	ok "shared volume, link to $to: $swaps swaps" [ "$leaks.$(($(number swaps) >= swaps))" = 0.1 ]
	untouched "shared volume, link to $to"
done

oci delete -f long
rm -rf "${TMPDIR:?}"/*
done_testing
