#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci beside crun, runc and the floor, all with the same bundle of `runc spec` and a static `true`: run, with Docker's
# seccomp profile too; create + start + delete; exec into a running container. crun has no cgroup here (its driver of this
# version cannot be used), the others make one. usage: oci.sh [-n ROUNDS]. Prints a table, writes $DAVIT_OUT/bench-oci.json.
set -eu -o pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
bench_options "$@"
for p in runc crun jq; do have $p || exit 1; done
bench_enter

# NAME of a runtime and its global options
# shellcheck disable=SC2034 # by name, below
{
davit=(davit-oci --root "$dir/run/davit-oci")
crun=(crun --root "$dir/run/crun" --cgroup-manager=disabled)
runc=(runc --root "$dir/run/runc")
}
# crun's is in no cgroup that bench_enter() cleans up
delete_sleepers() {
	local r
	for r in davit crun runc; do
		local -n command=$r
		"${command[@]}" delete --force "e$$" 2>/dev/null || true
	done
	_bench_clean_up
}
trap delete_sleepers EXIT
# shellcheck disable=SC2016 # $profile is jq's
secure='.linux.seccomp = $profile[0] | .'
for r in davit crun runc; do
	path=".linux.cgroupsPath = \"/$DAVIT_SLICE.floor/$r\""
	[ $r != crun ] || path=.
	bench_bundle "$r" "$path"
	bench_bundle "$r-seccomp" "$path | $secure"
	bench_bundle "$r-sleep" "$path | .process.args = [\"/bin/sleep\", \"100000\"] | .linux.cgroupsPath += \"-sleep\" | if \"$r\" == \"crun\" then del(.linux.cgroupsPath) else . end"
done
cp /bin/busybox "$dir/tree/bin/sleep"

bench_add 'floor' "$floor" -g "$parent" "$dir/tree" /bin/true
for r in davit crun runc; do
	declare -n command=$r
	bench_add "$r run" "${command[@]}" run -b "$dir/$r" "bench$$"
	bench_add "$r run, seccomp" "${command[@]}" run -b "$dir/$r-seccomp" "bench$$"
done
# one shell for the three commands, in each row the same
for r in davit crun runc; do
	declare -n command=$r
	printf '#!/bin/busybox sh\n%s && %s && exec %s\n' "${command[*]} create -b $dir/$r c$$" "${command[*]} start c$$" \
		"${command[*]} delete --force c$$" >"$dir/$r.sh"
	chmod +x "$dir/$r.sh"
	bench_add "$r create+start+delete" "$dir/$r.sh"
done
for r in davit crun runc; do
	declare -n command=$r
	"${command[@]}" run -d -b "$dir/$r-sleep" "e$$" </dev/null >/dev/null 2>&1
	[ $r != davit ] || bench_add 'floor, exec' "$DAVIT_OUT/bench/floor_exec" \
		"$("${command[@]}" state "e$$" | jq .pid)" "/sys/fs/cgroup/$DAVIT_SLICE.floor/davit-sleep" /bin/true
	bench_add "$r exec" "${command[@]}" exec "e$$" /bin/true
done
bench_run "$DAVIT_OUT/bench-oci.json"

echo 'what the profile adds:'
contenders=()
bench_add 'davit run' "${davit[@]}" run -b "$dir/davit" "bench$$"
bench_add 'davit run, seccomp' "${davit[@]}" run -b "$dir/davit-seccomp" "bench$$"
bench_run "$DAVIT_OUT/bench-oci-seccomp.json"
