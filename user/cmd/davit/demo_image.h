/* SPDX-License-Identifier: Apache-2.0 */
/* The image davit/demo, which comes with davit. */
#ifndef DAVIT_CMD_DEMO_IMAGE_H
#define DAVIT_CMD_DEMO_IMAGE_H

#include <stdbool.h>

#include "cli.h"

/* demo_image_is() - is @ref the name of the image that comes with davit? */
bool demo_image_is(const char *ref);

/* demo_image_import() - make it an image of the store. Return: 0; -ENOENT when it is not installed. */
int demo_image_import(const struct env *env, struct err *e);

#endif
