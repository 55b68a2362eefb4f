# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Containers in scopes of a systemd of our own, for the tests beside; after oci.sh and booted.sh. $mode is how it was
# booted. The container is c, in the scope p-c.scope of a-b.slice, unless a test says otherwise.

need_systemd() {
	local peer
	for peer in /lib/systemd/systemd nsenter; do
		command -v "$peer" >/dev/null || plan skip_all "$peer is not installed"
	done
}

# how systemd can be booted here
systemd_modes() {
	echo v2
	[ ! -e /sys/fs/cgroup/unified/cgroup.controllers ] || echo hybrid
}

# who makes cgroups, and where davit-oci runs
driver=(--systemd-cgroup)
oci() { sd davit-oci --root "$oci_root" "${driver[@]}" "$@"; }
placed='.linux.cgroupsPath = "a-b.slice:p:c"'
path=/a.slice/a-b.slice/p-c.scope

property() { sd systemctl show --value -p "$1" p-c.scope; }
is_unloaded() { [ "$(property LoadState)" = not-found ]; }
# cgroup_of ID: in the hierarchy by which systemd knows its units
cgroup_of() { sd sed -n 's/^0:://p' "/proc/$(pid_of "$1")/cgroup"; }
unified() { [ "$mode" = v2 ] && echo /sys/fs/cgroup || echo /sys/fs/cgroup/unified; }
# no trace of it: neither unit nor cgroup, in any hierarchy
is_gone() {
	# shellcheck disable=SC2016
	is_unloaded && [ -z "$(sd find /sys/fs/cgroup -type d -name p-c.scope)" ]
}
# value V2-FILE [V1-CONTROLLER V1-FILE]
value() {
	if [ "$mode" = v2 ]; then sd cat "/sys/fs/cgroup$path/$1"; else sd cat "/sys/fs/cgroup/$2$path/$3"; fi
}
# made FILTER: created and started
made() {
	bundle c "$placed | $1" && create c && oci start c
}
