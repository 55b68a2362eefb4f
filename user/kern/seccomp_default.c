// SPDX-License-Identifier: Apache-2.0
/*
 * The default policy: what Docker's default profile allows, as of moby/profiles in 2026 (without
 * AF_ALG and AF_VSOCK). Its condition "kernel 4.8" is left out: every kernel here is newer.
 * tests/unit/spec/seccomp_profile_test.c compares every verdict with libseccomp's for that profile.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <linux/personality.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/libc.h"
#include "kern/cap.h"
#include "kern/seccomp_syscalls.h"

#define MASK_NAMESPACES                                                                \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/* clang-format off */
static const uint16_t always[] = {
	SC_accept, SC_accept4, SC_access, SC_adjtimex, SC_alarm, SC_bind, SC_brk,
	SC_cachestat, SC_capget, SC_capset, SC_chdir, SC_chmod, SC_chown, SC_chown32,
	SC_clock_adjtime, SC_clock_adjtime64, SC_clock_getres, SC_clock_getres_time64,
	SC_clock_gettime, SC_clock_gettime64, SC_clock_nanosleep, SC_clock_nanosleep_time64,
	SC_close, SC_close_range, SC_connect, SC_copy_file_range, SC_creat, SC_dup, SC_dup2,
	SC_dup3, SC_epoll_create, SC_epoll_create1, SC_epoll_ctl, SC_epoll_ctl_old,
	SC_epoll_pwait, SC_epoll_pwait2, SC_epoll_wait, SC_epoll_wait_old, SC_eventfd,
	SC_eventfd2, SC_execve, SC_execveat, SC_exit, SC_exit_group, SC_faccessat,
	SC_faccessat2, SC_fadvise64, SC_fadvise64_64, SC_fallocate, SC_fanotify_mark,
	SC_fchdir, SC_fchmod, SC_fchmodat, SC_fchmodat2, SC_fchown, SC_fchown32,
	SC_fchownat, SC_fcntl, SC_fcntl64, SC_fdatasync, SC_fgetxattr, SC_flistxattr,
	SC_flock, SC_fork, SC_fremovexattr, SC_fsetxattr, SC_fstat, SC_fstat64,
	SC_fstatat64, SC_fstatfs, SC_fstatfs64, SC_fsync, SC_ftruncate, SC_ftruncate64,
	SC_futex, SC_futex_requeue, SC_futex_time64, SC_futex_wait, SC_futex_waitv,
	SC_futex_wake, SC_futimesat, SC_getcpu, SC_getcwd, SC_getdents, SC_getdents64,
	SC_getegid, SC_getegid32, SC_geteuid, SC_geteuid32, SC_getgid, SC_getgid32,
	SC_getgroups, SC_getgroups32, SC_getitimer, SC_getpeername, SC_getpgid, SC_getpgrp,
	SC_getpid, SC_getppid, SC_getpriority, SC_getrandom, SC_getresgid, SC_getresgid32,
	SC_getresuid, SC_getresuid32, SC_getrlimit, SC_get_robust_list, SC_getrusage,
	SC_getsid, SC_getsockname, SC_getsockopt, SC_get_thread_area, SC_gettid,
	SC_gettimeofday, SC_getuid, SC_getuid32, SC_getxattr, SC_getxattrat,
	SC_inotify_add_watch, SC_inotify_init, SC_inotify_init1, SC_inotify_rm_watch,
	SC_io_cancel, SC_ioctl, SC_io_destroy, SC_io_getevents, SC_io_pgetevents,
	SC_io_pgetevents_time64, SC_ioprio_get, SC_ioprio_set, SC_io_setup, SC_io_submit,
	SC_ipc, SC_kill, SC_landlock_add_rule, SC_landlock_create_ruleset,
	SC_landlock_restrict_self, SC_lchown, SC_lchown32, SC_lgetxattr, SC_link, SC_linkat,
	SC_listen, SC_listmount, SC_listxattr, SC_listxattrat, SC_llistxattr, SC__llseek,
	SC_lremovexattr, SC_lseek, SC_lsetxattr, SC_lstat, SC_lstat64, SC_madvise,
	SC_map_shadow_stack, SC_membarrier, SC_memfd_create, SC_memfd_secret, SC_mincore,
	SC_mkdir, SC_mkdirat, SC_mknod, SC_mknodat, SC_mlock, SC_mlock2, SC_mlockall,
	SC_mmap, SC_mmap2, SC_mprotect, SC_mq_getsetattr, SC_mq_notify, SC_mq_open,
	SC_mq_timedreceive, SC_mq_timedreceive_time64, SC_mq_timedsend,
	SC_mq_timedsend_time64, SC_mq_unlink, SC_mremap, SC_mseal, SC_msgctl, SC_msgget,
	SC_msgrcv, SC_msgsnd, SC_msync, SC_munlock, SC_munlockall, SC_munmap,
	SC_name_to_handle_at, SC_nanosleep, SC_newfstatat, SC__newselect, SC_open,
	SC_openat, SC_openat2, SC_pause, SC_pidfd_open, SC_pidfd_send_signal, SC_pipe,
	SC_pipe2, SC_pkey_alloc, SC_pkey_free, SC_pkey_mprotect, SC_poll, SC_ppoll,
	SC_ppoll_time64, SC_prctl, SC_pread64, SC_preadv, SC_preadv2, SC_prlimit64,
	SC_process_mrelease, SC_pselect6, SC_pselect6_time64, SC_pwrite64, SC_pwritev,
	SC_pwritev2, SC_read, SC_readahead, SC_readlink, SC_readlinkat, SC_readv, SC_recv,
	SC_recvfrom, SC_recvmmsg, SC_recvmmsg_time64, SC_recvmsg, SC_remap_file_pages,
	SC_removexattr, SC_removexattrat, SC_rename, SC_renameat, SC_renameat2,
	SC_restart_syscall, SC_rmdir, SC_rseq, SC_rt_sigaction, SC_rt_sigpending,
	SC_rt_sigprocmask, SC_rt_sigqueueinfo, SC_rt_sigreturn, SC_rt_sigsuspend,
	SC_rt_sigtimedwait, SC_rt_sigtimedwait_time64, SC_rt_tgsigqueueinfo,
	SC_sched_getaffinity, SC_sched_getattr, SC_sched_getparam,
	SC_sched_get_priority_max, SC_sched_get_priority_min, SC_sched_getscheduler,
	SC_sched_rr_get_interval, SC_sched_rr_get_interval_time64, SC_sched_setaffinity,
	SC_sched_setattr, SC_sched_setparam, SC_sched_setscheduler, SC_sched_yield,
	SC_seccomp, SC_select, SC_semctl, SC_semget, SC_semop, SC_semtimedop,
	SC_semtimedop_time64, SC_send, SC_sendfile, SC_sendfile64, SC_sendmmsg, SC_sendmsg,
	SC_sendto, SC_setfsgid, SC_setfsgid32, SC_setfsuid, SC_setfsuid32, SC_setgid,
	SC_setgid32, SC_setgroups, SC_setgroups32, SC_setitimer, SC_setpgid, SC_setpriority,
	SC_setregid, SC_setregid32, SC_setresgid, SC_setresgid32, SC_setresuid,
	SC_setresuid32, SC_setreuid, SC_setreuid32, SC_setrlimit, SC_set_robust_list,
	SC_setsid, SC_setsockopt, SC_set_thread_area, SC_set_tid_address, SC_setuid,
	SC_setuid32, SC_setxattr, SC_setxattrat, SC_shmat, SC_shmctl, SC_shmdt, SC_shmget,
	SC_shutdown, SC_sigaltstack, SC_signalfd, SC_signalfd4, SC_sigprocmask,
	SC_sigreturn, SC_socketcall, SC_socketpair, SC_splice, SC_stat, SC_stat64,
	SC_statfs, SC_statfs64, SC_statmount, SC_statx, SC_symlink, SC_symlinkat, SC_sync,
	SC_sync_file_range, SC_syncfs, SC_sysinfo, SC_tee, SC_tgkill, SC_time,
	SC_timer_create, SC_timer_delete, SC_timer_getoverrun, SC_timer_gettime,
	SC_timer_gettime64, SC_timer_settime, SC_timer_settime64, SC_timerfd_create,
	SC_timerfd_gettime, SC_timerfd_gettime64, SC_timerfd_settime, SC_timerfd_settime64,
	SC_times, SC_tkill, SC_truncate, SC_truncate64, SC_ugetrlimit, SC_umask, SC_uname,
	SC_unlink, SC_unlinkat, SC_uretprobe, SC_utime, SC_utimensat, SC_utimensat_time64,
	SC_utimes, SC_vfork, SC_vmsplice, SC_wait4, SC_waitid, SC_waitpid, SC_write,
	SC_writev, SC_process_vm_readv, SC_process_vm_writev, SC_ptrace,
};

/* calls of the architecture itself */
static const uint16_t native[] = {
#if defined(__x86_64__)
	SC_arch_prctl, SC_modify_ldt,
#else
	SC_arm_fadvise64_64, SC_arm_sync_file_range, SC_breakpoint, SC_cacheflush, SC_set_tls,
#endif
};
static const uint16_t socket_call[] = { SC_socket };
static const uint16_t personality_call[] = { SC_personality };
static const uint16_t clone_call[] = { SC_clone };
static const uint16_t clone3_call[] = { SC_clone3 };

static const uint16_t with_dac_read_search[] = {
	SC_open_by_handle_at,
};
static const uint16_t with_sys_admin[] = {
	SC_bpf, SC_clone, SC_clone3, SC_fanotify_init, SC_fsconfig, SC_fsmount, SC_fsopen,
	SC_fspick, SC_lookup_dcookie, SC_lsm_get_self_attr, SC_lsm_list_modules,
	SC_lsm_set_self_attr, SC_mount, SC_mount_setattr, SC_move_mount, SC_open_tree,
	SC_perf_event_open, SC_quotactl, SC_quotactl_fd, SC_setdomainname, SC_sethostname,
	SC_setns, SC_syslog, SC_umount, SC_umount2, SC_unshare,
};
static const uint16_t with_sys_boot[] = {
	SC_reboot,
};
static const uint16_t with_sys_chroot[] = {
	SC_chroot,
};
static const uint16_t with_sys_module[] = {
	SC_delete_module, SC_init_module, SC_finit_module,
};
static const uint16_t with_sys_pacct[] = {
	SC_acct,
};
static const uint16_t with_sys_ptrace[] = {
	SC_kcmp, SC_pidfd_getfd, SC_process_madvise, SC_process_vm_readv,
	SC_process_vm_writev, SC_ptrace,
};
static const uint16_t with_sys_rawio[] = {
	SC_iopl, SC_ioperm,
};
static const uint16_t with_sys_time[] = {
	SC_settimeofday, SC_stime, SC_clock_settime, SC_clock_settime64,
};
static const uint16_t with_sys_tty_config[] = {
	SC_vhangup,
};
static const uint16_t with_sys_nice[] = {
	SC_get_mempolicy, SC_mbind, SC_set_mempolicy, SC_set_mempolicy_home_node,
};
static const uint16_t with_syslog[] = {
	SC_syslog,
};
static const uint16_t with_bpf[] = {
	SC_bpf,
};
static const uint16_t with_perfmon[] = {
	SC_perf_event_open,
};

#define ALLOW(list) \
	.syscalls = (list), .n_syscalls = ARRAY_SIZE(list), .action = SECCOMP_RET_ALLOW
#define ALLOW_ARG(list, op, value) \
	ALLOW(list), .n_args = 1, .args = &(const struct seccomp_arg){ 0, op, value, 0 }
#define SOCKET(family) { ALLOW_ARG(socket_call, SECCOMP_EQ, family) }
#define PERSONALITY(p) { ALLOW_ARG(personality_call, SECCOMP_EQ, p) }
#define WITH(cap, list) { ALLOW(list), .caps_with = CAP_BIT(cap) }

static const struct seccomp_rule rules[] = {
	{ ALLOW(always) },
	{ ALLOW(native) },
	/* families by name; AF_UNIX to AF_ROSE at once */
	{ ALLOW_ARG(socket_call, SECCOMP_LE, AF_ROSE) },
	SOCKET(AF_NETBEUI), SOCKET(AF_SECURITY), SOCKET(AF_KEY),
	SOCKET(AF_NETLINK), SOCKET(AF_PACKET), SOCKET(AF_ASH),
	SOCKET(AF_RDS), SOCKET(AF_SNA), SOCKET(AF_PPPOX),
	SOCKET(AF_LLC), SOCKET(AF_IB), SOCKET(AF_MPLS),
	SOCKET(AF_CAN), SOCKET(AF_TIPC), SOCKET(AF_BLUETOOTH),
	SOCKET(AF_IUCV), SOCKET(AF_RXRPC), SOCKET(AF_PHONET),
	SOCKET(AF_IEEE802154), SOCKET(AF_NFC), SOCKET(AF_KCM),
	SOCKET(AF_QIPCRTR), SOCKET(AF_SMC), SOCKET(AF_XDP),
	SOCKET(AF_MCTP),
	PERSONALITY(PER_LINUX), PERSONALITY(PER_LINUX32), PERSONALITY(UNAME26),
	PERSONALITY(UNAME26 | PER_LINUX32), PERSONALITY(UINT32_MAX) /* asks only */,
	/* clone without new namespaces; of clone3 the flags cannot be seen: programs fall back */
	{ ALLOW_ARG(clone_call, SECCOMP_MASKED_EQ, MASK_NAMESPACES),
	  .caps_without = CAP_BIT(CAP_SYS_ADMIN) },
	{ .syscalls = clone3_call, .n_syscalls = 1, .action = SECCOMP_RET_ERRNO | ENOSYS,
	  .caps_without = CAP_BIT(CAP_SYS_ADMIN) },
	WITH(CAP_DAC_READ_SEARCH, with_dac_read_search),
	WITH(CAP_SYS_ADMIN, with_sys_admin),
	WITH(CAP_SYS_BOOT, with_sys_boot),
	WITH(CAP_SYS_CHROOT, with_sys_chroot),
	WITH(CAP_SYS_MODULE, with_sys_module),
	WITH(CAP_SYS_PACCT, with_sys_pacct),
	WITH(CAP_SYS_PTRACE, with_sys_ptrace),
	WITH(CAP_SYS_RAWIO, with_sys_rawio),
	WITH(CAP_SYS_TIME, with_sys_time),
	WITH(CAP_SYS_TTY_CONFIG, with_sys_tty_config),
	WITH(CAP_SYS_NICE, with_sys_nice),
	WITH(CAP_SYSLOG, with_syslog),
	WITH(CAP_BPF, with_bpf),
	WITH(CAP_PERFMON, with_perfmon),
};
/* clang-format on */

const struct seccomp_policy seccomp_default_policy = {
	.arches = SECCOMP_NATIVE_MASK,
	.default_action = SECCOMP_RET_ERRNO | EPERM,
	/* no mitigation that the process did not ask for, as runc has it since 1.2 */
	.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	.caps = CAP_DEFAULT,
	.rules = rules,
	.n_rules = ARRAY_SIZE(rules),
};
