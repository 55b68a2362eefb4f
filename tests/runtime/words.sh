# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # expanded inside
# What Docker's words of `run` do, whoever understands them.

# engine_words RUN: RUN [OPTION...] IMAGE COMMAND... of an engine that has the demo tree as image "demo"; $d/v: a directory
engine_words() {
	local r=$1

	fails 'the status of the program' 7 "$r" --rm demo sh -c 'exit 7'
	fails 'a program that is missing' 127 "$r" --rm demo /nope
	fails 'one that is not in PATH' 127 "$r" --rm demo nope
	fails 'one that cannot be executed' 126 "$r" --rm demo /etc
	is "$("$r" --rm -e A=b -w /tmp -u 1000:2000 demo sh -c 'echo $A $(pwd) $(id -u) $(id -g)')" 'b /tmp 1000 2000' \
		'variables, directory, user'
	is "$("$r" --rm --hostname box demo hostname)" box 'host name'
	is "$("$r" --rm --read-only demo sh -c 'touch /x 2>/dev/null || echo no')" no 'read-only root'
	is "$("$r" --rm --cap-drop all --cap-add net_raw demo sh -c 'grep CapEff /proc/self/status | cut -f2')" \
		0000000000002000 'capabilities'
	is "$("$r" --rm --tmpfs /t:size=64k demo stat -f -c %T /t)" tmpfs 'tmpfs'
	is "$("$r" --rm -v "$d/v:/v" demo sh -c 'echo x >/v/f'; cat "$d/v/f")" x 'a volume'
	is "$("$r" --rm -v "$d/v:/v:ro" demo sh -c 'touch /v/g 2>/dev/null || echo no')" no 'a read-only one'
}
