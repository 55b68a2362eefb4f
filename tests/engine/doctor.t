#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit doctor: what it says about this host is what the host does.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"

field() { jq -r --arg name "$1" ".features[] | select(.name == \$name) | .$2" <<<"$out"; }

ok 'this host can run containers' davit doctor
like "$out" 'FEATURE +HERE +DETAIL' 'prints a table'
like "$out" 'davit can run containers: [0-9]+ of [0-9]+ features' 'and a verdict'

ok 'prints JSON' davit doctor --format json
is "$(jq -r '"\(.ok) \(.kernel) \(.features | length > 40)"' <<<"$out")" "true $(uname -r) true" \
	'with verdict, kernel and features'
is "$(jq -c '[.features[] | select((.present | not) and (.lost == null or .how == null)) | .name]' <<<"$out")" '[]' \
	'everything that is missing says what is lost and how to get it'
is "$(field 'overlay on the root' present)" true 'overlay is tried on the root'

for c in memory pids cpu cpuset; do
	if mountpoint -q /sys/fs/cgroup/$c; then
		is "$(field "$c controller" detail)" 'on v1' "finds the $c controller on v1"
	elif grep -qw $c /sys/fs/cgroup/cgroup.controllers 2>/dev/null; then
		is "$(field "$c controller" detail)" 'on v2' "finds the $c controller on v2"
	else
		is "$(field "$c controller" present)" false "misses the $c controller"
	fi
done

fails 'refuses another format' 125 davit doctor --format xml
like "$err" "option '--format': 'xml'" 'naming it'
fails 'takes no arguments' 125 davit doctor now

# a controller that is not mounted, in a mount namespace of its own
if mountpoint -q /sys/fs/cgroup/memory; then
	# shellcheck disable=SC2016
	run unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/memory && davit doctor --format json'
	is "$status" 0 'a missing controller does not keep containers from running'
	is "$(field 'memory controller' present) $(field 'memory controller' detail)" 'false not available' \
		'but is told'
	like "$(field 'memory controller' lost)" '--memory' 'with the options that are lost'
else
	skip 'the memory controller is not on v1' 3
fi

# a process that may not mount
run setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin -- davit doctor
is "$status" 1 'without CAP_SYS_ADMIN it says no'
like "$out" 'capabilities +MISSING +without CAP_SYS_ADMIN' 'and why'
like "$out" 'davit cannot run containers' 'in the verdict too'

# the programs beside davit
run davit doctor --format json
for p in davit-init davit-bpf davit-monitor davit-image; do
	is "$(field $p present) $(field $p detail)" "true $DAVIT_OUT/bin/$p" "finds $p"
done
mkdir "$TMPDIR/libdir"
cp "$DAVIT_OUT"/bin/davit-{init,bpf} "$TMPDIR/libdir"
run env DAVIT_LIBDIR="$TMPDIR/libdir" davit doctor --format json
is "$status $(field davit-image present) $(field davit-monitor present)" '0 false false' 'misses davit-image and davit-monitor'
like "$(field davit-image detail)" "$TMPDIR/libdir/davit-image" 'telling where'
rm "$TMPDIR/libdir/davit-init"
run env DAVIT_LIBDIR="$TMPDIR/libdir" davit doctor --format json
is "$status $(field davit-init present)" '1 false' 'without davit-init no container starts'
rm -r "$TMPDIR/libdir"
unlike "$(field 'module /dev/davit' how)" 'build kmod' 'does not tell to build what is not there'

# before the first use there is no root; the probes leave none
rm -rf "$DAVIT_ROOT"
ok 'works before the first use' davit doctor
is "$(find "$TEST_DIR" -maxdepth 1 -name '*doctor*')" '' 'leaves no directory'
if [ -e "$DAVIT_ROOT" ]; then fail 'makes no root'; else pass 'makes no root'; fi
done_testing
