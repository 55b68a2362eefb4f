// SPDX-License-Identifier: Apache-2.0
/*
 * Write seccomp_programs.h: programs of the default policy for the default capabilities, with and
 * without x32, so that an ordinary start copies one instead of compiling it. Runs at build.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "kern/cap.h"
#include "kern/seccomp.h"
#include "kern/seccomp_builtin.h"

/* what is about to be made: there is none yet */
const struct sock_filter *seccomp_builtin(uint64_t caps, uint32_t absent, size_t *ret_n)
{
	(void)caps;
	(void)absent;
	(void)ret_n;
	return NULL;
}

static int print_program(const char *name, uint32_t absent)
{
	struct seccomp_policy p = seccomp_default_policy;
	struct err e = ERR_INIT;
	struct sock_filter *f;
	size_t n;

	p.arches_absent = absent;
	if (seccomp_compile(&p, &f, &n, &e) < 0) {
		(void)fprintf(stderr, "gen-seccomp: %s\n", e.msg);
		return -1;
	}
	printf("\nstatic const struct sock_filter %s[] = {\n", name);
	for (size_t i = 0; i < n; i++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", f[i].code, f[i].jt, f[i].jf, f[i].k);
	printf("};\n");
	free(f);
	return 0;
}

int main(void)
{
	const struct seccomp_policy *p = &seccomp_default_policy;
	uint64_t mask = 0;

	for (size_t i = 0; i < p->n_rules; i++)
		mask |= p->rules[i].caps_with | p->rules[i].caps_without;
	printf("/* made by scripts/gen-seccomp.c */\n");
	printf("#define BUILTIN_CAPS_MASK UINT64_C(0x%llx) /* those that the policy looks at */\n",
	       (unsigned long long)mask);
	printf("#define BUILTIN_CAPS\t  UINT64_C(0x%llx)\n", (unsigned long long)(p->caps & mask));
	if (print_program("with_all", 0) < 0 || print_program("without_x32", 1u << SECCOMP_X32) < 0)
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
