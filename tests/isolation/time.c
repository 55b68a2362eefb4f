// SPDX-License-Identifier: Apache-2.0
/*
 * Clocks: those of a time namespace have the offsets that were asked for, wherever they are read; without
 * one they are the host's. Nobody inside sets any.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "groups.h"
#include "probe.h"

/* between the host's look at its clock and ours: a start, and the probes before */
#define TOLERANCE_S 300
#define MS 1000000L
#define SLEEP_MS 50

/* clocks by probe.num */
static const struct {
	clockid_t id;
	const char *name; /* as in facts and in timens_offsets */
} clocks[] = { { CLOCK_MONOTONIC, "monotonic" }, { CLOCK_BOOTTIME, "boottime" } };

static bool has_namespace(const struct facts *f)
{
	return list_has(facts_get(f, "want.ns"), "time");
}

static int64_t seconds(clockid_t id)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(id, &ts);
	return ts.tv_sec;
}

static int64_t offset_asked(const struct facts *f, const char *clock)
{
	char key[32];

	(void)snprintf(key, sizeof(key), "want.time.%s", clock);
	return has_namespace(f) ? facts_num(f, key, 0) : 0;
}

static int has_offset(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *name = clocks[p->num].name;
	int64_t host, offset = offset_asked(f, name), now = seconds(clocks[p->num].id);
	char key[32];

	(void)snprintf(key, sizeof(key), "host.%s", name);
	host = facts_num(f, key, -1);
	if (host < 0)
		return seen_unknown(s, key);
	return seen_as(s, llabs(now - host - offset) < TOLERANCE_S,
		       "%" PRId64 " s, the host had %" PRId64
		       " at the start, offset asked for %" PRId64,
		       now, host, offset);
}

/* "monotonic  SECONDS  NANOSECONDS" */
static int64_t offset_told(const char *clock)
{
	char text[256], *line;

	if (read_text("/proc/self/timens_offsets", text, sizeof(text)) < 0)
		return INT64_MIN;
	line = strstr(text, clock);
	return line ? strtoll(line + strlen(clock), NULL, 10) : INT64_MIN;
}

static int tells_offset(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *name = clocks[p->num].name;
	int64_t want = offset_asked(f, name), told = offset_told(name);

	if (told == INT64_MIN)
		return seen_skip(s, "the kernel has no time namespaces");
	return seen_as(s, told == want, "%" PRId64 " s, asked for %" PRId64, told, want);
}

/* the offset must be there both ways: for a time that is read and for one that is waited for */
static int absolute_sleep_ends(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct timespec until, now;
	int64_t late;
	int err;

	(void)f;
	(void)clock_gettime(clocks[p->num].id, &until);
	until.tv_nsec += SLEEP_MS * MS;
	until.tv_sec += until.tv_nsec / (1000 * MS);
	until.tv_nsec %= 1000 * MS;
	err = clock_nanosleep(clocks[p->num].id, TIMER_ABSTIME, &until, NULL);
	(void)clock_gettime(clocks[p->num].id, &now);
	late = (now.tv_sec - until.tv_sec) * 1000 + (now.tv_nsec - until.tv_nsec) / MS;
	/* who sleeps with a wrong offset wakes at once, or is killed for taking too long */
	return seen_as(s, !err && late >= 0, "%s, %" PRId64 " ms late", errno_name(err), late);
}

static int timer_expires(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct itimerspec at = { 0 };
	int fd = timerfd_create(clocks[p->num].id, TFD_CLOEXEC);
	struct timespec now;
	uint64_t count = 0;

	(void)f;
	(void)clock_gettime(clocks[p->num].id, &at.it_value);
	at.it_value.tv_nsec += SLEEP_MS * MS;
	at.it_value.tv_sec += at.it_value.tv_nsec / (1000 * MS);
	at.it_value.tv_nsec %= 1000 * MS;
	if (fd < 0 || timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		return seen_fail(s, "timerfd: %s", errno_name(errno));
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return seen_fail(s, "timerfd: %s", errno_name(errno));
	(void)clock_gettime(clocks[p->num].id, &now);
	return seen_as(s,
		       now.tv_sec > at.it_value.tv_sec || (now.tv_sec == at.it_value.tv_sec &&
							   now.tv_nsec >= at.it_value.tv_nsec),
		       "expired %" PRIu64 " times", count);
}

/* /proc/uptime counts in the same clock */
static int uptime_agrees(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t boottime = seconds(CLOCK_BOOTTIME), uptime;
	char text[64];
	int r = read_text("/proc/uptime", text, sizeof(text));

	(void)p;
	(void)f;
	if (r < 0)
		return seen_fail(s, "/proc/uptime: %s", errno_name(-r));
	uptime = strtoll(text, NULL, 10);
	return seen_as(s, llabs(uptime - boottime) <= 5, "%" PRId64 " s, the clock has %" PRId64,
		       uptime, boottime);
}

/* field 22 of stat, in ticks: our own start is not long ago by the clock that we have */
static int start_time_agrees(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t now = seconds(CLOCK_BOOTTIME), start;
	char text[1024], *at;
	int r = read_text("/proc/self/stat", text, sizeof(text));

	(void)p;
	(void)f;
	if (r < 0)
		return seen_fail(s, "/proc/self/stat: %s", errno_name(-r));
	at = strrchr(text, ')');
	for (int i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (!at)
		return seen_fail(s, "/proc/self/stat has no field 22");
	start = strtoll(at, NULL, 10) / sysconf(_SC_CLK_TCK);
	return seen_as(s, llabs(now - start) <= 5,
		       "started at %" PRId64 " s, the clock has %" PRId64, start, now);
}

static int children_stay(const struct probe *p, const struct facts *f, struct seen *s)
{
	uint64_t own, children;

	(void)p;
	(void)f;
	if (ns_inode("self", "time", &own) < 0 ||
	    ns_inode("self", "time_for_children", &children) < 0)
		return seen_skip(s, "the kernel has no time namespaces");
	return seen_as(s, own == children, "time:[%" PRIu64 "], for children time:[%" PRIu64 "]",
		       own, children);
}

/* the offsets are frozen once a process has entered, so that not even the owner may change them */
static int offsets_are_frozen(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const char line[] = "monotonic 1 0\n";
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC), err;

	(void)p;
	(void)f;
	if (fd < 0)
		return errno == ENOENT ? seen_skip(s, "the kernel has no time namespaces") :
					 seen_pass(s, "opened with %s", errno_name(errno));
	err = write(fd, line, sizeof(line) - 1) < 0 ? errno : 0;
	return seen_as(s, err, "%s", err ? errno_name(err) : "written");
}

/* clang-format off */
static const struct probe probes[] = {
	{ "time/monotonic", "compare CLOCK_MONOTONIC with the host's and the offset", has_offset,
	  NULL, NULL, 0, 0 },
	{ "time/boottime", "compare CLOCK_BOOTTIME with the host's and the offset", has_offset,
	  NULL, NULL, 1, 0 },
	{ "time/monotonic-told", "read the offset of the monotonic clock in /proc/self/timens_offsets",
	  tells_offset, "time/monotonic", NULL, 0, 0 },
	{ "time/boottime-told", "read the offset of the boot clock in /proc/self/timens_offsets",
	  tells_offset, "time/boottime", NULL, 1, 0 },
	{ "time/monotonic-sleep", "sleep until a time of CLOCK_MONOTONIC", absolute_sleep_ends,
	  NULL, NULL, 0, 0 },
	{ "time/boottime-sleep", "sleep until a time of CLOCK_BOOTTIME", absolute_sleep_ends,
	  NULL, NULL, 1, 0 },
	{ "time/monotonic-timer", "wait for a timerfd at a time of CLOCK_MONOTONIC", timer_expires,
	  NULL, NULL, 0, 0 },
	{ "time/boottime-timer", "wait for a timerfd at a time of CLOCK_BOOTTIME", timer_expires,
	  NULL, NULL, 1, 0 },
	{ "time/uptime", "compare /proc/uptime with CLOCK_BOOTTIME", uptime_agrees, NULL, NULL, 0, 0 },
	{ "time/start-times", "compare the start in /proc/self/stat with CLOCK_BOOTTIME", start_time_agrees,
	  NULL, NULL, 0, 0 },
	{ "time/children", "compare the time namespace with that of children", children_stay,
	  NULL, NULL, 0, 0 },
	{ "time/frozen", "write another offset to /proc/self/timens_offsets", offsets_are_frozen,
	  NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct probe_group time_group = {
	.name = "time",
	.summary = "clocks have the offsets that were asked for, and nobody sets them",
	PROBES(probes),
};
