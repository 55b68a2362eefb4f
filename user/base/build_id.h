/* SPDX-License-Identifier: Apache-2.0 */
/* What tells this program from every other build: the linker's hash of its contents (ld --build-id). */
#ifndef DAVIT_BASE_BUILD_ID_H
#define DAVIT_BASE_BUILD_ID_H

#include <stdint.h>

#define BUILD_ID_SIZE 32u
#define BUILD_ID_MIN 16u /* bytes of a hash that tells programs apart */

/**
 * build_id() - copy the id of the running program, without a system call
 * @ret: the id, then zeros
 *
 * Return: bytes of the id, at least BUILD_ID_MIN; -ENOENT where the program was linked with none, or with another kind of one
 */
int build_id(uint8_t ret[static BUILD_ID_SIZE]);

#endif
