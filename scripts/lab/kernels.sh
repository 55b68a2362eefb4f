# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The lab's kernels: tests/kernels.txt names Debian's packages, fetched and unpacked into the cache.
#
# $DAVIT_LAB/kernels/NAME/
#	about		"key value" lines: version, release, image, modules, sha256 (of the image), and
#			cmdline, if the kernel wants a word on its command line
#	tree/		what the packages hold
#	headers/	the same for those of `fetch --headers`
#	vmlinux		the image unpacked: it starts faster than when the guest unpacks it
# A kernel from elsewhere that has such a directory is known by its name, too.

LAB_TABLE=$LAB_TOP/tests/kernels.txt

# lab_table [KERNEL [PART]]: rows "KERNEL SUITE PART PACKAGE VERSION SHA256"; KERNEL is a name or a suite
lab_table() {
	awk -v k="${1:-}" -v p="${2:-}" \
		'NF && $1 !~ /^#/ && (k == "" || $1 == k || $2 == k) && (p == "" || $3 == p)' "$LAB_TABLE"
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

# lab_image_unpack FILE OUT: the ELF inside (its PVH entry is used), false if there is none to be had
lab_image_unpack() {
	local setup offset length
	setup=$(od -An -tu1 -j 497 -N 1 "$1")
	read -r offset length < <(od -An -tu4 -j 584 -N 8 "$1")
	[ "${setup:-0}" -gt 0 ] && [ "${length:-0}" -gt 0 ] || return 1
	tail -c +$(((setup + 1) * 512 + offset + 1)) "$1" | head -c "$length" >"$LAB_RUN/payload"
	# the size at its end is no part of the compressed stream
	case $(od -An -tx1 -N 4 "$LAB_RUN/payload" | tr -d ' ') in
	fd377a58) head -c -4 "$LAB_RUN/payload" | xz -dc ;;
	28b52ffd) head -c -4 "$LAB_RUN/payload" | zstd -qdc ;;
	1f8b*) head -c -4 "$LAB_RUN/payload" | gzip -dc ;;
	*) false ;;
	esac >"$2" 2>/dev/null
	rm -f "$LAB_RUN/payload"
	[ "$(head -c 4 "$2" | tr -d '\177')" = ELF ] || { rm -f "$2"; return 1; }
}

### apt, with a configuration of its own

# lab_apt SUITE: package lists of SUITE below $LAB_RUN/apt; the mirrors are those of this machine
lab_apt() {
	local suite=$1 dir=$LAB_RUN/apt-$1 uri uris='' kind=debian
	lab_apt_conf=$dir/apt.conf
	[ ! -e "$lab_apt_conf" ] || return 0
	lab_need apt-get apt
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		lab_die "no keys to check Debian's signatures" 'apt-get install debian-archive-keyring'
	case $suite in *-security) kind=debian-security ;; esac
	uris=$(apt-get indextargets --format '$(SITE) $(CREATED_BY)' 2>/dev/null |
		awk '$2 == "Packages" { sub("/*$", "", $1); print $1 }' | sort -u)
	for uri in $uris; do
		case $uri in */debian | */debian/ | */debian-security) ;; *) continue ;; esac
		uri=${uri%/debian*}/$kind
		mkdir -p "$dir"/{lists/partial,cache/archives/partial}
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >>"$dir/sources.list"
	done
	[ -s "$dir/sources.list" ] ||
		lab_die "this machine's apt knows no Debian mirror" 'apt-get indextargets lists what it knows'
	sort -u -o "$dir/sources.list" "$dir/sources.list"
	: >"$dir/status"
	cat >"$dir/apt.conf" <<-EOF
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Cache::pkgcache "";
		Dir::Cache::srcpkgcache "";
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "";
		APT::Get::AllowUnauthenticated "false";
		Acquire::Languages "none";
		Acquire::Retries "2";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOF
	lab_say APT "package lists of $suite"
	if ! apt-get -c "$dir/apt.conf" -qq -o APT::Update::Error-Mode=any update >"$dir/log" 2>&1; then
		rm -f "$lab_apt_conf"
		sed -n 's/^[EW]: */vm: /p' "$dir/log" | head -n 3 >&2
		lab_die "cannot fetch the package lists of '$suite'" 'is there a network?'
	fi
}

# lab_depends PACKAGE REGEX: names of its dependencies that fit, newest version
lab_depends() {
	apt-cache -c "$lab_apt_conf" show --no-all-versions "$1" 2>/dev/null |
		sed -nE 's/^(Pre-)?Depends: //p' | tr ',' '\n' | sed -E 's/^ *([^ ]+).*/\1/' | grep -E "$2"
}

# lab_current SUITE PART: rows "PACKAGE VERSION SHA256" of what the suite has now
lab_current() {
	local name p
	lab_apt "$1"
	case $2 in
	image)
		name=$(lab_depends linux-image-amd64 '^linux-image-[0-9]')
		# from 7.2 on the image is empty and has its content in three others
		lab_depends "$name" '^linux-(binary|modules)-[0-9]' | grep . || echo "$name"
		;;
	headers)
		name=$(lab_depends linux-headers-amd64 '^linux-headers-[0-9]')
		echo "$name"
		lab_depends "$name" '^linux-(headers-.*-common|kbuild-)'
		;;
	esac | sort -u | while read -r p; do
		[ -z "$p" ] || apt-cache -c "$lab_apt_conf" show --no-all-versions "$p" |
			awk '/^Package:/ { p = $2 } /^Version:/ { v = $2 } /^SHA256:/ { s = $2 } END { print p, v, s }'
	done
}

# lab_download SUITE PACKAGE VERSION SHA256 DIR
lab_download() {
	local deb
	lab_apt "$1"
	mkdir -p "$5"
	lab_say FETCH "$2 $3"
	if ! (cd "$5" && apt-get -c "$lab_apt_conf" -qq download "$2=$3") >"$LAB_RUN/apt.log" 2>&1; then
		! grep -qE "Version '.*' for|Unable to locate" "$LAB_RUN/apt.log" || return 3
		sed -n 's/^[EW]: */vm: /p' "$LAB_RUN/apt.log" | head -n 3 >&2
		lab_die "cannot fetch package '$2'" "is there a network, and space in '$DAVIT_LAB'?"
	fi
	for deb in "$5/$2"_*.deb; do
		echo "$4  $deb" | sha256sum --status -c - || {
			rm -f "$deb"
			lab_die "package '$2' $3 has another digest than in tests/kernels.txt" \
				'scripts/vm fetch --update rewrites the table'
		}
	done
}

# lab_fetch_part NAME SUITE PART DIR: unpack the packages of one part into DIR/PART
lab_fetch_part() {
	local name=$1 suite=$2 part=$3 dir=$4 package version sum rows r
	rows=$(lab_table "$name" "$part" | cut -f4- | tr '\t' ' ')
	while read -r package version sum; do
		lab_download "$suite" "$package" "$version" "$sum" "$dir/debs"
		r=$?
		[ $r -ne 3 ] || break
	done <<<"$rows"
	if [ "${r:-0}" -eq 3 ]; then
		rows=$(lab_current "$suite" "$part")
		[ -n "$rows" ] || lab_die "suite '$suite' has no kernel for amd64"
		lab_say FETCH "$package $version is gone from $suite: taking $(cut -d' ' -f2 <<<"$rows" | sort -u | tail -n 1)" \
			'(scripts/vm fetch --update pins it)'
		rm -rf "$dir/debs"
		while read -r package version sum; do
			lab_download "$suite" "$package" "$version" "$sum" "$dir/debs" ||
				lab_die "cannot fetch package '$package'"
		done <<<"$rows"
	fi
	lab_say UNPACK "$name ($part)"
	mkdir -p "$dir/$part/usr/lib"
	ln -sfn usr/lib "$dir/$part/lib"
	for r in "$dir"/debs/*.deb; do
		# through the link, whichever of lib and usr/lib a package has
		dpkg-deb --fsys-tarfile "$r" | tar -x -C "$dir/$part" --keep-directory-symlink ||
			lab_die "cannot unpack '${r##*/}'" "is there space in '$DAVIT_LAB'?"
	done
	rm -rf "$dir/debs"
	lab_version=$version
}

# lab_fetch NAME: unpacked into a directory beside, moved when complete
lab_fetch() {
	local name=$1 suite image release dir=$DAVIT_LAB/kernels/.$1.$$
	suite=$(lab_table "$name" image | awk 'NR == 1 { print $2 }')
	lab_cache
	exec {lab_lock}>"$DAVIT_LAB/kernels/.lock"
	flock "$lab_lock"
	if ! lab_is_fetched "$name"; then
		lab_need depmod kmod
		lab_need dpkg-deb dpkg
		lab_new_dir=$dir
		rm -rf "$DAVIT_LAB/kernels/.$name".*
		mkdir "$dir" || lab_die "cannot write to '$DAVIT_LAB'"
		lab_fetch_part "$name" "$suite" image "$dir"
		mv "$dir/image" "$dir/tree"
		image=$(find "$dir/tree/boot" "$dir"/tree/usr/lib/modules/* -maxdepth 1 -name 'vmlinuz*' 2>/dev/null | head -n 1)
		[ -n "$image" ] && lab_image_check "$image" || lab_die "the packages of kernel '$name' hold no kernel image"
		release=$(lab_image_release "$image")
		depmod -b "$dir/tree" "$release" || lab_die "cannot index the modules of '$release'"
		lab_register "$dir" "$image" "$dir/tree/lib/modules/$release" "$lab_version"
		rm -rf "${DAVIT_LAB:?}/kernels/$name"
		mv "$dir" "$DAVIT_LAB/kernels/$name"
	fi
	exec {lab_lock}>&-
}

lab_fetch_undo() { [ -z "${lab_new_dir:-}" ] || rm -rf "$lab_new_dir"; }

# lab_register DIR IMAGE MODULES VERSION: make DIR/about; IMAGE and MODULES are in DIR
lab_register() {
	local dir=$1 image=$2 modules=$3
	! lab_image_unpack "$image" "$dir/vmlinux" || chmod 0644 "$dir/vmlinux"
	printf '%s %s\n' version "$4" release "$(lab_image_release "$image")" image "${image#"$dir"/}" \
		modules "${modules#"$dir"/}" sha256 "$(sha256sum <"$image" | cut -d' ' -f1)" >"$dir/about.new" &&
		mv "$dir/about.new" "$dir/about" || lab_die "cannot write to '$dir'" 'is there space on the disk?'
}

lab_is_fetched() { [ -e "$DAVIT_LAB/kernels/$1/about" ]; }

# lab_kernel_find NAME-OR-PATH MODULES: sets $lab_name, $lab_kernel (bzImage), $lab_boot_image,
# $lab_release, $lab_modules, $lab_kernel_cmdline, $lab_kernel_dir (cache, or empty)
lab_kernel_find() {
	local dir modules=$2 row
	lab_name=$1
	if [[ $1 == */* ]]; then
		[ -f "$1" ] || lab_die "no kernel image '$1'"
		lab_image_check "$1" || lab_die "'$1' is no x86 kernel image (bzImage)" 'arch/x86/boot/bzImage of a kernel tree is one'
		lab_kernel=$(realpath -- "$1") lab_boot_image=$lab_kernel lab_kernel_dir='' lab_modules='' lab_kernel_cmdline=''
		lab_release=$(lab_image_release "$1")
	else
		row=$(lab_table "$1" image | awk 'NR == 1 { print $1 }')
		lab_name=${row:-$1}
		if ! lab_is_fetched "$lab_name"; then
			[ -n "$row" ] || lab_die "unknown kernel '$1'" "known: $(lab_kernel_names | paste -sd' '), or a path of a bzImage"
			lab_fetch "$lab_name"
		fi
		dir=$DAVIT_LAB/kernels/$lab_name
		lab_kernel_dir=$dir
		lab_kernel=$dir/$(lab_about "$lab_name" image)
		lab_release=$(lab_about "$lab_name" release)
		lab_modules=$(lab_about "$lab_name" modules)
		lab_modules=${lab_modules:+$(realpath -- "$dir/$lab_modules")}
		lab_kernel_cmdline=$(lab_about "$lab_name" cmdline)
		[ "$(sha256sum 2>/dev/null <"$lab_kernel" | cut -d' ' -f1)" = "$(lab_about "$lab_name" sha256)" ] ||
			lab_die "kernel image '$lab_kernel' is damaged" "rm -r '$dir'; it is fetched again"
		lab_boot_image=$lab_kernel
		[ ! -s "$dir/vmlinux" ] || lab_boot_image=$dir/vmlinux
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
	lab_die "no modules of '$lab_release' in '$1'" 'it needs a modules.dep: depmod writes it'
}
