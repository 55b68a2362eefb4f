// SPDX-License-Identifier: Apache-2.0
/* Platforms: this host's, a user's, a descriptor's. */
#include "image/platform.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/image_manifest.h"

struct machine {
	const char *uname, *architecture;
};

static const struct machine machines[] = {
	{ "x86_64", "amd64" },	  { "aarch64", "arm64" },     { "armv7l", "arm" },
	{ "armv6l", "arm" },	  { "i686", "386" },	      { "i386", "386" },
	{ "ppc64le", "ppc64le" }, { "s390x", "s390x" },	      { "riscv64", "riscv64" },
	{ "mips64", "mips64le" }, { "loongarch64", "loong64" },
};

static void host(struct platform *ret)
{
	struct utsname u;

	(void)uname(&u); /* cannot fail with a good address */
	*ret = (struct platform){ .os = "linux" };
	(void)snprintf(ret->architecture, sizeof(ret->architecture), "%.31s", u.machine);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(machines[i].uname, u.machine) == 0)
			(void)snprintf(ret->architecture, sizeof(ret->architecture), "%s",
				       machines[i].architecture); /* short ones all */
}

int platform_parse(const char *text, struct platform *ret, struct err *e)
{
	struct platform p = { .os = "" };
	char *parts[] = { p.os, p.architecture, p.variant };
	const char *s = text;
	size_t n_parts = 0;

	if (!text) {
		host(ret);
		return 0;
	}
	for (; n_parts < ARRAY_SIZE(parts); n_parts++) {
		size_t n = strcspn(s, "/");

		if (n == 0 || n >= PLATFORM_PART_MAX)
			break;
		memcpy(parts[n_parts], s, n);
		s += n;
		if (!*s++) {
			n_parts++;
			s--;
			break;
		}
	}
	if (n_parts < 2 || *s)
		return err_plain(e, -EINVAL, "'%s' is not of the form OS/ARCH[/VARIANT]", text);
	*ret = p;
	return 0;
}

bool platform_match(const struct platform *p, const struct descriptor *d)
{
	return str_eq(p->os, d->os) && str_eq(p->architecture, d->architecture) &&
	       (!p->variant[0] || str_eq(p->variant, d->variant));
}
