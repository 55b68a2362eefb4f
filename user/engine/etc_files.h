/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. */
#ifndef DAVIT_ENGINE_ETC_FILES_H
#define DAVIT_ENGINE_ETC_FILES_H

struct err;
struct runtime_config;

/**
 * etc_files_make() - fill rc->etc_files
 * @run_fd, @run_path: the running state, used only when the user has mounted something on /dev
 *
 * The files live on the container's own /dev, whose size is limited: what it writes to them is its own
 * and bounded. Without one they are read-only binds of files in the running state.
 */
int etc_files_make(struct runtime_config *rc, int run_fd, const char *run_path, struct err *e);

#endif
