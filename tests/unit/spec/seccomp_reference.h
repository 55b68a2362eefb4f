/* SPDX-License-Identifier: Apache-2.0 */
/* A second opinion on seccomp profiles: runc's way of applying them, on libseccomp. */
#ifndef DAVIT_TESTS_SECCOMP_REFERENCE_H
#define DAVIT_TESTS_SECCOMP_REFERENCE_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "kern/seccomp.h"

#define REFERENCE_NR_MAX 1024

struct reference {
	uint32_t default_action;
	struct sock_filter *filter;
	size_t n;
	/* what libseccomp is too old to name: verdicts of numbers, and the highest named */
	struct reference_arch {
		bool is_newer[REFERENCE_NR_MAX];
		uint32_t newer[REFERENCE_NR_MAX];
		int64_t highest;
	} arch[SECCOMP_ARCH_COUNT];
};

/* Build from the bytes of a profile for the bounding set @caps; aborts on failure. */
void reference_init(struct reference *ref, const char *json, size_t n, uint32_t arches,
		    uint64_t caps);
uint32_t reference_verdict(const struct reference *ref, enum seccomp_arch arch,
			   const struct seccomp_data *data);
void reference_done(struct reference *ref);

/* SCMP_ARCH_* of libseccomp */
uint32_t reference_arch_token(enum seccomp_arch arch);

#endif
