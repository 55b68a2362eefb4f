#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit run and davit exec against the published ways out of container engines: escape.t for davit.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
# shellcheck source=tests/runtime/escape.sh
. "$(dirname "$0")/escape.sh"
davit_env "$@"
demo_image
escape_env
src=$TEST_DIR/src
vol=$TEST_DIR/vol
up=../../../../../../../..
mkdir -p "$src" "$vol"
with_look=(-v "$look:/look:ro")

# races NAME LINK ARG...: /vol/x of a volume is a directory and a link to LINK by turns, while `davit run ARG...` goes on
races() {
	local name=$1 link=$2
	shift 2
	rm -rf "${vol:?}"/*
	mkdir "$vol/x"
	ln -s "$link" "$vol/x.x"
	judge "$name" -e 125 "$vol/x" "$vol/x.x" davit run --rm -v "$vol:/vol" "${with_look[@]}" "$@"
	untouched "$name"
	rm -rf "${vol:?}"/*
}

### targets in a volume that another changes

beats mount-target m
for link in "$host" "$up$host" / /proc /proc/sys /sys /dev /proc/self/fd/9 /proc/1/root; do
	races "CVE-2021-30465: target, link to ${link//"$TEST_DIR"/}" "$link" -v "$src:/vol/x" davit/demo /look proc
done
races 'CVE-2021-30465: tmpfs, link to /sys' /sys --tmpfs /vol/x davit/demo /look proc
races 'CVE-2024-45310: parents of a target' "$host" -v "$src:/vol/x/a/b" davit/demo /look proc

### working directory

beats cwd w
races 'CVE-2024-21626: working directory is a link' "$host" -w /vol/x davit/demo sh -c '[ -e file ] && exit 42; exit 0'
races 'CVE-2024-21626: … to a descriptor' /proc/self/fd/9 -w /vol/x davit/demo \
	sh -c 'case $(readlink /proc/self/cwd) in /vol/x*) exit 0 ;; *) exit 42 ;; esac'
davit run -d --name long "${with_look[@]}" davit/demo sleep 1000 >/dev/null
for ((n = 3; n < 16; n++)); do
	for cwd in "/proc/self/fd/$n" "/proc/1/fd/$n/.." "/proc/thread-self/fd/$n"; do
		run davit run --rm -w "$cwd" davit/demo sh -c 'ls -d /proc/self/cwd/*' 9<"$host"
		[ "$status" -eq 125 ] || fail "CVE-2024-21626: run in $cwd" "$out"
		run davit exec -w "$cwd" long sh -c 'ls -d /proc/self/cwd/*' 9<"$host"
		[ "$status" -ne 0 ] || fail "CVE-2024-21626: exec in $cwd" "$out"
	done
done
pass 'CVE-2024-21626: no descriptor is a working directory'

### writes to proc (CVE-2025-52881)

mkdir -p "$vol/ipv4"
ln -s "$host/file" "$vol/ipv4/ip_forward"
run davit run --rm -v "$vol:/proc/sys/net" --sysctl net.ipv4.ip_forward=1 davit/demo true
is "$status" 125 'CVE-2025-52881: a sysctl below a volume is refused'
ln -sfn /proc/self/fd/1 "$vol/ipv4/ip_forward"
run davit run --rm -v "$vol:/proc/sys/net" --sysctl net.ipv4.ip_forward=1 davit/demo true
is "$status.$out" 125. '… through a link to a descriptor, too'
rm "$vol/ipv4/ip_forward" && echo before >"$vol/ipv4/ip_forward"
run davit run --rm -v "$vol:/proc/sys/net" --sysctl net.ipv4.ip_forward=1 davit/demo true
is "$status.$(<"$vol/ipv4/ip_forward")" 125.before '… and the file of a volume is no sysctl'
untouched 'CVE-2025-52881'
sees 'one of the kernel is' 1 --sysctl net.ipv4.ip_forward=1 davit/demo cat /proc/sys/net/ipv4/ip_forward
rm -rf "${vol:?}"/*

### proc is not covered (CVE-2019-16884)

for path in /proc /proc/ //proc /x/../proc /./proc; do
	refuses "CVE-2019-16884: a volume on $path" . -v "$src:$path" davit/demo true
	refuses "CVE-2019-16884: a tmpfs on $path" . --tmpfs "$path" davit/demo true
done

### images that put something else where the kernel's things belong (CVE-2019-19921, CVE-2026-41579, CVE-2025-31133)

trap_tree=$TEST_DIR/trap
base=$TEST_DIR/base
mkdir "$base"
tar -C "$base" -xf "$(demo_rootfs)"
for path in proc sys dev etc dev/null dev/pts dev/shm dev/console sys/fs etc/hosts; do
	for kind in "$host" "$up$host" /proc/self/fd /proc/1/root /proc file fifo; do
		rm -rf "$trap_tree"
		cp -a "$base" "$trap_tree"
		rm -rf "${trap_tree:?}/$path"
		mkdir -p "$(dirname "$trap_tree/$path")"
		case $kind in
		file) echo x >"$trap_tree/$path" ;;
		fifo) mkfifo "$trap_tree/$path" ;;
		*) ln -s "$kind" "$trap_tree/$path" ;;
		esac
		davit import "$trap_tree" trap >/dev/null 2>&1
		run davit run --rm "${with_look[@]}" trap /look proc
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ] || fail "an image whose /$path is ${kind//"$TEST_DIR"/}" "$status $err"
		davit rmi trap >/dev/null 2>&1
	done
	untouched "images whose /$path is a link, a file, a fifo"
done
rm -rf "$trap_tree" "$base"

### descriptors, capabilities, groups, users

run davit run --rm "${with_look[@]}" davit/demo /look fds 9<"$host" 33<"$host/file" 700</
is "$status" 0 'run: nothing is open but 0, 1 and 2' || diag "$err"
run davit exec long /look fds 9<"$host" 33<"$host/file" 700</
is "$status" 0 'exec: nothing is open but 0, 1 and 2' || diag "$err"
caps='grep -E "^Cap(Inh|Amb)" /proc/self/status | cut -f 2 | uniq'
none=0000000000000000
raised=(setpriv '--inh-caps=+net_raw,+sys_admin' '--ambient-caps=+net_raw,+sys_admin')
davit=$(command -v davit)
for row in '' '--user 1000' '--cap-add NET_ADMIN' '--user 1000 --cap-add SYS_ADMIN' '--privileged'; do
	# shellcheck disable=SC2086
	run "${raised[@]}" "$davit" run --rm $row davit/demo sh -c "$caps"
	is "$out" $none "CVE-2022-24769: run $row: nothing is inherited"
done
for row in '' '--user 1000' '--privileged'; do
	# shellcheck disable=SC2086
	run "${raised[@]}" "$davit" exec $row long sh -c "$caps"
	is "$out" $none "CVE-2022-29162: exec $row: nothing is inherited"
done
# a set-group-id program would shed the primary group and what is denied to it, were it not among the others
groups='grep ^Groups: /proc/self/status | cut -f 2- | xargs'
run setpriv --groups 4,24 "$davit" run --rm --user 1000:1001 davit/demo sh -c "$groups"
is "$out" 1001 'CVE-2022-36109: run: the primary group, and none of the caller'
run setpriv --groups 4,24 "$davit" exec --user 1000:1001 long sh -c "$groups"
is "$out" 1001 'CVE-2022-36109: exec: the primary group, and none of the caller'
for user in -1 4294967295 4294967296 18446744073709551616 0x0 1: :0 a:b:c 1:-1 1:4294967296; do
	refuses "CVE-2024-40635: --user '$user'" . --user "$user" davit/demo id -u
done
sees 'the largest user id is itself' 4294967294 --user 4294967294 davit/demo id -u

### a volume of two containers, one of which exchanges names while the other is made

for link in /proc /proc/sys / "$up" /proc/self/fd/9; do
	mkdir -p "$vol/x"
	ln -sfn "$link" "$vol/x.x"
	davit run -d --name swapper -v "$vol:/vol" -v "$race:/race:ro" davit/demo /race -s /vol/x /vol/x.x >/dev/null
	leaks=0 runs=0
	for ((end = SECONDS + 20; SECONDS < end; runs++)); do
		[ $runs -lt 20 ] || ! davit logs swapper | grep -q enough || break
		run davit run --rm -v "$vol:/vol" -v "$src:/vol/x" --tmpfs /vol/x/t "${with_look[@]}" davit/demo /look proc
		[ "$status" -eq 0 ] || [ "$status" -eq 125 ] || { leaks=$((leaks + 1)); _tell 'run beside a swapper'; }
	done
	davit stop swapper >/dev/null
	out=$(davit logs swapper)
	davit rm -f swapper >/dev/null
	diag "shared volume, $link: $out runs=$runs leaks=$leaks"
	ok "shared volume, link to $link: $swaps swaps" [ "$leaks.$(($(number swaps) >= swaps))" = 0.1 ]
	untouched "shared volume, link to $link"
done

davit rm -f long >/dev/null
rm -rf "${TMPDIR:?}"/*
done_testing
