/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfile instructions that change an image's configuration: `import --change`. */
#ifndef DAVIT_IMAGE_CHANGE_H
#define DAVIT_IMAGE_CHANGE_H

struct err;
struct image_config;

/**
 * change_apply() - apply one instruction
 * @text: "CMD [\"sh\"]", "ENV A=b C=\"d e\"", "EXPOSE 80/tcp", …; case of the keyword does not matter
 *
 * CMD and ENTRYPOINT take a JSON array, or a line for "/bin/sh -c". Return: 0; -EINVAL.
 */
int change_apply(struct image_config *c, const char *text, struct err *e);

#endif
