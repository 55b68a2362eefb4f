/* SPDX-License-Identifier: Apache-2.0 */
/* Loading of the program set, once per boot. */
#ifndef DAVIT_CMD_BPF_LOAD_H
#define DAVIT_CMD_BPF_LOAD_H

struct env;
struct err;

/* load_set() - load, link at the slice and pin; the caller holds the load lock.
 * Return: 0; -EPERM, -EOPNOTSUPP … with the end of the verifier's log. */
int load_set(const struct env *env, int slice_fd, struct err *e);

#endif
