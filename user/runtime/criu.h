/* SPDX-License-Identifier: Apache-2.0 */
/* The program criu, which takes processes apart and puts them together again. */
#ifndef DAVIT_RUNTIME_CRIU_H
#define DAVIT_RUNTIME_CRIU_H

struct err;
struct strv;

#define CRIU_FD_FIRST \
	100 /* descriptors that criu is given: above what it opens before it looks at them */

/**
 * criu_find() - where the program is
 * @wanted: a path or a name to look for in $PATH; NULL = "criu"
 *
 * Return: 0, the caller frees *@ret; -ENOENT with a hint.
 */
int criu_find(const char *wanted, char **ret, struct err *e);

/**
 * struct criu_run - one call
 * @program: from criu_find()
 * @args:    without argv[0] and without the options of the log
 * @work_dir, @log: where it writes what it does, and into which file there
 * @prepare: in the new process, before criu is executed there; NULL = nothing to do. May make
 *	     descriptors from CRIU_FD_FIRST on that are not close-on-exec.
 */
struct criu_run {
	const char *program, *work_dir, *log;
	const struct strv *args;
	int (*prepare)(void *data, struct err *e);
	void *data;
};

/* criu_run() - and wait. Return: 0; -ECANCELED with the first error of its log; -errno. */
int criu_run(const struct criu_run *c, struct err *e);

#endif
