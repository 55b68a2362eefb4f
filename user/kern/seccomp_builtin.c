// SPDX-License-Identifier: Apache-2.0
/* Programs of the default policy that were compiled with davit itself. */
#include "kern/seccomp_builtin.h"

#include "base/cleanup.h"
#include "kern/seccomp.h"
#include "seccomp_programs.h" /* made by scripts/gen-seccomp.c */

const struct sock_filter *seccomp_builtin(uint64_t caps, uint32_t absent, size_t *ret_n)
{
	static const struct {
		uint32_t absent;
		const struct sock_filter *program;
		size_t n;
	} programs[] = {
		{ 1u << SECCOMP_X32, without_x32, ARRAY_SIZE(without_x32) },
		{ 0, with_all, ARRAY_SIZE(with_all) },
	};

	if ((caps & BUILTIN_CAPS_MASK) != BUILTIN_CAPS)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (programs[i].absent == absent) {
			*ret_n = programs[i].n;
			return programs[i].program;
		}
	}
	return NULL;
}
