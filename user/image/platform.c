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
#include "spec/image_config.h"
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

int platform_check(const char *wanted, const struct image_config *c, struct err *e)
{
	const char *os = c->os ? c->os : "", *architecture = c->architecture ? c->architecture : "",
		   *variant = c->variant ? c->variant : "";
	struct platform p;
	int r = wanted ? platform_parse(wanted, &p, e) : 0;

	if (r < 0 || !wanted)
		return r;
	/* a variant that the image does not tell may be the one */
	if (str_eq(p.os, os) && str_eq(p.architecture, architecture) &&
	    (!p.variant[0] || !*variant || str_eq(p.variant, variant)))
		return 0;
	return err_plain(e, -ENOENT, "it has no image for '%s', but one for '%s/%s%s%s'", wanted,
			 os, architecture, *variant ? "/" : "", variant);
}

bool platform_match(const struct platform *p, const struct descriptor *d)
{
	return str_eq(p->os, d->os) && str_eq(p->architecture, d->architecture) &&
	       (!p->variant[0] || str_eq(p->variant, d->variant));
}
