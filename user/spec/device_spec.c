// SPDX-License-Identifier: Apache-2.0
/* --device SRC[:DST][:rwm] */
#include "spec/device_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "spec/clean_path.h"

#define ACCESS_ALL (DEVICE_SPEC_READ | DEVICE_SPEC_WRITE | DEVICE_SPEC_MKNOD)

/* Letters r, w and m, each at most once. Return: 0 for anything else. */
static unsigned int parse_access(const char *text)
{
	static const char letters[] = "rwm";
	unsigned int access = 0;

	for (; *text; text++) {
		const char *letter = strchr(letters, *text);
		unsigned int bit = letter ? 1u << (letter - letters) : 0;

		if (!bit || access & bit)
			return 0;
		access |= bit;
	}
	return access;
}

static int parse(const char *text, struct device_spec *d, struct err *e)
{
	const char *second = strchr(text, ':'), *third;
	size_t n = second ? (size_t)(second - text) : strlen(text);
	int r = clean_path(text, n, false, &d->source, e);

	if (r < 0)
		return r;
	d->access = ACCESS_ALL;
	third = second ? strchr(++second, ':') : NULL;
	if (second && !third && parse_access(second)) {
		d->access = parse_access(second); /* SRC:rw */
		second = NULL;
	}
	if (third)
		d->access = parse_access(third + 1);
	if (!d->access)
		return err_plain(e, -EINVAL, "access '%s' is not made of r, w and m", third + 1);
	if (!second)
		return clean_path(text, n, true, &d->target, e);
	return clean_path(second, third ? (size_t)(third - second) : strlen(second), true,
			  &d->target, e);
}

int device_spec_parse(const char *text, struct device_spec *ret, struct err *e)
{
	struct device_spec d = { .source = NULL };
	int r = parse(text, &d, e);

	if (r == 0 && (strcmp(d.source, "/") == 0 || strcmp(d.target, "/") == 0))
		r = err_plain(e, -EINVAL, "'/' is no device");
	if (r < 0) {
		device_spec_done(&d);
		err_hint(e, "a device is SRC[:DST][:rwm], like /dev/fuse or /dev/sda:/dev/xvda:r");
		return err_wrap(e, r, "device '%s'", text);
	}
	*ret = d;
	return 0;
}

void device_spec_done(struct device_spec *d)
{
	free(d->source);
	free(d->target);
	d->source = d->target = NULL;
}
