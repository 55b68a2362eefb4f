#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# -v, --mount, --tmpfs, --read-only and volumes of images, as Docker has them.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
tar=$(demo_rootfs)
d=$TMPDIR/d
mkdir -p "$d/src/sub" "$d/other"
echo file >"$d/src/file"

# options of the mount on /m
options='awk "\$5 == \"/m\" { print \$6 }" /proc/self/mountinfo'

### -v
sees '-v shows a directory' file -v "$d/src:/m" davit/demo cat /m/file
sees 'is writable' ok -v "$d/src:/m" davit/demo sh -c 'echo new >/m/new && echo ok'
is "$(cat "$d/src/new")" new 'for real'
is "$(stat -c %u "$d/src/new")" 0 'as who writes'
sees ':ro is not' 'Read-only file system' -v "$d/src:/m:ro" davit/demo sh -c 'touch /m/x 2>&1 | sed "s/.*: //"'
sees ':rw is' ok -v "$d/src:/m:rw" davit/demo sh -c 'touch /m/x && echo ok'
sees ':z is accepted where SELinux is not' file -v "$d/src:/m:z" davit/demo cat /m/file
sees 'a file' file -v "$d/src/file:/m" davit/demo cat /m
sees 'a file over a file' file -v "$d/src/file:/etc/passwd" davit/demo cat /etc/passwd
refuses 'a file over a directory' "'/tmp'" -v "$d/src/file:/tmp" davit/demo true
refuses 'a directory over a file' "'/etc/passwd'" -v "$d/src:/etc/passwd" davit/demo true
sees 'a target that is missing is made' file -v "$d/src:/very/deep/m" davit/demo cat /very/deep/m/file
sees 'a source that is missing is made' '0:0 755' -v "$d/made/dir:/m" davit/demo stat -c '%u:%g %a' /m
ok 'on the host' [ -d "$d/made/dir" ]
sees 'a target through a symlink of the image' file -v "$d/src:/bin/../m" davit/demo cat /m/file
refuses 'a relative source that is no name' 'absolute|PWD' -v "./x:/m" davit/demo true
refuses 'a named volume is not ignored' "'data'" -v data:/m davit/demo true
refuses 'an anonymous one neither' 'anonymous' -v /m davit/demo true
refuses 'a relative target' 'absolute|m' -v "$d/src:m" davit/demo true
refuses 'the root as the target' "'/'" -v "$d/src:/" davit/demo true
refuses 'an unknown option' 'wrong' -v "$d/src:/m:wrong" davit/demo true
refuses 'ro and rw' 'rw' -v "$d/src:/m:ro,rw" davit/demo true
refuses 'a target twice' "'/m'" -v "$d/src:/m" -v "$d/other:/m" davit/demo true
sees 'two, one in the other, whatever the order' 'file 1' -v "$d/other:/m/sub" -v "$d/src:/m" davit/demo \
	sh -c 'echo $(cat /m/file) $(grep -c " /m/sub " /proc/self/mountinfo)'
sees 'a source with a symlink' file -v "$(ln -s "$d/src" "$d/link" && echo "$d/link"):/m" davit/demo cat /m/file
sees 'a file of /etc replaces that of davit' "$(cat "$d/src/file")" -v "$d/src/file:/etc/hosts" davit/demo cat /etc/hosts
sees 'a bind of /etc does not hide those of davit' web -h web -v "$d/other:/etc" davit/demo cat /etc/hostname
sees '/dev/shm can be replaced' 1 -v "$d/other:/dev/shm" davit/demo sh -c 'grep -c " /dev/shm " /proc/self/mountinfo'
sees '/sys can be replaced' ok -v /sys:/sys:ro davit/demo sh -c '[ -d /sys/kernel ] && echo ok'
sees '/dev can be replaced, not what is in it' 'ok' -v /dev:/dev davit/demo sh -c '[ -c /dev/null ] && [ "$(ls /dev/pts | grep -v ptmx)" = "" ] && echo ok'

# a symlink of the image as the target: followed, inside
tree=$TMPDIR/tree
mkdir "$tree"
tar -C "$tree" -xf "$tar"
ln -s /home/demo "$tree/link"
ln -s ../../../../../../etc "$tree/up"
ln -s gone/away "$tree/dangling"
ln -s "$d/escaped/by/name" "$tree/host"
ln -s "../../../../../../../..$d/escaped/by/dots" "$tree/dots"
ln -s dots "$tree/etc/../chain"
ln -s /proc/self/cwd/../escaped "$tree/cwd"
ln -s /proc/davit "$tree/in-proc"
ln -s /sys/fs/cgroup/davit "$tree/in-cgroup"
ln -s ../.. "$tree/etc/root"
ln -s proc/sys "$tree/knobs"
davit import -c 'VOLUME /data /link/vol' "$tree" links >/dev/null
sees 'a target that is a symlink is followed' file -v "$d/src:/link" links cat /home/demo/file
sees 'inside of the container' file -v "$d/src:/up/x" links cat /etc/x/file
ok 'not outside' [ ! -e /etc/x ]
sees 'what a dangling symlink names is made' file -v "$d/src:/dangling" links cat /gone/away/file
sees 'also for a file' file -v "$d/src/file:/dangling" links cat /gone/away
sees 'below it' file -v "$d/src:/dangling/m" links cat /gone/away/m/file
sees 'in a user namespace' file --userns auto -v "$d/src:/dangling" links cat /gone/away/file
sees 'below a read-only root' file --read-only -v "$d/src:/dangling" links cat /gone/away/file
sees 'with a path of the host, inside' file -v "$d/src:/host" links cat "$d/escaped/by/name/file"
sees 'with dots, inside' file -v "$d/src:/dots" links cat "$d/escaped/by/dots/file"
sees 'by another symlink, inside' file -v "$d/src:/chain" links cat "$d/escaped/by/dots/file"
refuses 'through a link of /proc' "'/cwd'" -v "$d/src:/cwd" links true
refuses 'to /proc' "'/in-proc'" -v "$d/src:/in-proc" links true
refuses 'to the cgroup' "'/in-cgroup'" -v "$d/src:/in-cgroup" links true
ok 'nothing is made outside' [ ! -e "$d/escaped" ]
for volume in / /. /../x/.. /etc/root /../link/../etc/root /knobs; do
	davit import -c "VOLUME $volume" "$tree" over >/dev/null
	refuses "VOLUME $volume is refused" "volume '$volume'|volume '/etc/root'" --read-only over touch /x
done
rm -rf "$tree"

# mounts below the source
mount -t tmpfs davit-sub "$d/src/sub"
echo below >"$d/src/sub/f"
sees 'mounts below the source are there' below -v "$d/src:/m" davit/demo cat /m/sub/f
sees ':ro covers them' 'Read-only file system' -v "$d/src:/m:ro" davit/demo sh -c 'touch /m/sub/x 2>&1 | sed "s/.*: //"'
sees 'bind-recursive=disabled leaves them out' none --mount "type=bind,src=$d/src,dst=/m,bind-recursive=disabled" davit/demo sh -c '[ -e /m/sub/f ] || echo none'
sees 'bind-nonrecursive too' none --mount "type=bind,src=$d/src,dst=/m,bind-nonrecursive" davit/demo sh -c '[ -e /m/sub/f ] || echo none'
sees 'bind-recursive=writable leaves them writable' ok --mount "type=bind,src=$d/src,dst=/m,ro,bind-recursive=writable" davit/demo \
	sh -c 'touch /m/sub/x && ! touch /m/x 2>/dev/null && echo ok'

### propagation
mount --bind "$d/other" "$d/other"
mount --make-shared "$d/other"
mkdir "$d/other/a"
shared='awk "\$5 == \"/m\" { for (i = 7; \$i != \"-\"; i++) print \$i }" /proc/self/mountinfo | cut -d: -f1 | sort | xargs'
sees 'private by default' '' -v "$d/other:/m" davit/demo sh -c "$shared"
sees 'rshared' 'shared' -v "$d/other:/m:rshared" davit/demo sh -c "$shared"
sees 'rslave' 'master' -v "$d/other:/m:rslave" davit/demo sh -c "$shared"
sees '--mount bind-propagation=rslave' 'master' --mount "type=bind,src=$d/other,dst=/m,bind-propagation=rslave" davit/demo sh -c "$shared"
sees '--mount bind-propagation=rprivate' '' --mount "type=bind,src=$d/other,dst=/m,bind-propagation=rprivate" davit/demo sh -c "$shared"
davit run -d --name slave -v "$d/other:/m:rslave" davit/demo sleep 60 >/dev/null
davit run -d --name own -v "$d/other:/m" davit/demo sleep 60 >/dev/null
davit run -d --name shared --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$d/other:/m:rshared" davit/demo sleep 60 >/dev/null
mount -t tmpfs davit-late "$d/other/a"
echo late >"$d/other/a/f"
is "$(davit exec slave cat /m/a/f 2>&1)" late 'a slave sees a mount that comes later'
is "$(davit exec shared cat /m/a/f 2>&1)" late 'a shared one too'
isnt "$(davit exec own cat /m/a/f 2>/dev/null)" late 'a private one does not'
umount "$d/other/a"
davit exec shared sh -c 'mount -t tmpfs inside /m/a && echo inside >/m/a/f'
is "$(cat "$d/other/a/f" 2>&1)" inside 'the host sees that of a shared one'
umount "$d/other/a"
davit rm -f slave own shared >/dev/null
umount "$d/other"
mkdir "$d/plain"
mount -t tmpfs davit-plain "$d/plain"
mount --make-private "$d/plain"
refuses 'shared needs a source that is' "shared" -v "$d/plain:/m:rshared" davit/demo true
refuses 'slave too' "sla|shared" -v "$d/plain:/m:rslave" davit/demo true
umount "$d/plain" "$d/src/sub"

### --mount
sees 'type=bind' file --mount "type=bind,source=$d/src,target=/m" davit/demo cat /m/file
sees 'other words for it' file --mount "type=bind,src=$d/src,destination=/m" davit/demo cat /m/file
for word in readonly ro readonly=true ro=1; do
	sees "$word" 'ro' --mount "type=bind,src=$d/src,dst=/m,$word" davit/demo sh -c "$options | cut -d, -f1"
done
sees 'readonly=false' 'rw' --mount "type=bind,src=$d/src,dst=/m,readonly=false" davit/demo sh -c "$options | cut -d, -f1"
refuses 'a source that is missing is an error' "$d/nowhere" --mount "type=bind,src=$d/nowhere,dst=/m" davit/demo true
ok 'and not made' [ ! -e "$d/nowhere" ]
mkdir "$d/a,b"
echo comma >"$d/a,b/f"
sees 'fields in quotes may have commas' comma --mount "type=bind,\"src=$d/a,b\",dst=/m" davit/demo cat /m/f
refuses 'a type that is none' "'type=disk'" --mount type=disk,dst=/m davit/demo true
refuses 'a volume' 'volume' --mount type=volume,src=v,dst=/m davit/demo true
refuses 'no target' 'target' --mount "type=bind,src=$d/src" davit/demo true
refuses 'no source' 'source' --mount 'type=bind,dst=/m' davit/demo true
refuses 'an unknown key' "'colour'" --mount "type=bind,src=$d/src,dst=/m,colour=red" davit/demo true
sees 'type=tmpfs' '1777 tmpfs' --mount type=tmpfs,dst=/m davit/demo sh -c 'echo $(stat -c %a /m) $(stat -f -c %T /m)'
sees 'tmpfs-size, tmpfs-mode' "700 $((1 << 20))" --mount type=tmpfs,dst=/m,tmpfs-size=1m,tmpfs-mode=0700 davit/demo \
	sh -c 'echo $(stat -c %a /m) $(stat -f -c "%S %b" /m | { read s b; echo $((s * b)); })'

### --tmpfs
sees '--tmpfs' '1777 rw,nosuid,nodev,noexec' --tmpfs /m davit/demo sh -c "echo \$(stat -c %a /m) \$($options | sed s/,relatime//)"
sees 'size, mode, uid, gid' "750 5 6 $((64 << 10))" --tmpfs /m:size=64k,mode=750,uid=5,gid=6 davit/demo \
	sh -c 'echo $(stat -c "%a %u %g" /m) $(stat -f -c "%S %b" /m | { read s b; echo $((s * b)); })'
sees 'exec' hi --tmpfs /m:exec davit/demo sh -c 'cp /bin/busybox /m/echo && /m/echo hi'
sees 'noexec by default' no --tmpfs /m davit/demo sh -c 'cp /bin/busybox /m/echo; /m/echo hi 2>/dev/null || echo no'
sees 'ro' ro --tmpfs /m:ro davit/demo sh -c "$options | cut -d, -f1"
sees 'size is a limit' 'No space left on device' --tmpfs /m:size=64k davit/demo sh -c 'head -c 100000 /dev/zero 2>/dev/null | dd of=/m/x bs=4k 2>&1 | sed -n "s/.*: No/No/p"'
sees 'over a directory of the image hides it' 0 --tmpfs /home davit/demo sh -c 'ls -A /home | wc -l'
refuses 'an option that is none' 'flavour' --tmpfs /m:flavour=1 davit/demo true
refuses 'a mode that is none' '9' --tmpfs /m:mode=9 davit/demo true

### --read-only and volumes of the image
davit import -c 'VOLUME /data /home/demo' "$tar" vols >/dev/null
sees '--read-only' 'Read-only file system' --read-only davit/demo sh -c 'touch /x 2>&1 | sed "s/.*: //"'
sees 'leaves /dev, /dev/shm alone' ok --read-only davit/demo sh -c 'touch /dev/shm/x && echo x >/dev/null && echo ok'
fails 'nor are /etc/hosts and its like, as in Docker' 1 davit run --rm --read-only davit/demo sh -c 'echo "1.2.3.4 x" >>/etc/hosts'
sees 'otherwise /etc/hosts can be written' ok davit/demo sh -c 'echo "1.2.3.4 x" >>/etc/hosts && echo ok'
run davit run --rm davit/demo dd if=/dev/zero of=/etc/hosts bs=1M count=100
isnt "$status" 0 'but takes no more than the container'\''s own /dev'
like "$err" 'No space left' '… which says so'
sees 'with a /dev of the user it is read-only' yes -v /dev:/dev davit/demo sh -c 'grep -q localhost /etc/hosts && ! echo x 2>/dev/null >/etc/hosts && echo yes'
sees 'volumes of the image stay writable' 'ok' --read-only vols sh -c 'touch /data/x /home/demo/x && ! touch /x 2>/dev/null && echo ok'
sees 'a mount stays writable' ok --read-only -v "$d/src:/m" davit/demo sh -c 'touch /m/y && echo ok'
sees '--tmpfs too' ok --read-only --tmpfs /tmp davit/demo sh -c 'touch /tmp/y && echo ok'
sees 'a missing target is made all the same' file --read-only -v "$d/src:/not/there" davit/demo cat /not/there/file
sees 'a volume shows what the image has there' '1000' vols stat -c %u /home/demo
sees 'a mount on the volume of an image' file -v "$d/src:/data" vols cat /data/file
davit run --name keeps vols sh -c 'echo kept >/data/k'
davit start keeps >/dev/null
davit run --name keeps2 vols true
is "$(davit start keeps2 >/dev/null; davit run --rm vols sh -c 'ls /data | wc -l')" 0 'each container has its own'
davit rm keeps keeps2 >/dev/null

### many
args=()
for i in $(seq 100); do args+=(-v "$d/src:/many/$i:ro"); done
sees '100 mounts' 100 "${args[@]}" davit/demo sh -c 'grep -c " /many/" /proc/self/mountinfo'
for i in $(seq 101 200); do args+=(-v "$d/src:/many/$i:ro"); done
refuses 'too many are an error' 'more than' "${args[@]}" davit/demo true
is "$(grep -c "$DAVIT_ROOT\|/many/" /proc/self/mountinfo)" 0 'none of them is in the mount table of the host'
rm -rf "$d"
# a mount of the other kind
echo x >"$TMPDIR/file"
mkdir -p "$TMPDIR/dir"
while IFS='|' read -r options want; do
	read -ra o <<<"$options"
	fails "refused: ${options/$TMPDIR/}" 125 davit run --rm "${o[@]}" davit/demo true
	like "$err" "$want" 'saying why'
	like "$err" 'hint: mount a directory on a directory' 'with a hint'
done <<-EOT
	-v $TMPDIR/file:/etc|a file cannot be mounted on '/etc', which is a directory
	-v $TMPDIR/dir:/etc/passwd|a directory cannot be mounted on '/etc/passwd', which is a file
	--mount type=bind,src=$TMPDIR/dir,dst=/etc/passwd|a directory cannot be mounted on '/etc/passwd'
	--tmpfs /etc/passwd|a directory cannot be mounted on '/etc/passwd'
EOT
rm -r "$TMPDIR"/{file,dir}
done_testing
