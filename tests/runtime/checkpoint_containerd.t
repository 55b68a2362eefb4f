#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checkpoints of ctr by davit-oci: Debian's containerd with io.containerd.runc.v2.
# shellcheck disable=SC2317 # functions are called by ok and fails
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/containerd.sh
. "$(dirname "$0")/containerd.sh"
# shellcheck source=tests/runtime/image.sh
. "$(dirname "$0")/image.sh"
for peer in criu "${containerd_programs[@]}"; do
	command -v "$peer" >/dev/null || plan skip_all "$peer is not installed"
done
said=$(criu check 2>&1) || plan skip_all "criu does not work here: $(head -1 <<<"$said")"
davit_env "$@"
# shellcheck source=tests/runtime/counting.sh
. "$(dirname "$0")/counting.sh"
mount -t tmpfs containerd /run # the shims' sockets
d=$TEST_DIR/containerd
image=test.local/demo:1
containerd_on "$d"
oci_image "$d/image.tar" "$image" || bail 'no image'
containerd -c "$d/config.toml" >"$d/log" 2>&1 </dev/null &
daemon=$!
c() { "${ctr[@]}" "$@" </dev/null; }
wait_until 60 c version || bail "containerd does not start: $(tail -5 "$d/log")"
ok 'ctr imports an image' c image import --snapshotter native "$d/image.tar"
rm -f "$TEST_DIR/v/n"
ok 'run -d' c run "${ctr_run[@]}" --cgroup "/$DAVIT_SLICE/ctr" --mount "type=bind,src=$TEST_DIR/v,dst=/v,options=rbind:rw" -d "$image" c sh -c "$program"
wait_until 30 test -s "$TEST_DIR/v/n"
ok 'task checkpoint --image-path' c task checkpoint --image-path "$d/files" --work-path "$d/work" c
ok 'has written files' test -s "$d/files/inventory.img"
like "$(c task ls)" 'c +[0-9]+ +RUNNING' 'it runs'
ok 'it counts on' counts_on
ok 'container checkpoint --task' c container checkpoint --image --rw --task c test.local/saved:1
[ "$status" = 0 ] || diag "$err" "$(tail -3 "$d/log")"
ok 'it counts on' counts_on
c task kill -s KILL c
wait_until 30 eval 'c task ls | grep -q "c .*STOPPED"'
c task delete c >/dev/null 2>&1
c container delete c
# the image was made before
echo 0 >"$TEST_DIR/v/n"
ok 'container restore --live' c container restore --rw --live r test.local/saved:1
[ "$status" = 0 ] || diag "$err" "$(tail -3 "$d/log")"
like "$(c task ls)" 'r +[0-9]+ +RUNNING' 'it runs'
ok 'and counts on' wait_until 60 eval '[ "$(count)" -gt 3 ]'
pid=$(c task ls | awk '$1 == "r" { print $2 }')
like "$(cat "/proc/$pid/cgroup")" "/$DAVIT_SLICE/ctr" 'in its cgroup'
c task delete --force r >/dev/null 2>&1
c container delete r
wait_until 30 eval '! pgrep -f containerd-shim >/dev/null' || diag 'a shim is left'
kill "$daemon"
wait "$daemon"
umount -l /run
rm -rf "$TMPDIR"/ctrd-checkpoint* # that containerd has unpacked, and was ended while it removed it
is "$(_list_cgroups | grep -E '/ctr')" '' 'no cgroup of a container is left'
_sweep_cgroups
done_testing
