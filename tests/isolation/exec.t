#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit's own programs stay out of reach of the containers that davit exec enters (CVE-2019-5736).
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image davit/demo
lib=$TMPDIR/lib
mkdir "$lib"
cp "$DAVIT_OUT"/bin/davit* "$DAVIT_OUT/tests/grab" "$lib/" # what may be written to is a copy
PATH=$lib:$PATH
inode=$(stat -c %i "$lib/davit")
init=$(stat -c %i "$lib/davit-init")
before=$(sha256sum "$lib"/*)

for row in '--cap-add SYS_PTRACE' '--cap-add ALL --cap-drop SYS_ADMIN' '--privileged'; do
	# shellcheck disable=SC2086
	davit run -d --name bad $row -v "$lib/grab:/grab:ro" davit/demo /grab >/dev/null
	ok 'it lies in wait' wait_until 10 sh -c 'davit logs bad | grep -q ready'
	failed=0
	for ((i = 0; i < 50; i++)); do
		davit exec bad true || failed=$((failed + 1))
	done
	is "$failed" 0 "$row: 50 times exec"
	# nothing of ours may run while it tries: that alone keeps a file from being opened for writing
	davit kill -s TERM bad >/dev/null
	ok 'it ends' wait_until 10 sh -c '! pgrep -x grab'
	run davit logs bad
	# 30 is EROFS
	like "$out" "$inode (30|open)" 'it has got hold of davit'
	unlike "$out" "($inode|$init) open" 'but cannot write to it, nor to davit-init'
	is "$(sha256sum "$lib"/*)" "$before" 'our programs are as before'
	davit rm -f bad >/dev/null
done

davit run -d --name traced --cap-add SYS_PTRACE davit/demo sleep 1000 >/dev/null
run davit exec traced sh -c 'printf "<%s>" "$@"' x '' 'a b' $'c\nd' ''
is "$out" $'<><a b><c\nd><>' 'arguments arrive as they are'
run davit exec --env-file <(echo A=once) traced sh -c 'echo $A'
is "$out" once 'a pipe of options is read'
run davit exec -i traced cat <<<input
is "$out" input 'so is standard input'
run davit exec traced sh -c 'exit 7'
is "$status" 7 'the exit status is that of the command'
run env -u DAVIT_LIBDIR "$lib/davit" exec traced sh -c 'echo "${DAVIT_LIBDIR-none}"'
is "$out" none 'the environment of davit stays outside'
davit rm -f traced >/dev/null
# programs in bin, helpers in lib/davit
mkdir -p "$TMPDIR/usr/bin" "$TMPDIR/usr/lib/davit"
cp "$lib/davit" "$TMPDIR/usr/bin/"
cp "$lib"/davit-* "$TMPDIR/usr/lib/davit/"
run "$TMPDIR/usr/bin/davit" run -d --name traced --cap-add SYS_PTRACE davit/demo sleep 1000
run "$TMPDIR/usr/bin/davit" exec traced echo installed
is "$out" installed 'helpers beside the program or in lib/davit'
davit rm -f traced >/dev/null
rm -r "$lib" "${TMPDIR:?}/usr"
done_testing
