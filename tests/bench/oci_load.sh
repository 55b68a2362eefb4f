#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci under load: four parallel loops of `run` beside those of the floor, in slices of time in turn; state and list of
# 1,000 containers; run beside 5,000 cgroups and 5,000 mounts. usage: oci_load.sh [-n ROUNDS]. Writes $DAVIT_OUT/bench-oci-load.json.
set -eu -o pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
bench_options "$@"
for p in runc jq; do have $p || exit 1; done
bench_enter
oci=(davit-oci --root "$dir/run/oci")
rate=$DAVIT_OUT/bench/rate
slice=/$DAVIT_SLICE.floor

bench_bundle one ".linux.cgroupsPath = \"$slice/one\""
for i in 0 1 2 3; do bench_bundle "loop$i" ".linux.cgroupsPath = \"$slice/loop$i\""; done

### the rate of four loops
runs=(0 0) failures=0 seconds=(0 0)
count() { # WHICH COMMAND...
	local which=$1 n f s
	shift
	read -r n f s < <("$rate" -j 4 -t 5 "$@" || true)
	runs[which]=$((runs[which] + n)) failures=$((failures + f))
	seconds[which]=$(echo "${seconds[which]} + $s" | bc)
}
for ((i = 0; i < 12; i++)); do
	count 0 "$floor" -g "$parent" "$dir/tree" /bin/true
	count 1 "${oci[@]}" run -b "$dir/loop{}" "loop{}"
done
per_second=("$(echo "scale=1; ${runs[0]} / ${seconds[0]}" | bc)" "$(echo "scale=1; ${runs[1]} / ${seconds[1]}" | bc)")
echo "four loops, 60 s each: floor ${per_second[0]}/s, davit-oci ${per_second[1]}/s, ratio $(echo "scale=2; ${per_second[1]} / ${per_second[0]}" | bc); $failures failures"

### beside other cgroups, other mounts: in turn with none of them, as the speed of a machine drifts
contenders=()
bench_add 'floor' "$floor" -g "$parent" "$dir/tree" /bin/true
bench_add 'davit-oci run' "${oci[@]}" run -b "$dir/one" one
turns=4
turn() { # NAME
	"$DAVIT_OUT/bench/bench" -s -n $((rounds / turns)) -o "$dir/$1.json" "${contenders[@]}" >/dev/null
}
many_groups() {
	local i
	for ((i = 0; i < 50; i++)); do
		mkdir "$parent/many$i"
		(cd "$parent/many$i" && mkdir {0..98})
	done
}
mkdir "$dir/mounts"
for ((i = 0; i < 5000; i++)); do
	echo "mount --bind $dir/tree $dir/mounts/$i" >&3
	echo "mount -t tmpfs -o size=4k davit-bench $dir/mounts/$i" >&4
done 3>"$dir/mounts.sh" 4>"$dir/filesystems.sh"
# mounts alone; mounts of a file system each, whose caches the kernel walks when a memory cgroup is removed
many() { # mounts|filesystems
	mount -t tmpfs -o size=4k davit-bench "$dir/mounts"
	(cd "$dir/mounts" && mkdir $(seq 0 4999))
	sh -e "$dir/$1.sh"
}
for ((t = 0; t < turns; t++)); do
	turn "alone$t"
	many_groups
	turn "groups$t"
	find "$parent" -mindepth 1 -depth -type d -path '*/many*' -exec rmdir {} +
	for kind in mounts filesystems; do
		turn "without_$kind$t"
		many $kind
		turn "$kind$t"
		umount -l "$dir/mounts"
		sleep 1 # they are taken apart behind our back
	done
done
# beside WHAT ALONE: median over the turns of what a run costs more
beside() {
	local t
	for ((t = 0; t < turns; t++)); do
		jq -n --slurpfile with "$dir/$1$t.json" --slurpfile without "$dir/$2$t.json" '
			def cost($of; $name): $of[0].rows[] | select(.name == $name) | .cpu_ms.median;
			["davit-oci run", "floor"] | map({(.): (cost($with; .) / cost($without; .))}) | add'
	done | jq -cs 'def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
		{davit: (map(.["davit-oci run"]) | median), floor: (map(.floor) | median)}'
}
groups=$(beside groups alone) mounts=$(beside mounts without_mounts) filesystems=$(beside filesystems without_filesystems)
echo "beside 5,000 cgroups: $groups"
echo "beside 5,000 mounts: $mounts"
echo "beside 5,000 file systems: $filesystems"

### 1,000 containers
for ((i = 0; i < 1000; i++)); do
	bundle=$dir/c$i
	mkdir "$bundle"
	sed "s#$slice/one#$slice/c$i#" "$dir/one/config.json" >"$bundle/config.json"
	"${oci[@]}" create -b "$bundle" "c$i" </dev/null >/dev/null 2>&1
done
echo "with $("${oci[@]}" list -q | wc -l) containers:"
contenders=()
bench_add 'state' "${oci[@]}" state c500
bench_add 'list' "${oci[@]}" list
"$DAVIT_OUT/bench/bench" -s -n "$rounds" -o "$dir/list.json" "${contenders[@]}"
for ((i = 0; i < 1000; i++)); do "${oci[@]}" delete --force "c$i"; done

jq -n --slurpfile list "$dir/list.json" --argjson groups "$groups" --argjson mounts "$mounts" --argjson filesystems "$filesystems" \
	--argjson floor "${per_second[0]}" --argjson davit "${per_second[1]}" --argjson failures "$failures" '
	{per_second: {floor: $floor, davit: $davit, ratio: ($davit / $floor)}, failures: $failures,
	 beside_5000_cgroups: $groups, beside_5000_mounts: $mounts, beside_5000_filesystems: $filesystems,
	 cpu_ms: ($list[0].rows | map({(.name): .cpu_ms.median}) | add)}' | tee "$DAVIT_OUT/bench-oci-load.json"
[ "$failures" -eq 0 ]
