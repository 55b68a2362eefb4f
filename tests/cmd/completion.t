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
if command -v groff >/dev/null; then
	is "$(for page in $(davit man); do davit man "$page" | groff -man -Tascii -ww 2>&1 >/dev/null; done)" '' 'groff has no warnings'
else
	skip 'no groff'
fi
done_testing
