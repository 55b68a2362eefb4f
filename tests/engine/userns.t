#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --userns: root inside is not root outside; images are shared, never chowned.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
tar=$(demo_rootfs)
d=$TMPDIR/d
mkdir -p "$d"

# names, owners, modes and contents of every layer
digest() { (cd "$DAVIT_ROOT" && find layers l -follow -printf '%P %U:%G %m %s\n' 2>/dev/null | sort | sha256sum); }
before=$(digest)

run davit run --rm --userns 0:100000:65536 davit/demo sh -c 'xargs </proc/self/uid_map; xargs </proc/self/gid_map; id -u; cat /proc/self/setgroups'
is "$out" $'0 100000 65536\n0 100000 65536\n0\nallow' 'a range is the map'
run davit run --rm --userns auto davit/demo sh -c 'xargs </proc/self/uid_map'
like "$out" '^0 [0-9]+ 65536$' '--userns auto takes a range'
read -r _ base _ <<<"$out"
ok 'above what hosts give away' [ "$base" -ge 1073741824 ]
isnt "$(davit run --rm --userns auto davit/demo readlink /proc/self/ns/user)" "$(readlink /proc/self/ns/user)" 'in a namespace of its own'
is "$(davit run --rm --userns host davit/demo readlink /proc/self/ns/user)" "$(readlink /proc/self/ns/user)" '--userns host is that of the host'

# seen from outside
davit run -d --name in --userns 0:200000:65536 davit/demo sleep 60 >/dev/null
pid=$(davit inspect in | jq '.[0].State.Pid')
is "$(stat -c %u "/proc/$pid")" 200000 'root inside is nobody outside'
is "$(awk '/^Uid/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" '200000 200000 200000 200000' 'with all ids'
run davit exec in sh -c 'xargs </proc/self/uid_map; id -u; sed -n "s/^CapEff:\t//p;s/^Seccomp:\t//p" /proc/self/status; readlink /proc/self/ns/user'
is "$out" $'0 200000 65536\n0\n00000000a80425fb\n2\n'"$(readlink "/proc/$pid/ns/user")" 'exec enters it'
is "$(davit exec -u demo in id -u)" 1000 'exec as a user'
davit rm -f in >/dev/null

# files: what root inside makes is root's outside of the container only in name
run davit run --rm --userns 0:300000:65536 -v "$d:/m" davit/demo sh -c 'touch /m/f && chown 1000:1000 /m/f && touch /m/r && stat -c "%u:%g" /m /m/f /m/r | xargs'
is "$out" '0:0 1000:1000 0:0' 'a bind maps through'
is "$(stat -c '%u:%g' "$d/f" "$d/r" | xargs)" '1000:1000 0:0' 'to the same ids on the host'
run davit run --rm --userns 0:300000:65536 davit/demo sh -c 'stat -c "%u:%g" / /bin /home/demo /etc/passwd /etc/hosts /dev /dev/null /dev/shm /tmp | xargs'
is "$out" '0:0 0:0 1000:1000 0:0 0:0 0:0 0:0 0:0 0:0' 'the image looks as ever'
run davit run --rm --userns auto davit/demo sh -c 'touch /root/x /x && chown 1000 /x && rm /etc/passwd && stat -c %u /x'
is "$out" 1000 'and is writable'
davit run --name kept --userns 0:400000:65536 davit/demo sh -c 'echo data >/f; chown 1000:1000 /f; mkdir -p /dir; rm -f /etc/group'
id=$(davit inspect kept | jq -r '.[0].Id')
is "$(stat -c '%u:%g' "$DAVIT_ROOT/containers/$id/upper/f" "$DAVIT_ROOT/containers/$id/upper/dir" | xargs)" '1000:1000 0:0' 'the writable layer holds the ids of the inside'
davit start kept >/dev/null
is "$(davit wait kept)" 0 'it starts again'
davit rm kept >/dev/null
is "$(digest)" "$before" 'the layers are untouched'

# privileges end at the namespace
run davit run --rm --userns auto davit/demo sh -c 'mknod /tmp/n c 1 3 2>&1 | sed "s/.*: //"'
is "$out" 'Operation not permitted' 'no device can be made'
run davit run --rm --userns auto --privileged davit/demo sh -c 'mount -t tmpfs x /tmp && echo mounted'
is "$out" mounted 'privileged is privileged inside'
run davit run --rm --userns auto --cap-add SYS_TIME --security-opt seccomp=unconfined davit/demo sh -c 'date -s 2000-01-01 2>&1 >/dev/null | sed "s/.*: //"'
is "$out" 'Operation not permitted' "the clock is the host's"

# together with the other options
run davit run --rm --userns auto -u demo davit/demo sh -c 'echo $(id -u) $(id -G) $HOME; touch /tmp/x && stat -c %u /tmp/x'
is "$out" $'1000 1000 2000 /home/demo\n1000' 'a user'
run davit run --rm --userns auto --read-only --tmpfs /tmp --tmpfs /t:uid=5,gid=6 davit/demo sh -c 'touch /tmp/x && touch /x 2>/dev/null; stat -c %u:%g /tmp /t /tmp/x | xargs'
is "$out" '0:0 5:6 0:0' '--tmpfs with ids of the inside'
run davit run --rm --userns auto --init davit/demo cat /proc/1/comm
is "$out" docker-init '--init'
run davit run --rm --userns auto --sysctl net.ipv4.tcp_keepalive_time=99 davit/demo cat /proc/sys/net/ipv4/tcp_keepalive_time
is "$out" 99 '--sysctl'
run davit run --rm --userns auto --network host davit/demo sh -c '[ -d /sys/class/net ] && echo ok'
is "$out" ok '--network host'
run davit run --rm --userns auto --pid host davit/demo sh -c 'echo ok'
is "$out" ok '--pid host'
run davit run --rm --userns auto --ipc host davit/demo sh -c 'echo ok'
is "$out" ok '--ipc host'
run davit run --rm --userns auto --cgroupns host davit/demo sh -c 'echo ok'
is "$out" ok '--cgroupns host'
run davit run --rm --userns auto --time-offset boottime=1000 davit/demo sh -c 'echo ok'
is "$out" ok '--time-offset'
run davit run --rm --userns auto --device /dev/fuse davit/demo sh -c '[ -c /dev/fuse ] && echo ok'
is "$out" ok '--device'
run davit run --rm --userns auto -w /made/here davit/demo sh -c 'pwd; stat -c %u .'
is "$out" $'/made/here\n0' '-w'
davit import -c 'VOLUME /data' -c 'USER demo' "$tar" vols >/dev/null
run davit run --rm --userns auto --read-only -u 0 vols sh -c 'touch /data/x && stat -c %u /data/x'
is "$out" 0 'volumes of an image'

# -t: the terminal belongs to the user inside
run script -qec 'davit run --rm -t --userns auto -u demo davit/demo sh -c "stat -c %u \$(tty); echo x >/dev/tty && echo ok"' /dev/null
like "$(tr -d '\r' <<<"$out" | xargs)" '1000 x ok' '-t'

davit run -d --name few --userns 0:100000:10 davit/demo sleep 60 >/dev/null
for id in 10 4294900000; do
	run davit run --rm -t --userns 0:100000:10 -u "$id" davit/demo true
	is "$status" 125 "-t for user $id of ten"
	like "$err" "^davit: id $id is not mapped in the container's user namespace" 'is told'
	run davit exec -t -u "$id" few true
	is "$status" 125 'and by exec'
	like "$err" "^davit: id $id is not mapped in the container's user namespace" 'as well'
done
davit rm -f few >/dev/null

# ranges
for range in 0:100000 x:1:2 0:0:65536 0:100000:0 0:4294967295:2 1:100000:65536 a 0:1:2:3 -1:2:3; do
	run davit run --rm --userns "$range" davit/demo true
	is "$status" 125 "--userns $range is refused"
	like "$err" 'user' 'as such'
done
run davit run --rm --userns 0:100000:1 davit/demo id -u
is "$out" 0 'a range of one id'
run davit run --rm --userns 0:100000:1 -u 1000 davit/demo id -u
is "$status" 125 'has no other user'
like "$err" 'not mapped' 'and it says so'

# many at once: no two with the same ids
for i in 1 2 3 4 5 6 7 8; do davit run -d --name "n$i" --userns auto davit/demo sleep 60 >/dev/null & done
wait
is "$(for i in 1 2 3 4 5 6 7 8; do davit exec "n$i" cat /proc/self/uid_map; done | sort -u | wc -l)" 8 'eight have eight ranges'
davit rm -f n1 n2 n3 n4 n5 n6 n7 n8 >/dev/null
is "$(ls "$DAVIT_STATE/userns" | wc -l)" 0 'ranges are given back'
is "$(digest)" "$before" 'after all the layers are untouched'
rm -rf "$d"
# who is outside of the map is named
while IFS='|' read -r options want; do
	read -ra o <<<"$options"
	fails "refused: $options" 125 davit run --rm --userns 0:100000:1000 "${o[@]}" davit/demo true
	like "$err" "^davit: $want is not mapped in the container's user namespace" 'naming it'
	like "$err" 'hint: it has the ids 0 to 999' 'with those that it has'
done <<-EOT
	-u nobody|id 65534
	-u 1000|id 1000
	-u 5:1000|group id 1000
	--group-add 4242|group id 4242
EOT
is "$(davit run --rm --userns 0:100000:1000 -u 999:999 davit/demo id -u)" 999 'the last of them runs'

# the way to davit's own directories may be closed to everybody but root
chmod 700 "$DAVIT_STATE" "$DAVIT_ROOT"
is "$(davit run --rm --userns 0:100000:1000 davit/demo echo in)" in 'directories of mode 0700'
chmod 755 "$DAVIT_STATE" "$DAVIT_ROOT"
done_testing
