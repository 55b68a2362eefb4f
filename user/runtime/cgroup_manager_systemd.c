// SPDX-License-Identifier: Apache-2.0
/* Cgroups that systemd makes: a transient scope for each container, delegated to us. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "runtime/cgroup_manager.h"
#include "runtime/record.h"
#include "runtime/resources.h"
#include "runtime/scope_properties.h"
#include "spec/oci_config.h"
#include "spec/systemd_unit.h"

#define SUBGROUP "run.oci.systemd.subgroup" /* annotation of crun's */
#define MEMBERSHIP_MAX 8192u /* bytes of /proc/PID/cgroup */

/* Below the scope, for the container; NULL = in the scope itself. */
static int find_subgroup(const struct oci_config *c, const char **ret, struct err *e)
{
	*ret = NULL;
	for (size_t i = 0; i < c->annotations.n; i++)
		if (str_eq(c->annotations.v[i].key, SUBGROUP) && *c->annotations.v[i].value)
			*ret = c->annotations.v[i].value;
	if (*ret && (strchr(*ret, '/') || str_eq(*ret, ".") || str_eq(*ret, "..")))
		return err_plain(e, -EINVAL,
				 "annotations[\"" SUBGROUP "\"]: '%.200s' is no name of a cgroup",
				 *ret);
	return 0;
}

static char *path_of(const char *scope_path, const char *subgroup)
{
	return str_printf("%s%s%s", scope_path, subgroup ? "/" : "", subgroup ? subgroup : "");
}

/* Where systemd is the first process of the host; what it did in fact is looked at when it is done. */
static int place(const struct oci_config *c, struct record *r, struct err *e)
{
	_cleanup_free_ char *slice = NULL, *slice_path = NULL, *path = NULL;
	const char *subgroup;
	int s = scope_check(e);

	if (s == 0)
		s = find_subgroup(c, &subgroup, e);
	if (s == 0)
		s = systemd_scope_parse(c->linux_.cgroups_path, r->id, &slice, &r->scope, e);
	if (s < 0)
		return s;
	slice_path = systemd_slice_path(slice);
	path = slice_path ? str_printf("%s/%s", slice_path, r->scope) : NULL;
	r->cgroup = path ? path_of(path, subgroup) : NULL;
	return r->cgroup ? 0 : err_set(e, ENOMEM, "place a cgroup");
}

static int add_basics(const struct record *r, const char *slice, struct strv *out, struct err *e)
{
	const char *const words[] = {
		"Slice",
		"s",
		slice,
		/* ours to divide, with all controllers that systemd knows */
		"Delegate",
		"b",
		"true",
		"DefaultDependencies",
		"b",
		"false",
		/* forgotten when it ends, also when it ends badly: the name is free again */
		"CollectMode",
		"s",
		"inactive-or-failed",
		"MemoryAccounting",
		"b",
		"true",
		"CPUAccounting",
		"b",
		"true",
		"IOAccounting",
		"b",
		"true",
		"TasksAccounting",
		"b",
		"true",
		/* a program of ours enforces the rules: systemd's would be one more to pass */
		"DevicePolicy",
		"s",
		"auto",
		"DeviceAllow",
		"a(ss)",
		"0",
		"Description",
		"s",
	};
	int s = 0;

	for (size_t i = 0; s == 0 && i < ARRAY_SIZE(words); i++)
		s = strv_add(out, words[i]);
	if (s == 0)
		s = strv_addf(out, "davit container %s", r->id);
	return s < 0 ? err_set(e, s, "prepare unit '%s'", r->scope) : 0;
}

static int start(const struct oci_config *c, const struct record *r, struct scope *ret,
		 struct err *e)
{
	_cleanup_free_ char *slice = NULL, *scope = NULL;
	_cleanup_strv_ struct strv words = { .v = NULL };
	int s = systemd_scope_parse(c->linux_.cgroups_path, r->id, &slice, &scope, e);

	if (s == 0)
		s = add_basics(r, slice, &words, e);
	if (s == 0)
		s = scope_resources(&c->linux_.resources, &words, e);
	if (s == 0) /* last: they may say otherwise */
		s = scope_annotations(&c->annotations, &words, e);
	return s < 0 ? s : scope_start(r->scope, &words, ret, e);
}

/* What is behind ":NAME:" in a line of @text; NULL = no such line */
static const char *hierarchy_path(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? found + strlen(name) : NULL;
}

/* Where the scope is: its first process is in it. */
static int look(const struct record *r, const struct scope *s, char **ret, struct err *e)
{
	char proc[48], text[MEMBERSHIP_MAX];
	const char *path;
	ssize_t n;

	(void)err_format(proc, sizeof(proc), "/proc/%d/cgroup", s->pid);
	n = io_read_small(-1, proc, text, sizeof(text));
	if (n < 0)
		return err_set(e, (int)n, "read '%s'", proc);
	path = str_eq(cgroup_mode(), "v1") ? hierarchy_path(text, ":name=systemd:") :
					     hierarchy_path(text, "0::");
	*ret = path ? str_printf("%.*s", (int)strcspn(path, "\n"), path) : NULL;
	if (path && !*ret)
		return err_set(e, ENOMEM, "find unit '%s'", r->scope);
	if (!path || !str_ends(*ret, r->scope))
		return err_plain(e, -EPROTO,
				 "systemd has not put process %d into unit '%s', but into '%s'",
				 s->pid, r->scope, path ? *ret : "none");
	return 0;
}

static int adopt(const struct oci_config *c, struct record *r, struct cgroup_hold *h, struct err *e)
{
	_cleanup_free_ char *path = NULL;
	const char *subgroup;
	char *whole;
	int s = look(r, &h->scope, &path, e);

	if (s == 0)
		s = find_subgroup(c, &subgroup, e);
	if (s < 0)
		return s;
	whole = path_of(path, subgroup);
	if (!whole)
		return err_set(e, ENOMEM, "find unit '%s'", r->scope);
	free(r->cgroup);
	r->cgroup = whole;
	return cgroup_adopt_path(whole, h->scope.pid, &h->cg, e);
}

/*
 * The limit of processes, with what it lives on: davit-scope counts, too, until it ends, and the container
 * may have as few as one.
 */
static bool pids_of(const struct oci_resources *all, struct oci_pair *pair,
		    struct oci_resources *ret)
{
	*ret = (struct oci_resources){ .has_pids_limit = all->has_pids_limit,
				       .pids_limit = all->pids_limit };
	for (size_t i = 0; i < all->unified.n; i++)
		if (str_eq(all->unified.v[i].key, "pids.max")) {
			*pair = all->unified.v[i];
			ret->unified.v = pair;
			ret->unified.n = 1;
		}
	return (ret->has_pids_limit && ret->pids_limit) || ret->unified.n;
}

static int limit(const struct oci_config *c, struct cgroup_hold *h, struct err *e)
{
	const struct oci_resources *all = &c->linux_.resources;
	struct oci_resources pids;
	struct oci_pair pair;
	int s = resources_apply(h->cg, all, true, h->bpffs, e);

	if (s == 0 && pids_of(all, &pair, &pids))
		s = cgroup_write(h->cg, CGROUP_PIDS, "pids.max", "pids.max", "max", e);
	return s;
}

/* systemd removes the directories that it knows, the rest is ours. */
static int remove_dirs(const struct record *r, struct err *e)
{
	char *slash = strrchr(r->cgroup, '/');
	_cleanup_free_ char *parent = NULL;
	int s;

	if (!slash || slash == r->cgroup)
		return 0;
	parent = str_printf("%.*s", (int)(slash - r->cgroup), r->cgroup);
	if (!parent)
		return err_set(e, ENOMEM, "remove cgroup '%s'", r->cgroup);
	s = cgroup_remove(parent, slash + 1, e);
	slash = strrchr(parent, '/');
	if (s < 0 || !slash || !str_eq(slash + 1, r->scope)) /* no sub-cgroup */
		return s;
	*slash = '\0';
	return cgroup_remove(*parent ? parent : "/", slash + 1, e);
}

static int end_scope(const struct record *r, struct err *e)
{
	int s = scope_stop(r->scope, e);

	return s < 0 ? s : remove_dirs(r, e);
}

/*
 * davit-scope was killed and told nothing: the scope may be there, and systemd overlooks at times that its only process
 * went while it started. One with processes is somebody else's of the same name.
 */
static void stop_empty(const struct record *r)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	const char *scope = strstr(r->cgroup, r->scope);
	_cleanup_free_ char *path = scope ? str_printf("%.*s", (int)(scope + strlen(r->scope) - r->cgroup), r->cgroup) : NULL;

	if (path && cgroup_open_path(path, &cg, NULL) == 0 && cgroup_is_populated(cg, NULL) == 0)
		(void)end_scope(r, NULL); /* the first error is the one to tell */
}

static int make(const struct oci_config *c, struct record *r, struct cgroup_hold *h, struct err *e)
{
	int s = start(c, r, &h->scope, e);

	if (s == -EPROTO)
		stop_empty(r);
	if (s < 0)
		return s;
	s = adopt(c, r, h, e);
	if (s == 0)
		s = limit(c, h, e);
	if (s < 0) {
		scope_release(&h->scope);
		(void)end_scope(r, NULL); /* the first error is the one to tell */
	}
	return s;
}

static int settle(const struct oci_config *c, struct cgroup_hold *h, struct err *e)
{
	struct oci_resources pids;
	struct oci_pair pair;

	scope_release(&h->scope);
	return pids_of(&c->linux_.resources, &pair, &pids) ?
		       resources_apply(h->cg, &pids, false, NULL, e) :
		       0;
}

static int update(const struct record *r, struct cgroup *cg, const struct oci_resources *limits,
		  const char *bpffs, struct err *e)
{
	_cleanup_strv_ struct strv words = { .v = NULL };
	int s = scope_resources(limits, &words, e);

	if (s == 0)
		s = scope_set(r->scope, &words, e);
	return s < 0 ? s : resources_apply(cg, limits, limits->devices.n != 0, bpffs, e);
}

static int remove_it(const struct record *r, struct cgroup *cg, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *other = NULL;
	/* somebody else's by now: the name was free when ours had ended */
	if (!cg && cgroup_open_path(r->cgroup, &other, NULL) == 0)
		return 0;
	return end_scope(r, e);
}

const struct cgroup_manager cgroup_manager_systemd = {
	.name = "systemd",
	.place = place,
	.make = make,
	.settle = settle,
	.update = update,
	.remove = remove_it,
};
