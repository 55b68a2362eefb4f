/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and text: strict parsers of user input, human-readable output. */
#ifndef DAVIT_BASE_FMT_H
#define DAVIT_BASE_FMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All parsers take the whole string or fail: -EINVAL (not of the form), -ERANGE (does not fit). */
int fmt_parse_u64(const char *s, uint64_t *ret);
int fmt_parse_u64_base(const char *s, unsigned int base, uint64_t *ret);
int fmt_parse_i64(const char *s, int64_t *ret);
int fmt_parse_u32(const char *s, uint32_t *ret);

/* "512", "64k", "512m", "1g", "1.5GiB" (b k m g t, optionally followed by b or ib; powers of
 * 1024; case does not matter) to bytes */
int fmt_parse_size(const char *s, uint64_t *ret);

/* "1.5" to nano units (1500000000), at most nine decimals: --cpus */
int fmt_parse_decimal_nano(const char *s, uint64_t *ret);

/* "10", "1m30s", "500ms" to milliseconds; a bare number is seconds */
int fmt_parse_duration_ms(const char *s, uint64_t *ret);

/* Signal by name or number ("SIGTERM", "TERM", "15", "RTMIN+1"). Return: number or -EINVAL. */
int fmt_parse_signal(const char *s);

#define FMT_BUF 32
/* "12.3MB" style as Docker prints sizes (powers of 1000) */
const char *fmt_size(uint64_t bytes, char buf[static FMT_BUF]);
/* "1.5GiB" style (powers of 1024) */
const char *fmt_size_binary(uint64_t bytes, char buf[static FMT_BUF]);
/* "3 minutes", "About an hour": how `ps` tells an age */
const char *fmt_age(uint64_t seconds, char buf[static FMT_BUF]);

#define FMT_TIME_BUF 40
/* RFC 3339 with nanoseconds, UTC: 2026-01-02T03:04:05.000000006Z */
const char *fmt_time(int64_t ns_since_epoch, char buf[static FMT_TIME_BUF]);
int64_t fmt_now_ns(void); /* CLOCK_REALTIME */

#endif
