// SPDX-License-Identifier: Apache-2.0
/* Any bytes as an --env-file: every entry has a name without blanks, and there is one of each. */
#include "spec/env_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char home[] = "HOME=/root";
	static char *const host[] = { home, NULL };
	struct strv env = { NULL, 0 };

	if (env_file_parse((const char *)data, size, "fuzz", host, &env, NULL) == 0) {
		for (size_t i = 0; i < env.n; i++) {
			size_t n = strcspn(env.v[i], "=");

			if (n == 0 || !env.v[i][n] || strcspn(env.v[i], " \t") < n)
				abort();
			for (size_t j = 0; j < i && env.n < 64; j++)
				if (strncmp(env.v[i], env.v[j], n + 1) == 0)
					abort();
		}
	}
	strv_done(&env);
	return 0;
}
