// SPDX-License-Identifier: Apache-2.0
/* Error object: formatting without stdio, wrapping by prefix. */
#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

struct out {
	char *buf;
	unsigned int size, len;
};

static void out_char(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void out_mem(struct out *o, const char *s, unsigned long max)
{
	for (unsigned long i = 0; i < max && s[i]; i++)
		out_char(o, s[i]);
}

static void out_number(struct out *o, unsigned long long v, unsigned int base, int width, char pad)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (; width > n; width--)
		out_char(o, pad);
	while (n)
		out_char(o, digits[--n]);
}

static unsigned long long arg_unsigned(va_list *ap, int longs, bool is_size)
{
	if (is_size)
		return va_arg(*ap, size_t);
	if (longs >= 2)
		return va_arg(*ap, unsigned long long);
	return longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int);
}

static long long arg_signed(va_list *ap, int longs, bool is_size)
{
	if (is_size)
		return va_arg(*ap, ssize_t);
	if (longs >= 2)
		return va_arg(*ap, long long);
	return longs ? va_arg(*ap, long) : va_arg(*ap, int);
}

unsigned int err_vformat(char *buf, unsigned int size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list ap;

	if (!size)
		return 0;
	va_copy(ap, args);
	for (; *fmt; fmt++) {
		unsigned long max = ~0ul;
		int longs = 0, width = 0;
		bool is_size = false;
		char pad = ' ';

		if (*fmt != '%') {
			out_char(&o, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0') {
			pad = '0';
			fmt++;
		}
		for (; *fmt >= '0' && *fmt <= '9'; fmt++)
			width = width * 10 + (*fmt - '0');
		if (fmt[0] == '.' && fmt[1] == '*') {
			int n = va_arg(ap, int);

			max = n < 0 ? ~0ul : (unsigned long)n;
			fmt += 2;
		} else if (fmt[0] == '.') {
			for (fmt++, max = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
				max = max * 10 + (unsigned long)(*fmt - '0');
		}
		for (; *fmt == 'l' || *fmt == 'z'; fmt++) {
			if (*fmt == 'z')
				is_size = true;
			else
				longs++;
		}
		switch (*fmt) {
		case 's': {
			const char *s = va_arg(ap, const char *);

			out_mem(&o, s ? s : "(null)", max);
			break;
		}
		case 'c':
			out_char(&o, (char)va_arg(ap, int));
			break;
		case 'd': {
			long long v = arg_signed(&ap, longs, is_size);

			if (v < 0)
				out_char(&o, '-');
			out_number(&o, v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v, 10,
				   width, pad);
			break;
		}
		case 'u':
			out_number(&o, arg_unsigned(&ap, longs, is_size), 10, width, pad);
			break;
		case 'o':
			out_number(&o, arg_unsigned(&ap, longs, is_size), 8, width, pad);
			break;
		case 'x':
			out_number(&o, arg_unsigned(&ap, longs, is_size), 16, width, pad);
			break;
		case '%':
			out_char(&o, '%');
			break;
		default: /* not understood: show it; err_test.c walks every conversion in use */
			out_char(&o, '%');
			if (!*fmt)
				fmt--;
			else
				out_char(&o, *fmt);
		}
	}
	va_end(ap);
	buf[o.len] = '\0';
	return o.len;
}

unsigned int err_format(char *buf, unsigned int size, const char *fmt, ...)
{
	unsigned int n;
	va_list ap;

	va_start(ap, fmt);
	n = err_vformat(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

static int negative(int r)
{
	if (r == 0)
		return -EIO;
	return r > 0 ? -r : r;
}

static int set(struct err *e, int r, bool is_plain, const char *fmt, va_list ap)
{
	r = negative(r);
	if (!e)
		return r;
	e->code = r;
	e->exit_code = 0;
	e->is_plain = is_plain;
	e->pad_ = 0;
	e->hint[0] = '\0';
	(void)err_vformat(e->msg, sizeof(e->msg), fmt, ap);
	return r;
}

int err_set(struct err *e, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r = set(e, r, false, fmt, ap);
	va_end(ap);
	return r;
}

int err_plain(struct err *e, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r = set(e, r, true, fmt, ap);
	va_end(ap);
	return r;
}

int err_told(struct err *e, int r)
{
	return err_plain(e, r, "%s", "");
}

int err_wrap(struct err *e, int r, const char *fmt, ...)
{
	char old[ERR_MSG_MAX];
	unsigned int n;
	va_list ap;

	r = negative(r);
	if (!e)
		return r;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	n = err_vformat(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	if (old[0] || !e->code)
		(void)err_format(e->msg + n, (unsigned int)sizeof(e->msg) - n, "%s%s",
				 old[0] ? ": " : "", old);
	if (!e->code)
		e->code = r;
	return r;
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->hint[0])
		return;
	va_start(ap, fmt);
	(void)err_vformat(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
}

int err_exit(struct err *e, int r, int exit_code)
{
	if (e)
		e->exit_code = (uint8_t)exit_code;
	return negative(r);
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->exit_code = 0;
	e->is_plain = false;
	e->msg[0] = '\0';
	e->hint[0] = '\0';
}

/* Texts as the field knows them, the same whichever C library a program is linked with. */
static const struct {
	int code;
	const char *text;
} texts[] = {
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such file or directory" },
	{ ESRCH, "No such process" },
	{ EINTR, "Interrupted system call" },
	{ EIO, "Input/output error" },
	{ E2BIG, "Argument list too long" },
	{ ENOEXEC, "Exec format error" },
	{ EBADF, "Bad file descriptor" },
	{ ECHILD, "No child processes" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ ENOMEM, "Cannot allocate memory" },
	{ EACCES, "Permission denied" },
	{ EFAULT, "Bad address" },
	{ ENOTBLK, "Block device required" },
	{ EBUSY, "Device or resource busy" },
	{ EEXIST, "File exists" },
	{ EXDEV, "Invalid cross-device link" },
	{ ENODEV, "No such device" },
	{ ENOTDIR, "Not a directory" },
	{ EISDIR, "Is a directory" },
	{ EINVAL, "Invalid argument" },
	{ ENFILE, "Too many open files in system" },
	{ EMFILE, "Too many open files" },
	{ ENOTTY, "Inappropriate ioctl for device" },
	{ ETXTBSY, "Text file busy" },
	{ EFBIG, "File too large" },
	{ ENOSPC, "No space left on device" },
	{ ESPIPE, "Illegal seek" },
	{ EROFS, "Read-only file system" },
	{ EMLINK, "Too many links" },
	{ EPIPE, "Broken pipe" },
	{ ERANGE, "Numerical result out of range" },
	{ EDEADLK, "Resource deadlock avoided" },
	{ ENAMETOOLONG, "File name too long" },
	{ ENOSYS, "Function not implemented" },
	{ ENOTEMPTY, "Directory not empty" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ ENODATA, "No data available" },
	{ EPROTO, "Protocol error" },
	{ EBADMSG, "Bad message" },
	{ EOVERFLOW, "Value too large for defined data type" },
	{ ENOTUNIQ, "Name not unique on network" },
	{ EOPNOTSUPP, "Operation not supported" },
	{ EADDRINUSE, "Address already in use" },
	{ ECONNRESET, "Connection reset by peer" },
	{ ETIMEDOUT, "Connection timed out" },
	{ ECONNREFUSED, "Connection refused" },
	{ ESTALE, "Stale file handle" },
	{ EUCLEAN, "Structure needs cleaning" },
	{ EDQUOT, "Disk quota exceeded" },
	{ ECANCELED, "Operation canceled" },
};

const char *err_text(int r)
{
	const char *s;
	int code = r < 0 ? -r : r;

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].code == code)
			return texts[i].text;
	s = strerror(code);
	return s ? s : "unknown error";
}
