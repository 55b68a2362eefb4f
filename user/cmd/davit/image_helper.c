// SPDX-License-Identifier: Apache-2.0
/* Become davit-image, with the options as arguments again: signals and the exit status are its own. */
#include "image_helper.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"

/* One option as an argument of its own; what is not set is left out. */
static int add_option(struct strv *argv, const struct opt *o, const void *opts)
{
	const void *member = (const char *)opts + o->offset;
	const struct strv *list = member;
	int r = 0;

	switch (o->type) {
	case OPT_TYPE_BOOL:
		return *(const bool *)member ? strv_addf(argv, "--%s", o->name) : 0;
	case OPT_TYPE_STR:
		return *(char *const *)member ?
			       strv_addf(argv, "--%s=%s", o->name, *(char *const *)member) :
			       0;
	case OPT_TYPE_SIZE:
		return *(const uint64_t *)member ?
			       strv_addf(argv, "--%s=%llu", o->name,
					 (unsigned long long)*(const uint64_t *)member) :
			       0;
	case OPT_TYPE_LIST:
		for (size_t i = 0; r == 0 && i < list->n; i++)
			r = strv_addf(argv, "--%s=%s", o->name, list->v[i]);
		return r;
	default:
		return -ENOTSUP; /* davit-image has no such option */
	}
}

int image_helper(const struct env *env, const char *verb, const struct opt *options,
		 const void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_strv_ struct strv args = { .n = 0 };
	_cleanup_free_ char *path = NULL;
	int r = env_helper(env, "davit-image", &path, e);

	if (r < 0)
		return r;
	if (strv_add(&args, "davit-image") < 0 || strv_add(&args, verb) < 0)
		return err_set(e, ENOMEM, "start davit-image");
	for (const struct opt *o = options; r == 0 && o->type != OPT_TYPE_END; o++)
		r = add_option(&args, o, opts);
	if (r == 0)
		r = strv_add(&args, "--");
	for (int i = 0; r == 0 && i < argc; i++)
		r = strv_add(&args, argv[i]);
	if (r < 0)
		return err_set(e, r, "start davit-image");
	(void)signal(SIGPIPE, SIG_DFL); /* ignored here, which it would inherit */
	(void)execv(path, args.v);
	return err_set(e, errno, "execute '%s'", path);
}
