#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci: hooks of all six points: order, place, state, failure, time limit.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/oci.sh
. "$(dirname "$0")/oci.sh"
davit_env "$@"
oci_env

log=$rootfs/log # the same file from inside and outside, but for startContainer, which sees it as /log
cat >"$TEST_DIR/hook" <<-'END'
	#!/bin/sh
	# POINT LOG [exit status]
	state=$(cat)
	printf '%s %s pid=%s\n' "$1" "$(printf '%s' "$state" | sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p')" \
		"$(printf '%s' "$state" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | sed 's/^[1-9][0-9]*/N/')" >>"$2"
	exit ${3:-0}
END
chmod 755 "$TEST_DIR/hook"
cp "$TEST_DIR/hook" "$rootfs/bin/hook"
all='hook("prestart"; $h; ["prestart", $l]) | hook("createRuntime"; $h; ["createRuntime", $l])
	| hook("createContainer"; $h; ["createContainer", $l]) | hook("startContainer"; "/bin/hook"; ["startContainer", "/log"])
	| hook("poststart"; $h; ["poststart", $l]) | hook("poststop"; $h; ["poststop", $l])
	| .hooks.startContainer[0].env = ["PATH=/bin"] | .hooks[] |= map(if .env then . else .env = ["PATH=/usr/bin:/bin"] end)'
hooks=(--arg h "$TEST_DIR/hook" --arg l "$log")

bundle t "$all"' | args(["sh", "-c", "echo program >>/log"])' "${hooks[@]}"
ok 'create' create t
is "$(cat "$log")" $'prestart creating pid=N\ncreateRuntime creating pid=N\ncreateContainer creating pid=N' 'hooks of create'
ok 'start' oci start t
wait_until 10 is_status t stopped
is "$(sed -n 4p "$log")" 'startContainer created pid=N' 'startContainer comes before the program'
is "$(sed -n '5,6p' "$log" | sed 's/ .*//' | sort | xargs)" 'poststart program' 'poststart and the program'
is "$(grep -c . "$log")" 6 'no poststop yet'
ok 'delete' oci delete t
is "$(tail -1 "$log")" 'poststop stopped pid=0' 'poststop comes with delete'

### where they run

place() { # POINT: link of the namespace that a hook of it sees
	rm -f "$rootfs/ns"
	inside t 'hook($p; $b; ["-c", "for n in net mnt; do readlink /proc/self/ns/$n; done >\($out); cat >/dev/null"])
		| .hooks[$p][0].args[0] = "sh" | args(["sh", "-c", "for n in net mnt; do readlink /proc/self/ns/$n; done >/own"])' \
		--arg p "$1" --arg b "$2" --arg out "$3"
	xargs <"$rootfs/ns" || echo 'no hook has run'
}
here=$(readlink /proc/self/ns/net /proc/self/ns/mnt | xargs)
for p in prestart createRuntime poststart poststop; do
	is "$(place "$p" /bin/sh "$rootfs/ns")" "$here" "$p runs on the host"
done
is "$(place startContainer /bin/sh /ns)" "$(xargs <"$rootfs/own")" 'startContainer runs in the container'
is "$(place createContainer /bin/sh "$rootfs/ns")" "$(xargs <"$rootfs/own")" 'createContainer in its namespaces, with paths of the host'

shows 'mounts are there for createContainer' yes 'mount("/t"; "tmpfs"; "tmpfs"; []) | hook("createContainer"; "/bin/sh"; ["-c", $c]) | .hooks.createContainer[0].args[0] = "sh"
	| sh("test -e /t/made && echo yes")' --arg c "touch $rootfs/t/made"
shows 'environment and arguments are those of the hook' 'a b|X=1' 'hook("createRuntime"; "/bin/sh"; ["-c", $c, "a", "b"]) | .hooks.createRuntime[0] |= (.args[0] = "sh" | .env = ["X=1"])
	| sh("cat /got")' --arg c "echo \"\$0 \$1|\$(tr '\\0' ' ' </proc/\$\$/environ | xargs)\" >$rootfs/got"

### failures

for p in prestart createRuntime createContainer; do
	: >"$log"
	denies "$p: a hook that fails" "hooks.$p\\[0\\].*'/bin/sh'.*status 5.*why" 'hook($p; "/bin/sh"; ["-c", "echo why >&2; exit 5"]) | .hooks[$p][0].args[0] = "sh"
		| hook("poststop"; $h; ["poststop", $l]) | .hooks.poststop[0].env = ["PATH=/bin:/usr/bin"] | args(["sleep", "1000"])' --arg p "$p" "${hooks[@]}"
	like "$(cat "$log")" '^poststop ' 'runs the poststop hooks'
done
denies 'a hook that is missing' 'hooks.prestart.*/nonexistent' 'hook("prestart"; "/nonexistent"; [])'
# shellcheck disable=SC2016 # $p, $r are jq's
shows 'a hook can ask for the state' 'ok' 'hook("createRuntime"; $p; ["--root", $r, "state", "t"]) | .hooks.createRuntime[0].timeout = 10 | sh("echo ok")' \
	--arg p "$(command -v davit-oci)" --arg r "$oci_root"
denies 'one that takes too long' 'hooks.createRuntime.*within 1 s' 'hook("createRuntime"; "/bin/sleep"; ["1000"]) | .hooks.createRuntime[0].timeout = 1'
bundle t 'hook("startContainer"; "/bin/false"; []) | args(["sleep", "1000"])'
ok 'startContainer: created' create t
fails 'start fails' 1 oci start t
like "$err" 'hooks.startContainer' 'and names the hook'
is "$(oci state t | jq -r .status)" stopped 'and the container has been stopped'
ok 'it can be deleted' oci delete t
bundle t 'hook("poststart"; "/bin/false"; []) | args(["sleep", "1000"])'
ok 'poststart: created' create t
fails 'start fails, as the specification has it' 1 oci start t
like "$err" 'hooks.poststart' 'and names the hook'
is "$(oci state t | jq -r .status)" stopped 'and the container has been stopped'
ok 'it can be deleted' oci delete t
: >"$log"
# shellcheck disable=SC2016 # $h, $l are jq's
poststop='hook("poststop"; "/bin/false"; []) | hook("poststop"; $h; ["poststop", $l]) | .hooks.poststop[1].env = ["PATH=/bin:/usr/bin"]'
bundle t "$poststop"' | args(["true"])' "${hooks[@]}"
create t; oci start t; wait_until 10 is_status t stopped
run oci delete t
is "$status" 0 'a poststop hook that fails keeps nothing'
is "$(oci list -q)" '' 'not the container'
like "$err" "warning: hooks.poststop\\[0\\].*'/bin/false'" 'it is a warning'
is "$(grep -c '^poststop ' "$log")" 1 'not the hooks behind it'
: >"$log"
bundle t "$poststop"' | sh("exit 7")' "${hooks[@]}"
run oci run -b "$bundles/t" t
is "$status" 7 'nor the status of run'
is "$(grep -c '^poststop ' "$log")" 1 'whose hooks run once'
### null is as good as nothing
for hooks in null '{poststop: null, startContainer: null, prestart: []}'; do
	shows "hooks: $hooks" ok ".hooks = $hooks | .annotations = null | sh(\"echo ok\")"
done
bundle n '.annotations = null | args(["sleep", "1000"])'
create n
is "$(oci state n | jq -c .annotations)" null 'no annotations'
ok 'and it is deleted' oci delete --force n
rm -rf "${TMPDIR:?}"/*
done_testing
