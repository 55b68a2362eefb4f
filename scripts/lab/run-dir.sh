# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A directory of this run. Who is in charge of it holds its lock, so that what SIGKILL left can be told from it.
run_dir() {
	local lock dir=${TMPDIR:-/tmp}
	remove_dead_runs "$dir"
	# its name is known before it is there: a signal at any time removes it
	printf -v LAB_RUN '%s/davit-lab.%08x' "$dir" "$SRANDOM"
	lab_at_exit remove_run_dir
	# it has its name when it has its lock; a signal waits for what makes it
	lab_wait mkdir -m 0700 -- "$LAB_RUN.new" || {
		LAB_RUN=
		lab_die 'cannot make a temporary directory' '$TMPDIR is where it is made'
	}
	exec {lock}>"$LAB_RUN.new/.lock" && flock "$lock" && lab_wait mv -T -- "$LAB_RUN.new" "$LAB_RUN" 2>/dev/null ||
		lab_die "cannot write to '$LAB_RUN.new'" 'is there space on the disk?'
}
remove_dead_runs() { # DIR
	local lock
	find "$1" -maxdepth 2 -path '*/davit-lab.????????/.lock' -type f -user "$EUID" -print0 2>/dev/null |
		while IFS= read -r -d '' lock; do
			# quiet: its owner may remove it now
			! flock -n "$lock" true 2>/dev/null || rm -rf --one-file-system "${lock%/.lock}"
		done
	# ended before they had one
	find "$1" -maxdepth 1 -name 'davit-lab.????????.new' -type d -user "$EUID" -mmin +1 \
		-exec rm -rf --one-file-system {} + 2>/dev/null
}
remove_run_dir() {
	[ -z "$LAB_RUN" ] || rm -rf --one-file-system "$LAB_RUN" "$LAB_RUN.new"
}
