// SPDX-License-Identifier: Apache-2.0
/* Results as KTAP (Documentation/dev-tools/ktap.rst, flat) or JSON. */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "facts.h"
#include "job.h"
#include "options.h"
#include "probe.h"
#include "process.h"
#include "record.h"
#include "text.h"

static const char *const results[] = {
	[PROBE_PASS] = "pass",
	[PROBE_FAIL] = "fail",
	[PROBE_SKIP] = "skip",
};

struct totals {
	size_t by[PROBE_RESULT_COUNT], all;
};

static struct totals count(const struct outcomes *o)
{
	struct totals t = { .all = 0 };

	for (size_t i = 0; i < o->count; i++)
		if (o->rows[i].is_chosen) {
			t.by[o->rows[i].seen.result]++;
			t.all++;
		}
	return t;
}

static const char *maker(const struct report *r)
{
	return r->job->options->runtime ? r->job->options->runtime : r->job->engine->name;
}

static const char *seen_text(const struct outcome *row, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", row->seen.text);
	text_clean(buf);
	return buf;
}

static void print_tap_row(size_t n, const struct outcome *row)
{
	char seen[sizeof(row->seen.text)];

	(void)seen_text(row, seen, sizeof(seen));
	if (row->seen.result == PROBE_SKIP)
		printf("ok %zu %s # SKIP %s\n", n, row->probe->name, seen);
	else
		printf("%sok %zu %s\n", row->seen.result == PROBE_PASS ? "" : "not ", n,
		       row->probe->name);
	printf("# tried: %s; seen: %s\n", row->probe->tried, seen);
}

static void print_tap_head(const struct report *r)
{
	const struct job *j = r->job;
	const char *kernel = facts_get(r->facts, "host.kernel");
	char cannot[512];

	printf("# %s, %s, Linux %s\n", maker(r), r->version, kernel ? kernel : "?");
	engine_cannot(j->engine, cannot, sizeof(cannot));
	if (*cannot)
		printf("# cannot be asked for: %s (%s)\n", cannot, j->engine->cannot);
	if (*j->why)
		printf("# cannot be asked for: %s\n", j->why);
}

static void print_tap(const struct report *r, const struct totals *t)
{
	const struct probe_group *group = NULL;
	size_t n = 0;

	printf("KTAP version 1\n1..%zu\n", t->all);
	print_tap_head(r);
	for (size_t i = 0; i < r->outcomes->count; i++) {
		const struct outcome *row = &r->outcomes->rows[i];

		if (!row->is_chosen)
			continue;
		if (row->group != group)
			printf("# %s: %s\n", row->group->name, row->group->summary);
		group = row->group;
		print_tap_row(++n, row);
	}
	for (size_t i = 0; i < r->records->n_errors && i < RECORD_ERRORS_MAX; i++)
		printf("# error: the container wrote what no probe writes: %s\n",
		       r->records->errors[i]);
	printf("# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:%zu error:%zu\n",
	       t->by[PROBE_PASS], t->by[PROBE_FAIL], t->by[PROBE_SKIP], r->records->n_errors);
}

static void print_member(const char *before, const char *key, const char *value)
{
	printf("%s\"%s\":", before, key);
	if (value)
		text_json(stdout, value);
	else
		printf("null");
}

static void print_json_head(const struct report *r)
{
	const struct job *j = r->job;
	bool is_first = true;

	print_member("{", "kernel", facts_get(r->facts, "host.kernel"));
	print_member(",", "engine", j->options->runtime ? NULL : j->engine->name);
	print_member(",", "runtime", j->options->runtime);
	print_member(",", "program", j->program);
	print_member(",", "version", r->version);
	printf(",\"cannot\":[");
	for (unsigned int bit = 1; ask_name(bit); bit <<= 1) {
		if (j->engine->can & bit)
			continue;
		printf("%s\"%s\"", is_first ? "" : ",", ask_name(bit));
		is_first = false;
	}
	printf("]");
	print_member(",", "cannot_why", *j->why ? j->why : j->engine->cannot);
}

static void print_json(const struct report *r, const struct totals *t)
{
	size_t n = 0;

	print_json_head(r);
	printf(",\n\"probes\":[");
	for (size_t i = 0; i < r->outcomes->count; i++) {
		const struct outcome *row = &r->outcomes->rows[i];
		char seen[sizeof(row->seen.text)];

		if (!row->is_chosen)
			continue;
		print_member(n++ ? ",\n{" : "\n{", "name", row->probe->name);
		print_member(",", "group", row->group->name);
		print_member(",", "tried", row->probe->tried);
		print_member(",", "result", results[row->seen.result]);
		print_member(",", "seen", seen_text(row, seen, sizeof(seen)));
		printf("}");
	}
	printf("],\n\"errors\":[");
	for (size_t i = 0; i < r->records->n_errors && i < RECORD_ERRORS_MAX; i++) {
		printf("%s", i ? "," : "");
		text_json(stdout, r->records->errors[i]);
	}
	printf("],\n\"totals\":{\"pass\":%zu,\"fail\":%zu,\"skip\":%zu,\"error\":%zu}}\n",
	       t->by[PROBE_PASS], t->by[PROBE_FAIL], t->by[PROBE_SKIP], r->records->n_errors);
}

/* A reader that has gone knows why. */
static int flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return errno == EPIPE ? -1 : complain("write to standard output: %s", strerror(errno));
}

int report_print(const struct report *r, bool is_json)
{
	struct totals t = count(r->outcomes);

	if (is_json)
		print_json(r, &t);
	else
		print_tap(r, &t);
	if (flush() < 0)
		return -1;
	if (t.by[PROBE_FAIL] || r->records->n_errors)
		return REPORT_FAIL;
	return t.by[PROBE_PASS] ? REPORT_PASS : REPORT_SKIP;
}

int report_list(const struct outcomes *o, bool is_json)
{
	const struct probe_group *group = NULL;
	size_t n = 0;

	if (is_json)
		printf("[");
	for (size_t i = 0; i < o->count; i++) {
		const struct outcome *row = &o->rows[i];

		if (!row->is_chosen)
			continue;
		if (is_json) {
			print_member(n++ ? ",\n{" : "{", "name", row->probe->name);
			print_member(",", "group", row->group->name);
			print_member(",", "tried", row->probe->tried);
			printf("}");
			continue;
		}
		if (row->group != group)
			printf("%s%s: %s\n", group ? "\n" : "", row->group->name,
			       row->group->summary);
		group = row->group;
		printf("  %-32s %s\n", row->probe->name, row->probe->tried);
	}
	if (is_json)
		printf("]\n");
	return flush();
}
