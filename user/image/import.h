/* SPDX-License-Identifier: Apache-2.0 */
/* Make an image of one layer from a root file system. */
#ifndef DAVIT_IMAGE_IMPORT_H
#define DAVIT_IMAGE_IMPORT_H

#include "image/install.h"

struct err;
struct import_opts;
struct store;

/**
 * image_import() - import a tar (any compression, "-" = standard input) or a directory
 * @name: name of the image, or NULL for none
 */
int image_import(const struct store *st, const struct import_opts *o, const char *from,
		 const char *name, struct install_progress progress,
		 char ret_id[static DIGEST_HEX_LEN + 1], struct err *e);

#endif
