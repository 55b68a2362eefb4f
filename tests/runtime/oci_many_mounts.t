#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci on a host with many mounts: containers begin with a bare mount namespace (user/kern/bare_ns.h), look the
# same as with few, and get the host's mounts where something needs them.
# shellcheck disable=SC2016 # filters are jq's
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
have_listmount() { [ "$(printf '%s\n' 6.8 "$(uname -r)" | sort -V | head -n 1)" = 6.8 ]; }
pin=$oci_root/~bare/ns
mounts_below() { awk -v d="$1" 'index($5, d) == 1' /proc/self/mountinfo | wc -l; }
# what must not depend on the host's mounts; ids and device numbers do
look='sed -E "s/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/ (shared|master):[0-9]+//" /proc/self/mountinfo | sort; ls -a / /dev; readlink /proc/self/root; readlink /proc/self/cwd'

mkdir -p "$TEST_DIR/many" "$TEST_DIR/source/sub"
inside t 'sh($c)' --arg c "$look"
is "$status" 0 'a container on a host with few mounts'
with_few=$out
if [ "$(wc -l </proc/self/mountinfo)" -lt 128 ]; then
	ok 'nothing is pinned for it' [ ! -e "$oci_root/~bare" ]
else
	skip 'this host has many mounts'
fi

mount -t tmpfs davit-test "$TEST_DIR/many"
for ((i = 0; i < 300; i++)); do
	mkdir "$TEST_DIR/many/$i" && mount -t tmpfs -o size=4k davit-test "$TEST_DIR/many/$i" || bail 'cannot mount'
done

inside t 'sh($c)' --arg c "$look"
is "$status" 0 'and with many'
is "$out" "$with_few" 'looks the same'
if ! have_listmount; then
	ok 'this kernel cannot count mounts: nothing is pinned' [ ! -e "$oci_root/~bare" ]
	umount -l "$TEST_DIR/many"
	done_testing
	exit
fi
is "$(stat -fc %T "$pin") $(mounts_below "$oci_root/~bare")" 'nsfs 2' 'a namespace is pinned by two mounts'
is "$(nsenter --mount="$pin" /bin/true 2>&1)" 'nsenter: failed to execute /bin/true: No such file or directory' 'nothing of the host is in it'
first=$(stat -Lc %i "$pin")
shows 'the next container uses it' 0 'sh("grep -c davit-bare /proc/self/mountinfo; true")'
is "$(stat -Lc %i "$pin") $(mounts_below "$oci_root/~bare")" "$first 2" 'and it stays'
is "$(oci list -q)" '' 'it is no container'

### what needs the host

shows 'a bind' sub 'bind($s; "/m"; []) | sh("ls /m")' --arg s "$TEST_DIR/source"
shows 'sysctls' 11 '.linux.sysctl = {"net.ipv4.ip_default_ttl": "11"} | sh("cat /proc/sys/net/ipv4/ip_default_ttl")'
shows 'modes of devices' 600 '.linux.devices = [{path: "/dev/full2", type: "c", major: 1, minor: 7, fileMode: 384, uid: 7, gid: 8}]
	| sh("stat -c %a /dev/full2")'
shows 'a time namespace' yes 'ns("time") | .linux.timeOffsets = {boottime: {secs: 1000000}} |
	sh("[ $(cut -d. -f1 /proc/uptime) -gt 1000000 ] && echo yes")'
for d in few many; do mkdir -p "$TEST_DIR/$d.lower" && : >"$TEST_DIR/$d.lower/$d"; done
shows 'a file system of paths of the host' "few"$'\n'"many" 'mount("/o"; "overlay"; "overlay"; ["lowerdir=" + $d + "/few.lower:" + $d + "/many.lower"]) |
	sh("ls /o")' --arg d "$TEST_DIR"
shows 'a user namespace' 0 'userns | sh("id -u")'
shows 'the mount namespace of another' yes 'ns("mount"; "/proc/self/ns/mnt") | .process.args = ["/bin/sh", "-c", "[ -d " + $d + "/many/299 ] && echo yes"]' \
	--arg d "$TEST_DIR"
printf '#!/bin/sh\n[ -e %q ] && echo seen >%q\n' "$TEST_DIR/many/299" "$TEST_DIR/hook" >"$TEST_DIR/hook.sh"
chmod +x "$TEST_DIR/hook.sh"
for at in prestart createRuntime createContainer; do
	rm -f "$TEST_DIR/hook"
	shows "a hook at $at" ran 'hook($at; $p; []) | sh("echo ran")' --arg at $at --arg p "$TEST_DIR/hook.sh"
	is "$(cat "$TEST_DIR/hook" 2>&1)" seen 'finds the host'
done
shows 'relative to the working directory' "$PWD" 'sh("echo " + $d)' --arg d "$PWD"
bundle long 'sh("sleep 1000")'
ok 'one that stays' alone oci run --detach --bundle "$bundles/long" long
is "$(oci exec long sh -c "$look" | grep -vc davit-bare)" "$(oci exec long sh -c "$look" | wc -l)" 'exec sees nothing of it'
is "$(nsenter --target "$(pid_of long)" --mount --root ls /)" "$(oci exec long ls /)" 'nor who enters its mount namespace'
oci delete --force long

### the pin is damaged

umount "$pin"
shows 'unmounted by hand: made anew' yes 'sh("echo yes")'
is "$(stat -fc %T "$pin") $(mounts_below "$oci_root/~bare")" 'nsfs 2' 'at the same place'
umount "$pin" && umount "$oci_root/~bare"
shows 'both unmounted: made anew' yes 'sh("echo yes")'
is "$(stat -fc %T "$pin") $(mounts_below "$oci_root/~bare")" 'nsfs 2' 'with both'
umount "$pin" "$oci_root/~bare" && rm -r "${oci_root:?}/~bare" && ln -s "$TEST_DIR/source" "$oci_root/~bare"
shows 'a symlink in its place: the host is copied' yes 'sh("echo yes")'
is "$(ls "$TEST_DIR/source")" sub 'and nothing is made where it leads'
rm "$oci_root/~bare"
for ((i = 0; i < 20; i++)); do
	bundle "at-once$i" 'sh("true")'
	oci run --bundle "$bundles/at-once$i" "at-once$i" </dev/null >"$TMPDIR/said.$i" 2>&1 || echo "$?" >>"$TMPDIR/said.$i" &
done
wait
is "$(cat "$TMPDIR"/said.*)" '' '20 at once'
is "$(mounts_below "$oci_root/~bare")" 2 'it is made once'
rm -f "$TMPDIR"/*

umount "$pin" "$oci_root/~bare"
rm -r "${oci_root:?}/~bare"
umount -l "$TEST_DIR/many"
done_testing
