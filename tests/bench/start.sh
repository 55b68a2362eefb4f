#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From nothing to a reaped container: davit, crun, runc and the floor, all running the same static
# `true`. usage: start.sh [-n ROUNDS]. Prints a table, writes $DAVIT_OUT/bench.json.
set -eu -o pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
bench_options "$@"
bench_enter

bench_add 'floor, overlay' "$floor" -g "$parent" -u "$dir/overlay" "$dir/tree" /bin/true
bench_add 'floor' "$floor" -g "$parent" "$dir/tree" /bin/true
bench_add 'floor, host net' "$floor" -H -g "$parent" "$dir/tree" /bin/true
if have davit; then
	if tar -C "$dir/tree" -cf "$dir/tree.tar" . && davit import "$dir/tree.tar" davit/true >/dev/null &&
		davit run --rm --network private davit/true /bin/true; then
		bench_add 'davit' davit run --rm --network private davit/true /bin/true
		bench_add 'davit, host net' davit run --rm --network host davit/true /bin/true
	else
		echo 'not measured: davit cannot run the image' >&2
	fi
fi
if have runc && have jq; then
	bench_bundle private .
	bench_bundle host '.linux.namespaces |= map(select(.type != "network"))'
	if have crun; then
		crun=(crun --root "$dir/run/crun" --cgroup-manager=disabled)
		bench_add 'crun' "${crun[@]}" run -b "$dir/private" "bench$$"
		bench_add 'crun, host net' "${crun[@]}" run -b "$dir/host" "bench$$"
	fi
	bench_bundle runc ".linux.cgroupsPath = \"/$DAVIT_SLICE.floor/runc\""
	bench_add 'runc' runc --root "$dir/run/runc" run -b "$dir/runc" "bench$$"
fi
bench_run "$DAVIT_OUT/bench.json"
