# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian's packages of kernels: which a suite has, fetched with apt, checked, unpacked into the cache.
# apt runs with a configuration of its own below $LAB_RUN and never touches that of the machine, whose
# mirrors it uses. Debian's signatures are checked by apt, the digests of tests/kernels.txt here.
# scripts/peers gets other packages with lab_apt and lab_download; $LAB_NAME, $LAB_TABLE, $LAB_UPDATE are its words.

# lab_mirrors SUITE: URIs of Debian's archive, or of its security archive, as this machine has them
lab_mirrors() {
	apt-get indextargets --format '$(SITE) $(RELEASE) $(CREATED_BY) $(ORIGIN)' 2>/dev/null | awk -v suite="$1" '
		$3 != "Packages" { next }
		{ sub("/*$", "", $1) }
		$1 !~ /\/debian(-security)?$/ && $4 != "Debian" { next }
		{ is_security = $2 ~ /-security/; wanted = suite ~ /-security$/ }
		is_security == wanted { exact[$1]; n++ }
		is_security != wanted && sub(/\/debian(-security)?$/, wanted ? "/debian-security" : "/debian", $1) { other[$1] }
		END { if (n) for (u in exact) print u; else for (u in other) print u }'
}

# lab_apt SUITE: package lists of SUITE below $LAB_RUN/apt-SUITE; sets $lab_apt_conf
lab_apt() {
	local suite=$1 dir=$LAB_RUN/apt-$1 uri
	lab_apt_conf=$dir/apt.conf
	[ ! -e "$lab_apt_conf" ] || return 0
	lab_need apt-get apt
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		lab_die "no keys to check Debian's signatures" 'apt-get install debian-archive-keyring'
	lab_mkdir "$LAB_RUN" "apt-$suite"/{lists/partial,cache/archives/partial,tmp}
	for uri in $(lab_mirrors "$suite"); do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
	done >"$dir/sources.list"
	[ -s "$dir/sources.list" ] ||
		lab_die "this machine's apt knows no Debian mirror" 'apt-get indextargets lists what it knows'
	: >"$dir/status"
	cat >"$dir/apt.conf" <<-EOF
		Dir::State "$dir";
		Dir::State::lists "$dir/lists";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Cache::pkgcache "pkgcache.bin";
		Dir::Cache::srcpkgcache "srcpkgcache.bin";
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "";
		APT::Get::AllowUnauthenticated "false";
		Acquire::AllowInsecureRepositories "false";
		Acquire::AllowWeakRepositories "false";
		Acquire::Languages "none";
		Acquire::Retries "2";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOF
	lab_say APT "package lists of $suite"
	# killed, apt leaves temporary files
	if ! lab_wait_all env TMPDIR="$dir/tmp" apt-get -c "$dir/apt.conf" -qq -o APT::Update::Error-Mode=any update >"$dir/log" 2>&1; then
		rm -f "$lab_apt_conf"
		sed -n "s/^[EW]: */${LAB_NAME:-vm}: /p" "$dir/log" | head -n 3 >&2
		lab_die "cannot fetch the package lists of '$suite'" 'is there a network?'
	fi
}

# lab_depends PACKAGE REGEX: names of its dependencies that fit, newest version
lab_depends() {
	apt-cache -c "$lab_apt_conf" show --no-all-versions "$1" 2>/dev/null |
		sed -nE 's/^(Pre-)?Depends: //p' | tr ',' '\n' | sed -E 's/^ *([^ ]+).*/\1/' | grep -E -- "$2"
}

# lab_current SUITE PART: rows "PACKAGE VERSION SHA256" of what the suite has now
lab_current() {
	local name p
	lab_apt "$1"
	case $2 in
	image)
		name=$(lab_depends linux-image-amd64 '^linux-image-[0-9]')
		# from 7.2 on the image is empty and has its content in others
		lab_depends "$name" '^linux-(base|binary|modules)-[0-9]' | grep . || echo "$name"
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
	lab_mkdir "${5%/*}" "${5##*/}"
	lab_say FETCH "$2 $3"
	if ! lab_wait_all env -C "$5" apt-get -c "$lab_apt_conf" -qq download "$2=$3" >"$LAB_RUN/apt.log" 2>&1; then
		! grep -qE "Version '.*' for|Unable to locate" "$LAB_RUN/apt.log" || return 3
		sed -n "s/^[EW]: */${LAB_NAME:-vm}: /p" "$LAB_RUN/apt.log" | head -n 3 >&2
		lab_die "cannot fetch package '$2'" "is there a network, and space in '$DAVIT_LAB'?"
	fi
	for deb in "$5/$2"_*.deb; do
		[ "$(sha256sum <"$deb")" = "$4  -" ] || {
			rm -f "$deb"
			lab_die "package '$2' $3 has another digest than in ${LAB_TABLE#"$LAB_TOP"/}" \
				"${LAB_UPDATE:-scripts/vm fetch --update} rewrites the table"
		}
	done
}

# lab_download_part NAME SUITE PART DIR: packages of the table, or what the suite has instead;
# sets $lab_version
lab_download_part() {
	local package version sum rows pinned r=0
	rows=$(lab_table "$1" "$3" | cut -f4- | tr '\t' ' ')
	[ -n "$rows" ] || lab_die "tests/kernels.txt has no $3 of kernel '$1'" 'scripts/vm fetch --update rewrites it'
	pinned=$(awk 'NR == 1 { print $2 }' <<<"$rows")
	while read -r package version sum; do
		lab_download "$2" "$package" "$version" "$sum" "$4"
		r=$?
		[ $r -eq 0 ] || break
	done <<<"$rows"
	lab_version=$pinned
	[ $r -ne 0 ] || return 0

	rows=$(lab_current "$2" "$3")
	[ -n "$rows" ] || lab_die "suite '$2' has no kernel for amd64"
	lab_version=$(awk 'NR == 1 { print $2 }' <<<"$rows")
	lab_say FETCH "$pinned is gone from $2, taking $lab_version (scripts/vm fetch --update pins it)"
	rm -rf "$4"
	while read -r package version sum; do
		lab_download "$2" "$package" "$version" "$sum" "$4" || lab_die "cannot fetch package '$package'"
	done <<<"$rows"
}

# lab_fetch_part NAME SUITE PART DIR: unpack the packages of one part into DIR/PART
lab_fetch_part() {
	local deb dir=$4
	lab_download_part "$1" "$2" "$3" "$dir/debs"
	lab_say UNPACK "$1 ($3)"
	lab_mkdir "$dir" "$3/usr/lib"
	ln -sfn usr/lib "$dir/$3/lib"
	for deb in "$dir"/debs/*.deb; do
		# through the link, whichever of lib and usr/lib a package has
		lab_wait_all bash -o pipefail -c 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink' \
			unpack "$deb" "$dir/$3" 2>"$LAB_RUN/unpack.log" || {
			head -n 2 "$LAB_RUN/unpack.log" | sed 's/^/vm: /' >&2
			lab_die "cannot unpack '${deb##*/}'" "is there space in '$DAVIT_LAB'?"
		}
	done
	rm -rf "$dir/debs"
}

# lab_fetch_begin NAME: take the lock of the cache and a directory for what is new, $lab_new_dir
lab_fetch_begin() {
	lab_need dpkg-deb dpkg
	lab_need depmod kmod
	lab_cache
	exec {lab_lock}>"$DAVIT_LAB/kernels/.lock" || lab_die "cannot write to the cache '$DAVIT_LAB'"
	flock -n "$lab_lock" || {
		lab_say WAIT 'for another fetch'
		lab_wait flock "$lab_lock"
	}
	lab_at_exit lab_fetch_undo
	lab_new_dir=$DAVIT_LAB/kernels/.new
	rm -rf "$lab_new_dir"
	lab_wait mkdir "$lab_new_dir" 2>/dev/null || lab_die "cannot write to '$DAVIT_LAB'"
}

lab_fetch_end() {
	lab_fetch_undo
	exec {lab_lock}>&-
}

lab_suite() { lab_table "$1" image | awk 'NR == 1 { print $2 }'; }

# lab_fetch NAME: unpacked beside, moved when complete
lab_fetch() {
	local image release pinned
	lab_fetch_begin
	if ! lab_is_fetched "$1"; then
		lab_fetch_part "$1" "$(lab_suite "$1")" image "$lab_new_dir"
		mv "$lab_new_dir/image" "$lab_new_dir/tree"
		image=$(find "$lab_new_dir"/tree/boot "$lab_new_dir"/tree/usr/lib/modules/* -maxdepth 1 \
			-name 'vmlinuz*' 2>/dev/null | head -n 1)
		[ -n "$image" ] && lab_image_check "$image" || lab_die "the packages of kernel '$1' hold no kernel image"
		release=$(lab_image_release "$image")
		depmod -b "$lab_new_dir/tree" "$release" 2>"$LAB_RUN/depmod.log" || {
			head -n 2 "$LAB_RUN/depmod.log" | sed 's/^/vm: /' >&2
			lab_die "cannot index the modules of '$release'" "is there space in '$DAVIT_LAB'?"
		}
		pinned=$(lab_table "$1" image | awk -F '\t' 'NR == 1 { print $5 }')
		lab_register "$lab_new_dir" "$image" "$lab_new_dir/tree/lib/modules/$release" "$lab_version" "$pinned"
		rm -rf "${DAVIT_LAB:?}/kernels/$1"
		mv "$lab_new_dir" "$DAVIT_LAB/kernels/$1" || lab_die "cannot write to '$DAVIT_LAB'"
	fi
	lab_fetch_end
}

# lab_fetch_headers NAME: beside its image, of the same version
lab_fetch_headers() {
	local dir=$DAVIT_LAB/kernels/$1
	lab_is_fetched "$1" || lab_fetch "$1"
	[ ! -d "$dir/headers" ] || return 0
	lab_fetch_begin
	lab_fetch_part "$1" "$(lab_suite "$1")" headers "$lab_new_dir"
	[ "$lab_version" = "$(lab_about "$1" version)" ] ||
		lab_die "the headers are of $lab_version, kernel '$1' in the cache is $(lab_about "$1" version)" \
			"rm -r '$dir'; then fetch both"
	mv "$lab_new_dir/headers" "$dir/headers" || lab_die "cannot write to '$DAVIT_LAB'"
	lab_fetch_end
}

lab_fetch_undo() { [ -z "${lab_new_dir:-}" ] || { rm -rf "$lab_new_dir"; lab_new_dir=; }; }

# lab_update: rewrite the table with what its suites have now
lab_update() {
	local suite part name package version sum rows
	[ -w "$LAB_TABLE" ] || lab_die "cannot write to '$LAB_TABLE'"
	grep '^#' "$LAB_TABLE" >"$LAB_RUN/table"
	for suite in $(lab_table '' image | awk '!seen[$2]++ { print $2 }'); do
		lab_apt "$suite" # not in the substitution below, where nothing ends it
		for part in image headers; do
			rows=$(lab_current "$suite" $part) && [ -n "$rows" ] || lab_die "suite '$suite' has no kernel for amd64"
			while read -r package version sum; do
				name=$(cut -d. -f1,2 <<<"$version")
				printf '%s\t%s\t%s\t%s\t%s\t%s\n' "${name%%-*}" "$suite" $part "$package" "$version" "$sum"
			done <<<"$rows" >>"$LAB_RUN/table"
		done
		lab_say PINNED "$(awk 'NR == 1 { print $2 }' <<<"$rows") of $suite"
	done
	# of its owner and mode, and never half of it
	{ cp -p "$LAB_TABLE" "$LAB_TABLE.$$" && cat "$LAB_RUN/table" >"$LAB_TABLE.$$" && mv "$LAB_TABLE.$$" "$LAB_TABLE"; } || {
		rm -f "$LAB_TABLE.$$"
		lab_die "cannot write to '$LAB_TABLE'"
	}
}
