/* SPDX-License-Identifier: Apache-2.0 */
/* Why a program could not be executed, in the words that callers of OCI runtimes look for. */
#ifndef DAVIT_RUNTIME_EXEC_ERROR_H
#define DAVIT_RUNTIME_EXEC_ERROR_H

struct err;

/**
 * exec_error_reword() - tell what davit-init reported as runc does
 * @command: NULL = not known
 * @r:	     result of outcome_read*(); any but an error of davit-init stays as it is
 *
 * dockerd (daemon/errors.go) and Podman (libpod/oci_util.go) choose exit status 127 or 126 by these texts.
 * Return: @r
 */
int exec_error_reword(const char *command, int r, struct err *e);

#endif
