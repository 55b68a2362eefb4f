# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Bundles and davit-oci for the tests beside; after davit_env:
#
#	oci_env                            # $bundles, one root file system that all of them share
#	bundle NAME JQ-FILTER [ARG...]     # a bundle: `davit-oci spec` without a terminal, changed by the filter
#	inside NAME JQ-FILTER [ARG...]     # … run: $status, $out, $err
#	shows  NAME WANTED JQ-FILTER [ARG...]
#	denies NAME REGEX JQ-FILTER [ARG...] # create fails with one line, and nothing is left
#	receive SOCKET                     # be who --console-socket sends the terminal to
#	received                           # … and wait until it has hung up: $TMPDIR/tty.out is "ready" and all it said
#
# In filters, sh("COMMAND") sets the process' arguments, and option(KEY) is … see $_oci_jq.

# shellcheck disable=SC2016
_oci_jq='
def args($a): .process.args = $a;
def sh($c): args(["sh", "-c", $c]);
def mount($d; $t; $s; $o): .mounts += [{destination: $d, type: $t, source: $s, options: $o}];
def bind($s; $d; $o): mount($d; "bind"; $s; ["bind"] + $o);
def no_ns($t): .linux.namespaces |= map(select(.type != $t));
def ns($t): no_ns($t) | .linux.namespaces += [{type: $t}];
def ns($t; $p): no_ns($t) | .linux.namespaces += [{type: $t, path: $p}];
def userns: ns("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = .linux.uidMappings;
def hook($p; $path; $args): .hooks[$p] += [{path: $path, args: ([$path] + $args)}];
'

oci_env() {
	local tar
	tar=$(demo_rootfs) || bail 'cannot build the demo tree: is busybox-static installed?'
	bundles=$TEST_DIR/bundles
	oci_root=$DAVIT_STATE/oci
	rootfs=$bundles/rootfs
	mkdir -p "$rootfs"
	tar -C "$rootfs" -xf "$tar"
	(cd "$bundles" && davit-oci spec && mv config.json spec.json) || bail 'davit-oci spec fails'
	oci_runtime=${OCI_RUNTIME:-davit-oci}
}

# the program under test
oci() { "$oci_runtime" --root "$oci_root" "$@"; }

bundle() {
	local name=$1 filter=$2
	shift 2
	mkdir -p "$bundles/$name"
	# shellcheck disable=SC2016
	jq "$@" --arg rootfs "$rootfs" --arg path "/$DAVIT_SLICE/$name" "$_oci_jq"'
		.process.terminal = false | .root.path = $rootfs | .root.readonly = false
		| .linux.cgroupsPath = $path | '"$filter" "$bundles/spec.json" >"$bundles/$name/config.json" ||
		bail "bundle $name: no such filter: $filter"
}

# create COMMAND: as callers do it; whoever inherits our pipes would hold up $(...)
create() {
	local name=$1
	shift
	oci create --bundle "$bundles/$name" "$@" "$name" </dev/null >"$TMPDIR/$name.out" 2>&1
}

inside() {
	local name=$1 filter=$2
	shift 2
	bundle "$name" "$filter" "$@"
	run oci run --bundle "$bundles/$name" "$name" </dev/null
}

shows() {
	local what=$1 want=$2
	shift 2
	inside t "$@"
	if [ "$status" -eq 0 ] && [ "$out" = "$want" ]; then
		pass "$what"
	else
		fail "$what" "wanted: $want"
		_tell "run of ${*: -1}"
		oci delete --force t
	fi
}

denies() {
	local what=$1 want=$2
	shift 2
	bundle t "$@"
	# one that succeeds would hold our pipes
	oci create --bundle "$bundles/t" t </dev/null >"$TEST_DIR/out" 2>"$TEST_DIR/err"
	status=$? out=$(<"$TEST_DIR/out") err=$(<"$TEST_DIR/err")
	if [ "$status" -eq 1 ] && [[ $err =~ $want ]] && [ "$(grep -vc '^hint: ' <<<"$err")" = 1 ] &&
		[ ! -e "$oci_root/t" ] && ! _list_cgroups | grep -q "/t\$"; then
		pass "$what"
	else
		fail "$what" "wanted: status 1 and one line like /$want/, nothing left of it"
		_tell "create of ${*: -1}"
		oci delete --force t
	fi
}

# status_of ID
status_of() { oci state "$1" 2>/dev/null | jq -r .status; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }
pid_of() { oci state "$1" | jq .pid; }

# alone COMMAND...: what it leaves running does not hold our pipes
alone() { "$@" </dev/null >"$TMPDIR/said" 2>&1; }

# from its directory: the path may be longer than one of a socket
receive() {
	rm -f "$1" "$TMPDIR/tty.out"
	(cd "${1%/*}" && exec python3 "$TEST_TOP/tests/harness/console_socket.py" "${1##*/}") >"$TMPDIR/tty.out" 2>"$TMPDIR/tty.err" &
	receiver=$!
	wait_until 10 grep -q ready "$TMPDIR/tty.out"
}
received() { timeout 20 tail --pid="$receiver" -f /dev/null; }
