/* SPDX-License-Identifier: Apache-2.0 */
/* One error: a code, a message that grows outwards, a hint. Fixed size, no allocation. */
#ifndef DAVIT_BASE_ERR_H
#define DAVIT_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define ERR_MSG_MAX  1400u
#define ERR_HINT_MAX 480u

/**
 * struct err - what failed, on which object, why, what to do
 * @code:      -errno of the deepest failure, 0 = no error
 * @exit_code: exit status that a program should end with; 0 = that program's default
 * @msg:       message without the errno text, outermost context first
 * @is_plain:  the message says it all: do not append the errno text
 *
 * The struct is valid across clone3() and is written to a pipe in one piece (< PIPE_BUF).
 * All functions accept NULL for the struct: the caller only probes.
 */
struct err {
	int32_t code;
	uint8_t exit_code;
	bool is_plain;
	uint16_t pad_;
	char msg[ERR_MSG_MAX];
	char hint[ERR_HINT_MAX];
};

_Static_assert(sizeof(struct err) < 4096, "one write must not be torn (PIPE_BUF)");

#define ERR_INIT { .code = 0 }

#define err_printf_(a, b) __attribute__((format(printf, a, b)))

/**
 * err_set() - record a failed operation; replaces what @e held
 * @r:   errno or -errno, may be taken straight from a call that returns either
 * @fmt: what failed on which object: "open '%s'"; only %s %.*s %.12s %d %u %o %x %c %ld %lu %lld %llu
 *       %zu %zd %% are understood, because stdio is not usable between clone and exec
 *
 * Return: -errno, never 0 (EIO stands in for an errno of 0).
 */
int err_set(struct err *e, int r, const char *fmt, ...) err_printf_(3, 4);

/* err_plain() - like err_set(), for messages that need no errno text ("unknown option '--x'") */
int err_plain(struct err *e, int r, const char *fmt, ...) err_printf_(3, 4);

/* err_told() - a failure that a helper program has told the user: no more is said. Return: @r as -errno. */
int err_told(struct err *e, int r);

/* err_wrap() - prefix the message of @e with one more layer of context. Return: @r as -errno. */
int err_wrap(struct err *e, int r, const char *fmt, ...) err_printf_(3, 4);

/* err_hint() - what the user can do; the first (deepest) hint wins */
void err_hint(struct err *e, const char *fmt, ...) err_printf_(2, 3);

/* err_exit() - ask for an exit status other than the program's default. Return: @r as -errno. */
int err_exit(struct err *e, int r, int exit_code);

/* err_clear() - forget; for callers that recover from a failure */
void err_clear(struct err *e);

/* err_text() - text of an errno, without locale or allocation: "Operation not permitted" */
const char *err_text(int r);

/**
 * err_format() - bounded formatter behind err_set(), usable between clone and exec
 *
 * Return: length written without the NUL, at most @size - 1 (truncates at a character boundary).
 */
unsigned int err_format(char *buf, unsigned int size, const char *fmt, ...) err_printf_(3, 4);
unsigned int err_vformat(char *buf, unsigned int size, const char *fmt, va_list args);

#endif
