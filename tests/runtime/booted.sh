# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# systemd as the first process of namespaces of its own, for the tests beside:
#
#	need_systemd             # skip the file where there is none
#	systemd_modes            # those in which it can be booted here
#
# and after davit_env:
#
#	booted v2|hybrid         # start it: a cgroup namespace with the hierarchies of that mode, one unit of ours
#	sd COMMAND [ARG...]      # run in it, as a child of its davit-test.service
#	halted                   # end it and all in it, remove its cgroups
#
# It has this machine's files, a /run of its own, and no D-Bus daemon: systemd's own socket will do.

need_systemd() {
	local peer
	for peer in /lib/systemd/systemd nsenter; do
		command -v "$peer" >/dev/null || plan skip_all "$peer is not installed"
	done
}

systemd_modes() {
	echo v2
	[ ! -e /sys/fs/cgroup/unified/cgroup.controllers ] || echo hybrid
}

_sd_cgroups() {
	local m
	for m in $(_list_cgroup_mounts); do
		echo "$m/$DAVIT_SLICE/sd"
	done
}

# everything of it is below $DAVIT_SLICE/sd of each hierarchy
_sd_make_cgroups() {
	local dir parent file
	for dir in $(_sd_cgroups); do
		mkdir -p "$dir" || return 1
		parent=${dir%/*}
		if [ -e "$dir/cgroup.type" ]; then
			for file in "${parent%/*}" "$parent"; do
				sed 's/[^ ][^ ]*/+&/g' "$file/cgroup.controllers" >"$file/cgroup.subtree_control" 2>/dev/null
			done
			continue
		fi
		for file in cpuset.cpus cpuset.mems; do
			[ ! -e "$dir/$file" ] || { cat "${parent%/*}/$file" >"$parent/$file" && cat "$parent/$file" >"$dir/$file"; }
		done
	done
}

# from the first process of the pid namespace to systemd. It alone is in the cgroup: another one that systemd
# does not see would be in its way. /proc/sys is the host's, and not for it to write.
_sd_script() {
	cat <<-'END'
		mode=$1 units=$2
		shift 2
		if [ $# -gt 0 ]; then
			for dir; do echo 0 >"$dir/cgroup.procs" || exit 1; done
			exec unshare --cgroup bash "$0" "$mode" "$units"
		fi
		mount -t proc proc /proc
		mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
		mount -t tmpfs -o mode=755 run /run && mkdir /run/lock
		for dir in /usr/lib/systemd/system-generators /usr/lib/systemd/system-environment-generators; do
			mount -t tmpfs none "$dir" # they would look at all of this machine, at each reload
		done
		umount -l /sys/fs/cgroup
		if [ "$mode" = v2 ]; then
			mount -t cgroup2 cgroup2 /sys/fs/cgroup
		else
			mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
			while IFS=: read -r _ c _; do
				dir=/sys/fs/cgroup/${c#name=}
				case $c in
				'') mkdir /sys/fs/cgroup/unified; mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
				name=*) mkdir "$dir"; mount -t cgroup -o "none,$c" cgroup "$dir" ;;
				*) mkdir "$dir"; mount -t cgroup -o "$c" cgroup "$dir" ;;
				esac
			done </proc/self/cgroup
		fi
		exec env -i PATH="$PATH" container=davit SYSTEMD_UNIT_PATH="/run/systemd/transient:$units" \
			/lib/systemd/systemd --system --log-target=console --show-status=no --unit=davit-test.service
	END
}

_sd_unit() {
	cat <<-END
		[Unit]
		DefaultDependencies=no
		[Service]
		ExecStart=/bin/sleep infinity
		Delegate=yes
	END
}

# booted MODE: 1 and a diagnosis when it does not start
booted() {
	local mode=$1 dir=$TEST_DIR/systemd
	_sd_pid=
	mkdir -p "$dir/units"
	_sd_unit >"$dir/units/davit-test.service"
	_sd_script >"$dir/boot"
	_sd_make_cgroups
	# shellcheck disable=SC2046 # no blanks in them
	setsid unshare --mount --pid --net --ipc --uts --fork --kill-child --propagation private \
		bash "$dir/boot" "$mode" "$dir/units" $(_sd_cgroups) </dev/null >"$dir/log" 2>&1 &
	_sd_unshare=$!
	wait_until 20 _sd_find && wait_until 30 _sd_is_up && _sd_find_places && return 0
	diag 'systemd does not start:' "$(tail -5 "$dir/log")"
	return 1
}

_sd_find() {
	_sd_pid=$(cat "/proc/$_sd_unshare/task/$_sd_unshare/children" 2>/dev/null) && _sd_pid=${_sd_pid% } &&
		[ "$(cat "/proc/$_sd_pid/comm" 2>/dev/null)" = systemd ]
}
_sd_is_up() {
	[ -e "$(_sd_service "$(_list_cgroup_mounts | _sd_tracker)")/cgroup.procs" ] &&
		nsenter --target "$_sd_pid" --mount --pid --cgroup -- systemctl show davit-test.service
}

# the hierarchy by which systemd knows its units
_sd_tracker() {
	local m
	while read -r m; do
		[ ! -e "$m/cgroup.controllers" ] || echo "$m"
	done | head -1
}
_sd_service() { echo "$1/$DAVIT_SLICE/sd/system.slice/davit-test.service"; }

# where children of the service are, in each hierarchy
_sd_find_places() {
	local m dir
	_sd_places=()
	for m in $(_list_cgroup_mounts); do
		dir=$(_sd_service "$m")
		[ -d "$dir" ] || dir=$m/$DAVIT_SLICE/sd
		_sd_places+=("$dir/cgroup.procs")
	done
}

sd() {
	(
		for place in "${_sd_places[@]}"; do
			echo "$BASHPID" >"$place"
		done 2>/dev/null
		exec nsenter --target "$_sd_pid" --mount --pid --net --ipc --uts --cgroup -- "$@"
	)
}

# end it and all in it
halted() {
	local dir i
	[ -z "$_sd_pid" ] || kill -KILL "$_sd_pid" 2>/dev/null
	wait "$_sd_unshare" 2>/dev/null
	for ((i = 0; i < 50; i++)); do
		for dir in $(_sd_cgroups); do
			[ ! -d "$dir" ] || find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null
		done
		[ -n "$(for dir in $(_sd_cgroups); do [ ! -d "$dir" ] || echo "$dir"; done)" ] || break
		sleep 0.1
	done
	rm -rf "$TEST_DIR/systemd"
}
