# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `scripts/vm build-kernel --debug`: a small kernel with KASAN, lockdep, kmemleak and fault injection,
# from a source package and scripts/lab/debug.config.
#
# $DAVIT_LAB/kernels/debug-KEY/, and the link debug to the newest; KEY is the digest of all that goes in.
#	about, vmlinux	as kernels.sh has them
#	bzImage, config
#	modules/	of modules_install; its `build` is headers/
#	headers/	enough to build modules against: make -C modules/build M=...
#	vmlinux.debug	with symbols, for gdb, addr2line, scripts/faddr2line

LAB_DEBUG_CONFIG=$LAB_LIB/debug.config
LAB_DEBUG_SPACE_MB=6000 # source 1.5 GB, objects with debugging information 3 GB, result
LAB_DEBUG_FORMAT=1      # of the directory above; a new number builds anew
LAB_DEBUG_TELL_SECONDS=30

# program:package
LAB_DEBUG_NEEDS='gcc:gcc ld:binutils make:make flex:flex bison:bison bc:bc perl:perl tar:tar xz:xz-utils
	gzip:gzip depmod:kmod pahole:dwarves'

build_kernel_usage() {
	cat <<-'EOF'
		usage: scripts/vm build-kernel --debug [OPTION...]

		  --debug           with KASAN, lockdep, kmemleak, fault injection: the one flavour there is
		  --source TARBALL  linux-*.tar.xz (default: the newest /usr/src/linux-source-*.tar.xz)
		  --jobs N          compile N files at once (default: processors of this machine)
		  --keep            leave the build tree; a build of the same sources goes on in it
		  --print-path      print where the built kernel is, and build nothing

		Afterwards: scripts/vm run --kernel debug -- COMMAND. A second call finds the kernel built, unless
		source, scripts/lab/debug.config or compiler changed.
	EOF
}

lab_build_kernel() {
	local is_debug='' jobs='' tarball='' is_kept='' is_print=''
	build_kernel_options "$@"
	[ -n "$is_debug" ] || lab_die 'build-kernel builds debug kernels only' 'say --debug'
	jobs=${jobs:-$(nproc)}
	[[ $jobs =~ ^[0-9]{1,3}$ ]] && [ "$jobs" -ge 1 ] || lab_die "bad number of jobs '$jobs'" '1 to 999'
	build_kernel_source
	build_kernel_needs
	build_kernel_key

	local name=debug-$build_key
	local dir=$DAVIT_LAB/kernels/$name tree=$DAVIT_LAB/build/$name log=$DAVIT_LAB/log/build-$name.log
	if [ -n "$is_print" ]; then
		[ -e "$dir/about" ] || lab_die 'this debug kernel is not built' 'scripts/vm build-kernel --debug'
		echo "$dir"
		return 0
	fi
	lab_cache
	mkdir -p "$DAVIT_LAB/build" "$DAVIT_LAB/log" || lab_die "cannot write to the cache '$DAVIT_LAB'"
	build_pid=
	lab_at_exit build_kernel_end
	exec {build_lock}>"$DAVIT_LAB/build/.lock"
	if ! flock -n "$build_lock"; then
		lab_say WAIT 'for another build of a kernel'
		# in the background, so that a signal ends the wait; the lock stays with the descriptor
		flock "$build_lock" &
		build_pid=$!
		wait "$build_pid" || lab_die "cannot lock '$DAVIT_LAB/build'"
		build_pid=
	fi
	if [ -e "$dir/about" ]; then
		build_kernel_link "$name"
		lab_say CACHED "kernel debug is $(lab_about "$name" release) ($name)"
		return 0
	fi
	run_dir
	build_kernel_space "$tree"
	: >"$log" || lab_die "cannot write '$log'"
	build_kernel_unpack "$tree"
	build_kernel_configure "$tree" "$log"
	build_kernel_make "$tree" "$log"
	build_kernel_install "$tree" "$dir" "$log"
	build_kernel_link "$name"
	rm -f "$log"
	lab_say KERNEL "debug is $(lab_about "$name" release) ($name), $(du -sm "$dir" | cut -f1) MB, after $SECONDS s"
}

# sets the locals of lab_build_kernel
build_kernel_options() {
	local o
	while [ $# -gt 0 ]; do
		o=$1
		case $o in
		--help | -h) build_kernel_usage; exit 0 ;;
		--debug) is_debug=1 ;;
		--keep) is_kept=1 ;;
		--print-path) is_print=1 ;;
		--jobs=* | --source=*) set -- "${o%%=*}" "${o#*=}" "${@:2}"; continue ;;
		--jobs) need_value "$o" $#; jobs=$2; shift ;;
		--source) need_value "$o" $#; tarball=$2; shift ;;
		*) lab_die "unknown option '$o'" 'scripts/vm build-kernel --help' ;;
		esac
		shift
	done
}

build_kernel_source() {
	local found
	if [ -z "$tarball" ]; then
		found=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' 2>/dev/null | sort -V | tail -n 1)
		[ -n "$found" ] || lab_die 'no source of a kernel in /usr/src' 'apt-get install linux-source, or --source TARBALL'
		tarball=$found
	fi
	[ -f "$tarball" ] && [ -r "$tarball" ] || lab_die "cannot read '$tarball'" '--source wants the tarball of a kernel'
}

build_kernel_needs() {
	local need missing=''
	for need in $LAB_DEBUG_NEEDS; do
		command -v "${need%:*}" >/dev/null || missing+=" ${need#*:}"
	done
	if command -v gcc >/dev/null; then
		echo '#include <libelf.h>' | gcc -E - >/dev/null 2>&1 || missing+=' libelf-dev'
		echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 || missing+=' libc6-dev'
	fi
	[ -z "$missing" ] || lab_die "a kernel build needs packages that are missing:$missing" "apt-get install$missing, or make deps-kernel"
}

# sets $build_key: what goes in, by content
build_kernel_key() {
	local sum
	sum=$({
		echo "format $LAB_DEBUG_FORMAT"
		sha256sum <"$tarball"
		grep -E '^(CONFIG_|# CONFIG_)' "$LAB_DEBUG_CONFIG"
		gcc --version | head -n 1
		ld --version | head -n 1
		pahole --version
	} | sha256sum)
	build_key=${sum:0:12}
}

build_kernel_space() {
	local left need=$LAB_DEBUG_SPACE_MB
	[ ! -d "$1" ] || need=$((need / 2)) # a kept tree
	left=$(df -Pm "$DAVIT_LAB" | awk 'NR == 2 { print $4 }')
	[ "$left" -ge "$need" ] ||
		lab_die "a kernel build needs $need MB, '$DAVIT_LAB' has $left" 'set $DAVIT_LAB to a directory with more'
}

# the end of the shell, however it came
build_kernel_end() {
	build_kernel_hush
	if [ -n "$build_pid" ]; then
		kill -TERM "$build_pid" 2>/dev/null
		wait "$build_pid" 2>/dev/null
		build_pid=
	fi
	[ -z "${build_new:-}" ] || rm -rf "$build_new"
	[ -n "${build_kept:-}" ] || rm -rf "${build_tree:-}"
}

# build_kernel_run LOG DIR COMMAND...: in the background, so that a signal ends both; false if it fails
build_kernel_run() {
	local rc log=$1 dir=$2
	shift 2
	# what the caller's make exports is not meant for the kernel's
	setpriv --pdeathsig TERM env -C "$dir" -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u O -u V -u C -u M -u W -u ARCH -u CROSS_COMPILE -u CFLAGS -u LDFLAGS \
		-u KBUILD_OUTPUT -u KCFLAGS -u LOCALVERSION LC_ALL=C KBUILD_BUILD_USER=davit KBUILD_BUILD_HOST=lab \
		KBUILD_BUILD_TIMESTAMP="$(date -u -r "$tarball")" nice -n 19 "$@" >>"$log" 2>&1 </dev/null &
	build_pid=$!
	wait "$build_pid"
	rc=$?
	build_pid=
	return $rc
}

# build_kernel_unpack TREE: TREE/source, unless a kept tree has it
build_kernel_unpack() {
	build_tree=$1
	build_kept=$is_kept
	[ ! -d "$1/source" ] || return 0
	rm -rf "$1"
	mkdir -p "$1/unpack" "$1/objects" || lab_die "cannot write to '$1'"
	lab_say UNPACK "${tarball##*/}"
	build_kernel_run "$log" / tar -xf "$(realpath -- "$tarball")" -C "$1/unpack" --strip-components=1 || {
		tail -n 1 "$log" >&2
		lab_die "cannot unpack '$tarball'" 'is it the tarball of a kernel, and is there space on the disk?'
	}
	[ -f "$1/unpack/scripts/kconfig/merge_config.sh" ] || lab_die "'$tarball' holds no kernel"
	mv "$1/unpack" "$1/source"
}

build_kernel_configure() {
	local tree=$1 log=$2 lost
	lab_say CONFIG "${LAB_DEBUG_CONFIG#"$LAB_TOP"/}"
	build_kernel_run "$log" "$tree/source" scripts/kconfig/merge_config.sh -n -O "$tree/objects" "$LAB_DEBUG_CONFIG" ||
		build_kernel_failed "$log" 'cannot configure the kernel'
	lost=$(build_kernel_lost "$LAB_DEBUG_CONFIG" "$tree/objects/.config")
	[ -z "$lost" ] || lab_die "this kernel does not take: $(paste -sd' ' <<<"$lost")" \
		"what they depend on is missing in ${LAB_DEBUG_CONFIG##*/}, or this version has no such option"
}

# build_kernel_lost FRAGMENT CONFIG: the lines of FRAGMENT that CONFIG does not honour
build_kernel_lost() {
	awk '
		function option(line) { sub(/^# /, "", line); sub(/[ =].*/, "", line); return line }
		!/^(# )?CONFIG_/ { next }
		FILENAME == ARGV[1] { want[++n] = $0; next }
		{ have[option($0)] = $0 }
		END {
			for (i = 1; i <= n; i++) {
				o = option(want[i])
				is_off = want[i] ~ / is not set$/
				if (is_off ? have[o] ~ /=/ : have[o] != want[i])
					print is_off ? o "=n" : want[i]
			}
		}' "$1" "$2"
}

build_kernel_make() {
	local tree=$1 log=$2
	lab_say BUILD "$(make -s -C "$tree/objects" kernelrelease 2>/dev/null), $jobs jobs"
	build_kernel_tell "$log" &
	build_teller=$!
	build_kernel_run "$log" / make -C "$tree/objects" -j "$jobs" bzImage modules ||
		build_kernel_failed "$log" 'the kernel does not build'
	build_kernel_hush
}

# a line from time to time; without a child that would outlive it
build_kernel_tell() {
	local start=$SECONDS
	trap - EXIT HUP INT TERM
	exec {build_lock}>&-
	while ! read -r -t $LAB_DEBUG_TELL_SECONDS <> <(:) && kill -0 $$ 2>/dev/null; do
		lab_say BUILD "$((SECONDS - start)) s, $(grep -cE '^  (CC|AS|LD|AR) ' "$1") steps, now $(tail -n 1 "$1" | tr -s ' ')"
	done
}

build_kernel_hush() {
	[ -n "${build_teller:-}" ] || return 0
	kill "$build_teller" 2>/dev/null
	wait "$build_teller" 2>/dev/null
	build_teller=
}

build_kernel_failed() { # LOG MESSAGE
	grep -vE '^  [A-Z]+ ' "$1" | grep -E '(error|Error|undefined|No space)' | head -n 5 >&2
	lab_error "$2"
	lab_hint "log: $1"
	exit "$LAB_FAILED"
}

# build_kernel_install TREE DIR LOG: made beside, moved when complete
build_kernel_install() {
	local tree=$1 dir=$2 log=$3 release
	build_new=$DAVIT_LAB/kernels/.${dir##*/}.$$
	lab_say INSTALL "${dir##*/}"
	rm -rf "$DAVIT_LAB/kernels/.${dir##*/}".*
	mkdir -p "$build_new" || lab_die "cannot write to '$DAVIT_LAB'"
	release=$(<"$tree/objects/include/config/kernel.release")
	build_kernel_run "$log" / make -C "$tree/objects" modules_install INSTALL_MOD_PATH="$build_new" ||
		build_kernel_failed "$log" 'cannot install the modules'
	mv "$build_new/lib/modules/$release" "$build_new/modules" && rm -r "${build_new:?}/lib" &&
		cp "$tree/objects/arch/x86/boot/bzImage" "$build_new/bzImage" &&
		cp "$tree/objects/.config" "$build_new/config" &&
		build_kernel_headers "$tree" "$build_new/headers" &&
		rm -f "$build_new/modules/source" && ln -sfn ../headers "$build_new/modules/build" &&
		build_kernel_run "$log" / objcopy --compress-debug-sections=zlib "$tree/objects/vmlinux" "$build_new/vmlinux.debug" ||
		build_kernel_failed "$log" "cannot fill '$dir'"
	lab_register "$build_new" "$build_new/bzImage" "$build_new/modules" "$(make -s -C "$tree/objects" kernelversion)"
	# what it finds is a warning, more often than not
	echo 'cmdline loglevel=5' >>"$build_new/about"
	# the other machine's ACPI computes its interrupt routes in a loop, which takes this kernel half a minute a device
	echo 'machine q35' >>"$build_new/about"
	rm -rf "$dir"
	mv "$build_new" "$dir" || lab_die "cannot write to '$DAVIT_LAB'"
	build_new=
}

# build_kernel_headers TREE OUT: what modules are built against, as in the kernel's scripts/package
build_kernel_headers() {
	mkdir -p "$2" || return 1
	(
		cd "$1/source" && {
			find . arch/x86 -maxdepth 1 -name 'Makefile*'
			find include scripts arch/x86/include -type f -o -type l
			find arch/x86 -name Kbuild.platforms -o -name Platform
		} | tar -cf - -T -
	) | tar -xf - -C "$2" || return 1
	(
		cd "$1/objects" && {
			find arch/x86/include include scripts -type f ! -name '*.cmd' ! -name '*.o'
			printf '%s\n' .config Module.symvers
			[ ! -e tools/objtool/objtool ] || echo tools/objtool/objtool
		} | tar -cf - -T -
	) | tar -xf - -C "$2"
}

# build_kernel_link NAME: the kernel that `debug` is
build_kernel_link() {
	ln -sfn "$1" "$DAVIT_LAB/kernels/.debug.$$" && mv -T "$DAVIT_LAB/kernels/.debug.$$" "$DAVIT_LAB/kernels/debug" ||
		lab_die "cannot write to '$DAVIT_LAB'"
}
