// SPDX-License-Identifier: Apache-2.0
/* Freeing a runtime configuration. */
#include "runtime/config.h"

#include <stdlib.h>

void runtime_config_done(struct runtime_config *c)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		free(c->mounts[i].source);
		free(c->mounts[i].target);
		strv_done(&c->mounts[i].params);
	}
	for (size_t i = 0; i < c->n_devices; i++) {
		free(c->devices[i].source);
		free(c->devices[i].target);
	}
	free(c->mounts);
	free(c->devices);
	free(c->hostname);
	free(c->domainname);
	for (size_t i = 0; i < c->n_etc_files; i++)
		free(c->etc_files[i].text);
	free(c->etc_dir);
	free(c->cwd);
	free(c->groups);
	free(c->seccomp);
	free(c->rlimits);
	strv_done(&c->volumes);
	strv_done(&c->sysctls);
	strv_done(&c->args);
	strv_done(&c->env);
	*c = (struct runtime_config){ .new_ns = 0 };
}
