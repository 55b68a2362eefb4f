// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a seccomp profile: what parses must compile to a program that the kernel takes. */
#include "spec/seccomp_profile.h"

#include <stdlib.h>

#include "kern/cap.h"
#include "tests/unit/kern/bpf_run.h"

static const uint32_t arches[] = { 0xc000003e, 0x40000003, 0xc00000b7, 0x40000028, 0 };

static void run_all(const struct sock_filter *f, size_t n)
{
	for (unsigned int nr = 0; nr < 600; nr += 7) {
		for (size_t a = 0; a < sizeof(arches) / sizeof(arches[0]); a++) {
			struct seccomp_data d = { .nr = (int)nr,
						  .arch = arches[a],
						  .args = { nr, nr * 3, 0, ~UINT64_C(0), 1, 2 } };

			if (bpf_run(f, n, &d) == BPF_RUN_BAD)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seccomp_profile p;
	struct sock_filter *f;
	size_t n;

	if (seccomp_profile_parse((const char *)data, size, "fuzz", &p, NULL) < 0)
		return 0;
	p.policy.caps = CAP_DEFAULT;
	if (!p.is_disabled && seccomp_compile(&p.policy, &f, &n, NULL) == 0) {
		run_all(f, n);
		free(f);
	}
	seccomp_profile_done(&p);
	return 0;
}
