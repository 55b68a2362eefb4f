/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Isolation probes: what a probe is, what it is told and how it answers.
 *
 * One static program has two sides. The inside runs in any container of any runtime and tries one
 * property after the other; the host side starts that container, tells the inside what the host
 * looks like and what was asked for (struct facts), looks at the container from outside, and prints
 * all results. A property is one row of one table; a table is one group, in one file.
 *
 * The directory builds alone: nothing here includes the rest of davit.
 */
#ifndef DAVIT_ISOLATION_PROBE_H
#define DAVIT_ISOLATION_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts.h"

enum probe_result { PROBE_PASS, PROBE_FAIL, PROBE_SKIP, PROBE_RESULT_COUNT };

/* what a probe saw, in words; fixed size, crosses a pipe in one write */
struct seen {
	uint32_t result; /* enum probe_result */
	char text[508];
};

/**
 * struct probe - one property of isolation
 * @name:  "GROUP/PROPERTY", lower case and dashes; stable, since lists and tables quote it
 * @tried: what is tried, in the present tense, without the outcome: "open /dev/mem for reading"
 * @run:   tries it, in a process of its own that may be killed after PROBE_TIMEOUT_S seconds.
 *	   Ends by one of seen_pass(), seen_fail() or seen_skip() and returns its value.
 * @needs: name of a probe in an earlier row or group, or NULL: when that one did not pass, this one
 *	   says nothing new and is skipped as "needs NAME". So one weakness fails one probe.
 * @path:  @num, @flags: data of the row, as its @run likes
 * @try:   for attempt_is_refused()
 */
struct probe {
	const char *name, *tried;
	int (*run)(const struct probe *p, const struct facts *f, struct seen *s);
	const char *needs;
	const char *path;
	long num;
	unsigned long flags;
	int (*try)(void);
};

/**
 * struct probe_group - a table of probes
 * @is_outside: run by the host side while the container waits; facts have container.pid then
 */
struct probe_group {
	const char *name, *summary;
	const struct probe *probes;
	size_t count;
	bool is_outside;
};

#define PROBE_TIMEOUT_S 10
#define PROBES(a) .probes = (a), .count = sizeof(a) / sizeof((a)[0])

/* all groups in the order of the report, ends with NULL; a group per file, a row here (groups.c) */
extern const struct probe_group *const probe_groups[];

/* seen_pass(), seen_fail(), seen_skip() - say what was seen. Return: @s->result. */
__attribute__((format(printf, 2, 3))) int seen_pass(struct seen *s, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) int seen_fail(struct seen *s, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) int seen_skip(struct seen *s, const char *fmt, ...);

/* seen_as() - seen_pass() if @good, else seen_fail() */
__attribute__((format(printf, 3, 4))) int seen_as(struct seen *s, bool good, const char *fmt, ...);

/* seen_unknown() - skip because the host side did not tell fact @key (probes run without it) */
int seen_unknown(struct seen *s, const char *key);

/**
 * probe_run() - run one probe in a child process
 *
 * The child has /dev/null as stdin, stdout and stderr, no other descriptor but its answer's, and is
 * killed after PROBE_TIMEOUT_S. A child that dies without an answer is a failure that names the signal.
 *
 * Return: the result, which is in @s as well.
 */
int probe_run(const struct probe *p, const struct facts *f, struct seen *s);

/**
 * struct outcomes - results of all probes by row, so that @needs can be looked up and both sides' be
 * put together
 */
struct outcome {
	const struct probe_group *group;
	const struct probe *probe;
	bool is_chosen, is_done;
	struct seen seen;
};
struct outcomes {
	struct outcome *rows; /* in the order of probe_groups */
	size_t count;
};

int outcomes_init(struct outcomes *o); /* Return: 0 or -ENOMEM; every probe is chosen */
void outcomes_done(struct outcomes *o);
struct outcome *outcomes_find(const struct outcomes *o, const char *name);

/* outcomes_choose() - only the groups and probes in @names ("pid", "pid/new-namespace"); @with_needs: and what they
 * need, else they are tried whatever that would say. Return: 0; -ENOENT with *@ret_unknown = the name that fits
 * nothing. */
int outcomes_choose(struct outcomes *o, const char *const names[], size_t count, bool with_needs,
		    const char **ret_unknown);

/* outcomes_run() - run all chosen probes that are not done of the inside (or outside) groups */
void outcomes_run(struct outcomes *o, const struct facts *f, bool is_outside,
		  void (*tell)(const struct outcome *row, void *data), void *data);

/* Small helpers that probes share (util.c). All return -errno on failure. */
int read_text(const char *path, char *buf, size_t size); /* NUL-terminated; returns length */
int read_field(const char *path, const char *name, char *buf,
	       size_t size); /* "Name:\tvalue" lines */
int ns_inode(const char *pid, const char *ns, uint64_t *ret_inode); /* of /proc/PID/ns/NS */
int open_errno(const char *path, int flags); /* 0 or the errno of open(2) */
bool list_has(const char *list, const char *word); /* "a,b,c" */
const char *errno_name(int err); /* "EPERM" */

#endif
