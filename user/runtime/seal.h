/* SPDX-License-Identifier: Apache-2.0 */
/* Whether processes of a container could get hold of the runtime's own file. */
#ifndef DAVIT_RUNTIME_SEAL_H
#define DAVIT_RUNTIME_SEAL_H

struct bundle;
struct err;

/* seal_for_create(), seal_for_exec() - self_seal() before a process of @b is made, where a process that runs
 * already may trace it. Return: 0; -errno with @e. May not return. */
int seal_for_create(const struct bundle *b, struct err *e);
int seal_for_exec(const struct bundle *b, struct err *e);

#endif
