/* SPDX-License-Identifier: Apache-2.0 */
/* What the host and its containers look like, as facts. */
#ifndef DAVIT_ISOLATION_HOST_FACTS_H
#define DAVIT_ISOLATION_HOST_FACTS_H

#include <sys/types.h>

struct facts;

/* host_facts_tell() - host.* without the canaries; what cannot be found out leaves no fact */
void host_facts_tell(struct facts *f);

/* host_facts_clocks() - call it just before the start */
void host_facts_clocks(struct facts *f);

/* host_facts_mounts() - container.mounts_before, likewise */
void host_facts_mounts(struct facts *f);

/* host_facts_sibling() - sibling.* of the process @pid */
void host_facts_sibling(struct facts *f, pid_t pid, const char *token, const char *abstract);

#endif
