/* SPDX-License-Identifier: Apache-2.0 */
/* The running program's own file. */
#ifndef DAVIT_KERN_SELF_H
#define DAVIT_KERN_SELF_H

struct env;
struct err;

/**
 * self_seal() - go on as a program whose own file cannot be written to
 *
 * Who can trace us reaches our file through /proc/PID/exe, and can write to it once we are gone
 * (CVE-2019-5736). Execute it anew, with the same arguments, through a read-only mount that is attached
 * nowhere: it is the mount that refuses, to root as well. $DAVIT_LIBDIR is set, because the link
 * /proc/self/exe tells nothing afterwards. Call before anything is read that can be read only once.
 *
 * Return: 0 when the file is on a read-only mount by now; -errno with @e. Otherwise it does not return.
 */
int self_seal(const struct env *env, struct err *e);

#endif
