# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2046,SC2154
# Containers in scopes of a systemd of our own, for the tests beside: what oci.sh and booted.sh have, and more. $mode
# is how it was booted. The container is c, in the scope p-c.scope of a-b.slice, unless a test says otherwise.

# shellcheck source=tests/runtime/oci.sh
. "$(dirname "${BASH_SOURCE[0]}")/oci.sh"
# shellcheck source=tests/runtime/booted.sh
. "$(dirname "${BASH_SOURCE[0]}")/booted.sh"
need_systemd

# who makes cgroups, and where davit-oci runs
driver=(--systemd-cgroup)
oci() { sd davit-oci --root "$oci_root" "${driver[@]}" "$@"; }
placed='.linux.cgroupsPath = "a-b.slice:p:c"'
path=/a.slice/a-b.slice/p-c.scope

property() { sd systemctl show --value -p "$1" p-c.scope; }
# properties NAME...: their values in this order, by one call
properties() {
	local all name line=''
	all=$(sd systemctl show $(printf -- '-p %s ' "$@") p-c.scope)
	for name; do line+=" $(sed -n "s/^$name=//p" <<<"$all")"; done
	echo "${line# }"
}
is_unloaded() { [ "$(property LoadState)" = not-found ]; }
# cgroup_of ID: in the hierarchy by which systemd knows its units
cgroup_of() { sd sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup"; }
# hierarchy [V1-CONTROLLER]: the cgroups of systemd, seen from here; without a name, by which it knows its units
hierarchy() {
	local root=/sys/fs/cgroup
	[ ! -e /sys/fs/cgroup/unified/cgroup.controllers ] || root=/sys/fs/cgroup/${1:-unified}
	echo "$root/$DAVIT_SLICE/sd"
}
# no trace of it: neither unit nor cgroup, in any hierarchy
is_gone() {
	# shellcheck disable=SC2046 # no blanks in them
	is_unloaded && [ -z "$(find $(_sd_cgroups) -type d -name p-c.scope)" ]
}
# value V2-FILE [V1-CONTROLLER V1-FILE]
value() {
	local file
	if [ "$mode" = v2 ]; then file=$(hierarchy)$path/$1; else file=$(hierarchy "$2")$path/$3; fi
	echo "$(<"$file")"
}
# made FILTER: created and started
made() {
	bundle c "$placed | $1" && create c && oci start c
}
