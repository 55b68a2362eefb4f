/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of `davit-oci events`: memory, devices, sizes of pages, caches, processors, pressure. */
#ifndef DAVIT_CMD_OCI_STATS_H
#define DAVIT_CMD_OCI_STATS_H

struct cgroup;
struct record;
struct str;

/* Each appends a member of "data" with its comma; what the host has not is left out of it. */
void stats_memory(struct cgroup *cg, struct str *s);
void stats_blkio(struct cgroup *cg, struct str *s);
void stats_hugetlb(struct cgroup *cg, struct str *s);
void stats_rdt(const struct record *r, struct str *s);
void stats_cpuset(struct cgroup *cg, struct str *s);

/* Each appends members of a section, a comma before them; nothing where the host has not got them. */
void stats_percpu(struct cgroup *cg, struct str *s);
void stats_psi(struct cgroup *cg, const char *file, struct str *s);

#endif
