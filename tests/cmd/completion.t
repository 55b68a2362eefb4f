#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Completion and manual pages are made of the option tables.
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"
demo_image

ok 'a script for bash' davit completion bash
# shellcheck disable=SC1090 # what is tested
. <(davit completion bash) || bail 'bash does not read the script'
fails 'of no other shell' 1 davit completion tcsh
like "$err" tcsh 'is said'

# completes WORD...: what the last word can become
completes() {
	COMP_WORDS=(davit "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_davit
	echo "${COMPREPLY[@]}"
}
davit create --name web davit/demo true >/dev/null
is "$(completes ru)" run 'a command'
like " $(completes '') " ' rm .* exec images ' 'all commands'
unlike "$(completes '')" reap 'none that is hidden'
is "$(completes --ro)" --root 'a global option'
is "$(completes run --cap-)" '--cap-add --cap-drop' 'options of a command'
is "$(completes ps --no)" --no-trunc 'of another'
is "$(completes run --pid '')" 'host private' 'values of an option'
is "$(completes run --network h)" host 'of another'
is "$(completes run --rm davit/d)" davit/demo:latest 'an image'
is "$(completes start w)" web 'a container'
is "$(completes rm -f w)" web 'after a flag'
is "$(completes --root "$DAVIT_ROOT" stop w)" web 'after a global option'
is "$(completes exec -u w)" '' 'not where a value stands'
is "$(completes exec -u demo w)" web 'but after it'
is "$(completes inspect w)" web 'of any kind'
is "$(completes run davit/demo --cap-)" '' 'no option behind the image'
davit rm web >/dev/null

# the same of davit-oci
# shellcheck disable=SC1090 # what is tested
. <(davit-oci completion bash) || bail 'bash does not read the script'
# completes_oci WORD...
completes_oci() {
	COMP_WORDS=(davit-oci "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_davit_oci
	echo "${COMPREPLY[@]}"
}
is "$(completes_oci upd)" update 'a command of davit-oci'
is "$(completes_oci --log-l)" --log-level 'a global option'
is "$(completes_oci --log-format json ex)" exec 'after a global option'
is "$(completes_oci create --pid)" '--pidfd-socket --pid-file' 'options of a command'
# shellcheck disable=SC2317 # asked by the script
is "$(davit-oci() { echo box; }; completes_oci kill b)" box 'a container'
fails 'of no other shell' 1 davit-oci completion tcsh

# every option of every command's help is in its page
missing=
for page in $(davit man); do
	run davit man "$page"
	[ "$status" -eq 0 ] && [ "$(head -c 4 <<<"$out")" = '.TH ' ] || missing+="$page "
	command=${page#davit}
	command=${command#-}
	for o in $(davit $command --help | grep -oE '^ .{0,6}--[a-z-]+' | grep -oE '\-\-[a-z-]+'); do
		grep -qF -- "${o//-/\\-}" <<<"$out" || missing+="$page:$o "
	done
done
is "$missing" '' 'pages have all options'
fails 'a page that is none' 1 davit man davit-nothing
run davit-oci man davit-oci
like "$(head -1 <<<"$out")" '^\.TH DAVIT\\-OCI 8 ' 'davit-oci has one page'
page=$out missing=
for command in $(davit-oci --help | sed -n 's/^  \([a-z]\{1,\}\)  *[a-z].*/\1/p'); do
	grep -qx "\.SS $command" <<<"$page" || missing+="$command "
	for o in $(davit-oci "$command" --help | grep -oE '^ .{0,6}--[a-z0-9-]+' | grep -oE '\-\-[a-z0-9-]+'); do
		sed -n "/^\.SS $command\$/,/^\.S[SH] /{/^\.SS $command\$/p;/^\.S/!p}" <<<"$page" | grep -qF -- "${o//-/\\-}" || missing+="$command:$o "
	done
done
is "$missing" '' 'with all commands and options'
if command -v groff >/dev/null; then
	is "$(for page in $(davit man); do davit man "$page" | groff -man -Tascii -ww 2>&1 >/dev/null; done; davit-oci man davit-oci | groff -man -Tascii -ww 2>&1 >/dev/null)" '' 'groff has no warnings'
else
	skip 'no groff'
fi
done_testing
