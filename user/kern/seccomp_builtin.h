/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the default policy that were compiled with davit itself. */
#ifndef DAVIT_KERN_SECCOMP_BUILTIN_H
#define DAVIT_KERN_SECCOMP_BUILTIN_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* seccomp_builtin() - what seccomp_compile() would make of the default policy with these .caps and
 * .arches_absent. Return: static program of *@ret_n instructions; NULL if there is none. */
const struct sock_filter *seccomp_builtin(uint64_t caps, uint32_t absent, size_t *ret_n);

#endif
