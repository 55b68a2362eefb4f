// SPDX-License-Identifier: Apache-2.0
/* systemd's manager over D-Bus: units started, changed, stopped; their jobs waited for. */
#include "manager.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "property.h"

#define PRIVATE_SOCKET "unix:path=/run/systemd/private"
#define SERVICE "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"
#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define JOB_WAIT_S 120u /* longer than systemd itself waits for a scope to stop, 90 s */
#define US_PER_S 1000000ull

#define _cleanup_bus_ __attribute__((cleanup(bus_unrefp)))
#define _cleanup_message_ __attribute__((cleanup(message_unrefp)))
#define _cleanup_bus_error_ __attribute__((cleanup(sd_bus_error_free)))

static void bus_unrefp(sd_bus **bus)
{
	sd_bus_unref(*bus);
}

static void message_unrefp(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

/**
 * struct job - one that systemd is at
 * @path:   of the object; NULL until it is known
 * @result: "done", "failed" …; owned
 */
struct job {
	const char *path;
	char *result;
};

static int connect_private(sd_bus **ret)
{
	_cleanup_bus_ sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, PRIVATE_SOCKET);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(bus);
	return 0;
}

int manager_connect(sd_bus **ret, struct err *e)
{
	int r = connect_private(ret);

	if (r < 0)
		r = sd_bus_open_system(ret);
	if (r >= 0)
		return 0;
	r = err_set(e, r, "connect to systemd");
	err_hint(e, "is systemd the first process of this host, and '/run/systemd/private' or "
		    "'/run/dbus/system_bus_socket' there?");
	return r;
}

/* "Connection refused" is errno's word, most others have only systemd's. */
static int told(struct err *e, const char *what, const char *unit, const sd_bus_error *error, int r)
{
	if (error->message)
		return err_plain(e, r, "%s unit '%s': systemd: %s", what, unit, error->message);
	return err_set(e, r, "%s unit '%s'", what, unit);
}

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret, struct err *e)
{
	int r = sd_bus_message_new_method_call(bus, ret, SERVICE, OBJECT, MANAGER, method);

	return r < 0 ? err_set(e, r, "prepare a call of %s", method) : 0;
}

static int job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct job *job = data;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
	    str_eq(path, job->path) && !job->result)
		job->result = str_printf("%s", result);
	return 0;
}

/* On systemd's own socket nobody but systemd can send, and messages name no sender. */
static int watch_jobs(sd_bus *bus, struct job *job, struct err *e)
{
	const char *name = NULL;
	bool is_bus = sd_bus_get_unique_name(bus, &name) >= 0;
	int r = sd_bus_match_signal(bus, NULL, is_bus ? SERVICE : NULL, OBJECT, MANAGER,
				    "JobRemoved", job_removed, job);

	return r < 0 ? err_set(e, r, "watch the jobs of systemd") : 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

static int wait_job(sd_bus *bus, struct job *job, const char *what, const char *unit, struct err *e)
{
	uint64_t end = now_us() + JOB_WAIT_S * US_PER_S;

	while (!job->result) {
		int r = sd_bus_process(bus, NULL);
		uint64_t now = now_us();

		if (r == 0 && now >= end)
			return err_plain(e, -ETIMEDOUT,
					 "%s unit '%s': systemd is not done after %u s", what, unit,
					 JOB_WAIT_S);
		if (r == 0)
			r = sd_bus_wait(bus, end - now);
		if (r < 0 && r != -EINTR)
			return err_set(e, r, "%s unit '%s': wait for systemd", what, unit);
	}
	return str_eq(job->result, "done") ?
		       0 :
		       err_plain(e, -ECANCELED, "%s unit '%s': systemd's job: %s", what, unit,
				 job->result);
}

/* Call @m and wait for the job that it answers with. */
static int run_job(sd_bus *bus, sd_bus_message *m, const char *what, const char *unit,
		   bool *ret_known, struct err *e)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct job job = { .path = NULL };
	int r = watch_jobs(bus, &job, e);

	if (r < 0)
		return r;
	r = sd_bus_call(bus, m, 0, &error, &reply);
	*ret_known = sd_bus_error_has_name(&error, UNIT_EXISTS) ||
		     sd_bus_error_has_name(&error, NO_SUCH_UNIT);
	if (r < 0)
		return told(e, what, unit, &error, r);
	r = sd_bus_message_read(reply, "o", &job.path);
	r = r < 0 ? err_set(e, r, "%s unit '%s': read systemd's answer", what, unit) :
		    wait_job(bus, &job, what, unit, e);
	free(job.result);
	return r;
}

/* Answers of sd_bus_message_*() are not negative when they succeed. */
static int prepared(const char *unit, int r, struct err *e)
{
	return r < 0 ? err_set(e, r, "prepare unit '%s'", unit) : 0;
}

/* What is not failed, or not there, is no failure of ours. */
static void reset_failed(sd_bus *bus, const char *unit)
{
	_cleanup_message_ sd_bus_message *m = NULL;

	if (new_call(bus, "ResetFailedUnit", &m, NULL) == 0 &&
	    sd_bus_message_append(m, "s", unit) >= 0)
		(void)sd_bus_call(bus, m, 0, NULL, NULL);
}

/* With the sender of the message as its first process: 0, whatever pid namespaces there are between us. */
static int append_self(sd_bus_message *m)
{
	return sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)0);
}

static int append_properties(sd_bus_message *m, const char *unit, char *const *words, bool is_new,
			     struct err *e)
{
	int r = prepared(unit, sd_bus_message_open_container(m, 'a', "(sv)"), e);

	if (r == 0 && is_new)
		r = prepared(unit, append_self(m), e);
	if (r == 0)
		r = property_append_all(m, words, e);
	return r < 0 ? r : prepared(unit, sd_bus_message_close_container(m), e);
}

static int start_once(sd_bus *bus, const char *unit, char *const *words, bool *ret_exists,
		      struct err *e)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r = new_call(bus, "StartTransientUnit", &m, e);

	*ret_exists = false;
	if (r == 0)
		r = prepared(unit, sd_bus_message_append(m, "ss", unit, "fail"), e);
	if (r == 0)
		r = append_properties(m, unit, words, true, e);
	if (r == 0) /* no further units */
		r = prepared(unit, sd_bus_message_append(m, "a(sa(sv))", 0), e);
	return r < 0 ? r : run_job(bus, m, "start", unit, ret_exists, e);
}

int manager_start(sd_bus *bus, const char *unit, char *const *words, struct err *e)
{
	bool exists;
	int r = start_once(bus, unit, words, &exists, e);

	if (r < 0 && exists) {
		err_clear(e);
		reset_failed(bus, unit);
		r = start_once(bus, unit, words, &exists, e);
	}
	return r < 0 && exists ?
		       err_plain(e, -EEXIST, "start unit '%s': there is one of this name", unit) :
		       r;
}

int manager_set(sd_bus *bus, const char *unit, char *const *words, struct err *e)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = new_call(bus, "SetUnitProperties", &m, e);

	if (r == 0)
		r = prepared(unit, sd_bus_message_append(m, "sb", unit, true), e);
	if (r == 0)
		r = append_properties(m, unit, words, false, e);
	if (r < 0)
		return r;
	r = sd_bus_call(bus, m, 0, &error, NULL);
	return r < 0 ? told(e, "change", unit, &error, r) : 0;
}

int manager_stop(sd_bus *bus, const char *unit, struct err *e)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	bool is_gone = false;
	int r = new_call(bus, "StopUnit", &m, e);

	if (r == 0)
		r = prepared(unit, sd_bus_message_append(m, "ss", unit, "replace"), e);
	if (r == 0)
		r = run_job(bus, m, "stop", unit, &is_gone, e);
	if (r < 0 && is_gone) {
		err_clear(e);
		r = 0;
	}
	reset_failed(bus, unit);
	return r;
}
