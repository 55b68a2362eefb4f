/* SPDX-License-Identifier: Apache-2.0 */
/* A davit of the test's own: slice, state, bpf file system, two network namespaces. */
#ifndef DAVIT_TESTS_BPF_LAB_H
#define DAVIT_TESTS_BPF_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/env.h"

#define LAB_CONTAINERS 4

/* addresses of the far end of the veth pair; TCP listens and UDP receives at LAB_PORT … + 9 */
#define LAB_PEER4 "10.77.0.2"
#define LAB_PEER6 "fd77::2"
#define LAB_HERE4 "10.77.0.1"
#define LAB_HERE6 "fd77::1"
#define LAB_PORT 8000
#define LAB_PORT_LAST 8009

struct lab_container {
	char path[160];
	int fd;
	uint64_t id;
};

struct lab {
	struct env env;
	char dir[64], bpffs[80], state[80], slice[33], slice_path[128];
	int slice_fd;
	struct lab_container c[LAB_CONTAINERS];
	pid_t peer;
};

/* lab_open() - false when this host cannot (not root, no cgroup2) */
bool lab_open(struct lab *l, const char *suffix);
bool lab_open_network(struct lab *l); /* gives the calling process a network namespace */
void lab_close(struct lab *l);

/* lab_run() - run @fn in a process born in container @c. Return: its exit status, -1 = killed. */
int lab_run(struct lab *l, unsigned int c, int (*fn)(void *arg), void *arg);
pid_t lab_spawn(struct lab *l, unsigned int c, int (*fn)(void *arg), void *arg);
int lab_wait(pid_t pid);

/* programs attached to the slice, over all types of the set; @ret_max: of one type */
int lab_programs(struct lab *l, int *ret_max);

/* one attempt to send; all return 0 or a positive errno */
struct lab_send {
	enum { LAB_TCP, LAB_MPTCP, LAB_UDP, LAB_UDP_CONNECT, LAB_ICMP, LAB_RAW_TCP } how;
	const char *addr;
	uint16_t port;
	unsigned int times, size; /* of datagrams */
};
int lab_send(void *lab_send);

double lab_cpu_us(void);

#endif
