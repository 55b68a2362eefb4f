/* SPDX-License-Identifier: Apache-2.0 */
/* What every container is asked to be, whoever makes it. */
#ifndef DAVIT_ISOLATION_WANT_H
#define DAVIT_ISOLATION_WANT_H

#include <stddef.h>
#include <stdint.h>

struct facts;

#define WANT_MEMORY (64ull << 20)
#define WANT_PIDS 64
#define WANT_CPU 500 /* thousandths */
#define WANT_NOFILE_SOFT 1024
#define WANT_NOFILE_HARD 2048
#define WANT_TMP_SIZE (16ull << 20)
#define WANT_ID_OUTSIDE 100000
#define WANT_ID_COUNT 65536
#define WANT_TIME_MONOTONIC 7200
#define WANT_TIME_BOOTTIME 864000

/* things that not every engine can be asked for; struct engine.can, struct want.asks */
enum want_ask {
	ASK_USER = 1u << 0,
	ASK_TIME = 1u << 1,
	ASK_CGROUP_NS = 1u << 2,
	ASK_MEMORY = 1u << 3,
	ASK_PIDS = 1u << 4,
	ASK_CPU = 1u << 5,
	ASK_NOFILE = 1u << 6,
	ASK_SECCOMP = 1u << 7,
	ASK_NO_NEW_PRIVS = 1u << 8,
	ASK_MASKED = 1u << 9,
	ASK_READONLY = 1u << 10,
	ASK_CAPS = 1u << 11,
	ASK_HOSTNAME = 1u << 12,
	ASK_READONLY_ROOT = 1u << 13,
};
#define ASK_OPTIONAL (ASK_USER | ASK_TIME) /* only with --with */
#define ASK_ALL                                                                       \
	(ASK_CGROUP_NS | ASK_MEMORY | ASK_PIDS | ASK_CPU | ASK_NOFILE | ASK_SECCOMP | \
	 ASK_NO_NEW_PRIVS | ASK_MASKED | ASK_READONLY | ASK_CAPS | ASK_HOSTNAME |     \
	 ASK_READONLY_ROOT)

/* ask_name() - of one bit, as --with and reports have it; NULL if @bit is none */
const char *ask_name(unsigned int bit);
/* ask_find() - the bit of --with NAME; 0 if there is none */
unsigned int ask_find(const char *name);

/**
 * struct want - what one run asks for
 * @asks:     ASK_*
 * @hostname: of the container
 * @id_outside, @id_count: of the map of user namespaces, which begins at 0 inside
 */
struct want {
	unsigned int asks;
	char hostname[32];
	uint32_t id_outside, id_count;
};

/* lists that end with NULL */
extern const struct want_cap {
	const char *name; /* "CAP_CHOWN" */
	unsigned int num;
} want_caps[]; /* Docker's default: effective, permitted and bounding; the other two sets are empty */
extern const char *const want_masked[]; /* Docker's, without those of each processor */
extern const char *const want_readonly[];

/* want_tell() - the want.* facts */
void want_tell(const struct want *w, struct facts *f);

#endif
