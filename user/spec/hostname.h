/* SPDX-License-Identifier: Apache-2.0 */
/* --hostname and --domainname */
#ifndef DAVIT_SPEC_HOSTNAME_H
#define DAVIT_SPEC_HOSTNAME_H

struct err;

#define HOSTNAME_MAX 64u /* __NEW_UTS_LEN of the kernel */

/* hostname_check() - labels of letters, digits, - and _ with dots between, at most 64 bytes.
 * Return: 0 or -EINVAL with @e. */
int hostname_check(const char *text, struct err *e);

#endif
