# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Engines: this machine's, or those of other Debian suites (scripts/peers).

# need_peers [NAME...] -- PROGRAM...: before davit_env, where there is a network; the file is skipped without them
need_peers() {
	local name dir lacks
	_peers_path=
	while [ "$1" != -- ]; do
		name=$1
		shift
		if ! dir=$("$TEST_TOP/scripts/peers" path "$name"); then
			run "$TEST_TOP/scripts/peers" fetch "$name"
			[ "$status" -eq 0 ] || plan skip_all "$name: $(sed -n 's/^peers: //p' <<<"$err" | head -1)"
			dir=$("$TEST_TOP/scripts/peers" path "$name")
		fi
		_peers_path=$dir/usr/bin:$dir/usr/sbin:$_peers_path
	done
	shift
	PATH=$_peers_path$PATH
	for name; do
		command -v "$name" >/dev/null || plan skip_all "$name is not installed"
		# of a newer suite: does this machine's libc do?
		lacks=$(ldd "$(command -v "$name")" 2>&1 | grep -m 1 'not found') &&
			plan skip_all "$name ($(command -v "$name")): ${lacks#*: }"
	done
}

# use_peers: after davit_env, which sets PATH
use_peers() { PATH=$DAVIT_OUT/bin:$_peers_path${PATH#"$DAVIT_OUT/bin:"}; }
