/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is made of: an empty root, the shared directory, an OCI bundle. */
#ifndef DAVIT_ISOLATION_BUNDLE_H
#define DAVIT_ISOLATION_BUNDLE_H

struct job;
struct role;

/* bundle_make_root() - empty directories and the files of two names at job.root. Return: 0; -1, complained. */
int bundle_make_root(const struct job *j);

/* bundle_make_share() - job.share with this program in it. Return: 0; -1, complained. */
int bundle_make_share(const struct job *j);

/* bundle_write() - WORK/VERB/config.json for @r. Return: 0; -1, complained. */
int bundle_write(const struct job *j, const struct role *r);

/* bundle_remove() - remove job.work and all below it, not following links nor leaving the file system */
void bundle_remove(const struct job *j);

#endif
