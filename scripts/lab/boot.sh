# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2054 # qemu's options have commas
# One virtual machine: qemu's arguments, the guest's orders, its streams, how it ended.
#
# The guest reports on the port davit.status: "ready UPTIME" before the command, "exit STATUS" after.

LAB_BOOT_SECONDS=400 # without a "ready" by then the kernel hangs; a debug kernel on a loaded machine takes long

# lab_accel: sets $lab_accel to kvm or tcg. KVM counts only when a guest really starts with it
# (nested ones may not); that is tried once and kept in the cache.
lab_accel() {
	local kept='' key answer=tcg
	lab_accel=${DAVIT_LAB_ACCEL:-}
	case $lab_accel in
	kvm | tcg) return ;;
	'') ;;
	*) lab_die "\$DAVIT_LAB_ACCEL is '$lab_accel'" 'kvm or tcg' ;;
	esac
	lab_accel=tcg
	[ -w /dev/kvm ] || return 0
	key=$({ uname -r; cat /proc/sys/kernel/random/boot_id; grep -m1 'model name' /proc/cpuinfo; } | sha256sum)
	key=${key:0:16}
	{ read -r kept answer <"$DAVIT_LAB/accel"; } 2>/dev/null
	if [ "$kept" = "$key" ]; then
		lab_accel=$answer
		return
	fi
	! lab_kvm_boots "$1" || lab_accel=kvm
	{ echo "$key $lab_accel" >"$DAVIT_LAB/accel.$$" && mv "$DAVIT_LAB/accel.$$" "$DAVIT_LAB/accel"; } 2>/dev/null
}

# lab_kvm_boots KERNEL: does it say anything within 5 seconds?
lab_kvm_boots() {
	{ timeout -s KILL 5 "$LAB_QEMU" -accel kvm -cpu host -m 256M -nodefaults -display none -monitor none \
		-no-reboot -serial "file:$LAB_RUN/kvm" -kernel "$1" \
		-append 'console=ttyS0 earlyprintk=serial panic=-1' </dev/null; } >/dev/null 2>&1
	grep -q 'Kernel panic' "$LAB_RUN/kvm" 2>/dev/null
}

# Orders of this run, appended to the initramfs. Its commands are quiet: a signal removes $LAB_RUN under them.
lab_orders() { # COMMAND...
	local dir=$LAB_RUN/orders i
	mkdir "$dir" "$dir/lab" 2>/dev/null || lab_die "cannot write to '$LAB_RUN'" 'is there space on the disk?'
	{
		printf 'MODULES=%q\n' "$lab_modules"
		printf 'HAS_STDIN=%q\n' "$lab_has_stdin"
		printf 'CONSOLE_IS_TTY=%q\n' "$lab_is_shell"
		printf 'DISKS=%q\n' "${lab_guest_disks[*]}"
		printf "SHARES='"
		for i in "${!lab_shares[@]}"; do
			printf 'share%d:%s ' "$i" "$(lab_escape "${lab_shares[i]}")"
		done
		printf "'\n"
	} >"$dir/lab/order.sh"
	{
		printf 'export PATH=%s\n' /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		printf 'export HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TERM=%q\n' "${TERM:-dumb}"
		printf 'export DAVIT_LAB_KERNEL=%q\n' "$lab_name"
		[ -z "${DAVIT_OUT:-}" ] || printf 'export DAVIT_OUT=%q\n' "$(realpath -m -- "$DAVIT_OUT")"
		[ -z "$lab_is_shell" ] || printf 'stty rows %d cols %d\n' "${LINES:-24}" "${COLUMNS:-80}"
		printf 'cd %q || exit 125\n' "$PWD"
		printf 'exec'
		printf ' %q' "$@"
		printf '\n'
	} >"$dir/lab/command"
	(cd "$dir" && printf '%s\n' lab lab/order.sh lab/command | cpio --quiet -o -H newc -R 0:0) 2>/dev/null >"$LAB_RUN/orders.cpio" ||
		lab_die 'cannot write the orders of the guest' "is there space in '$LAB_RUN'?"
	cat "$lab_initrd" "$LAB_RUN/orders.cpio" 2>/dev/null >"$LAB_RUN/initrd.run" ||
		lab_die 'cannot write the initramfs' "is there space in '$LAB_RUN'?"
}

# for printf %b in the guest, in one word without quotes, colons and patterns
lab_escape() {
	local LC_ALL=C s=$1 i c
	for ((i = 0; i < ${#s}; i++)); do
		c=${s:i:1}
		case $c in
		[A-Za-z0-9/._-]) printf %s "$c" ;;
		*) printf '\\0%03o' "$(($(printf %d "'$c") & 255))" ;;
		esac
	done
}

# A panic or an oops ends the run. Watchdogs are patient: a loaded machine stops a processor for long.
LAB_CMDLINE='console=ttyS0 quiet loglevel=4 panic=-1 oops=panic watchdog_thresh=60
	rcupdate.rcu_cpu_stall_timeout=120 tsc=reliable no_timer_check random.trust_cpu=on 8250.nr_uarts=1'
LAB_CMDLINE=${LAB_CMDLINE//$'\n\t'/ }

# lab_qemu_args: sets $lab_qemu; file descriptors $lab_fd_out and $lab_fd_err are those of the relays
lab_qemu_args() {
	local i cpu=max security=passthrough
	# the guest's root is this user here: owners cannot be kept
	[ "$EUID" -eq 0 ] || security=none
	[ "$lab_accel" != kvm ] || cpu=host
	lab_qemu=("$LAB_QEMU" -nodefaults -display none -monitor none -no-reboot -no-user-config
		-cpu "$cpu" -smp "$lab_cpus" -m "$lab_memory"
		-kernel "$lab_boot_image" -initrd "$LAB_RUN/initrd.run"
		-append "$LAB_CMDLINE $lab_kernel_cmdline $lab_cmdline"
		-chardev "file,id=console,path=${lab_console//,/,,}" -serial chardev:console
		-device "virtio-serial-pci,max_ports=8"
		-chardev file,id=status,path=/dev/fdset/1,append=on -add-fd fd=7,set=1
		-device virtserialport,chardev=status,name=davit.status
		-fsdev "local,id=root,path=/,security_model=passthrough,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=root,mount_tag=root)
	[ -z "${lab_kernel_machine:-}" ] || lab_qemu+=(-machine "$lab_kernel_machine")
	case $lab_accel in
	kvm) lab_qemu+=(-accel kvm) ;;
	*) lab_qemu+=(-accel tcg,thread=multi,tb-size=512) ;;
	esac
	if [ -n "$lab_is_shell" ]; then
		lab_qemu+=(-chardev "stdio,id=tty,signal=off" -device virtconsole,chardev=tty)
	else
		lab_qemu+=(
			-chardev file,id=stdout,path=/dev/fdset/2,append=on -add-fd "fd=$lab_fd_out,set=2"
			-device virtserialport,chardev=stdout,name=davit.stdout
			-chardev file,id=stderr,path=/dev/fdset/3,append=on -add-fd "fd=$lab_fd_err,set=3"
			-device virtserialport,chardev=stderr,name=davit.stderr)
		[ -z "$lab_has_stdin" ] || lab_qemu+=(-chardev stdio,id=stdin,signal=off
			-device virtserialport,chardev=stdin,name=davit.stdin)
	fi
	for i in "${!lab_shares[@]}"; do
		lab_qemu+=(-fsdev "local,id=share$i,path=${lab_shares[i]//,/,,},security_model=$security,multidevs=remap"
			-device "virtio-9p-pci,fsdev=share$i,mount_tag=share$i")
	done
	for i in "${!lab_images[@]}"; do
		lab_qemu+=(-drive "file=${lab_images[i]//,/,,},if=none,id=disk$i,format=raw,cache=unsafe,werror=report,discard=unmap"
			-device "virtio-blk-pci,drive=disk$i")
	done
}

# what the console says of a kernel that is broken; the first that fits is told
LAB_BROKEN='Kernel panic|Oops:|kernel BUG at|BUG: |WARNING: |general protection fault|possible circular locking|possible recursive locking|inconsistent lock state|suspicious RCU usage|soft lockup|hard LOCKUP|detected stalls|blocked for more than'

lab_console_says() {
	grep -aom1 -E "($LAB_BROKEN).*" "$lab_console" 2>/dev/null | tr -d '\r' | cut -c1-200
}

# keep the console of a failed run and tell where
lab_keep_console() {
	local kept=$lab_console
	if [ "${lab_console%/*}" = "$LAB_RUN" ]; then
		kept=$DAVIT_LAB/log/$(date +%Y%m%d-%H%M%S)-${lab_name//[^A-Za-z0-9._-]/_}-$$.console
		{ mkdir -p "$DAVIT_LAB/log" && cp "$lab_console" "$kept"; } 2>/dev/null || {
			kept=${TMPDIR:-/tmp}/${kept##*/}
			cp "$lab_console" "$kept" || return 0
		}
	fi
	lab_hint "console log: $kept"
}

lab_fail() { # MESSAGE STATUS
	lab_error "$1"
	[[ $1 != *'cannot mount share'* ]] || [ -n "$lab_modules" ] ||
		lab_hint 'a kernel needs virtio and 9p (CONFIG_NET_9P_VIRTIO, CONFIG_9P_FS) built in, or --modules DIR'
	lab_keep_console
	exit "${2:-$LAB_FAILED}"
}

lab_kill() {
	[ -z "${lab_stdin_relay:-}" ] || kill "$lab_stdin_relay" 2>/dev/null
	[ -n "${lab_pid:-}" ] || return 0
	kill -KILL "$lab_pid" 2>/dev/null
	wait "$lab_pid" 2>/dev/null
	lab_pid=
}

# lab_boot COMMAND...: everything in $lab_*; exits as the command did
lab_boot() {
	local word value rc='' is_ready='' end left broken relay_out='' relay_err=''

	lab_accel "$lab_kernel"
	lab_initrd "$lab_release" "$lab_modules" "$lab_kernel_dir"
	lab_orders "$@"
	{ : >"$lab_console"; } 2>/dev/null || lab_die "cannot write to '$lab_console'" '--console takes a file in a directory that is there'
	[ -z "$lab_is_shell" ] || lab_say BOOT "${lab_name:-$lab_kernel}"
	lab_at_exit lab_kill
	if [ -z "$lab_is_shell" ]; then
		# terminals and files are opened by a relay: qemu wants pipes of its own
		exec {lab_fd_out}> >(lab_relay 'standard output')
		relay_out=$!
		exec {lab_fd_err}> >(lab_relay 'standard error' >&2)
		relay_err=$!
	fi
	lab_qemu_args
	end=$((SECONDS + lab_timeout))
	lab_start_qemu
	if [ -z "$lab_is_shell" ]; then exec {lab_fd_out}>&- {lab_fd_err}>&-; fi

	while :; do
		left=$((end - SECONDS))
		[ -n "$is_ready" ] || [ "$left" -le "$LAB_BOOT_SECONDS" ] || left=$LAB_BOOT_SECONDS
		[ "$left" -gt 0 ] || left=0.1
		IFS=' ' read -r -t "$left" -u "$lab_events" word value
		case $? in
		0) ;;
		1) break ;; # qemu ended
		*)
			[ -n "$is_ready" ] || [ "$SECONDS" -ge "$end" ] ||
				lab_fail "kernel $lab_name did not come up within $LAB_BOOT_SECONDS s"
			[ "$SECONDS" -ge "$end" ] || continue
			lab_kill
			lab_fail "timed out after $lab_timeout s on kernel $lab_name" 124
			;;
		esac
		case $word in
		ready) is_ready=$value ;;
		exit) rc=$value ;;
		esac
	done
	wait "$lab_pid"
	lab_pid=
	[ -z "$relay_out" ] || wait "$relay_out" "$relay_err" 2>/dev/null
	broken=$(lab_console_says)
	[ -z "$broken" ] || lab_fail "kernel $lab_name is broken: $broken"
	if [ -n "$rc" ]; then exit "$rc"; fi
	! [ -s "$LAB_RUN/qemu.log" ] || sed 's/^/vm: /' "$LAB_RUN/qemu.log" >&2
	broken=$(grep -ao 'davit-lab: .*' "$lab_console" | head -n 1 | tr -d '\r')
	lab_fail "the virtual machine ended before the command${broken:+ (${broken#davit-lab: })}"
}

# cat, which tells this shell when nobody reads any more, or nothing can be written
lab_relay() { # STREAM
	local said rc
	trap - EXIT HUP INT QUIT TERM USR1
	{ said=$(cat 2>&1 >&"$lab_relay_out"); } {lab_relay_out}>&1
	rc=$?
	case $rc in
	0) ;;
	141) kill -PIPE $$ ;;
	*)
		lab_error "cannot write what the command prints on $1:${said##*:}"
		kill -USR1 $$
		;;
	esac
}

# sets $lab_pid and $lab_events. It dies with this shell, however that ends.
lab_start_qemu() {
	local from=/dev/null to=/dev/null

	exec {lab_from}<&0 {lab_to}>&1
	if [ -n "$lab_is_shell" ]; then
		from=/dev/fd/$lab_from to=/dev/fd/$lab_to
	elif [ -n "$lab_has_stdin" ]; then
		# qemu would make what our caller reads from non-blocking
		exec {lab_stdin}< <(exec setpriv --pdeathsig KILL cat <&"$lab_from")
		lab_stdin_relay=$!
		from=/dev/fd/$lab_stdin
	fi
	exec {lab_events}< <(
		exec 7>&1 <"$from" >"$to" 2>"$LAB_RUN/qemu.log"
		exec setpriv --pdeathsig KILL "${lab_qemu[@]}"
	)
	lab_pid=$!
	exec {lab_from}<&- {lab_to}>&-
	[ -z "${lab_stdin:-}" ] || exec {lab_stdin}<&-
}
