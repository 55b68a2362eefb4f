# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# `scripts/vm compare A B -- COMMAND`: what a command that prints TAP finds different on two kernels.

compare_usage() {
	cat <<-'EOF'
		usage: scripts/vm compare [OPTION...] A B -- COMMAND [ARG...]
		       scripts/vm compare [OPTION...] --tap FILE-A FILE-B

		Runs COMMAND on kernel A, then on kernel B, and prints the tests that end differently, those that
		only one of them has, and totals. Kernels and the options --cpus, --mem, --cmdline, --timeout,
		--disk and --share are those of `scripts/vm run`.

		  --tap             compare what two earlier runs printed
		  --save DIR        keep both streams there: a.tap, b.tap
		  --format FORMAT   text or json

		Status: 0 the same, 1 they differ, 125 a run failed or printed no TAP, or both streams end early
		and are the same so far.
	EOF
}

lab_compare() {
	local o format=text save='' is_tap='' places=() boot=() command=()
	while [ $# -gt 0 ]; do
		o=$1
		case $o in
		--help | -h) compare_usage; exit 0 ;;
		--) shift; command=("$@"); break ;;
		--tap) is_tap=1; shift; continue ;;
		--*=*) set -- "${o%%=*}" "${o#*=}" "${@:2}"; continue ;;
		--format) need_value "$o" $#; format=$2 ;;
		--save) need_value "$o" $#; save=$2 ;;
		--cpus | --mem | --cmdline | --timeout | --disk | --share) need_value "$o" $#; boot+=("$o" "$2") ;;
		-*) lab_die "unknown option '$o'" 'scripts/vm compare --help' ;;
		*) places+=("$o"); shift; continue ;;
		esac
		shift 2
	done
	case $format in text | json) ;; *) lab_die "unknown format '$format'" 'text or json' ;; esac
	[ ${#places[@]} -eq 2 ] ||
		lab_die "compare takes two kernels, not ${#places[@]}" 'scripts/vm compare 6.1 7.2 -- COMMAND'
	run_dir
	if [ -n "$is_tap" ]; then
		[ ${#command[@]} -eq 0 ] && [ ${#boot[@]} -eq 0 ] && [ -z "$save" ] ||
			lab_die '--tap compares two files and runs nothing' 'scripts/vm compare --help'
		compare_streams "${places[0]}" "${places[1]}" "${places[0]##*/}" "${places[1]##*/}"
		return
	fi
	[ ${#command[@]} -gt 0 ] || lab_die 'no command given' 'scripts/vm compare 6.1 7.2 -- COMMAND'
	for o in "${places[@]}"; do lab_kernel_check "$o"; done
	[ -z "$save" ] || mkdir -p "$save" || lab_die "cannot make '$save'"
	compare_pid=
	lab_at_exit compare_end
	compare_run "${places[0]}" "$LAB_RUN/a.tap"
	compare_run "${places[1]}" "$LAB_RUN/b.tap"
	compare_streams "$LAB_RUN/a.tap" "$LAB_RUN/b.tap" "${places[@]}"
}

# in the background: a signal ends both at once
compare_run() { # KERNEL FILE
	local rc
	lab_say RUN "on kernel $1: ${command[*]}"
	setpriv --pdeathsig TERM "$LAB_TOP/scripts/vm" run --kernel "$1" "${boot[@]}" -- "${command[@]}" >"$2" </dev/null &
	compare_pid=$!
	wait "$compare_pid"
	rc=$?
	compare_pid=
	[ -z "$save" ] || cp "$2" "$save/" || lab_die "cannot write to '$save'"
	case $rc in
	124 | 125) lab_die "no result of kernel '$1'" 'it failed or timed out; the lines above tell' ;;
	esac
}

compare_end() {
	[ -n "$compare_pid" ] || return 0
	kill -TERM "$compare_pid" 2>/dev/null
	wait "$compare_pid" 2>/dev/null
}

# compare_streams FILE-A FILE-B NAME-A NAME-B: prints the comparison; its status
compare_streams() {
	local f n=a rc
	lab_need iconv libc-bin
	for f in "$1" "$2"; do
		[ -f "$f" ] && [ -r "$f" ] || lab_die "cannot read '$f'"
		# JSON is UTF-8, whatever a test prints
		iconv -c -f UTF-8 -t UTF-8 "$f" >"$LAB_RUN/$n.text" || :
		grep -qE '^[[:blank:]]*(not )?ok([[:blank:]]|$)|^1\.\.0 *# *[Ss][Kk][Ii][Pp]' "$LAB_RUN/$n.text" ||
			lab_die "there is no TAP in what '$([ $n = a ] && echo "$3" || echo "$4")' printed"
		n=b
	done
	LC_ALL=C NAME_A=$3 NAME_B=$4 awk -v format="$format" -f "$LAB_LIB/compare.awk" \
		's=a' "$LAB_RUN/a.text" 's=b' "$LAB_RUN/b.text"
	rc=$?
	[ $rc -ne 3 ] || lab_die 'both streams ended before their plan' 'that they are the same so far tells little'
	[ $rc -le 1 ] || lab_die 'cannot compare'
	return $rc
}
