# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables that boot.sh uses
# The lab's kernels: those of tests/kernels.txt, which fetch.sh gets, and those that were put into the
# cache by name; what is in an image; the list of them.
#
# $DAVIT_LAB/kernels/NAME/
#	about		"key value" lines: version, release, image, modules, sha256 (of the image),
#			unpacked (bytes of vmlinux), pinned (the version in the table that it
#			stands for); if the kernel wants them, cmdline, a word for its command line,
#			and machine, qemu's
#	tree/		what the packages hold
#	headers/	the same for those of `fetch --headers`
#	vmlinux		the image unpacked: it starts faster than when the guest unpacks it; vmlinux.sum: its check sum
# A kernel from elsewhere that has such a directory is known by its name, too.

LAB_TABLE=$LAB_TOP/tests/kernels.txt

# lab_table [KERNEL [PART]]: rows "KERNEL SUITE PART PACKAGE VERSION SHA256"; KERNEL is a name or a suite
lab_table() {
	awk -v k="${1:-}" -v p="${2:-}" \
		'NF && $1 !~ /^#/ && (k == "" || $1 == k || $2 == k || $2 == k "-security") && (p == "" || $3 == p)' "$LAB_TABLE"
}

# names in the order of the table, then those that only the cache has
lab_kernel_names() {
	local d
	{
		lab_table | awk '{ print $1 }'
		for d in "$DAVIT_LAB"/kernels/*/about; do
			[ ! -e "$d" ] || { d=${d%/about} && echo "${d##*/}"; }
		done
	} | awk '!seen[$1]++'
}

# lab_about NAME KEY
lab_about() { awk -v k="$2" '$1 == k { print $2; exit }' "$DAVIT_LAB/kernels/$1/about" 2>/dev/null; }

lab_cache() {
	mkdir -p "$DAVIT_LAB/kernels" 2>/dev/null && [ -w "$DAVIT_LAB/kernels" ] ||
		lab_die "cannot write to the cache '$DAVIT_LAB'" 'set $DAVIT_LAB to a directory of yours'
}

# lab_image_check FILE: is it an x86 bzImage?
lab_image_check() {
	[ "$(dd if="$1" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ]
}

# lab_image_release FILE: what `uname -r` will say
lab_image_release() {
	local at
	at=$(od -An -tu2 -j 526 -N 2 "$1")
	tail -c +$((at + 513)) "$1" | head -c 200 | tr '\0' '\n' | head -n 1 | cut -d' ' -f1
}

# lab_image_is_whole FILE: as long as its header says; what is behind it may be a signature
lab_image_is_whole() {
	local setup paragraphs
	setup=$(od -An -tu1 -j 497 -N 1 "$1")
	paragraphs=$(od -An -tu4 -j 500 -N 4 "$1")
	[ "$(stat -Lc %s "$1")" -ge $(((setup + 1) * 512 + paragraphs * 16)) ]
}

# lab_image_unpack FILE OUT: the ELF inside (its PVH entry is used). Return: 1 if there is none to be had, or none
# that starts so (KASAN), 2 if it cannot be unpacked
lab_image_unpack() {
	local setup offset length r
	setup=$(od -An -tu1 -j 497 -N 1 "$1")
	read -r offset length < <(od -An -tu4 -j 584 -N 8 "$1")
	[ "${setup:-0}" -gt 0 ] && [ "${length:-0}" -gt 0 ] || return 1
	tail -c +$(((setup + 1) * 512 + offset + 1)) "$1" | head -c "$length" >"$LAB_RUN/payload"
	# the size at its end is no part of the compressed stream, except of gzip's
	case $(od -An -tx1 -N 4 "$LAB_RUN/payload" | tr -d ' ') in
	fd377a58) head -c -4 "$LAB_RUN/payload" | xz -dc ;;
	28b52ffd) head -c -4 "$LAB_RUN/payload" | zstd -qdc ;;
	1f8b*) gzip -dc <"$LAB_RUN/payload" ;;
	*) (exit 3) ;;
	esac >"$2" 2>/dev/null
	r=$?
	rm -f "$LAB_RUN/payload"
	# with KASAN the code behind the PVH entry is checked before there is a shadow to check it by: it starts by its own decompressor
	if [ "$(head -c 4 "$2" | tr -d '\177')" = ELF ] && [ $r -eq 0 ]; then
		! grep -aqF 'BUG: KASAN' "$2" && return
		r=3
	fi
	rm -f "$2"
	[ $r -ne 3 ] || return 1
	return 2
}

# lab_image_is_sound FILE: whole, and its content can be unpacked, if this machine knows how
lab_image_is_sound() {
	lab_image_is_whole "$1" || return 1
	lab_image_unpack "$1" "$LAB_RUN/vmlinux"
	[ $? -ne 2 ] || return 1
	rm -f "$LAB_RUN/vmlinux"
}

# lab_register DIR IMAGE MODULES VERSION [PINNED]: make DIR/about; IMAGE and MODULES are in DIR
lab_register() {
	local dir=$1 image=$2 modules=$3 unpacked=0

	! lab_image_unpack "$image" "$dir/vmlinux" || {
		unpacked=$(stat -c %s "$dir/vmlinux")
		lab_sum_write "$dir/vmlinux"
	}
	printf '%s %s\n' version "$4" release "$(lab_image_release "$image")" image "${image#"$dir"/}" \
		modules "${modules#"$dir"/}" sha256 "$(sha256sum <"$image" | cut -d' ' -f1)" \
		unpacked "$unpacked" pinned "${5:-$4}" >"$dir/about.new" &&
		mv "$dir/about.new" "$dir/about" || lab_die "cannot write to '$dir'" 'is there space on the disk?'
}

# Check sums of files that the cache derives from others: against damage. FILE.sum has that of FILE.
lab_sum_is() { [ -s "$1" ] && [ "$(cksum 2>/dev/null <"$1")" = "$(cat "$1.sum" 2>/dev/null)" ]; }
lab_sum_write() { { cksum <"$1" >"$1.sum.$$" && mv "$1.sum.$$" "$1.sum"; } 2>/dev/null || rm -f "$1.sum.$$"; }

# lab_boot_image_find DIR: sets $lab_boot_image to the unpacked image, made again if it is not what it was, or $lab_kernel
lab_boot_image_find() {
	lab_boot_image=$lab_kernel
	[ "$(lab_about "$lab_name" unpacked)" != 0 ] || return 0
	if ! lab_sum_is "$1/vmlinux"; then
		lab_image_unpack "$lab_kernel" "$LAB_RUN/vmlinux" || return 0
		{ cp "$LAB_RUN/vmlinux" "$1/vmlinux.$$" && mv "$1/vmlinux.$$" "$1/vmlinux" && lab_sum_write "$1/vmlinux"; } 2>/dev/null || {
			rm -f "$1/vmlinux.$$"
			lab_boot_image=$LAB_RUN/vmlinux # no place for it in the cache: it lasts for this run
			return
		}
		rm -f "$LAB_RUN/vmlinux"
	fi
	lab_boot_image=$1/vmlinux
}

# lab_is_fetched NAME: in the cache, and what the table means now
lab_is_fetched() {
	local pinned wanted
	[ -e "$DAVIT_LAB/kernels/$1/about" ] || return 1
	pinned=$(lab_about "$1" pinned)
	wanted=$(lab_table "$1" image | awk -F '\t' 'NR == 1 { print $5 }')
	[ -z "$wanted" ] || [ "$wanted" = "$pinned" ]
}

# lab_kernel_check NAME-OR-PATH: is there one, in the cache or to be fetched? Sets $lab_name.
lab_kernel_check() {
	local row
	lab_name=$1
	if [[ $1 == */* ]]; then
		[ -f "$1" ] || lab_die "no kernel image '$1'" "a name has no slash: $(lab_kernel_names | paste -sd' ')"
		return
	fi
	row=$(lab_table "$1" image | awk 'NR == 1 { print $1 }')
	lab_name=${row:-$1}
	[ -n "$row" ] || lab_is_fetched "$lab_name" ||
		lab_die "unknown kernel '$1'" "known: $(lab_kernel_names | paste -sd' '), or a path of a bzImage, with a slash in it"
}

# lab_kernel_find NAME-OR-PATH MODULES: sets $lab_name, $lab_kernel (bzImage), $lab_boot_image,
# $lab_release, $lab_modules, $lab_kernel_cmdline, $lab_kernel_machine, $lab_kernel_dir (cache, or empty)
lab_kernel_find() {
	local dir modules=$2
	lab_kernel_check "$1"
	if [[ $1 == */* ]]; then
		lab_image_check "$1" || lab_die "'$1' is no x86 kernel image (bzImage)" 'arch/x86/boot/bzImage of a kernel tree is one'
		lab_image_is_sound "$1" || lab_die "kernel image '$1' is damaged" 'build it again; a damaged one hangs without a word'
		lab_kernel=$(realpath -- "$1") lab_boot_image=$lab_kernel lab_kernel_dir='' lab_modules='' lab_kernel_cmdline=''
		lab_kernel_machine=q35 # it may be a debug kernel, as build-kernel.sh explains
		lab_release=$(lab_image_release "$1")
	else
		lab_is_fetched "$lab_name" || lab_fetch "$lab_name"
		dir=$DAVIT_LAB/kernels/$lab_name
		lab_kernel_dir=$dir
		lab_kernel=$dir/$(lab_about "$lab_name" image)
		lab_release=$(lab_about "$lab_name" release)
		lab_modules=$(lab_about "$lab_name" modules)
		lab_modules=${lab_modules:+$(realpath -- "$dir/$lab_modules")}
		lab_kernel_cmdline=$(lab_about "$lab_name" cmdline)
		lab_kernel_machine=$(lab_about "$lab_name" machine)
		[ -e "$lab_kernel" ] || lab_die "kernel image '$lab_kernel' is missing" "rm -r '$dir'; it is fetched again"
		[ "$(sha256sum 2>/dev/null <"$lab_kernel" | cut -d' ' -f1)" = "$(lab_about "$lab_name" sha256)" ] ||
			lab_die "kernel image '$lab_kernel' is damaged" "rm -r '$dir'; it is fetched again"
		lab_boot_image_find "$dir"
	fi
	[ -z "$modules" ] || lab_modules_find "$modules"
}

# lab_modules_find DIR: DIR has modules.dep, or is what `make modules_install INSTALL_MOD_PATH=` filled
lab_modules_find() {
	local d
	for d in "$1" "$1/lib/modules/$lab_release" "$1/$lab_release"; do
		[ -e "$d/modules.dep" ] || continue
		lab_modules=$(realpath -- "$d")
		return
	done
	[ -d "$1" ] || lab_die "no modules in '$1': no such directory" '--modules takes a tree with lib/modules, or the directory of one release'
	lab_die "no modules of '$lab_release' in '$1'" 'it needs a modules.dep: depmod writes it'
}

### the list

# lab_list_rows: "NAME VERSION SUITE FETCHED BYTES", tabs between
lab_list_rows() {
	local name version suite bytes
	lab_kernel_names | while IFS= read -r name; do
		read -r version suite < <(lab_table "$name" image | awk -F '\t' 'NR == 1 { print $5, $2 }')
		if [ -z "$version" ] || lab_is_fetched "$name"; then
			version=$(lab_about "$name" version)
			bytes=$(du -sB1 "$DAVIT_LAB/kernels/$name" | cut -f1)
			printf '%s\t%s\t%s\tyes\t%s\n' "$name" "${version:--}" "${suite:--}" "$bytes"
		else
			printf '%s\t%s\t%s\tno\t0\n' "$name" "$version" "$suite"
		fi
	done
}

# lab_list text|json
lab_list() {
	if [ "$1" = json ]; then
		lab_list_rows | awk -F '\t' '
			BEGIN { printf "[" }
			{ gsub(/["\\]/, "\\\\&"); printf "%s{\"kernel\":\"%s\",\"version\":\"%s\",\"suite\":%s,\"fetched\":%s,\"bytes\":%s}", (NR > 1 ? "," : ""),
				$1, $2, ($3 == "-" ? "null" : "\"" $3 "\""), ($4 == "yes" ? "true" : "false"), $5 }
			END { print "]" }'
	else
		lab_list_rows | awk -F '\t' '
			BEGIN { printf "%-12s %-14s %-18s %-8s %s\n", "KERNEL", "VERSION", "SUITE", "FETCHED", "SIZE" }
			{ printf "%-12s %-14s %-18s %-8s %s\n", $1, $2, $3, $4, ($5 ? sprintf("%.0f MB", $5 / 1e6) : "-") }'
	fi
}
