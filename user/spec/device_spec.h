/* SPDX-License-Identifier: Apache-2.0 */
/* --device SRC[:DST][:rwm] */
#ifndef DAVIT_SPEC_DEVICE_SPEC_H
#define DAVIT_SPEC_DEVICE_SPEC_H

struct err;

#define DEVICE_SPEC_READ (1u << 0)
#define DEVICE_SPEC_WRITE (1u << 1)
#define DEVICE_SPEC_MKNOD (1u << 2)

/* A device to pass: absolute clean paths, owned; the caller stats @source. */
struct device_spec {
	char *source, *target;
	unsigned int access; /* DEVICE_SPEC_* */
};

/* device_spec_parse() - without access all three. Return: 0 or -EINVAL with @e. */
int device_spec_parse(const char *text, struct device_spec *ret, struct err *e);

void device_spec_done(struct device_spec *d);

#endif
