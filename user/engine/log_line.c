// SPDX-License-Identifier: Apache-2.0
/* One line of a log, and the times in it and in options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/json.h"
#include "engine/log.h"

#define NS_PER_S 1000000000ll

/* ".5" to 500000000; the text moves behind it. Return: -EINVAL for a dot without digits. */
static int take_fraction(const char **s, int64_t *ret)
{
	int64_t unit = NS_PER_S, ns = 0;
	const char *p = *s;

	*ret = 0;
	if (*p != '.')
		return 0;
	if (p[1] < '0' || p[1] > '9')
		return -EINVAL;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		unit /= 10;
		ns += (*p - '0') * unit;
	}
	*ret = ns;
	*s = p;
	return 0;
}

static int digit_pair(const char *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* "", "Z", "+01:00" to seconds east of UTC */
static int parse_zone(const char *s, int64_t *ret)
{
	int hours, minutes;

	*ret = 0;
	if (!*s || str_eq(s, "Z") || str_eq(s, "z"))
		return 0;
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':')
		return -EINVAL;
	hours = digit_pair(s + 1);
	minutes = digit_pair(s + 4);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return -EINVAL;
	*ret = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return 0;
}

static int parse_rfc3339(const char *s, int64_t *ret)
{
	struct tm tm = { .tm_year = 0 };
	const char *p = strptime(s, "%Y-%m-%d", &tm);
	int64_t ns = 0, zone = 0, t;
	int r = 0;

	if (!p)
		return -EINVAL;
	if (*p == 'T' || *p == 't' || *p == ' ') {
		const char *time = p + 1;

		p = strptime(time, "%H:%M:%S", &tm);
		if (!p)
			p = strptime(time, "%H:%M", &tm);
		if (!p)
			return -EINVAL;
		r = take_fraction(&p, &ns);
	}
	if (r == 0)
		r = parse_zone(p, &zone);
	if (r < 0)
		return r;
	t = timegm(&tm);
	/* what int64_t nanoseconds hold, and no date before the epoch */
	if (t < zone || t > INT64_MAX / NS_PER_S - 86400)
		return -ERANGE;
	*ret = (t - zone) * NS_PER_S + ns;
	return 0;
}

static int parse_seconds(const char *s, int64_t *ret)
{
	size_t n = strspn(s, "0123456789");
	char digits[16];
	int64_t ns;
	uint64_t t;
	int r;

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, s, n);
	digits[n] = '\0';
	s += n;
	r = take_fraction(&s, &ns);
	if (r == 0)
		r = fmt_parse_u64(digits, &t);
	if (r < 0 || *s)
		return -EINVAL;
	if (t > (uint64_t)(INT64_MAX / NS_PER_S - 1))
		return -ERANGE;
	*ret = (int64_t)t * NS_PER_S + ns;
	return 0;
}

int log_parse_time(const char *s, int64_t now_ns, int64_t *ret)
{
	uint64_t ms;
	int r = parse_seconds(s, ret);

	if (r != -EINVAL)
		return r;
	r = parse_rfc3339(s, ret);
	if (r != -EINVAL)
		return r;
	r = fmt_parse_duration_ms(s, &ms);
	if (r < 0)
		return r;
	if (ms > (uint64_t)now_ns / 1000000)
		return -ERANGE;
	*ret = now_ns - (int64_t)ms * 1000000;
	return 0;
}

/* jansson's strings are not ours to keep: one buffer holds the text. */
static int take_fields(const json_t *o, struct log_entry *ret, char **ret_buf)
{
	const json_t *text = json_object_get(o, "log");
	const char *stream = json_string_value(json_object_get(o, "stream"));
	const char *time = json_string_value(json_object_get(o, "time"));
	size_t n = json_string_length(text);
	int64_t ns;
	char *buf;

	if (!json_is_string(text) || !stream || !time || parse_rfc3339(time, &ns) < 0)
		return -EBADMSG;
	buf = malloc(n + 1);
	if (!buf)
		return -ENOMEM;
	memcpy(buf, json_string_value(text), n);
	buf[n] = '\0';
	*ret = (struct log_entry){
		.text = buf,
		.len = n,
		.is_stderr = str_eq(stream, "stderr"),
		.time_ns = ns,
	};
	*ret_buf = buf;
	return 0;
}

int log_parse_line(const char *line, size_t n, struct log_entry *ret, char **ret_buf)
{
	/* output may hold NUL bytes: JSON_ALLOW_NUL */
	_cleanup_json_ json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);

	if (!json_is_object(o))
		return -EBADMSG;
	return take_fields(o, ret, ret_buf);
}
