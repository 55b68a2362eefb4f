/* SPDX-License-Identifier: Apache-2.0 */
/* OCI image configuration (and Docker's, which has the same members). */
#ifndef DAVIT_SPEC_IMAGE_CONFIG_H
#define DAVIT_SPEC_IMAGE_CONFIG_H

#include <stdint.h>

#include "base/str.h"

struct err;
struct json_t;

#define IMAGE_CONFIG_LIST_MAX 4096u /* entries of env, cmd, labels … each */

/**
 * struct image_config - what a container of this image starts with; zero-initialised is empty
 * @env:	   "KEY=VALUE"
 * @volumes, @exposed_ports: paths; "80/tcp"
 * @labels:	   "KEY=VALUE"
 * @diff_ids:	   64 hex digits each, bottom layer first; empty in a store's record
 * @user:	   "", "name", "uid", "name:group" …
 * @created_ns:    since the epoch; 0 = not stated
 *
 * Strings are never NULL after image_config_parse(): "" when not stated.
 */
struct image_config {
	struct strv env, cmd, entrypoint, volumes, exposed_ports, labels, diff_ids;
	char *user, *working_dir, *stop_signal, *os, *architecture, *variant;
	int64_t created_ns;
};

/**
 * image_config_parse() - read a configuration object
 *
 * Unknown members are ignored, as the specification demands; known ones of a wrong type are
 * -EBADMSG naming the field.
 */
int image_config_parse(const struct json_t *json, struct image_config *ret, struct err *e);
void image_config_done(struct image_config *c);

/* image_config_to_json() - the same members back, without what is empty; NULL = out of memory */
struct json_t *image_config_to_json(const struct image_config *c);

/* image_time_parse() - RFC 3339 to ns since the epoch. Return: 0; -EINVAL. */
int image_time_parse(const char *s, int64_t *ret_ns);

#endif
