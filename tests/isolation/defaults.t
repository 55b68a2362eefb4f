#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a container may do without a word of its user: Docker's documented defaults, compared with runc
# where it runs, and the escapes that other engines had.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
tar=$(demo_rootfs)

inside() { davit run --rm davit/demo sh -c "$1"; }

### process
status=$(davit run --rm davit/demo cat /proc/self/status)
field() { sed -n "s/^$1:\t//p" <<<"$status"; }
is "$(field CapEff)" 00000000a80425fb 'effective capabilities'
is "$(field CapPrm)" 00000000a80425fb 'permitted'
is "$(field CapBnd)" 00000000a80425fb 'bounding'
is "$(field CapInh)" 0000000000000000 'no inheritable'
is "$(field CapAmb)" 0000000000000000 'no ambient'
is "$(field Seccomp)" 2 'a seccomp filter'
is "$(field NoNewPrivs)" 0 'new privileges as in Docker'
is "$(field SigIgn)" 0000000000000000 'no signal is ignored'
is "$(field SigBlk)" 0000000000000000 'or blocked'
is "$(field Umask)" 0022 'umask'
is "$(inside 'ls /proc/self/fd | xargs')" '0 1 2 3' 'no descriptor of the host (3 is that of ls)'
is "$(inside 'exec 9</dev/null; ls /proc/self/fd | wc -l')" 5 'which would be seen'
is "$(exec 7</etc/passwd 8>/dev/null; davit run --rm davit/demo sh -c 'ls /proc/self/fd | xargs')" '0 1 2 3' 'nor what davit was started with'
is "$(inside 'echo $$')" 1 'pid 1'
is "$(inside 'ps -o pid >/pids; wc -l </pids')" 3 'no process of the host is seen (but a head, sh and ps)'
is "$(inside 'cat /proc/self/oom_score_adj')" "$(cat /proc/self/oom_score_adj)" 'OOM score unchanged'

keyring='import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))' # keyctl(KEYCTL_GET_KEYRING_ID, session)
if [ "$(uname -m)" = x86_64 ]; then
	theirs=$(davit run --rm --security-opt seccomp=unconfined -v /:/host davit/demo chroot /host python3 -c "$keyring")
	like "$theirs" '^[0-9]+$' 'a session keyring'
	isnt "$theirs" "$(python3 -c "$keyring")" 'of its own'
else
	skip 'the number of keyctl(2) is another' 2
fi

### mounts
mounts=$(inside 'cat /proc/self/mountinfo')
mount_options() { awk -v p="$1" '$5 == p { print $6 }' <<<"$mounts" | tail -1; }
like "$(mount_options /sys)" '^ro,nosuid,nodev,noexec' '/sys is read-only'
like "$(mount_options /sys/fs/cgroup)" '^ro,nosuid,nodev,noexec' 'so is the cgroup'
like "$(mount_options /proc)" '^rw,nosuid,nodev,noexec' '/proc'
like "$(mount_options /dev)" '^rw,nosuid' '/dev'
like "$(mount_options /dev/pts)" '^rw,nosuid,noexec' '/dev/pts'
like "$(mount_options /dev/shm)" '^rw,nosuid,nodev,noexec' '/dev/shm'
like "$(mount_options /dev/mqueue)" '^rw,nosuid,nodev,noexec' '/dev/mqueue'
for p in bus fs irq sys; do
	like "$(mount_options /proc/$p)" '^ro,' "/proc/$p is read-only"
done
is "$(awk '{ for (i = 7; i <= NF && $i != "-"; i++) print $i }' <<<"$mounts")" '' 'nothing propagates: neither shared nor slave'
unlike "$mounts" "$TEST_DIR/(root|run)" 'no path of the host is told by a mount point'
is "$(awk '{ print $5 }' <<<"$mounts" | grep -vE '^(/|/(proc|sys|dev)(/.*)?|/etc/(hosts|hostname|resolv.conf))$')" '' 'there are no others'
is "$(inside '(touch /sys/x; echo 1 >/proc/irq/default_smp_affinity; echo 1 >/proc/sys/vm/swappiness) 2>&1' | grep -c 'Read-only file system')" 3 'what is read-only refuses writes'
for p in keys timer_list interrupts kcore latency_stats sched_debug timer_stats; do
	[ -e /proc/$p ] || { skip "the kernel has no /proc/$p"; continue; }
	is "$(inside "cat /proc/$p | wc -c")" 0 "/proc/$p is empty"
done
for p in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
	[ -e $p ] || { skip "the kernel has no $p"; continue; }
	is "$(inside "ls -A $p | wc -l; touch $p/x 2>/dev/null && echo made")" 0 "$p is empty and read-only"
done

### devices
is "$(inside 'cd /dev; find . -type c | sort | xargs')" './full ./null ./pts/ptmx ./random ./tty ./urandom ./zero' 'devices'
is "$(inside 'cd /dev; find . -type b')" '' 'no block device'
is "$(inside 'cd /dev; for l in core fd ptmx stdin stdout stderr; do readlink $l; done | xargs')" \
	'/proc/kcore /proc/self/fd pts/ptmx /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2' 'links'
is "$(inside 'stat -c "%a %t:%T" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty | xargs')" \
	'666 1:3 666 1:5 666 1:7 666 1:8 666 1:9 666 5:0' 'their numbers and modes'
is "$(inside 'mknod /tmp/kmsg c 1 11 && (: </tmp/kmsg) 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'a node of another device is of no use'
is "$(inside 'mknod /tmp/sda b 8 0 && (: </tmp/sda) 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'nor of a disk'
is "$(inside 'mknod /tmp/z c 1 5 && head -c 3 /tmp/z | wc -c')" 3 'that of an allowed one is'

### what the filter and the capabilities forbid
is "$(inside 'unshare -m true 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'no mount namespace'
is "$(inside 'unshare -U true 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'no user namespace'
is "$(inside 'mount -t tmpfs x /tmp 2>&1 | sed "s/.*: //;s/ (.*//"')" 'permission denied' 'no mount'
is "$(inside 'date -s 2000-01-01 2>&1 >/dev/null | sed "s/.*: //"')" 'Operation not permitted' 'no clock'
is "$(inside 'hostname x 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'no host name'
is "$(inside 'dmesg 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'no kernel log'
is "$(inside 'chroot / true && echo yes')" yes 'chroot is allowed'
is "$(inside 'reboot -f 2>&1 | sed "s/.*: //"')" 'Operation not permitted' 'no reboot'

### compared with runc
runc_dir=$TMPDIR/runc
mkdir -p "$runc_dir/rootfs"
tar -C "$runc_dir/rootfs" -xf "$tar"
(cd "$runc_dir" && runc spec 2>/dev/null && jq '.process.terminal = false | .process.args = ["sh", "-c", "true"] |
	.linux.cgroupsPath = "/'"$DAVIT_SLICE"'/runc" | .root.readonly = false' config.json >c && mv c config.json)
if (cd "$runc_dir" && runc --root "$TMPDIR/runc-state" run "$DAVIT_SLICE" >/dev/null 2>&1); then
	# runc_inside SCRIPT
	runc_inside() {
		(cd "$runc_dir" && jq --arg s "$1" '.process.args = ["sh", "-c", $s]' config.json >c && mv c config.json &&
			runc --root "$TMPDIR/runc-state" run "$DAVIT_SLICE" 2>&1)
	}
	same() {
		local theirs ours
		theirs=$(runc_inside "$2")
		ours=$(inside "$2" 2>&1)
		is "$ours" "$theirs" "as in runc: $1"
	}
	same 'mount options' 'awk "\$5 ~ \"^/(proc|sys|dev)\" { print \$5, \$6 }" /proc/self/mountinfo |
		grep -E "^/(sys|dev|dev/shm|dev/pts|dev/mqueue) " | sed "s/,relatime//;s/,strictatime//" | sort'
	same 'links of /dev' 'cd /dev; for l in fd stdin stdout stderr ptmx; do readlink $l; done'
	same 'nodes of /dev' 'cd /dev; for n in null zero full random urandom tty; do stat -c "%n %a %u %g %t %T" $n; done'
	same 'umask' umask
	same 'owner and mode of /dev, /dev/shm, /dev/pts, /proc, /sys' 'stat -c "%n %a %u %g" /dev /dev/shm /dev/pts /dev/mqueue /proc /sys'
	same 'interfaces' 'ls /sys/class/net'
	same 'lo' 'cat /sys/class/net/lo/operstate; ip addr show lo | grep inet'
	# (runc leaves ignored what its caller ignores)
	same 'signals' 'grep ^Sig[BC] /proc/self/status'
	same 'session' 'cut -d" " -f1,5,6,7 /proc/1/stat | xargs'
	same 'keys are hidden' 'cat /proc/keys | wc -c'
else
	skip 'runc does not run here' 10
fi
rm -rf "$runc_dir" "$TMPDIR/runc-state"
for m in $(_list_cgroup_mounts); do rmdir "$m/$DAVIT_SLICE" 2>/dev/null; done

### escapes
# CVE-2019-5736: an entrypoint that is the engine's own program, to be overwritten through /proc
mkdir -p "$TMPDIR/bin"
cp "$DAVIT_OUT"/bin/davit* "$TMPDIR/bin/"
before=$(cat "$TMPDIR"/bin/* | sha256sum)
tree=$TMPDIR/tree
mkdir "$tree"
tar -C "$tree" -xf "$tar"
printf '#!/proc/self/exe\n' >"$tree/bin/evil"
cat >"$tree/bin/overwrite" <<'SH'
#!/bin/sh
for p in /proc/[0-9]*; do
	readlink $p/exe
	(echo pwned >$p/exe) 2>&1
	(echo pwned >>$p/exe) 2>&1
	for f in $p/fd/*; do (echo pwned >$f/davit) 2>/dev/null; done
done | grep -i davit
true
SH
chmod +x "$tree/bin/evil" "$tree/bin/overwrite"
ok 'import' davit import "$tree" evil
run "$TMPDIR/bin/davit" run --rm evil /bin/evil
isnt "$status" 0 '#!/proc/self/exe runs nothing of the host'
run "$TMPDIR/bin/davit" run --rm evil /proc/self/exe
isnt "$status" 0 '/proc/self/exe as the command neither'
"$TMPDIR/bin/davit" run -d --name victim evil sleep 60 >/dev/null
run "$TMPDIR/bin/davit" run --rm --privileged evil overwrite
is "$out" '' 'no program of davit is to be seen'
"$TMPDIR/bin/davit" exec -d victim sh -c 'while :; do overwrite; done'
for _ in 1 2 3 4 5 6; do "$TMPDIR/bin/davit" exec victim /proc/self/exe >/dev/null 2>&1; done
"$TMPDIR/bin/davit" rm -f victim >/dev/null
is "$(cat "$TMPDIR"/bin/* | sha256sum)" "$before" 'the programs are what they were'
rm -rf "${TMPDIR:?}/bin"

# CVE-2024-21626, and worse: a directory that is reached through a descriptor of davit
mark=pwned-$DAVIT_SLICE
find_mark() {
	find "$TEST_DIR" /sys/fs/cgroup -xdev -name "$mark*" 2>/dev/null
	find /sys/fs/cgroup/unified -name "$mark*" 2>/dev/null
}
escaped=0
for n in $(seq 3 24); do
	for path in /proc/self/fd/$n /proc/self/fd/$n/../../.. /proc/self/fd/$n/$mark-w /proc/1/fd/$n/$mark-w /proc/thread-self/fd/$n/../$mark; do
		out=$(davit run --rm -w "$path" davit/demo sh -c 'ls ../../../..' 2>/dev/null) && escaped=1 && diag "$path: $out"
	done
done
is "$escaped" 0 'a working directory behind a descriptor is refused'
escaped=0
for n in 3 4 5 6 7 8 9 10 11 12; do
	for path in /proc/self/fd/$n/$mark-v /x$n/$mark-x; do
		rm -f "$tree"/x[0-9]*
		ln -s "/proc/self/fd/$n" "$tree/x$n"
		davit import -c "VOLUME $path" -c "WORKDIR $path" "$tree" links >/dev/null
		davit run --rm links true 2>/dev/null && escaped=1 && diag "VOLUME $path"
		davit run --rm -v /etc/passwd:"$path" davit/demo true 2>/dev/null && [ "${path#/proc}" != "$path" ] && escaped=1 && diag "-v $path"
	done
done
is "$escaped" 0 'so is a volume'
is "$(find_mark)" '' 'and nothing is made there'
davit run -d --name long davit/demo sleep 60 >/dev/null
escaped=0
for n in $(seq 3 16); do
	davit exec -w "/proc/self/fd/$n" long true 2>/dev/null && escaped=1
	davit exec -w "/proc/1/fd/$n" long true 2>/dev/null && escaped=1
done
is "$escaped" 0 'also for exec'
davit rm -f long >/dev/null

# CVE-2019-16884: mounts that hide /proc
for path in /proc /proc/self /proc/self/attr /proc/sys; do
	run davit run --rm -v /tmp:"$path" davit/demo true
	is "$status" 125 "no mount on $path"
done
rm -f "$tree"/x*
ln -s /proc "$tree/data"
davit import -c 'VOLUME /data' "$tree" hidden >/dev/null
run davit run --rm -v /tmp:/data hidden true
isnt "$status" 0 'nor through a symlink'
run davit run --rm hidden true
isnt "$status" 0 'nor by the image'
run davit run --rm -v /etc/hostname:/proc/meminfo:ro davit/demo cat /proc/meminfo
is "$out" "$(cat /etc/hostname)" 'files like /proc/meminfo can be replaced'

# CVE-2019-19921 and the like: /proc, /sys and /dev of the image are something else
rm -f "$tree/data"
for d in proc sys dev; do
	rm -rf "${tree:?}/$d"
	for kind in "ln -s /tmp" "ln -s /proc/self/cwd" "ln -s ../../../../tmp" "cp /etc/hostname"; do
		rm -rf "${tree:?}/$d"
		$kind "$tree/$d"
		davit import "$tree" odd >/dev/null
		run davit run --rm odd sh -c 'grep -c . /proc/keys; ls /proc/self/fd >/dev/null'
		isnt "$status" 0 "/$d of the image: $kind"
		like "$err" "^davit: .*'/$d" 'is an error that names it'
	done
	rm -rf "${tree:?}/$d"
	mkdir "$tree/$d"
done
# parents of the small files
for kind in "ln -s /proc/self/fd/4" "ln -s ../../.." "cp /etc/hostname"; do
	rm -rf "${tree:?}/etc"
	$kind "$tree/etc"
	davit import "$tree" odd >/dev/null
	run davit run --rm odd true
	[ "$kind" = 'ln -s ../../..' ] || isnt "$status" 0 "/etc of the image: $kind"
done
is "$(find "$DAVIT_STATE" "$DAVIT_ROOT" -maxdepth 1 -name 'host*')" '' 'makes nothing outside'
rm -rf "${tree:?}/etc"
mkdir "$tree/etc"

# an image without anything: what is mounted on is made
rm -rf "${tree:?}"/{dev,proc,sys,etc,tmp,run,var,root,home}
davit import "$tree" bare >/dev/null
run davit run --rm bare sh -c 'cat /etc/hostname; ls /dev/null /proc/self/status; id -u'
is "$status" 0 'a bare image runs'
# CVE-2024-40635: a number that wraps to 0; and other names that are none
printf 'root:x:0:0:root:/root:/bin/sh\n4294967296:x:0:0::/:/bin/sh\nlong:x:99999999999:0::/:/bin/sh\nneg:x:-1:0::/:/bin/sh\n:x:0:0::/:/bin/sh\n' >"$TMPDIR/passwd"
mkdir "$tree/etc"
cp "$TMPDIR/passwd" "$tree/etc/passwd"
rm "$TMPDIR/passwd"
davit import "$tree" users >/dev/null
for u in 4294967296 4294967295 99999999999999999999 -1 +0 0x0 ' 0' '0 ' long neg : :0 '0:' 0:-1 0:4294967296 root:root:root '../root' "$(printf 'a%.0s' {1..5000})"; do
	run davit run --rm -u "$u" users id -u
	[ "$status" -ne 0 ] && [ -z "$out" ]
	is $? 0 "user '${u:0:24}' is refused"
done
davit import -c 'USER 4294967296' "$tree" users >/dev/null
run davit run --rm users id -u
isnt "$status" 0 'in the image too'
rm -rf "$tree"

# a symlink for a file that davit reads inside
rm -rf "$tree"
mkdir "$tree"
tar -C "$tree" -xf "$tar"
printf 'hostuser:x:0:0::/:/bin/sh\n' >"$TMPDIR/secret"
ln -sf "../../../../../../../..$TMPDIR/secret" "$tree/etc/passwd"
davit import "$tree" linked >/dev/null
run davit run --rm -u hostuser linked id -u
isnt "$status" 0 'passwd is not read outside of the container'
rm "$tree/etc/passwd"
mkfifo "$tree/etc/passwd"
davit import "$tree" fifo >/dev/null
run timeout 10 davit run --rm -u demo fifo id -u
is "$status" 125 'a FIFO in its place is an error, and waits for nobody'
rm -rf "$tree" "$TMPDIR/secret"

# masks cannot be taken away
is "$(inside 'umount /proc/keys; umount -l /proc; mv /proc/keys /x; rm -f /proc/keys; cat /proc/keys | wc -c' 2>/dev/null)" \
	0 'masks stay'
done_testing
