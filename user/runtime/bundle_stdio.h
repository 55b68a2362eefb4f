/* SPDX-License-Identifier: Apache-2.0 */
/* The standard streams that a bundle's process gets from the caller. */
#ifndef DAVIT_RUNTIME_BUNDLE_STDIO_H
#define DAVIT_RUNTIME_BUNDLE_STDIO_H

#include <stdbool.h>

struct err;
struct oci_linux;
struct oci_process;
struct stat;

/**
 * bundle_stdio_is_given() - is a stream to become its user's, so that the process can open /dev/stdout again?
 * @keeps_files: as oci_process.keeps_files
 *
 * Not /dev/null, which is everybody's. No system call.
 */
bool bundle_stdio_is_given(const struct stat *st, bool keeps_files);

/* bundle_stdio_map() - give them to the process' user in a new user namespace, who cannot take them from within.
 * Return: 0; -errno with @e. */
int bundle_stdio_map(const struct oci_linux *linux_, const struct oci_process *process,
		     struct err *e);

#endif
