/* SPDX-License-Identifier: Apache-2.0 */
/* Hand a command over to davit-image. */
#ifndef DAVIT_CMD_IMAGE_HELPER_H
#define DAVIT_CMD_IMAGE_HELPER_H

#include "cli.h"

/**
 * image_helper() - run davit-image with @verb, the options as parsed, and the arguments
 *
 * Its standard input, output and error are ours, and so is its exit status.
 * Return: exit status; -ENOENT with a hint when davit-image is not installed.
 */
int image_helper(const struct env *env, const char *verb, const struct opt *options,
		 const void *opts, int argc, char *argv[], struct err *e);

#endif
