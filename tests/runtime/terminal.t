#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci run and exec with a terminal in the foreground: the caller's is passed through and left as it was.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env
command -v python3 >/dev/null || bail 'no python3'

# SCRIPT KEYS...: run the script on a terminal of 33 rows and 77 columns. "wait:TEXT" waits for TEXT,
# "size:R:C" resizes, "term" sends SIGTERM to davit-oci, "intr" is the interrupt key, all else is typed as a line.
cat >"$TMPDIR/on_terminal.py" <<'PY'
import fcntl, os, pty, select, signal, struct, sys, termios, time
script, keys = sys.argv[1], sys.argv[2:]
def size(fd, r, c): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", r, c, 0, 0))
pid, fd = pty.fork()
if pid == 0:
    size(0, 33, 77)
    os.execvp("bash", ["bash", "-c", "before=$(stty -g)\n" + script + "\necho status=$?\n[ \"$before\" = \"$(stty -g)\" ] && echo restored || echo spoilt"])
seen, at, end = b"", 0, time.time() + 20
def pump(t):
    global seen
    if select.select([fd], [], [], t)[0]:
        try: b = os.read(fd, 4096)
        except OSError: return False
        if not b: return False
        seen += b
    return True
alive = True
for k in keys:
    if k.startswith("wait:"):
        want = k[5:].encode()
        while alive and want not in seen[at:] and time.time() < end: alive = pump(0.2)
        if want in seen[at:]: at = seen.find(want, at) + len(want)
    elif k.startswith("size:"): size(fd, *map(int, k[5:].split(":")))
    elif k == "term": os.kill(int(open(os.environ["TMPDIR"] + "/oci.pid").read()), signal.SIGTERM)
    elif k == "intr": os.write(fd, b"\x03")
    else: os.write(fd, k.encode() + b"\n")
while alive and time.time() < end: alive = pump(0.2)
if alive: os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
sys.stdout.write(seen.decode().replace("\r", ""))
PY
export bundles oci_root
on_terminal() { out=$(python3 "$TMPDIR/on_terminal.py" "$@" </dev/null); }
# shellcheck disable=SC2016 # of the script
o='davit-oci --root "$oci_root"'

bundle t '.process.terminal = true | sh("tty; stty size; read x; echo got-$x; exit 7")'
bundle s '.process.terminal = true | sh("trap \"echo caught; exit 5\" TERM; trap \"stty size\" WINCH; echo ready; while :; do sleep 0.1; done")'
bundle c 'args(["sleep", "1000"])'

on_terminal "$o run --bundle \$bundles/t t" 'wait:33 77' hello
like "$out" '/dev/(pts/[0-9]+|console)' 'run: the process has a terminal'
like "$out" '33 77' 'of the size of ours'
like "$out" 'got-hello' 'what is typed arrives'
like "$out" 'status=7' 'the exit status is that of the process'
is "$(grep -c '^hello$' <<<"$out")" 1 'typed text is echoed once: ours is raw'
like "$out" 'restored' 'the terminal is as it was'

on_terminal "$o run --bundle \$bundles/s s" wait:ready size:20:40 'wait:20 40' size:21:41 'wait:21 41' intr
like "$out" '20 40' 'a resize is passed on'
like "$out" '21 41' 'and the next'
like "$out" 'restored' 'restored after a signal has ended the process'
oci delete --force s

on_terminal "(echo \$BASHPID >\$TMPDIR/oci.pid; exec $o run --bundle \$bundles/s s)" wait:ready term
like "$out" 'caught' 'a signal to us is passed on'
like "$out" 'status=5' 'its status comes back'
like "$out" 'restored' 'restored'

on_terminal "$o run --bundle \$bundles/none s"
like "$out" 'status=1' 'a run that fails'
like "$out" 'restored' 'leaves the terminal alone'
bundle x '.process.terminal = true | args(["/nonexistent"])'
on_terminal "$o run --bundle \$bundles/x x"
like "$out" 'nonexistent' 'a program that is not there'
like "$out" 'status=1' 'is an error'
like "$out" 'restored' 'leaves it alone as well'

create c && oci start c
on_terminal "$o exec -t c sh -c 'tty; stty size; read x; echo got-\$x; exit 3'" 'wait:33 77' again
like "$out" '/dev/(pts|console)' 'exec -t: a terminal'
like "$out" '33 77' 'of our size'
like "$out" 'got-again' 'what is typed arrives'
like "$out" 'status=3' 'its status'
like "$out" 'restored' 'restored'
jq '.process | .terminal = true | .args = ["sh", "-c", "stty size; exit 4"]' "$bundles/c/config.json" >"$TMPDIR/p.json"
on_terminal "$o exec --process \$TMPDIR/p.json c"
like "$out" '33 77' 'exec --process with a terminal'
like "$out" 'status=4' 'its status'
on_terminal "$o exec -t c sh -c 'seq 1 20000; exit 6'"
is "$(grep -cx '[0-9]\{1,\}' <<<"$out")" 20000 'all output comes, also what is left at the end'
like "$out" 'status=6' 'then the status'

# a terminal that is gone: what ignores the hang-up ends by itself, and what it still writes holds nobody up
script='trap "" HUP; echo up; sleep 1; seq 1 100000; exit 5'
gone=("$(dirname "$(readlink -f "$0")")/../engine/on-terminal" 'expect:up' hang-up -- "$oci_runtime" --root "$oci_root")
bundle gone '.process.terminal = true | sh($s)' --arg s "$script"
run "${gone[@]}" run --bundle "$bundles/gone" gone
is "$status" 5 'run without its terminal: the status' || diag "$out" "$err"
fails 'and the container is gone' 1 oci state gone
run "${gone[@]}" exec -t c sh -c "$script"
is "$status" 5 'exec without its terminal: the status' || diag "$out" "$err"

# all of the container close it: it is opened again, and works in both directions
reopen='exec </dev/null >/dev/null 2>&1; sleep 0.5; echo again >/dev/tty; exec 3</dev/tty; read x <&3; echo "got-$x" >/dev/tty; exit 8'
bundle o '.process.terminal = true | sh($s)' --arg s "$reopen"
for how in "run --bundle \$bundles/o o" "exec -t c sh -c '$reopen'"; do
	on_terminal "$o $how" wait:again hello
	like "$out" 'again' "${how%% *}: what is written to a terminal that was closed before"
	like "$out" 'got-hello' 'and what is typed'
	like "$out" 'status=8' 'the status'
done

# a line ends with LF alone where no terminal adds the CR, and once where one does
on_terminal "$o exec -t c echo line >\$TMPDIR/lines; od -c \$TMPDIR/lines"
like "$out" 'l +i +n +e +\\n' 'output to a file'
isnt "$(grep -c '\\r' <<<"$out")" 1 'has no CR'
on_terminal "$o exec -t c sh -c 'echo line; stty -a' </dev/null | od -c"
like "$out" 'l +i +n +e +\\n' 'output to a pipe, with no terminal to type at'
is "$(oci exec -t c stty -a </dev/null | grep -c -- -onlcr)" 1 'it is what stty tells'

# output that goes nowhere ends nothing
on_terminal "$o exec -t c sh -c 'echo x; sleep 0.3; exit 9' >/dev/full"
like "$out" 'status=9' 'exec -t into what is full: the status of the process'
like "$out" 'warning: write to standard output: No space left on device' 'and a warning'

# without a terminal of ours
# shellcheck disable=SC2016 # of the container's shell
is "$(echo typed | oci exec -t c sh -c 'read x; echo "got-$x"' | tr -d '\r' | tail -1)" got-typed 'from pipes'
fails 'run --detach needs a console socket' 1 oci run --detach --bundle "$bundles/t" t
like "$err" '--console-socket' 'and says so'
fails 'create, too' 1 oci create --bundle "$bundles/t" t
fails 'exec -t -d' 255 oci exec -t -d c true
like "$err" '--console-socket' 'and says so'
oci delete --force c
rm -rf "${TMPDIR:?}"/*
done_testing
