// SPDX-License-Identifier: Apache-2.0
/* --log: messages for the program that started us, a line each. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/io.h"
#include "oci.h"

static int log_fd = -1;
static bool is_json, has_no_warnings;

int oci_log_open(const struct oci_env *env, struct err *e)
{
	is_json = str_eq(env->log_format, "json");
	if (env->log_format && !is_json && !str_eq(env->log_format, "text"))
		return err_plain(e, -EINVAL, "option '--log-format': '%s' is not text or json",
				 env->log_format);
	if (env->log_level && !str_eq(env->log_level, "error") &&
	    !str_eq(env->log_level, "warning") && !str_eq(env->log_level, "info") &&
	    !str_eq(env->log_level, "debug"))
		return err_plain(e, -EINVAL,
				 "option '--log-level': '%s' is not error, warning, info or debug",
				 env->log_level);
	/* there is nothing below a warning that info and debug could add */
	has_no_warnings = str_eq(env->log_level, "error") && !env->debug;
	if (!env->log || !*env->log)
		return 0;
	log_fd = open(env->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	return log_fd < 0 ? err_set(e, errno, "option '--log': open '%s'", env->log) : 0;
}

static void write_line(const char *level, const char *message)
{
	_cleanup_str_ struct str s = STR_INIT;
	char now[FMT_TIME_BUF];

	if (log_fd < 0)
		return;
	(void)fmt_time(fmt_now_ns(), now);
	if (is_json) {
		str_addf(&s, "{\"level\":\"%s\",\"msg\":", level);
		str_add_json(&s, message);
		str_addf(&s, ",\"time\":\"%s\"}\n", now);
	} else {
		str_addf(&s, "time=\"%s\" level=%s msg=", now, level);
		str_add_json(&s, message);
		str_add(&s, "\n");
	}
	(void)io_write_full(log_fd, str_text(&s), s.len); /* nowhere left to say it */
}

void oci_log_error(const char *message)
{
	write_line("error", message);
}

void oci_log_warning(const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list args;

	if (has_no_warnings)
		return;
	va_start(args, fmt);
	(void)err_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	write_line("warning", text);
	(void)fprintf(stderr, "davit-oci: warning: %s\n", text);
}

void oci_warn(const struct err *e)
{
	oci_log_warning("%s%s%s%s%s", e->msg, e->is_plain ? "" : ": ",
			e->is_plain ? "" : err_text(e->code), *e->hint ? "; " : "", e->hint);
}

int oci_deleted(int r, struct err *e)
{
	if (r <= 0)
		return r;
	oci_warn(e);
	err_clear(e);
	return 0;
}
