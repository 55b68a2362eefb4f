# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The initramfs of a guest: busybox, the modules that reach the host's root, and init. Kept beside
# its kernel by the digest of what is in it; a run appends its own orders as a second archive.

LAB_INITRD_MODULES='virtio_pci virtio_console virtio_blk 9pnet_virtio 9p overlay'

# lab_initrd_base RELEASE MODULES OUT: MODULES is a directory with modules.dep, or empty
lab_initrd_base() {
	local release=$1 modules=$2 out=$3 dir=$LAB_RUN/initrd
	local busybox how file n

	lab_need busybox busybox-static
	lab_need cpio cpio
	busybox=$(command -v busybox)
	lab_mkdir "$LAB_RUN" initrd/{bin,lab,modules,proc,sys,dev,host,over,new}
	cp "$busybox" "$dir/bin/busybox"
	! ldd "$busybox" >/dev/null 2>&1 || lab_die "'$busybox' is not static" 'apt-get install busybox-static'
	for n in sh mount umount mkdir insmod cat cp ln uname switch_root sync poweroff; do
		ln -s busybox "$dir/bin/$n"
	done
	cp "$LAB_LIB/init" "$dir/init"
	chmod 0755 "$dir/init"
	: >"$dir/modules/order"
	if [ -n "$modules" ]; then
		lab_need modprobe kmod
		lab_mkdir "$LAB_RUN" base/lib/modules
		ln -sfn "$modules" "$LAB_RUN/base/lib/modules/$release"
		# shellcheck disable=SC2086 # a list
		while read -r how file _; do
			[ "$how" = insmod ] || continue
			lab_initrd_module "$file" "$dir/modules" || return 1
		done < <(modprobe -d "$LAB_RUN/base" -S "$release" -a --show-depends $LAB_INITRD_MODULES 2>/dev/null)
	fi
	(cd "$dir" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$out" ||
		return 1
	rm -rf "$dir"
}

# plain, since the guest's insmod does not unpack
lab_initrd_module() {
	local name=${1##*/}
	name=${name%%.ko*}.ko
	[ ! -e "$2/$name" ] || return 0
	case $1 in
	*.ko.xz) xz -dc "$1" ;;
	*.ko.zst) zstd -qdc "$1" ;;
	*.ko.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac >"$2/$name" || return 1
	echo "$name" >>"$2/order"
}

# lab_initrd RELEASE MODULES CACHE_DIR: sets $lab_initrd, made when CACHE_DIR has none that fits.
# CACHE_DIR may be empty: then it lasts for this run.
lab_initrd() {
	local key cache=${3:-$LAB_RUN}
	lab_need busybox busybox-static
	key=$({
		cat "$LAB_LIB/init" "$LAB_LIB/initrd.sh"
		stat -Lc '%s %Y' "$(command -v busybox)"
		[ -z "$2" ] || stat -Lc '%s %Y' "$2/modules.dep"
		echo "$1 $2"
	} | sha256sum)
	lab_initrd=$cache/initrd-${key:0:16}
	! lab_sum_is "$lab_initrd" || return 0
	[ -w "$cache" ] || lab_initrd=$LAB_RUN/initrd-${key:0:16}
	lab_initrd_base "$1" "$2" "$LAB_RUN/initrd.new" || lab_die 'cannot make the initramfs' 'is there space on the disk?'
	find "$cache" -maxdepth 1 -name 'initrd-*' -mtime +1 -delete 2>/dev/null
	cp "$LAB_RUN/initrd.new" "$lab_initrd.$$" 2>/dev/null && mv "$lab_initrd.$$" "$lab_initrd" &&
		lab_sum_write "$lab_initrd" || {
		rm -f "$lab_initrd.$$"
		lab_initrd=$LAB_RUN/initrd.new # no space in the cache: it lasts for this run
	}
}
