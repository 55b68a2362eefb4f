#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --userns with CAP_SYS_ADMIN: what the host's mounts are, and hide, stays; also --volume :ro.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image
h=$TEST_DIR/host
mkdir -p "$h/low" "$h/hidden"
chmod 755 "$TEST_DIR" "$h" "$h/hidden"
echo secret >"$h/hidden/under"
touch "$h/low/f" "$h/file"
chmod 666 "$h/low/f" "$h/file"
mount --bind "$h/low" "$h/low"
mount -o remount,bind,ro,nosuid "$h/low"
mount -t tmpfs cover "$h/hidden"

admin() { run timeout 30 davit run --rm --userns auto --cap-add SYS_ADMIN --security-opt seccomp=unconfined "$@"; }
admin -v "$h:/m" -v "$h/low:/low" -v "$h:/o:ro" davit/demo sh -c 'mkdir /tmp/x && mount -t tmpfs x /tmp/x && umount /tmp/x && echo mounts'
is "$out" mounts 'it can mount and unmount'
admin -v "$h/low:/low" davit/demo sh -c 'mount -o remount,bind,rw /low && echo x >/low/f'
isnt "$status" 0 'a mount that is read-only on the host stays so'
admin --mount "type=bind,source=$h,target=/m" davit/demo sh -c 'mount -o remount,bind,rw /m/low && echo x >/m/low/f'
isnt "$status" 0 'one below, too'
admin --mount "type=bind,source=$h,target=/m" davit/demo sh -c 'umount /m/hidden && cat /m/hidden/under'
isnt "$status" 0 'what hides something cannot be taken away'
unlike "$out" secret 'and is not read'
admin -v "$h/file:/f:ro" davit/demo sh -c 'mount -o remount,bind,rw /f && echo x >/f'
isnt "$status" 0 'a volume that was given read-only stays so'
is "$(cat "$h/low/f" "$h/file")" '' 'nothing was written'
umount "$h/low" "$h/hidden"
rm -rf "${TMPDIR:?}"/*
done_testing
