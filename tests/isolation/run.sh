#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kselftest: all probes, or the groups in $TARGETS, on $RUNTIME, else on davit, runc or crun, whatever is
# there first. Exit status: 0 passed, 1 failed, 4 nothing to run them on.
set -u
here=$(cd "$(dirname "$0")" && pwd)
probe=${PROBE:-$here/davit-probe}
KSFT_SKIP=4

skip() {
	printf 'KTAP version 1\n1..0 # SKIP %s\n' "$*"
	exit "$KSFT_SKIP"
}

[ "$(id -u)" -eq 0 ] || skip 'needs root'
args=()
if [ -n "${RUNTIME:-}" ]; then
	args=(--runtime "$RUNTIME")
elif command -v davit >/dev/null; then
	args=(--engine davit)
elif command -v runc >/dev/null; then
	args=(--runtime runc)
elif command -v crun >/dev/null; then
	args=(--runtime crun)
else
	skip 'neither davit nor runc nor crun is in PATH; RUNTIME= names another one'
fi
# the kernel's own make hands the name of this directory down
for name in ${TARGETS:-}; do
	[ "$name" = "$(basename "$here")" ] || args+=(--group "$name")
done
"$probe" host "${args[@]}"
rc=$?
# what could not be started is no pass and no skip
[ "$rc" -ne 125 ] || {
	echo 'Bail out! The probes could not be run: standard error says why.'
	exit 1
}
exit "$rc"
