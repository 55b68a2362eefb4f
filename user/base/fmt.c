// SPDX-License-Identifier: Apache-2.0
/* Numbers and text: strict parsers of user input, human-readable output. */
#include "base/fmt.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/cleanup.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

/* Digits at *@s; moves *@s behind them. */
static int take_digits(const char **s, unsigned int base, uint64_t *ret)
{
	const char *p = *s;
	uint64_t v = 0;

	for (; digit_value(*p) < (int)base; p++)
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(*p), &v))
			return -ERANGE;
	if (p == *s)
		return -EINVAL;
	*s = p;
	*ret = v;
	return 0;
}

int fmt_parse_u64_base(const char *s, unsigned int base, uint64_t *ret)
{
	uint64_t v;
	int r = take_digits(&s, base, &v);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	*ret = v;
	return 0;
}

int fmt_parse_u64(const char *s, uint64_t *ret)
{
	return fmt_parse_u64_base(s, 10, ret);
}

int fmt_parse_i64(const char *s, int64_t *ret)
{
	bool is_negative = *s == '-';
	uint64_t v;
	int r = fmt_parse_u64(s + is_negative, &v);

	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + is_negative)
		return -ERANGE;
	*ret = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int fmt_parse_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = fmt_parse_u64(s, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

/* "1.25" as 1250000000 */
static int take_decimal_nano(const char **s, uint64_t *ret)
{
	uint64_t whole = 0, frac = 0, unit = 1000000000;
	int r = **s == '.' ? 0 : take_digits(s, 10, &whole); /* ".5" */

	if (r < 0)
		return r;
	if (**s == '.') {
		(*s)++;
		if (!isdigit((unsigned char)**s))
			return -EINVAL;
		for (; isdigit((unsigned char)**s); (*s)++) {
			unit /= 10;
			frac += (uint64_t)(**s - '0') * unit;
			if (!unit)
				return -ERANGE;
		}
	}
	if (__builtin_mul_overflow(whole, (uint64_t)1000000000, &whole) ||
	    __builtin_add_overflow(whole, frac, ret))
		return -ERANGE;
	return 0;
}

int fmt_parse_decimal_nano(const char *s, uint64_t *ret)
{
	uint64_t v;
	int r = take_decimal_nano(&s, &v);

	if (r < 0)
		return r;
	if (*s)
		return -EINVAL;
	*ret = v;
	return 0;
}

int fmt_parse_size(const char *s, uint64_t *ret)
{
	const char units[] = "bkmgtp";
	uint64_t whole, nano = 0;
	unsigned int shift = 0;
	const char *p = s;
	unsigned __int128 bytes;
	int r = take_digits(&p, 10, &whole);

	if (r < 0)
		return r;
	if (*p == '.') {
		const char *q = s;

		r = take_decimal_nano(&q, &nano);
		if (r < 0)
			return r;
		nano -= whole * 1000000000;
		p = q;
	}
	if (*p) {
		const char *u = strchr(units, tolower((unsigned char)*p));

		if (!u)
			return -EINVAL;
		shift = (unsigned int)(u - units) * 10;
		p++;
		if (shift && strcasecmp(p, "ib") == 0)
			p += 2;
		else if (shift && strcasecmp(p, "b") == 0)
			p += 1;
	}
	if (*p)
		return -EINVAL;
	bytes = ((unsigned __int128)whole << shift) + (((unsigned __int128)nano << shift) / 1000000000);
	if (bytes > INT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)bytes;
	return 0;
}

int fmt_parse_duration_ms(const char *s, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	uint64_t total = 0, nano, part;
	int r;

	do {
		size_t i;

		r = take_decimal_nano(&s, &nano);
		if (r < 0)
			return r;
		if (!*s) {
			if (total) /* "1m30": say the unit */
				return -EINVAL;
			part = nano / 1000000;
		} else {
			for (i = 0; i < ARRAY_SIZE(units); i++)
				if (strncmp(s, units[i].unit, strlen(units[i].unit)) == 0)
					break;
			if (i == ARRAY_SIZE(units))
				return -EINVAL;
			s += strlen(units[i].unit);
			part = (uint64_t)((unsigned __int128)nano * units[i].ms / 1000000000);
		}
		if (__builtin_add_overflow(total, part, &total))
			return -ERANGE;
	} while (*s);
	*ret = total;
	return 0;
}

/* clang-format off */
static const char *const signal_names[] = {
	[SIGHUP] = "SIGHUP", [SIGINT] = "SIGINT", [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
	[SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS", [SIGFPE] = "SIGFPE",
	[SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP", [SIGTSTP] = "SIGTSTP", [SIGTTIN] = "SIGTTIN", [SIGTTOU] = "SIGTTOU",
	[SIGURG] = "SIGURG", [SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ",
	[SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF", [SIGWINCH] = "SIGWINCH",
	[SIGIO] = "SIGIO", [SIGPWR] = "SIGPWR", [SIGSYS] = "SIGSYS",
};
/* clang-format on */

#define SIG_RTMIN_KERNEL 34 /* glibc keeps 32 and 33 to itself; so do names in the field */
#define SIG_RTMAX_KERNEL 64

static int parse_rt_signal(const char *s)
{
	bool from_max = strncasecmp(s, "RTMAX", 5) == 0;
	uint64_t off = 0;

	if (!from_max && strncasecmp(s, "RTMIN", 5) != 0)
		return -EINVAL;
	s += 5;
	if (*s) {
		if (*s != (from_max ? '-' : '+') || fmt_parse_u64(s + 1, &off) < 0 ||
		    off > SIG_RTMAX_KERNEL - SIG_RTMIN_KERNEL)
			return -EINVAL;
	}
	return from_max ? SIG_RTMAX_KERNEL - (int)off : SIG_RTMIN_KERNEL + (int)off;
}

int fmt_parse_signal(const char *s)
{
	uint64_t n;

	if (fmt_parse_u64(s, &n) == 0)
		return n >= 1 && n <= SIG_RTMAX_KERNEL ? (int)n : -EINVAL;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 1; i < ARRAY_SIZE(signal_names); i++)
		if (signal_names[i] && strcasecmp(signal_names[i] + 3, s) == 0)
			return (int)i;
	if (strcasecmp(s, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(s, "CLD") == 0)
		return SIGCHLD;
	if (strcasecmp(s, "POLL") == 0)
		return SIGIO;
	return parse_rt_signal(s);
}

static const char *scaled(uint64_t v, unsigned int step, const char *const *units, char *buf)
{
	double d = (double)v;
	unsigned int i = 0;

	while (d >= step && units[i + 1]) {
		d /= step;
		i++;
	}
	if (i == 0)
		(void)snprintf(buf, FMT_BUF, "%lluB", (unsigned long long)v);
	else
		(void)snprintf(buf, FMT_BUF, d < 10 ? "%.2f%s" : d < 100 ? "%.1f%s" : "%.0f%s", d,
			       units[i]);
	return buf;
}

const char *fmt_size(uint64_t bytes, char buf[static FMT_BUF])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", NULL };

	return scaled(bytes, 1000, units, buf);
}

const char *fmt_size_binary(uint64_t bytes, char buf[static FMT_BUF])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", NULL };

	return scaled(bytes, 1024, units, buf);
}

const char *fmt_age(uint64_t s, char buf[static FMT_BUF])
{
	unsigned long long v = s;

	if (s < 1)
		return "Less than a second";
	if (s == 1)
		return "1 second";
	if (s < 60)
		(void)snprintf(buf, FMT_BUF, "%llu seconds", v);
	else if (s < 120)
		return "About a minute";
	else if (s < 3600)
		(void)snprintf(buf, FMT_BUF, "%llu minutes", v / 60);
	else if (s < 7200)
		return "About an hour";
	else if (s < 48 * 3600)
		(void)snprintf(buf, FMT_BUF, "%llu hours", v / 3600);
	else if (s < 14 * 86400)
		(void)snprintf(buf, FMT_BUF, "%llu days", v / 86400);
	else if (s < 60 * 86400)
		(void)snprintf(buf, FMT_BUF, "%llu weeks", v / 604800);
	else if (s < 730ull * 86400)
		(void)snprintf(buf, FMT_BUF, "%llu months", v / 2592000);
	else
		(void)snprintf(buf, FMT_BUF, "%llu years", v / 31536000);
	return buf;
}

const char *fmt_time(int64_t ns, char buf[static FMT_TIME_BUF])
{
	int64_t rest = ns % 1000000000;
	time_t t;
	struct tm tm;
	size_t n;

	if (rest < 0) /* before 1970: the second before, and what comes after it */
		rest += 1000000000;
	t = (time_t)((ns - rest) / 1000000000);

	if (!gmtime_r(&t, &tm))
		return "?";
	n = strftime(buf, FMT_TIME_BUF, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + n, FMT_TIME_BUF - n, ".%09lldZ", (long long)rest);
	return buf;
}

int64_t fmt_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail for this clock */
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
