# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Scratch disks of a guest: sparse files in the directory of the run, made with the host's mkfs and
# gone with it. No loop device is used.

LAB_DISKS_MAX=8
LAB_DISK_SIZE_MAX=$((1 << 40))

# file system, its mkfs, the package, the smallest size, arguments of mkfs
LAB_DISK_KINDS='
ext4	mkfs.ext4	e2fsprogs	16M	-q -F
xfs	mkfs.xfs	xfsprogs	300M	-q -f -m reflink=1
btrfs	mkfs.btrfs	btrfs-progs	110M	-q -f
raw	true	coreutils	1M	-
'

# What the guest runs from, or has mounts of its own below.
LAB_DISK_NOT='/proc /sys /dev /run /etc /usr /bin /sbin /lib /lib32 /lib64 /libx32'
lab_disk_check_target() { # SPEC TARGET
	local own
	[ "$2" != / ] || lab_die "bad disk '$1': bad directory '/'" 'as in FS:SIZE:/mnt/other'
	for own in $LAB_DISK_NOT; do
		[[ $2/ != "$own"/* ]] || lab_die "bad disk '$1': the guest needs its own '$own'" 'as in FS:SIZE:/mnt/other'
	done
	for own in $LAB_OWN; do
		[[ $own != "$2"/* ]] || lab_die "bad disk '$1': it would hide '$own', which the guest has of its own" 'as in FS:SIZE:/mnt/other'
	done
	[[ $(pwd -P)/ != "$2"/* ]] || lab_die "bad disk '$1': it would hide the working directory" 'as in FS:SIZE:/mnt/other'
	for own in "${lab_shares[@]}"; do
		[[ $own/ != "$2"/* ]] || lab_die "bad disk '$1': it would hide '$own', which is shared" 'as in FS:SIZE:/mnt/other'
	done
}

# lab_disk_add FS:SIZE[:TARGET]; mounted at TARGET, /mnt/FS by default
lab_disk_add() {
	local spec=$1 fs size target kind mkfs package min args bytes file
	local hint='FS:SIZE[:DIRECTORY], as in xfs:2G; FS is ext4, xfs, btrfs or raw'
	local n=${#lab_images[@]}

	IFS=: read -r fs size target <<<"$spec"
	[ "$n" -lt $LAB_DISKS_MAX ] || lab_die "more than $LAB_DISKS_MAX disks"
	while IFS=$'\t' read -r kind mkfs package min args; do
		[ "$kind" != "$fs" ] || break
	done <<<"$LAB_DISK_KINDS"
	[ -n "$fs" ] && [ "$kind" = "$fs" ] || lab_die "bad disk '$spec': unknown file system '$fs'" "$hint"
	[[ $size =~ ^[0-9]{1,13}[KMGT]?$ ]] || lab_die "bad disk '$spec': bad size '$size'" "$hint"
	bytes=$(numfmt --from=iec "$size")
	[ "$bytes" -ge "$(numfmt --from=iec "$min")" ] || lab_die "bad disk '$spec': $fs needs $min at least" "$hint"
	[ "$bytes" -le $LAB_DISK_SIZE_MAX ] || lab_die "bad disk '$spec': larger than 1T" "$hint"
	target=${target:-/mnt/$fs}
	[[ $target =~ ^/[A-Za-z0-9._/-]*$ ]] && [[ $target != / ]] ||
		lab_die "bad disk '$spec': bad directory '$target'" 'an absolute path of letters, digits and ._-/'
	target=$(realpath -ms -- "$target")
	lab_disk_check_target "$spec" "$target"
	for kind in "${lab_guest_disks[@]}"; do
		[ "$fs" = raw ] || [[ $kind == *:raw:* ]] || [ "${kind##*:}" != "$target" ] ||
			lab_die "bad disk '$spec': there is another one at '$target'" "give it a directory: $fs:$size:/mnt/other"
	done

	lab_need "$mkfs" "$package"
	file=$LAB_RUN/disk$n
	truncate -s "$bytes" "$file" || lab_die "cannot make disk '$spec'" "is there space in '$LAB_RUN'?"
	# shellcheck disable=SC2086 # a list
	[ "$fs" = raw ] || "$mkfs" $args "$file" >"$LAB_RUN/mkfs.log" 2>&1 || {
		sed 's/^/vm: /' "$LAB_RUN/mkfs.log" >&2
		lab_die "cannot make disk '$spec'" "is there space in '$LAB_RUN'?"
	}
	lab_images+=("$file")
	# letters in the order of the virtio-blk devices
	printf -v n "\\$(printf %03o $((97 + n)))"
	lab_guest_disks+=("vd$n:$fs:$target")
}
