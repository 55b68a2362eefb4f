// SPDX-License-Identifier: Apache-2.0
/* Dockerfile instructions that change an image's configuration. */
#include "image/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/json.h"
#include "spec/image_config.h"

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "change the configuration");
}

/* A JSON array of strings. Return: 1 if it is one, 0 if it is none. */
static int json_words(const char *arg, struct strv *ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	json_t *item;
	size_t i;

	if (*arg != '[')
		return 0;
	j = json_parse(arg, strlen(arg), "the value", NULL);
	if (!json_is_array(j))
		return 0;
	json_array_foreach(j, i, item) {
		if (!json_is_string(item))
			return 0;
		if (strv_add(ret, json_string_value(item)) < 0)
			return no_memory(e);
	}
	return 1;
}

static int set_command(struct strv *to, const char *arg, struct err *e)
{
	_cleanup_strv_ struct strv words = { .n = 0 };
	int r = json_words(arg, &words, e);

	if (r < 0)
		return r;
	if (r == 0) {
		strv_done(&words);
		if (strv_add(&words, "/bin/sh") < 0 || strv_add(&words, "-c") < 0 ||
		    strv_add(&words, arg) < 0)
			return no_memory(e);
	}
	strv_done(to);
	*to = words;
	words = (struct strv){ .n = 0 };
	return 0;
}

static int do_cmd(struct image_config *c, const char *arg, struct err *e)
{
	return set_command(&c->cmd, arg, e);
}

static int do_entrypoint(struct image_config *c, const char *arg, struct err *e)
{
	return set_command(&c->entrypoint, arg, e);
}

/* The next word, quotes and backslashes taken out. Return: 1, 0 at the end, -EINVAL. */
static int next_word(const char **s, struct str *out)
{
	char quote = '\0';

	str_truncate(out, 0);
	*s += strspn(*s, " \t");
	if (!**s)
		return 0;
	for (; **s && (quote || !strchr(" \t", **s)); (*s)++) {
		if (quote ? **s == quote : **s == '"' || **s == '\'') {
			quote = quote ? '\0' : **s;
			continue;
		}
		if (**s == '\\' && quote != '\'' && (*s)[1])
			(*s)++;
		str_add_char(out, **s);
	}
	str_add(out, ""); /* an empty word is a word */
	return quote ? -EINVAL : 1;
}

/* "K=V K2=V2", or the old "K V". */
static int set_pairs(struct strv *to, const char *arg, struct err *e)
{
	_cleanup_str_ struct str word = STR_INIT;
	size_t key = strcspn(arg, "= \t");
	int r;

	if (arg[key] != '=' && arg[key]) {
		str_add_mem(&word, arg, key);
		str_add_char(&word, '=');
		str_add(&word, arg + key + strspn(arg + key, " \t"));
		return str_failed(&word) || strv_set_env(to, word.p) < 0 ? no_memory(e) : 0;
	}
	while ((r = next_word(&arg, &word)) > 0) {
		if (str_failed(&word))
			return no_memory(e);
		if (!strchr(word.p, '=') || word.p[0] == '=')
			return err_plain(e, -EINVAL, "'%s' is not KEY=VALUE", word.p);
		if (strv_set_env(to, word.p) < 0)
			return no_memory(e);
	}
	return r < 0 ? err_plain(e, r, "a quote is not closed") : 0;
}

static int do_env(struct image_config *c, const char *arg, struct err *e)
{
	return set_pairs(&c->env, arg, e);
}

static int do_label(struct image_config *c, const char *arg, struct err *e)
{
	return set_pairs(&c->labels, arg, e);
}

static int set_string(char **to, const char *arg, struct err *e)
{
	char *copy = strdup(arg);

	if (!copy)
		return no_memory(e);
	free(*to);
	*to = copy;
	return 0;
}

static int do_user(struct image_config *c, const char *arg, struct err *e)
{
	return set_string(&c->user, arg, e);
}

static int do_stopsignal(struct image_config *c, const char *arg, struct err *e)
{
	if (fmt_parse_signal(arg) < 0)
		return err_plain(e, -EINVAL, "'%s' is not a signal", arg);
	return set_string(&c->stop_signal, arg, e);
}

/* A relative directory counts from the one before. */
static int do_workdir(struct image_config *c, const char *arg, struct err *e)
{
	_cleanup_free_ char *joined = NULL;
	const char *old = c->working_dir && *c->working_dir ? c->working_dir : "/";

	if (*arg == '/')
		return set_string(&c->working_dir, arg, e);
	joined = str_printf("%s%s%s", old, str_ends(old, "/") ? "" : "/", arg);
	return joined ? set_string(&c->working_dir, joined, e) : no_memory(e);
}

static int do_volume(struct image_config *c, const char *arg, struct err *e)
{
	_cleanup_strv_ struct strv words = { .n = 0 };
	_cleanup_str_ struct str word = STR_INIT;
	int r = json_words(arg, &words, e);

	while (r == 0 && (r = next_word(&arg, &word)) > 0)
		r = str_failed(&word) || strv_add(&words, word.p) < 0 ? no_memory(e) : 0;
	if (r < 0)
		return r == -EINVAL ? err_plain(e, r, "a quote is not closed") : r;
	for (size_t i = 0; i < words.n; i++) {
		if (words.v[i][0] != '/')
			return err_plain(e, -EINVAL, "volume '%s' is not an absolute path",
					 words.v[i]);
		if (!strv_has(&c->volumes, words.v[i]) && strv_add(&c->volumes, words.v[i]) < 0)
			return no_memory(e);
	}
	return 0;
}

static bool is_port(const char *s)
{
	_cleanup_free_ char *number = strndup(s, strcspn(s, "/"));
	const char *slash = strchr(s, '/');
	uint64_t n;

	return number && fmt_parse_u64(number, &n) == 0 && n >= 1 && n <= 65535 &&
	       (!slash || !strcmp(slash, "/tcp") || !strcmp(slash, "/udp") ||
		!strcmp(slash, "/sctp"));
}

static int do_expose(struct image_config *c, const char *arg, struct err *e)
{
	_cleanup_str_ struct str word = STR_INIT;
	int r;

	while ((r = next_word(&arg, &word)) > 0) {
		if (str_failed(&word))
			return no_memory(e);
		if (!is_port(word.p))
			return err_plain(e, -EINVAL, "'%s' is not PORT[/tcp|udp|sctp]", word.p);
		if (!strchr(word.p, '/'))
			str_add(&word, "/tcp");
		if (str_failed(&word) ||
		    (!strv_has(&c->exposed_ports, word.p) && strv_add(&c->exposed_ports, word.p) < 0))
			return no_memory(e);
	}
	return r;
}

struct instruction {
	const char *name;
	int (*apply)(struct image_config *c, const char *arg, struct err *e);
};

/* clang-format off */
static const struct instruction instructions[] = {
	{ "CMD",        do_cmd },
	{ "ENTRYPOINT", do_entrypoint },
	{ "ENV",        do_env },
	{ "EXPOSE",     do_expose },
	{ "LABEL",      do_label },
	{ "STOPSIGNAL", do_stopsignal },
	{ "USER",       do_user },
	{ "VOLUME",     do_volume },
	{ "WORKDIR",    do_workdir },
};
/* clang-format on */

int change_apply(struct image_config *c, const char *text, struct err *e)
{
	size_t n;
	const char *arg;
	int r;

	text += strspn(text, " \t");
	n = strcspn(text, " \t");
	arg = text + n + strspn(text + n, " \t");
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strlen(instructions[i].name) != n ||
		    strncasecmp(instructions[i].name, text, n) != 0)
			continue;
		if (!*arg)
			return err_plain(e, -EINVAL, "change '%s' has no value", text);
		r = instructions[i].apply(c, arg, e);
		return r < 0 ? err_wrap(e, r, "change '%s'", text) : 0;
	}
	r = err_plain(e, -EINVAL, "change '%s': unknown instruction '%.*s'", text, (int)n, text);
	err_hint(e, "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME and WORKDIR "
		    "are known");
	return r;
}
