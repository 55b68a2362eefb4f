/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one log, while their writer rotates them: "log" is written, "log.1" is what it was
 * before, and so on. A file only ever moves up by one number at a time, and is then gone.
 */
#ifndef DAVIT_ENGINE_LOG_FILES_H
#define DAVIT_ENGINE_LOG_FILES_H

#include <stdint.h>

struct err;

/* log_files_first() - open the oldest. Return: descriptor; -ENOENT: there is none (yet). */
int log_files_first(int dirfd);

/* log_files_next() - open the one that follows @file, an open one. -ENOENT: none yet. If @file has
 * been rotated out of existence, the oldest there is follows. */
int log_files_next(int dirfd, int file);

/* log_files_tail() - open the one that holds the first of the last @lines lines, and position it
 * there; fewer lines than that: the oldest, at its start. *@ret is left alone without a log. */
int log_files_tail(int dirfd, uint64_t lines, int *ret, struct err *e);

#endif
