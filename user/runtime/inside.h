/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths inside a container, resolved by the child after pivot_root(2): symlinks of the image lead
 * nowhere but inside, and links like /proc/self/fd/N, which lead to what davit has open, are
 * refused (CVE-2024-21626). Same rules as init_steps.c: sys_call*() only; results are -errno.
 * The working directory has to be "/", as the container has it.
 */
#ifndef DAVIT_RUNTIME_INSIDE_H
#define DAVIT_RUNTIME_INSIDE_H

#include <stdbool.h>

struct err;

/* inside_open() - O_PATH descriptor of @path. Return: fd; -ELOOP for a link out of here. */
int inside_open(const char *path, bool is_dir);

/* inside_open_at() - … with the directory @root for "/" */
int inside_open_at(int root, const char *path);

/**
 * inside_make() - make what is missing of @path, directories of mode 0755
 * @is_file: the last part is an empty file
 *
 * A symlink to what is missing is followed, and that is made: as runc does it.
 */
int inside_make(const char *path, bool is_file);

/* inside_open_or_make() - inside_open(), after inside_make() where it is missing */
int inside_open_or_make(const char *path, bool is_file);

/**
 * inside_show_console() - mount the terminal @slave on /dev/console
 *
 * Its own mount, by its descriptor: what lies at its path may be another's by now (CVE-2025-52565).
 * Return: 0; -errno with @e filled.
 */
int inside_show_console(int slave, struct err *e);

/* inside_open_entry() - the same of the entry itself, also where that is a symlink */
int inside_open_entry(const char *path, bool is_file);

/* inside_make_link() - a symlink to @text, and the directories above. One that is there must be the same,
 * everything else is -EEXIST. */
int inside_make_link(const char *path, const char *text);

/* inside_is_root() - is @fd the root directory, or is that unknown? */
bool inside_is_root(int fd);

/* inside_is_proc() - does @fd lie on a proc file system? */
bool inside_is_proc(int fd);

#endif
