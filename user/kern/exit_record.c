// SPDX-License-Identifier: Apache-2.0
/* How a container ended. */
#include "kern/exit_record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"

#define EXIT_RECORD_MAX 128u

void exit_record_set(struct exit_record *r, const siginfo_t *si)
{
	bool exited = si->si_code == CLD_EXITED;

	*r = (struct exit_record){
		.status = exited ? si->si_status : 0,
		.signal = exited ? 0 : si->si_status,
		.finished_ns = fmt_now_ns(),
	};
}

int exit_record_code(const struct exit_record *r)
{
	return r->signal ? 128 + r->signal : r->status;
}

int exit_record_write(int dirfd, const struct exit_record *r, struct err *e)
{
	char text[EXIT_RECORD_MAX];
	unsigned int n = err_format(text, sizeof(text), "status=%d signal=%d finished=%lld\n",
				    r->status, r->signal, (long long)r->finished_ns);

	return io_replace_file(dirfd, EXIT_RECORD_FILE, text, n, 0644, 0, e);
}

/* "key=value" and the byte behind it. Return: what follows, or NULL. */
static const char *take_field(const char *p, const char *key, char end, int64_t *ret)
{
	size_t n = strlen(key);
	const char *stop;
	char value[32];

	if (strncmp(p, key, n) != 0 || p[n] != '=')
		return NULL;
	p += n + 1;
	stop = strchr(p, end);
	if (!stop || (size_t)(stop - p) >= sizeof(value))
		return NULL;
	memcpy(value, p, (size_t)(stop - p));
	value[stop - p] = '\0';
	return fmt_parse_i64(value, ret) < 0 ? NULL : stop + 1;
}

int exit_record_parse(const char *text, struct exit_record *ret)
{
	int64_t status = 0, sig = 0, finished = 0;
	const char *p = take_field(text, "status", ' ', &status);

	if (p)
		p = take_field(p, "signal", ' ', &sig);
	if (p)
		p = take_field(p, "finished", '\n', &finished);
	if (!p || *p || status < 0 || status > 255 || sig < 0 || sig > 127 || finished < 0)
		return -EBADMSG;
	*ret = (struct exit_record){
		.status = (int32_t)status,
		.signal = (int32_t)sig,
		.finished_ns = finished,
	};
	return 0;
}

int exit_record_read(int dirfd, struct exit_record *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r;

	r = io_read_file(dirfd, EXIT_RECORD_FILE, EXIT_RECORD_MAX, &text, &n, e);
	if (r < 0)
		return r;
	r = strlen(text) == n ? exit_record_parse(text, ret) : -EBADMSG;
	return r < 0 ? err_set(e, r, "read exit record") : 0;
}
