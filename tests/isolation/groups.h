/* SPDX-License-Identifier: Apache-2.0 */
/* One group of probes per file; its row in groups.c makes it known. */
#ifndef DAVIT_ISOLATION_GROUPS_H
#define DAVIT_ISOLATION_GROUPS_H

struct probe_group;

extern const struct probe_group namespace_group; /* namespaces.c */

#endif
