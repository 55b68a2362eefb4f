/* SPDX-License-Identifier: Apache-2.0 */
/* Processes in cgroups, and hosts of other modes, for the tests beside. */
#ifndef DAVIT_TESTS_CGROUP_LAB_H
#define DAVIT_TESTS_CGROUP_LAB_H

#include <stdbool.h>
#include <sys/types.h>

struct cgroup;

/* cgroup_lab_spawn() - a process born in @cg as a container's is. Return: its pid, back when it is a member
 * everywhere; -1. */
pid_t cgroup_lab_spawn(struct cgroup *cg, int (*body)(void *arg), void *arg);

/* cgroup_lab_wait(), cgroup_lab_run() - Return: as waitpid(2) has it; -1 */
int cgroup_lab_wait(pid_t pid);
int cgroup_lab_run(struct cgroup *cg, int (*body)(void *arg), void *arg);

/* cgroup_lab_sleep() - a body that has to be killed */
int cgroup_lab_sleep(void *arg);

/* cgroup_lab_burn() - a body that uses *@arg seconds (double) of CPU time, however long a busy machine takes to
 * give them */
int cgroup_lab_burn(void *arg);

/* cgroup_lab_has() - is cgroup @id in @slice? */
bool cgroup_lab_has(const char *slice, const char *id);

/* cgroup_lab_remove() - the slice, and what is in it */
void cgroup_lab_remove(const char *slice);

/* cgroup_lab_enter() - to a mount namespace where cgroup_mode() is @mode. Return: is there a way? */
bool cgroup_lab_enter(const char *mode);

#endif
