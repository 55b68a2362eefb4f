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

### beside other cgroups
contenders=()
bench_add 'floor' "$floor" -g "$parent" "$dir/tree" /bin/true
bench_add 'davit-oci run' "${oci[@]}" run -b "$dir/one" one
"$DAVIT_OUT/bench/bench" -s -n "$rounds" -o "$dir/alone.json" "${contenders[@]}"
for ((i = 0; i < 50; i++)); do
	mkdir "$parent/many$i"
	(cd "$parent/many$i" && mkdir {0..98})
done
echo "beside $(find "$parent" -type d | wc -l) cgroups:"
"$DAVIT_OUT/bench/bench" -s -n "$rounds" -o "$dir/groups.json" "${contenders[@]}"

### beside other mounts
mkdir "$dir/mounts"
mount -t tmpfs -o size=4k davit-bench "$dir/mounts"
for ((i = 0; i < 5000; i++)); do echo "mount -t tmpfs -o size=4k davit-bench $dir/mounts/$i"; done >"$dir/mount.sh"
(cd "$dir/mounts" && mkdir $(seq 0 4999))
sh -e "$dir/mount.sh"
echo "beside $(wc -l </proc/self/mountinfo) mounts:"
"$DAVIT_OUT/bench/bench" -s -n "$rounds" -o "$dir/mounts.json" "${contenders[@]}"
umount -l "$dir/mounts"

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

jq -n --slurpfile alone "$dir/alone.json" --slurpfile groups "$dir/groups.json" --slurpfile list "$dir/list.json" --slurpfile mounts "$dir/mounts.json" \
	--argjson floor "${per_second[0]}" --argjson davit "${per_second[1]}" --argjson failures "$failures" '
	def cost($name): .rows[] | select(.name == $name) | .cpu_ms.median;
	def ratio: .rows[] | select(.name == "davit-oci run") | .cpu_ratio.floor;
	{per_second: {floor: $floor, davit: $davit, ratio: ($davit / $floor)}, failures: $failures,
	 beside_5000_mounts: {davit: (($mounts[0] | cost("davit-oci run")) / ($alone[0] | cost("davit-oci run"))),
		floor: (($mounts[0] | cost("floor")) / ($alone[0] | cost("floor")))},
	 beside_5000_cgroups: (($groups[0] | ratio) / ($alone[0] | ratio)),
	 cpu_ms: ($list[0].rows | map({(.name): .cpu_ms.median}) | add)}' | tee "$DAVIT_OUT/bench-oci-load.json"
[ "$failures" -eq 0 ]
