#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/vm: what a guest is like, how a run ends, what is refused, and that nothing is left.
# shellcheck disable=SC2154 # run sets out, err, status
. "$(dirname "$0")/../harness/lib.sh"

vm=$TEST_TOP/scripts/vm
dir=$(mktemp -d -p "${DAVIT_TEST_BASE:-/var/tmp}" davit-lab-test.XXXXXX)
dir=$(realpath "$dir")
clean_up() {
	umount "$dir/small" "$dir/locked" 2>/dev/null
	rm -rf --one-file-system "$dir"
}
trap 'rc=$?; clean_up; (exit $rc); _tap_end' EXIT
mkdir "$dir"/{tmp,bin,small,locked,share}
export TMPDIR=$dir/tmp
unset DAVIT_LAB_ACCEL
cache=$(realpath -m "${DAVIT_LAB:-$TEST_TOP/out/lab}")
hint() { [[ $err == *$'\n'hint:\ * ]]; }

# what a run leaves: files in $TMPDIR, processes that were told of it
nothing_left() { # NAME
	local left
	left=$(ls -A "$TMPDIR"; pgrep -af "$TMPDIR/davit-lab"; losetup -a | grep -F "$dir")
	is "$left" '' "$1"
}

# refused NAME REGEX ARG...: an error of the lab, with a hint
refused() {
	local name=$1 regex=$2
	shift 2
	run "$vm" "$@" </dev/null
	if [ "$status" = 125 ] && [[ $err =~ $regex ]] && hint; then pass "$name"; else
		fail "$name" "wanted status 125, /$regex/ and a hint"
		_tell "vm $*"
	fi
}

### without a guest

for c in '' run shell list fetch build-kernel compare; do
	ok "help of '$c'" "$vm" ${c:+"$c"} --help
	like "$out" '^usage: scripts/vm' "it tells the usage"
done
fails 'no command is an error' 125 "$vm"
refused 'unknown command' "unknown command 'frob'" frob
refused 'a path as command' "unknown command '../vm'" ../vm
refused 'unknown option' "unknown option '--frob'" run --frob -- true
refused 'option without value' "'--kernel' needs a value" run --kernel
refused 'no kernel' 'no kernel given' run -- true
refused 'no command to run' 'no command given' run --kernel 6.1
refused 'unknown kernel' "unknown kernel '5.4'"$'\n''hint: known: 6.1 6.12 ' run --kernel 5.4 -- true
refused 'unknown kernel to fetch' "unknown kernel '5.4'" fetch 5.4
refused 'unknown format' "unknown format 'xml'" list --format xml
refused 'bad number of processors' "processors '0'" run --kernel 6.1 --cpus 0 -- true
refused 'bad memory' "memory size '2'" run --kernel 6.1 --mem 2 -- true
refused 'bad time-out' "time-out '1h'" run --kernel 6.1 --timeout 1h -- true
refused 'a time-out that reads as octal' "time-out '08'" run --kernel 6.1 --timeout 08 -- true
refused 'a shell without a terminal' 'needs a terminal' shell
for spec in xfs xfs: zfs:1G xfs:1X xfs:10M xfs:2T ext4:64M:mnt ext4:64M:/ 'ext4:64M:/a b' :1G; do
	refused "bad disk '$spec'" "bad disk '$spec'" run --kernel 6.1 --disk "$spec" -- true
done
refused 'share of what is not there' 'no such directory' run --kernel 6.1 --share "$dir/none" -- true
for own in / /proc /proc/sys /sys /dev /dev/shm /run /tmp /var /var/tmp /etc /usr; do
	refused "share of $own" "cannot share '$own'.*of its own" run --kernel 6.1 --share "$own" -- true
done
refused 'two disks at one place, spelt otherwise' "another one at '/mnt/ext4'" run --kernel 6.1 --disk ext4:64M --disk ext4:32M:/mnt/x/..//ext4/ -- true
for place in /proc /sys/x /dev /etc /mnt/../etc /usr /bin /lib64/ /run; do
	refused "a disk at $place" 'the guest needs its own' run --kernel 6.1 --disk "ext4:64M:$place" -- true
done
for place in // /mnt/..; do
	refused "a disk at $place" "bad directory '/'" run --kernel 6.1 --disk "ext4:64M:$place" -- true
done
for place in /var /var/lib; do
	refused "a disk at $place" 'it would hide .* of its own' run --kernel 6.1 --disk "ext4:64M:$place" -- true
done
refused 'a disk over the working directory' 'it would hide the working directory' run --kernel 6.1 --disk "ext4:64M:$(pwd -P)" -- true
refused 'more memory than there is' "memory of '900000G' is more than this machine has" run --kernel 6.1 --mem 900000G -- true
refused 'no kernel but an end of options' "option '--kernel' needs a value" run --kernel -- true
refused 'a console that cannot be' "cannot write to '/nonexistent/x'" run --kernel 6.1 --console /nonexistent/x -- true
refused 'two disks at one place' "another one at '/mnt/ext4'" run --kernel 6.1 --disk ext4:64M --disk ext4:32M -- true
mkdir /tmp/davit-lab-test.$$
cd "/tmp/davit-lab-test.$$" || exit
refused 'a directory that the guest has not' "no directory '/tmp/davit-lab-test.$$'.*hint: --share" run --kernel 6.1 -- true
cd "$OLDPWD" && rmdir "/tmp/davit-lab-test.$$"
run bash -c "'$vm' run --kernel 6.1 -- true >&-"
like "$status $err" '^125 vm: standard output is closed' 'no standard output is an error'
mkdir -p "$dir/a b/Makefile"
refused 'a module in a directory with a blank' 'has a blank' build-module --kernel 6.1 "$dir/a b"
rm -r "$dir/a b"
refused 'no image there' 'no kernel image' run --kernel "$dir/none" -- true
refused 'a file that is no image' 'is no x86 kernel image' run --kernel "$vm" -- true

for p in bash dirname realpath nproc awk numfmt cat env mktemp rm sed; do
	ln -s "$(command -v "$p")" "$dir/bin/$p"
done
run env PATH="$dir/bin" "$vm" run --kernel 6.1 -- true
is "$status" 125 'no qemu is an error'
like "$err" "'qemu-system-x86_64' is not installed"$'\n''hint: apt-get install qemu-system-x86' 'that names the package'

ok 'list' "$vm" list
like "$out" '^KERNEL +VERSION' 'it has a head'
ok 'list --format json' "$vm" list --format json
is "$(jq -r '.[] | select(.suite != null) | .kernel' <<<"$out" 2>&1 | paste -sd' ')" \
	"$(awk '!/^#/ && !seen[$1]++ { print $1 }' "$TEST_TOP/tests/kernels.txt" | paste -sd' ')" 'it is JSON with all kernels'
is "$(grep -v '^#' "$TEST_TOP/tests/kernels.txt" | grep -cvP '^[0-9.]+\t[a-z-]+\t(image|headers)\t[a-z0-9.+-]+\t[^\t ]+\t[0-9a-f]{64}$')" 0 \
	'the table of kernels has six columns'
mkdir -p "$dir/odd/kernels/a \"b"
echo version 1 >"$dir/odd/kernels/a \"b/about"
run env DAVIT_LAB="$dir/odd" "$vm" list --format json
is "$(jq -r '.[-1] | .kernel, .version, (.bytes > 0)' <<<"$out" | xargs -d '\n')" 'a "b 1 true' 'a kernel of an odd name in the list'
rm -r "$dir/odd"
nothing_left 'refusals leave nothing'

# signals while it starts: before and after it has a directory; its own commands are slowed down
printf '#!/bin/sh\nsleep 0.01; exec %s "$@"\n' "$(command -v mkdir)" >"$dir/bin/mkdir"
chmod +x "$dir/bin/mkdir"
odd=
for after in 0 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.12 0.15 0.2; do
	env --default-signal=TERM PATH="$dir/bin:$PATH" "$vm" run --kernel 6.1 -- true </dev/null >/dev/null 2>"$dir/err" &
	pid=$!
	# until then it is this shell, whose trap would clean up
	for ((i = 0; i < 5000; i++)); do ! grep -qa -e --kernel "/proc/$pid/cmdline" || break; done
	sleep $after
	kill -TERM $pid
	wait $pid 2>/dev/null
	rc=$?
	# bash may lose count of its children when it unwinds from a $(...); an empty cache is filled, which it tells
	said=$(grep -vE 'wait_for: No record of process|^  [A-Z]+ ' "$dir/err")
	[ "$rc" = 143 ] && [ -z "$said" ] || odd+=" $after:$rc:$said"
done
is "$odd" '' 'SIGTERM while it starts ends it with 143, without a word'
rm "$dir/bin/mkdir"
nothing_left 'and without a trace'

### fetching

if mount -t tmpfs -o size=4m davit-test "$dir/small"; then
	run env DAVIT_LAB="$dir/small" unshare --net "$vm" fetch 6.1
	is "$status" 125 'no network is an error'
	like "$err" "cannot fetch the package lists of 'bookworm-security'"$'\n''hint: is there a network' 'that says so'
	if [[ $(apt-get indextargets --format '$(SITE)' 2>/dev/null) != *debian* ]]; then
		skip 'no mirror of Debian' 4
	else
		run env DAVIT_LAB="$dir/small" "$vm" fetch 6.1
		if [[ $err == *'package lists'*'is there a network'* ]]; then
			skip 'no network' 4
		else
			is "$status" 125 'no space for a package is an error'
			like "$err" "cannot fetch package 'linux-image.*hint: .*space in '$dir/small'" 'that says where'

			# a tree with other tables: a small package with a wrong digest, a version that is gone
			mkdir -p "$dir/tree/tests"
			cp -r "$TEST_TOP/scripts" "$dir/tree/"
			printf '1.0\tbookworm\timage\t%s\t%s\t%064d\n' linux-base \
				"$(apt-cache show linux-base | awk '/^Version:/ { print $2; exit }')" 0 >"$dir/tree/tests/kernels.txt"
			run env DAVIT_LAB="$dir/small" "$dir/tree/scripts/vm" fetch 1.0
			like "$status $err" "^125 .*'linux-base' .* has another digest" 'a package with another digest is refused'
			sed -i 's/\timage.*/\timage\tlinux-image-1.0\t1.0-1\t0/' "$dir/tree/tests/kernels.txt"
			env DAVIT_LAB="$dir/small" "$dir/tree/scripts/vm" fetch 1.0 2>"$dir/err" &
			pid=$!
			wait_until 60 grep -q 'FETCH .*taking' "$dir/err"
			kill -TERM $pid
			wait $pid 2>/dev/null
			like "$(cat "$dir/err")" '1.0-1 is gone from bookworm, taking .* pins it' 'a version that is gone gives way to the current one'
		fi
	fi
	is "$(find "$dir/small" -type f ! -name .lock)" '' 'failed fetches leave nothing in the cache'
	nothing_left 'nor elsewhere'
else
	skip 'no tmpfs' 8
fi
if mount -t tmpfs -o size=4m,ro davit-test "$dir/locked"; then
	run env DAVIT_LAB="$dir/locked" "$vm" fetch 6.1
	like "$status $err" "^125 .*cannot write to the cache '$dir/locked'.*hint: set" 'a cache that cannot be written is an error'
else
	skip 'no tmpfs'
fi

### guests

why=
for p in qemu-system-x86_64:qemu-system-x86 cpio:cpio modprobe:kmod mkfs.xfs:xfsprogs mkfs.btrfs:btrfs-progs; do
	command -v "${p%:*}" >/dev/null || why+=" ${p#*:}"
done
[ -z "$why" ] || why="not installed:$why"
[ -n "$why" ] || run "$vm" fetch 6.1
[ -n "$why" ] || [ "$status" -eq 0 ] || why="kernel 6.1 cannot be fetched: ${err%%$'\n'*}"
if [ -n "$why" ]; then
	skip "$why" 40
	done_testing
fi
export DAVIT_LAB=$cache

# a damaged image: a cache that is a copy
about() { awk -v k="$1" '$1 == k { print $2 }' "$cache/kernels/6.1/about"; }
image=$(about image)
mkdir -p "$dir/copy/kernels/6.1/${image%/*}"
cp "$cache/kernels/6.1/about" "$dir/copy/kernels/6.1/"
cp "$cache/kernels/6.1/$image" "$dir/copy/kernels/6.1/$image"
printf x | dd of="$dir/copy/kernels/6.1/$image" bs=1 seek=4000000 conv=notrunc status=none
DAVIT_LAB=$dir/copy refused 'a damaged image' 'is damaged' run --kernel 6.1 -- true
refused 'the same by its path' "'$dir/copy/.*' is damaged" run --kernel "$dir/copy/kernels/6.1/$image" -- true
head -c 3000000 "$cache/kernels/6.1/$image" >"$dir/cut"
refused 'a truncated image' "'$dir/cut' is damaged" run --kernel "$dir/cut" -- true
cp "$cache/kernels/6.1/$image" "$dir/copy/kernels/6.1/$image"
ln -s "$cache/kernels/6.1/tree/lib" "$cache/kernels/6.1/tree/usr" "$dir/copy/kernels/6.1/tree/"

# one guest that looks at itself
cat >"$dir/share/look" <<'EOF'
say() { printf '%s=%s\n' "$1" "$2"; }
fs() { findmnt -no FSTYPE "$1"; }
say release "$(uname -r)"
say pwd "$PWD"
say stdin "$(cat)"
say host "$(hostname)"
say user "$(id -u)"
say environ "$(env | cut -d= -f1 | grep -vxE '_|SHLVL|OLDPWD|PWD' | sort | paste -sd' ')"
say cgroup "$(stat -fc %T /sys/fs/cgroup) $(diff /sys/fs/cgroup/cgroup.{controllers,subtree_control} >/dev/null && echo all)"
say controllers "$(cat /sys/fs/cgroup/cgroup.controllers)"
say bpffs "$(fs /sys/fs/bpf)"
say memory "$(for d in /run /tmp /var/tmp /dev/shm /var/lib/davit; do fs $d; done | sort | uniq -c | xargs)"
say disks "$(fs /mnt/xfs) $(fs /data)"
cp --reflink=always /etc/passwd /mnt/xfs/a 2>/dev/null; cp /etc/passwd /mnt/xfs/a
say reflink "$(cp --reflink=always /mnt/xfs/a /mnt/xfs/b && echo yes)"
say lo "$(ip -br link show lo | grep -o LOWER_UP)"
for m in overlay veth bridge nf_tables xfs btrfs ext4 erofs loop squashfs macvlan ipvlan vxlan tun dummy; do
	modprobe $m || say missing $m
done
say modules done
mkdir /tmp/{l,u,w,m} && mount -t overlay -o lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w o /tmp/m && say overlay yes
say nodes "$(ls /dev/fuse /dev/net/tun /dev/loop-control | xargs)"
say pty "$(script -qec tty /dev/null </dev/null | grep -o /dev/pts/)"
echo trace >/dev/stderr
echo to-share >"$1/result"
echo to-share >"$2/result"
: >/etc/davit-lab-test
sleep 1000 &
disown
exit 3
EOF
export DAVIT_LAB_TEST_SECRET=1
# names that somebody between here and there could take for more than a name
odd=$dir/odd$' 1:\'"*,$HOME\\n\n\xc3\xa4'
mkdir "$odd"
run "$vm" run --kernel bookworm --disk xfs:300M --disk btrfs:200M:/data --share "$dir/share" --share "$odd" \
	--console "$dir/con,sole" -- bash "$dir/share/look" "$dir/share" "$odd" < <(echo 'from the caller')
is "$status" 3 'the status is that of the command'
is "$err" trace 'standard error is apart'
saw() { is "$(sed -n "s/^$1=//p" <<<"$out")" "$2" "${3:-guest: $1}"; }
saw release "$(about release)"
saw pwd "$PWD" 'guest: the directory is that of the caller'
saw stdin 'from the caller' 'guest: standard input arrives, and its end'
saw host davit-lab
saw user 0
saw environ "DAVIT_LAB_KERNEL DAVIT_OUT HOME LANG LOGNAME PATH SHELL TERM USER" 'guest: the environment is clean'
saw cgroup 'cgroup2fs all' 'guest: cgroup v2 with all controllers enabled'
like "$out" 'controllers=cpuset cpu io memory .*pids' 'guest: which are those of containers'
saw bpffs bpf
saw memory '5 tmpfs' 'guest: /run, /tmp, /var/tmp, /dev/shm, /var/lib/davit are in memory'
saw disks 'xfs btrfs' 'guest: disks are mounted'
saw reflink yes
saw lo LOWER_UP
saw missing '' 'guest: modules can be loaded'
saw modules done
saw overlay yes 'guest: overlay works in /tmp'
saw nodes '/dev/fuse /dev/loop-control /dev/net/tun' 'guest: devices whose module is loaded on demand'
saw pty /dev/pts/
is "$(cat "$dir/share/result" 2>&1)" to-share 'what is written to a share arrives'
is "$(cat "$odd/result" 2>&1)" to-share 'also to one of an odd name'
[ ! -e /etc/davit-lab-test ] && pass 'other writes stay in the guest' || fail 'other writes stay in the guest'
ok 'the console is kept on demand' test -e "$dir/con,sole"
nothing_left 'a run leaves nothing'

# an image by its path, a death by a signal, a reader that goes away
user=()
chmod 0711 "$dir"
chmod 1777 "$TMPDIR"
mkdir "$dir/theirs"
chown 65534:65534 "$dir/theirs"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
! "${nobody[@]}" test -r "$cache/kernels/6.1/$image" -a -x "$vm" || user=("${nobody[@]}")
run "${user[@]}" "$vm" run --kernel "$cache/kernels/6.1/$image" --modules "$cache/kernels/6.1/tree" --share "$dir/theirs" -- \
	bash -c "echo made >'$dir/theirs/new'; uname -r; kill -KILL \$\$"
is "$status $out" "137 $(about release)" 'a bzImage by its path; the status tells the signal'
if [ ${#user[@]} -eq 0 ]; then
	skip 'the cache is not for other users'
else
	is "$(stat -c %u "$dir/theirs/new" 2>&1) $(cat "$dir/theirs/new" 2>&1)" '65534 made' 'of a user that is not root, with a share'
fi
run timeout 100 bash -o pipefail -c "'$vm' run --kernel 6.1 -- yes </dev/null | head -n 1"
is "$status $out" '141 y' 'it ends when nobody reads'

# a cache with damaged files of the lab's own: made again
copy=$dir/copy/kernels/6.1
run env DAVIT_LAB="$dir/copy" timeout 100 bash -c "exec '$vm' run --kernel 6.1 -- yes </dev/null >/dev/full"
is "$status" 125 'output that cannot be written is a failure'
like "$err" 'cannot write what the command prints on standard output: No space left' 'which is told, and ends the run'
before=$(sha256sum "$copy/vmlinux")
for file in "$copy"/vmlinux "$copy"/initrd-????????????????; do
	dd if=/dev/zero of="$file" bs=4096 count=8 conv=notrunc status=none
done
run env DAVIT_LAB="$dir/copy" bash -c "exec '$vm' run --kernel 6.1 -- sh -c 'cat; echo up' <&-"
is "$status $out" '0 up' 'damaged vmlinux and initramfs; no standard input'
is "$(sha256sum "$copy/vmlinux") $(head -c 6 "$copy"/initrd-????????????????)" "$before 070701" 'they are made again'
is "$err" '' 'without a word'

# the kernel fails, the time is over
run "$vm" run --kernel 6.1 -- sh -c 'echo before; echo c >/proc/sysrq-trigger; sleep 100' </dev/null
is "$status $out" '125 before' 'a panic is a failure'
like "$err" 'kernel 6.1 is broken: Kernel panic - not syncing: sysrq triggered crash'$'\n''hint: console log: ' 'that tells which'
log=${err##*console log: }
ok 'the console log is kept' grep -q 'Kernel panic' "$log"
rm -f "$log"
run "$vm" run --kernel 6.1 --timeout 2 -- sleep 100 </dev/null
is "$status" 124 'a time-out has status 124'
like "$err" 'timed out after 2 s on kernel 6.1'$'\n''hint: console log: ' 'and tells where the console is'
rm -f "${err##*console log: }"
nothing_left 'failed runs leave nothing'

# signals
for s in INT:130 TERM:143 HUP:129 KILL:137; do
	env --default-signal=INT,TERM,HUP "$vm" run --kernel 6.1 --disk ext4:64M -- sleep 100 </dev/null >/dev/null 2>"$dir/err" &
	pid=$!
	wait_until 30 pgrep -f "qemu.*$TMPDIR/davit-lab"
	kill "-${s%:*}" $pid
	wait $pid 2>/dev/null
	is $? "${s#*:}" "SIG${s%:*} ends a run"
	wait_until 5 eval '! pgrep -f "qemu.*$TMPDIR/davit-lab"' || :
	is "$(pgrep -f "qemu.*$TMPDIR/davit-lab")" '' 'and its virtual machine'
done
# nobody but the next one can do it, and not to those that are alive
mkdir "$TMPDIR/davit-lab.livelive"
exec {live}>"$TMPDIR/davit-lab.livelive/.lock"
flock "$live"
mkdir "$TMPDIR"/davit-lab.beginnin.new "$TMPDIR/davit-lab.deaddead.new"
touch -d '2 minutes ago' "$TMPDIR/davit-lab.deaddead.new"
run "$vm" run --kernel "$dir/none" -- true
is "$(cd "$TMPDIR" && echo *)" 'davit-lab.beginnin.new davit-lab.livelive' 'the next run removes what SIGKILL left'
exec {live}>&-
rm -r "$TMPDIR"/davit-lab.{livelive,beginnin.new}
nothing_left 'and leaves nothing'

# a terminal
run script -qec "stty cols 99 rows 33; '$vm' shell -- bash -c 'tty; stty size; exit 5'" /dev/null </dev/null
is "$status" 5 'a shell has the status of its command'
like "$out" '/dev/hvc0.*33 99' 'and a terminal of the size of ours'
nothing_left 'and leaves nothing'
done_testing
