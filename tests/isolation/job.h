/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the host side: two containers of one engine. */
#ifndef DAVIT_ISOLATION_JOB_H
#define DAVIT_ISOLATION_JOB_H

#include <stdbool.h>
#include <stddef.h>

#include "want.h"

struct engine;
struct options;

#define TOKEN_LEN 16
#define WORK_SIZE 2048 /* of a path */

/**
 * struct job - what both containers have in common
 * @program: path of engine or runtime
 * @work:    directory of this run; @share in it is INSIDE_DIR of the containers, @root their root
 * @image:   name of the image; it is to be removed when @has_made_image
 * @why:     what the runtime could not be asked for after all, in words; "" = nothing
 */
struct job {
	const struct options *options;
	const struct engine *engine;
	struct want want;
	char program[WORK_SIZE + 64];
	char work[WORK_SIZE], share[WORK_SIZE + 16], root[WORK_SIZE + 16];
	char image[256], why[256];
	bool has_made_image;
};

/**
 * struct role - one of the two containers
 * @verb:  "inside" or "hold"
 * @names: arguments behind the token
 */
struct role {
	const char *verb;
	char token[TOKEN_LEN + 1], id[64];
	const char *const *names;
	size_t n_names;
};

#endif
