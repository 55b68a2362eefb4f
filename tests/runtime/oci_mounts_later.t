#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: mounts that a later entry stands on, or changes.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
h=$TEST_DIR/host
mkdir -p "$h/dir/sub"
echo host >"$h/dir/file"

options() { echo "awk '\$5 == \"$1\" { print \$6 }' /proc/self/mountinfo"; }

### read-only is for when all is there

ro='mount("/r"; "tmpfs"; "tmpfs"; ["ro"]) | bind($h + "/dir/file"; "/r/file"; []) | bind($h + "/dir"; "/r/a/b"; [])'
shows 'a read-only tmpfs with mounts below' 'host host no' "$ro | sh(\"echo \$(cat /r/file /r/a/b/file) \$(touch /r/x 2>/dev/null || echo no)\")" --arg h "$h"
shows 'those below are not' yes "$ro | sh(\"touch /r/a/b/x && echo yes\")" --arg h "$h"
dev='(.mounts[] | select(.destination == "/dev")).options += ["ro"]'
shows 'a read-only /dev has its nodes, and its mounts' 'null pts shm no' "$dev | sh(\"cd /dev; echo \$(ls -d null pts shm) \$(touch x 2>/dev/null || echo no)\")"
shows '… with a terminal' no "$dev | .process.terminal = false | userns | sh(\"touch /dev/x 2>/dev/null || echo no\")"
shows 'by a remount' no 'mount("/dev"; "tmpfs"; "tmpfs"; ["remount", "ro"]) | sh("touch /dev/x 2>/dev/null || echo no")'
shows 'rro of a tmpfs' 'no no' 'mount("/r"; "tmpfs"; "tmpfs"; ["rro"]) | bind($h + "/dir"; "/r/a"; []) | sh("echo $(touch /r/x 2>/dev/null || echo no) $(touch /r/a/x 2>/dev/null || echo no)")' --arg h "$h"
shows 'with tmpcopyup' 'host no' 'mount("/etc"; "tmpfs"; "tmpfs"; ["ro", "tmpcopyup"]) | bind($h + "/dir/file"; "/etc/new/file"; []) | sh("echo $(cat /etc/new/file) $(touch /etc/x 2>/dev/null || echo no)")' --arg h "$h"

### remount

size='df -k /m | awk "NR == 2 { print \$2 }"'
shows 'the size of a tmpfs' 2048 'mount("/m"; "tmpfs"; "tmpfs"; ["size=1m"]) | mount("/m"; "tmpfs"; "tmpfs"; ["remount", "size=2m"]) | sh($c)' --arg c "$size"
shows 'with a flag' 'rw,noexec,relatime 2048' 'mount("/m"; "tmpfs"; "tmpfs"; ["size=1m"]) | mount("/m"; "tmpfs"; "tmpfs"; ["remount", "size=2m", "noexec"]) | sh("echo $(" + $o + ") $(" + $c + ")")' --arg c "$size" --arg o "$(options /m)"
shows 'in a user namespace' 2048 'userns | mount("/m"; "tmpfs"; "tmpfs"; ["size=1m"]) | mount("/m"; "tmpfs"; "tmpfs"; ["remount", "size=2m"]) | sh($c)' --arg c "$size"
denies 'an option that it does not know' "option 'nonsense" 'mount("/m"; "tmpfs"; "tmpfs"; []) | mount("/m"; "tmpfs"; "tmpfs"; ["remount", "nonsense=1"])'
denies 'nothing to change' "'remount' with nothing to change" 'mount("/m"; "tmpfs"; "tmpfs"; []) | mount("/m"; "tmpfs"; "tmpfs"; ["remount"])'

### what is said of all is said of the first, too

shows 'rro is stronger than rw' rw,nosuid,relatime 'mount("/m"; "bind"; $h + "/dir"; ["rbind", "rw", "rnosuid", "suid"]) | sh($c)' --arg h "$h" --arg c "$(options /m)"
shows 'in any order' no 'mount("/m"; "bind"; $h + "/dir"; ["rbind", "rro", "rw"]) | sh("touch /m/x 2>/dev/null || echo no")' --arg h "$h"

### tmpcopyup: all that there is

cu=$rootfs/cu
mkdir -p "$cu/d"
echo x >"$cu/a"
ln "$cu/a" "$cu/d/b"
ln -s a "$cu/s"
ln "$cu/s" "$cu/s2"
mkfifo -m 640 "$cu/p"
mknod -m 604 "$cu/n" c 1 3
setfattr -n trusted.t -v v "$cu/a"
setfattr -n trusted.d -v w "$cu/d"
setcap cap_net_raw+ep "$cu/a" 2>/dev/null
chown 7:8 "$cu/p"
copy='mount("/cu"; "tmpfs"; "tmpfs"; ["tmpcopyup"])'
shows 'fifos and nodes' 'prw-r----- 7 8 crw----r-- 1, 3' "$copy | sh(\"cd /cu; echo \$(ls -ln p | awk '{ print \$1, \$3, \$4 }') \$(ls -ln n | awk '{ print \$1, \$5, \$6 }')\")"
shows 'names of one file' 'same 2 same' "$copy | sh(\"cd /cu; echo \$([ a -ef d/b ] && echo same) \$(stat -c %h a) \$([ \$(stat -c %i s) = \$(stat -c %i s2) ] && echo same)\")"
bundle x "$copy | args([\"sleep\", \"1000\"])"
create x
in=/proc/$(pid_of x)/root/cu
is "$(getfattr --absolute-names --only-values -n trusted.t "$in/a") $(getfattr --absolute-names --only-values -n trusted.d "$in/d")" 'v w' 'extended attributes'
is "$(getfattr --absolute-names -e hex --only-values -n security.capability "$in/a" | xxd -p)" "$(getfattr --absolute-names -e hex --only-values -n security.capability "$cu/a" | xxd -p)" 'capabilities of files'
oci delete --force x
rm -r "$cu"

### messages

### longer than fsconfig(2) takes

long=$h/$(printf 'a%.0s' {1..240})
mkdir -p "$long/low" "$long/up" "$long/work"
echo low >"$long/low/file"
overlay='mount("/m"; "overlay"; "overlay"; ["lowerdir=" + $l + "/low", "upperdir=" + $l + "/up", "workdir=" + $l + "/work", "nosuid", "nodev"])'
shows 'an overlay of long paths' 'low rw,nosuid,nodev,relatime' "$overlay | sh(\"echo x >/m/new; echo \$(cat /m/file) \$(awk '\$5 == \\\"/m\\\" { print \$6 }' /proc/self/mountinfo)\")" --arg l "$long"
ok 'written where it says' [ -e "$long/up/new" ]
source=$(printf 's%.0s' {1..300})
shows 'a long source' "$source" "mount(\"/m\"; \"tmpfs\"; \"$source\"; [\"size=1m\"]) | sh(\"df /m | sed 1d | awk '{ print \$1 }' | head -1\")"
denies 'more than mount(2) takes' 'longer than 4095 bytes' "mount(\"/m\"; \"overlay\"; \"overlay\"; [\"lowerdir=$(printf '/%.0s' {1..5000})\"])"
denies 'a bad one' "mount 'overlay' on '/m': mount\\(2\\)" "mount(\"/m\"; \"overlay\"; \"overlay\"; [\"lowerdir=/nonexistent/$source\"])"

### messages

denies 'maps without 0' 'its mappings have no 0' 'userns | .linux.uidMappings[0].containerID = 1 | .linux.gidMappings[0].containerID = 1'

rm -rf "${TMPDIR:?}"/*
done_testing
