/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that take directories and namespaces instead of images and defaults. */
#ifndef DAVIT_ISOLATION_ENGINES_H
#define DAVIT_ISOLATION_ENGINES_H

struct args;
struct job;
struct role;

/* members run of struct engine */
int engine_run_nspawn(const struct job *j, const struct role *r, struct args *a);
int engine_run_bwrap(const struct job *j, const struct role *r, struct args *a);

#endif
