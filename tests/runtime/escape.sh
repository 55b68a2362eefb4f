# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What escape.t and escape_run.t share; after davit_env:
#
#	escape_env                    # oci_env; $host, an outside with files in it; $tree, for naive steps
#	beats STEP NAME               # the swapper leads the naive STEP astray: it exchanges $tree/NAME and NAME.x
#	judge NAME RACE-ARG...        # … but not what `race` is told to run here, in $swaps exchanges
#	untouched NAME                # $host is as it was, and nothing was mounted there

race=$DAVIT_OUT/tests/race
look=$DAVIT_OUT/tests/look
swaps=100000

host_is() { (cd "$host" && find . -printf '%p %y %m %U:%G %s %l\n' | sort && find . -type f -exec sha256sum {} + | sort); }

host_reset() {
	rm -rf "${host:?}" "$led"
	mkdir -p "$host/sys" "$host/d"
	echo secret | tee "$host/file" "$host/sys/file" >"$host/d/file"
	chmod 600 "$host/file"
	host_was=$(host_is)
}

escape_env() {
	oci_env
	host=$TEST_DIR/host
	led=$TEST_DIR/led-astray
	host_reset
	cp "$look" "$rootfs/look"
	tree=$TEST_DIR/tree
	mkdir -p "$tree"/{m,p,w,c,dev,etc,proc/sys,proc.x/sys}
	for n in m p w; do ln -s "$host" "$tree/$n.x"; done
	for n in dev/null dev/console dev/x c/f; do ln -s "$host/file" "$tree/$n.x"; done
	ln -s "$host/sys" "$tree/proc/sys.x"
	mknod "$tree/dev/null" c 1 3
	echo image | tee "$tree/etc/passwd" >"$tree/c/f"
	touch "$tree/dev/console" "$tree/proc/sys/file" "$tree"/proc{,.x}/kcore "$tree/proc/real"
}

beats() {
	run "$race" -1 -t 30 -r 1000000 "$tree/$2" "$tree/$2.x" "$DAVIT_OUT/tests/naive" "$1" "$tree" "$host"
	like "$out" 'leaks=1' "a naive $1 is led astray"
	diag "$out"
	host_reset
}

# number KEY: of what race has printed
number() { [[ $out =~ (^|[[:space:]])$1=([0-9]+) ]] && echo "${BASH_REMATCH[2]}"; }

judge() {
	local name=$1
	shift
	run "$race" -n "$swaps" "$@"
	diag "$name: $out"
	if [ "$status" -eq 0 ] && [ "$(number swaps)" -ge "$swaps" ] && [ "$(number leaks)" = 0 ] && [ "$(number odd)" = 0 ]; then
		pass "$name: $swaps swaps"
	else
		fail "$name: $swaps swaps" "$out" "$err"
	fi
}

untouched() {
	if [ "$(host_is)" = "$host_was" ] && [ ! -e "$led" ]; then
		pass "$1: the outside is as it was"
	else
		fail "$1: the outside is as it was" "$(diff <(echo "$host_was") <(host_is))" "$(cat "$led" 2>&1)"
		host_reset
	fi
}
