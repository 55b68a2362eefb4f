// SPDX-License-Identifier: Apache-2.0
/* The network policy of a container there is. */
#include "engine/policy_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/lock.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/policy_words.h"
#include "kern/bpf.h"
#include "kern/cap.h"
#include "kern/cgroup.h"
#include "network/policy.h"

/* One at a time for all containers: it takes milliseconds. */
#define LOCK_FILE "policy.lock"

static const char *name_of(const struct container *c)
{
	return c->name ? c->name : c->id;
}

static bool is_same(const char *a, const char *b, bool is_allow)
{
	struct net_policy_rule x, y;

	return policy_parse_rule(a, is_allow, &x, NULL) == 0 &&
	       policy_parse_rule(b, is_allow, &y, NULL) == 0 && memcmp(&x, &y, sizeof(x)) == 0;
}

static bool has_rule(const struct strv *list, const char *rule, bool is_allow)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_same(list->v[i], rule, is_allow))
			return true;
	return false;
}

static int check_rules(const struct strv *rules, bool is_allow, struct err *e)
{
	struct net_policy_rule unused;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->n; i++)
		r = policy_parse_rule(rules->v[i], is_allow, &unused, e);
	return r;
}

/* @list becomes what @edit makes of it with @rules. */
static int edit_list(struct strv *list, const struct strv *rules, enum policy_how how,
		     bool is_allow, const char *name, struct err *e)
{
	struct strv out = { .v = NULL };
	int r = check_rules(rules, is_allow, e);

	for (size_t i = 0; r == 0 && how == POLICY_REMOVE && i < rules->n; i++)
		if (!has_rule(list, rules->v[i], is_allow))
			r = err_plain(e, -ENOENT, "container '%s' has no %s rule '%s'", name,
				      is_allow ? "allow" : "deny", rules->v[i]);
	for (size_t i = 0; r == 0 && how != POLICY_SET && i < list->n; i++)
		if (how == POLICY_ADD || !has_rule(rules, list->v[i], is_allow))
			r = strv_add(&out, list->v[i]);
	for (size_t i = 0; r == 0 && how != POLICY_REMOVE && i < rules->n; i++)
		if (!has_rule(&out, rules->v[i], is_allow))
			r = strv_add(&out, rules->v[i]);
	if (r == -ENOMEM)
		(void)err_set(e, r, "change the policy of container '%s'", name);
	if (r < 0) {
		strv_done(&out);
		return r;
	}
	strv_done(list);
	*list = out;
	return 0;
}

static int replace(char **place, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

/* What is not said stays, but with POLICY_SET. */
static int edit_word(char **place, const char *text, enum policy_how how, struct err *e)
{
	if (!text && how != POLICY_SET)
		return 0;
	return replace(place, text) < 0 ? err_set(e, ENOMEM, "change the policy") : 0;
}

/* What a rule that is added or removed does must not depend on what the default was taken to be. */
static int keep_default(struct container_options *o, const struct policy_edit *edit, struct err *e)
{
	const struct policy_words words = policy_words_of(o);
	_cleanup_str_ struct str text = STR_INIT;
	unsigned int set;
	int r;

	if (edit->how == POLICY_SET)
		return 0;
	r = policy_defaults(&words, &set, e);
	if (r < 0)
		return r;
	for (int d = 0; d < NET_DIRECTIONS; d++) {
		if (d)
			str_add(&text, ",");
		policy_format_default(set, d, &text);
	}
	return str_failed(&text) || replace(&o->net_default, str_text(&text)) < 0 ?
		       err_set(e, ENOMEM, "change the policy") :
		       0;
}

/* On the host's network a packet socket sends past every cgroup program; capabilities cannot be taken from what runs. */
static int check_raw(const struct container *c, pid_t pid, struct err *e)
{
	char path[32], text[4096];
	const char *line;
	int r;

	if (!str_eq(c->options.network, "host"))
		return 0;
	(void)err_format(path, sizeof(path), "/proc/%d/status", pid);
	r = (int)io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return err_set(e, r, "read '%s'", path);
	line = strstr(text, "\nCapBnd:");
	if (line && !(strtoull(line + strlen("\nCapBnd:"), NULL, 16) & CAP_BIT(CAP_NET_RAW)))
		return 0;
	r = err_plain(
		e, -EINVAL,
		"container '%s' was started on the host's network with CAP_NET_RAW, which no policy can hold",
		name_of(c));
	err_hint(e, "start it with --cap-drop NET_RAW, or with a policy");
	return r;
}

/* Its owner has read the record, and nothing is in force that could be changed. */
static int is_between(const struct container *c, struct err *e)
{
	int r = err_plain(e, -EAGAIN, "container '%s' is being started or has just ended",
			  name_of(c));

	err_hint(e, "try again when 'davit ps' shows it");
	return r;
}

static int change(struct engine *en, const struct container *c, const struct net_policy *policy,
		  struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_(bpf_set_closep) struct bpf_set *set = NULL;
	_cleanup_fd_ int slice = -1;
	int r = cgroup_open(en->env->slice, c->id, &cg, e);

	if (r == 0 && cgroup_fd(cg) < 0)
		return err_plain(e, -EOPNOTSUPP,
				 "a network policy needs cgroup v2, which is not mounted");
	if (r == 0) {
		slice = cgroup_slice_fd(en->env->slice, e);
		r = slice < 0 ? slice : bpf_set_find(en->env, slice, &set, e);
	}
	if (r == 0)
		r = bpf_set_change(set, cgroup_inode(cg), policy, e);
	if (r != -ENOENT)
		return r;
	err_clear(e);
	return is_between(c, e);
}

static int put(struct engine *en, const struct container *old, const struct container *new,
	       struct err *e)
{
	_cleanup_free_ struct net_policy *policy = NULL, *before = NULL;
	struct container_state st;
	bool runs;
	int r = policy_words_build(&new->options, &policy, e);

	if (r == 0)
		r = container_state(en, new, &st, e);
	if (r < 0)
		return r;
	runs = st.status == CONTAINER_RUNNING || st.status == CONTAINER_PAUSED;
	if (!runs && st.has_owner)
		return is_between(new, e);
	if (runs && net_policy_judged(policy))
		r = check_raw(new, st.pid, e);
	if (r == 0 && runs)
		r = change(en, new, policy, e);
	if (r < 0)
		return r;
	r = container_resave(en, new, e);
	/* what is kept is what is in force */
	if (r < 0 && runs && policy_words_build(&old->options, &before, NULL) == 0)
		(void)change(en, old, before, NULL);
	return r;
}

/* A start and a removal wait. The record of `run --rm` is its owner's, who does not write it again. */
static int lock_record(struct engine *en, const struct container *c, int *ret, struct err *e)
{
	char path[CONTAINER_PATH_MAX];
	int fd;

	if (c->is_ephemeral)
		return 0;
	fd = lock_dir(en->store.fd, container_path(path, c->id, NULL), LOCK_EX, e);
	if (fd < 0)
		return fd == -ENOENT ? err_plain(e, fd, "no container '%s'", name_of(c)) : fd;
	*ret = fd;
	return 0;
}

int container_edit_policy(struct engine *en, const char *ref, const struct policy_edit *edit,
			  struct err *e)
{
	_cleanup_(container_done) struct container old = { .name = NULL }, new = { .name = NULL };
	_cleanup_fd_ int lock = lock_open(en->state_fd, LOCK_FILE, LOCK_EX, e), record = -1;
	int r = lock < 0 ? lock : container_find(en, ref, &old, e);

	if (r < 0)
		return r;
	r = lock_record(en, &old, &record, e);
	if (r == 0)
		r = container_load(en, old.id, &new, e);
	if (r == 0)
		r = keep_default(&new.options, edit, e);
	if (r == 0)
		r = edit_word(&new.options.net_default, edit->dflt, edit->how, e);
	if (r == 0)
		r = edit_word(&new.options.net_deny_errno, edit->deny_errno, edit->how, e);
	if (r == 0)
		r = edit_list(&new.options.net_allow, edit->allow, edit->how, true, name_of(&old),
			      e);
	if (r == 0)
		r = edit_list(&new.options.net_deny, edit->deny, edit->how, false, name_of(&old),
			      e);
	if (edit->how == POLICY_SET)
		new.options.net_audit = edit->audit;
	else if (edit->audit)
		new.options.net_audit = edit->how == POLICY_ADD;
	return r < 0 ? r : put(en, &old, &new, e);
}
