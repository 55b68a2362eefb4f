#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: in a user namespace nobody takes away what mounts of the host are, or hide; with all capabilities there.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
chmod 755 "$TEST_DIR" "$bundles" "$rootfs"
mkdir -p "$rootfs/m" "$rootfs/o" "$rootfs/low" # its root may make none there
touch "$rootfs/f"
h=$TEST_DIR/host
mkdir -p "$h/low" "$h/hidden" "$h/ro"
chmod 755 "$h" "$h/hidden"
echo secret >"$h/hidden/under"
touch "$h/low/f" "$h/file"
chmod 666 "$h/low/f" "$h/file"
mount --bind "$h/low" "$h/low"
mount -o remount,bind,ro,nosuid,nodev,noexec "$h/low"
mount -t tmpfs cover "$h/hidden"
mount --bind "$h/file" "$h/file"
mount -o remount,bind,ro "$h/file"

# whole SCRIPT: in a user namespace, with each capability, the host's directory on /m
whole='userns | .process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_MKNOD", "CAP_SYS_CHROOT"]) | mount("/m"; "bind"; $h; ["rbind"])'
no() { shows "$1" no "$whole | ${3:-} sh(\"{ $2; } 2>/dev/null || echo no\")" --arg h "$h"; }

no 'a read-only mount below stays so' 'mount -o remount,bind,rw /m/low && echo x >/m/low/f'
no '… noexec, nosuid and nodev too' 'mount -o remount,bind,ro,exec,suid,dev /m/low'
no 'what hides something cannot be taken away' 'umount /m/hidden && cat /m/hidden/under'
no '… nor uncovered by a copy' 'mkdir /tmp/x && mount --bind /m /tmp/x && cat /tmp/x/hidden/under'
no 'a mount of its own' 'mount -o remount,bind,rw /low && echo x >/low/f' 'bind($h + "/low"; "/low"; []) |'
no 'a file' 'mount -o remount,bind,rw /f && echo x >/f' 'bind($h + "/file"; "/f"; []) |'
is "$(cat "$h/low/f" "$h/file")" '' 'nothing was written'
shows 'what the document says may be changed' yes "$whole | bind(\$h; \"/o\"; [\"ro\"]) | sh(\"mount -o remount,bind,rw /o && echo yes\")" --arg h "$h"
shows 'and is in force' 'ro,nosuid,nodev,noexec' 'userns | bind($h + "/low"; "/o"; ["ro"]) | sh("awk '"'"'$5 == \"/o\" { print $6 }'"'"' /proc/self/mountinfo | sed s/,relatime//")' --arg h "$h"
denies 'it cannot take away either' 'ro, nosuid' 'userns | bind($h + "/low"; "/o"; ["rw", "suid"])' --arg h "$h"
ok 'without a user namespace it can' inside t 'bind($h + "/low"; "/o"; ["rw", "suid", "dev", "exec"]) | sh("echo x >/o/f")' --arg h "$h"
mount --bind "$rootfs" "$rootfs"
mount -o remount,bind,ro "$rootfs"
no 'the root of a container on a read-only mount' 'mount -o remount,bind,rw /'
umount "$rootfs"
shows 'many mounts' '200 ok' "userns | reduce range(200) as \$i (.; bind(\$h + \"/low/f\"; \"/tmp/f\\(\$i)\"; [])) | sh(\"echo \$(ls -d /tmp/f* | wc -l) ok\")" --arg h "$h"
umount "$h/low" "$h/hidden" "$h/file"
rm -rf "${TMPDIR:?}"/*
done_testing
