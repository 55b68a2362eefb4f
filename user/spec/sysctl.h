/* SPDX-License-Identifier: Apache-2.0 */
/* --sysctl KEY=VALUE: those of a namespace that the container owns. */
#ifndef DAVIT_SPEC_SYSCTL_H
#define DAVIT_SPEC_SYSCTL_H

struct err;

#define SYSCTL_NAME_MAX 255u
#define SYSCTL_VALUE_MAX 4095u

/* A kernel parameter: @path is below /proc/sys ("net/ipv4/ip_forward"); both owned. */
struct sysctl {
	char *path, *value;
	unsigned long ns; /* the CLONE_NEW* that owns it */
};

/* sysctl_parse() - "net.ipv4.ip_forward=1"; separators . or / as sysctl(8) has them.
 * Return: 0; -EINVAL for bad syntax and for a parameter of the whole host. */
int sysctl_parse(const char *text, struct sysctl *ret, struct err *e);

/* sysctl_check() - -EINVAL with a hint unless the namespace of @s is in @private_ns, a mask of
 * the CLONE_NEW* that the container has for itself */
int sysctl_check(const struct sysctl *s, unsigned long private_ns, struct err *e);

void sysctl_done(struct sysctl *s);

#endif
