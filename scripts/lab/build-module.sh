# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What modules are built with, and `scripts/vm build-module`: a module for a kernel of the lab.
#
# The headers of a suite want that suite's compiler and its libraries at absolute paths. So the compiler is
# fetched with them, into a root of its own, $DAVIT_LAB/kernels/NAME/build, and make runs in a tmpfs with that
# root's usr, the headers and the module's directory, in a mount namespace that ends with it.

LAB_BUILD_PACKAGES=gcc,make,libelf-dev,pahole,xz-utils,bc,kmod
LAB_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

build_module_usage() {
	cat <<-'EOF'
		usage: scripts/vm build-module --kernel KERNEL [OPTION...] DIR [MAKE-ARGUMENT...]

		Builds the module whose Makefile (obj-m := ...) is in DIR for a kernel of the lab, with its headers and
		the compiler of its suite, which are fetched first if they are not there. The result is left in DIR.

		  --kernel KERNEL   a name that `scripts/vm list` shows
		  --share DIR       another directory that the build needs, at the same place
		  --jobs N          compile N files at once (default: processors of this machine)

		Status: make's; 125 the lab failed. Afterwards: scripts/vm run --kernel KERNEL --share DIR -- insmod DIR/NAME.ko
	EOF
}

# lab_fetch_build NAME: the build root of its suite
lab_fetch_build() {
	local dir=$DAVIT_LAB/kernels/$1 suite mirror kbuild
	[ ! -d "$dir/build" ] || return 0
	suite=$(lab_suite "$1")
	suite=${suite%-security}
	build_module_needs "$suite"
	mirror=$(lab_mirrors "$suite" | head -n 1)
	[ -n "$mirror" ] || lab_die "this machine's apt knows no Debian mirror" 'apt-get indextargets lists what it knows'
	lab_fetch_begin
	lab_say FETCH "the compiler of $suite"
	lab_at_exit build_root_end
	# a pid namespace: whatever ends it ends the installers of packages, too. They have the lock, and the pipe
	# whose end tells that the last of them is gone.
	exec {build_root_pipe}< <(
		exec 9>&1 >"$LAB_RUN/debootstrap.log" 2>&1 </dev/null
		exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
			debootstrap --variant=minbase --keyring="$LAB_KEYRING" --include="$LAB_BUILD_PACKAGES" \
			"$suite" "$lab_new_dir/build" "$mirror"
	)
	build_root_pid=$!
	wait "$build_root_pid" || {
		build_root_pid=
		grep -E '^[EW]: ' "$LAB_RUN/debootstrap.log" | head -n 3 | sed 's/^[EW]: */vm: /' >&2
		lab_die "cannot make the build root of '$suite'" "is there a network, and space in '$DAVIT_LAB'?"
	}
	build_root_pid=
	exec {build_root_pipe}<&-
	rm -rf "$lab_new_dir"/build/var/cache/apt "$lab_new_dir"/build/var/lib/apt/lists \
		"$lab_new_dir"/build/usr/share/{doc,man,locale}
	# where the headers will be
	for kbuild in "$dir"/headers/usr/lib/linux-kbuild-*; do
		lab_mkdir "$lab_new_dir" "build/usr/lib/${kbuild##*/}"
	done
	mv "$lab_new_dir/build" "$dir/build" || lab_die "cannot write to '$DAVIT_LAB'"
	lab_fetch_end
}

build_root_end() {
	[ -n "${build_root_pid:-}" ] || return 0
	kill -KILL "$build_root_pid" 2>/dev/null
	wait "$build_root_pid" 2>/dev/null
	read -r -u "$build_root_pipe"
	build_root_pid=
}

build_module_needs() { # SUITE
	lab_need debootstrap debootstrap
	[ "$EUID" -eq 0 ] || lab_die 'the root of a suite is made as root' 'sudo scripts/vm fetch --headers'
	[ -e "$LAB_KEYRING" ] || lab_die "no keys to check Debian's signatures" 'apt-get install debian-archive-keyring'
	[ -e "/usr/share/debootstrap/scripts/$1" ] ||
		lab_die "this debootstrap does not know the suite '$1'" 'a newer one does: apt-get install debootstrap'
}

lab_build_module() {
	local o kernel='' jobs='' shares=() dir name
	while [ $# -gt 0 ]; do
		o=$1
		case $o in
		--help | -h) build_module_usage; exit 0 ;;
		--) shift; break ;;
		--*=*) set -- "${o%%=*}" "${o#*=}" "${@:2}"; continue ;;
		--kernel) need_value "$o" $#; kernel=$2 ;;
		--share) need_value "$o" $#; shares+=("$2") ;;
		--jobs) need_value "$o" $#; jobs=$2 ;;
		-*) lab_die "unknown option '$o'" 'scripts/vm build-module --help' ;;
		*) break ;;
		esac
		shift 2
	done
	[ -n "$kernel" ] || lab_die 'no kernel given' "--kernel with one of: $(lab_kernel_names | paste -sd' ')"
	[ $# -gt 0 ] || lab_die 'no directory of a module given' 'scripts/vm build-module --kernel 6.1 DIR'
	jobs=${jobs:-$(nproc)}
	[[ $jobs =~ ^[0-9]{1,3}$ ]] && [ "$jobs" -ge 1 ] || lab_die "bad number of jobs '$jobs'" '1 to 999'
	dir=$(build_module_dir "$1") || exit $LAB_FAILED
	[ -e "$dir/Makefile" ] || [ -e "$dir/Kbuild" ] ||
		lab_die "'$dir' has no Makefile and no Kbuild" 'one line is enough: obj-m := NAME.o'
	shift
	for o in "${!shares[@]}"; do shares[o]=$(build_module_dir "${shares[o]}") || exit $LAB_FAILED; done
	run_dir
	build_module_kernel
	if [ -e "$DAVIT_LAB/kernels/$name/modules/build/Makefile" ]; then
		# built here, by this machine's compiler
		lab_wait make -C "$DAVIT_LAB/kernels/$name/modules/build" -j "$jobs" M="$dir" "${@:-modules}"
		exit
	fi
	build_module_make "$@"
}

# build_module_dir DIR: its real path
build_module_dir() {
	local dir
	[ -d "$1" ] || lab_die "no directory '$1'"
	dir=$(realpath -- "$1")
	[[ $dir != *[[:space:]:]* ]] || lab_die "'$dir' has a blank or a colon in it" "the kernel's make takes no such path: build in a copy"
	case $dir/ in
	/ | /usr/* | /etc/* | /proc/* | /dev/*)
		lab_die "'$dir' is hidden by the files of the suite" 'build in a copy of it' ;;
	esac
	echo "$dir"
}

# sets $name, whose headers and compiler are in the cache afterwards
build_module_kernel() {
	[[ $kernel != */* ]] || lab_die "'$kernel' is an image" 'build in its own tree: make -C TREE M=DIR'
	name=$(lab_table "$kernel" image | awk 'NR == 1 { print $1 }')
	if [ -n "$name" ]; then
		lab_fetch_headers "$name"
		lab_fetch_build "$name"
		return
	fi
	name=$kernel
	[ -e "$DAVIT_LAB/kernels/$name/about" ] ||
		lab_die "unknown kernel '$name'" "known: $(lab_kernel_names | paste -sd' ')"
	[ -e "$DAVIT_LAB/kernels/$name/modules/build/Makefile" ] ||
		lab_die "kernel '$name' has no headers in the cache" 'its directory needs modules/build'
}

build_module_make() { # MAKE-ARGUMENT...
	[ "$EUID" -eq 0 ] || lab_die 'a module is built as root' 'sudo scripts/vm build-module'
	mkdir "$LAB_RUN/root"
	# all by exec: a signal to this shell ends make
	lab_wait unshare --mount --propagation private bash -c "$LAB_BUILD_SCRIPT" build-module "$LAB_RUN/root" \
		"$DAVIT_LAB/kernels/$name" "${#shares[@]}" "${shares[@]}" "$dir" \
		make -C "/usr/src/linux-headers-$(lab_about "$name" release)" -j "$jobs" M="$dir" "${@:-modules}"
	exit
}

# ROOT KERNEL-DIR N SHARE... DIR COMMAND...: runs COMMAND with DIR and N others where they are
# shellcheck disable=SC2016 # for bash -c
LAB_BUILD_SCRIPT='
	set -e
	trap "exit 125" ERR
	root=$1 kernel=$2 n=$(($3 + 1))
	shift 3
	mount -t tmpfs -o mode=0755 build "$root"
	cd "$root"
	mkdir usr proc dev tmp etc
	for d in bin sbin lib lib64; do ln -s "usr/$d" "$d"; done
	mount --bind "$kernel/build/usr" usr
	mount --bind "$kernel/build/etc" etc
	mount --bind "$kernel/headers/usr/src" usr/src
	for d in "$kernel"/headers/usr/lib/linux-kbuild-*; do mount --bind "$d" "usr/lib/${d##*/}"; done
	mount -t proc proc proc
	for d in null zero random urandom; do : >"dev/$d"; mount --bind "/dev/$d" "dev/$d"; done
	ln -s /proc/self/fd dev/fd
	for ((; n > 0; n--)); do
		mkdir -p ".$1"
		mount --bind "$1" ".$1"
		shift
	done
	exec chroot . env -i PATH=/usr/sbin:/usr/bin HOME=/ LC_ALL=C "$@"
'
