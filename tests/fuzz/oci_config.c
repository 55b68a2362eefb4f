// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as config.json, process or resources document: what is accepted must keep the promises
 * of oci_config.h, and what is refused must say where. Most inputs are valid JSON with one value
 * changed, because few others get past the JSON parser.
 */
#include "spec/oci_config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define WHAT "it"

static void check(bool is_kept)
{
	if (!is_kept)
		abort();
}

static void check_list(const struct oci_strv *l, size_t max, size_t each)
{
	check(l->n <= max);
	for (size_t i = 0; i < l->n; i++)
		check(strlen(l->v[i]) <= each);
	check(!l->v || !l->v[l->n]);
}

static void check_maps(const struct oci_id_maps *m)
{
	check(m->n <= OCI_ID_MAPS_MAX);
	for (size_t i = 0; i < m->n; i++)
		check(m->v[i].count > 0 && (uint64_t)m->v[i].outside + m->v[i].count <= UINT32_MAX);
}

static void check_process(const struct oci_process *p)
{
	check(p->cwd[0] == '/' && p->args.n > 0 && p->args.v[0][0]);
	check_list(&p->args, OCI_ARGS_MAX, OCI_ARG_MAX);
	check_list(&p->env, OCI_ARGS_MAX, OCI_ARG_MAX);
	for (size_t i = 0; i < p->env.n; i++)
		check(strchr(p->env.v[i], '=') != NULL);
	for (size_t i = 0; i < p->rlimits.n; i++)
		check(p->rlimits.v[i].soft <= p->rlimits.v[i].hard);
	check_list(&p->unknown_caps, 5 * OCI_CAPS_MAX, OCI_NAME_MAX);
	check(p->user.uid != UINT32_MAX && p->user.gid != UINT32_MAX);
}

static void check_mount(const struct oci_mount *m)
{
	check(m->destination && m->destination[0]);
	check(m->type || m->flags & (OCI_MOUNT_BIND | OCI_MOUNT_REMOUNT));
	check((m->set & m->clear & ~(uint64_t)0x70) == 0 && (m->sb_set & m->sb_clear) == 0);
	check((m->rec_set & m->rec_clear & ~(uint64_t)0x70) == 0);
	check(m->n_propagation <= OCI_PROPAGATIONS_MAX);
	check_list(&m->data, OCI_OPTIONS_MAX, OCI_PATH_MAX);
	check(!m->uid_map.n == !m->gid_map.n);
	check_maps(&m->uid_map);
	check_maps(&m->gid_map);
}

static void check_resources(const struct oci_resources *r)
{
	for (size_t i = 0; i < r->devices.n; i++)
		check(r->devices.v[i].type && r->devices.v[i].access <= 7);
	for (size_t i = 0; i < r->unified.n; i++)
		check(!strchr(r->unified.v[i].key, '/') && r->unified.v[i].value);
	check(r->memory.limit >= -1 && r->cpu.quota >= -1 && r->block_io.weight <= 1000);
}

static void check_config(const struct oci_config *c)
{
	const struct oci_linux *l = &c->linux_;

	check(c->oci_version && c->root_path && c->root_path[0]);
	if (c->has_process)
		check_process(&c->process);
	for (size_t i = 0; i < c->mounts.n; i++)
		check_mount(&c->mounts.v[i]);
	for (size_t p = 0; p < OCI_HOOK_COUNT; p++)
		for (size_t i = 0; i < c->hooks.at[p].n; i++)
			check(c->hooks.at[p].v[i].path[0] == '/');
	check_maps(&l->uid_map);
	check_maps(&l->gid_map);
	check(!l->uid_map.n || l->namespaces[OCI_NS_USER].is_listed);
	check(!c->hostname || l->namespaces[OCI_NS_UTS].is_listed);
	for (size_t i = 0; i < l->sysctls.n; i++)
		check(l->sysctls.v[i].path[0] != '/' && l->sysctls.v[i].ns);
	check_resources(&l->resources);
	check(!l->has_seccomp || l->seccomp.is_disabled || l->seccomp.policy.arches);
}

static void check_error(int r, const struct err *e)
{
	check(r < 0 && e->code == r && e->msg[0] && !strchr(e->msg, '\n'));
	check(strncmp(e->msg, WHAT, strlen(WHAT)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct err e = ERR_INIT;
	struct oci_resources resources;
	struct oci_process process;
	struct oci_config config;
	struct oci_doc doc;
	int r = oci_config_parse(text, size, WHAT, &config, &e);

	if (r == 0) {
		check_config(&config);
		oci_config_done(&config);
		return 0;
	}
	check_error(r, &e);
	r = oci_process_parse(text, size, WHAT, &doc, &process, &e);
	if (r == 0) {
		check_process(&process);
		oci_doc_done(&doc);
		return 0;
	}
	check_error(r, &e);
	r = oci_resources_parse(text, size, WHAT, &doc, &resources, &e);
	if (r == 0) {
		check_resources(&resources);
		oci_doc_done(&doc);
		return 0;
	}
	check_error(r, &e);
	return 0;
}

/* -- one value of a document changed -- */

#define WIDE "\"@wide\"" /* stands for a number that jansson cannot write */
#define WIDE_NUMBER "18446744073709551615"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

static const json_int_t numbers[] = {
	0, 1, -1, -2, 7, 1000, 65536, 1 << 20, 4294967295, 4294967296, INT64_MAX, INT64_MIN
};
static const char *const texts[] = { "",
				     "/",
				     "..",
				     "a/b",
				     "/a/../b",
				     "a\nb",
				     "0-3,5",
				     "3-1",
				     "2MB",
				     "CAP",
				     "c",
				     "rwm",
				     "idmap=uids=0-1-2;gids=0-1-2",
				     "@wide",
				     "%d",
				     "x=y",
				     "rro",
				     "a,b=\"c,d\",e\\,f" };

/* The @skip-th value below @j, depth first; NULL past the last. */
static json_t *find(json_t *j, size_t *skip)
{
	json_t *v, *found = NULL;
	const char *key;
	size_t i;

	if ((*skip)-- == 0)
		return j;
	json_object_foreach(j, key, v)
		if ((found = find(v, skip)))
			return found;
	json_array_foreach(j, i, v)
		if ((found = find(v, skip)))
			return found;
	return NULL;
}

static size_t count(json_t *j)
{
	size_t all = SIZE_MAX;

	(void)find(j, &all);
	return SIZE_MAX - all;
}

static json_t *make(json_t *root, unsigned int seed)
{
	size_t skip = seed / 8 % count(root);

	switch (seed % 8) {
	case 0:
		return json_integer(numbers[seed / 8 % (sizeof(numbers) / sizeof(numbers[0]))]);
	case 1:
	case 2:
		return json_string(texts[seed / 8 % (sizeof(texts) / sizeof(texts[0]))]);
	case 3:
		return json_boolean(seed & 8);
	case 4:
		return seed & 8 ? json_null() : json_real(0.5);
	case 5:
		return seed & 8 ? json_array() : json_object();
	default:
		return json_deep_copy(find(root, &skip));
	}
}

/* Change, remove or add one member of a random container. */
static void change(json_t *root, unsigned int seed)
{
	size_t skip = seed % count(root), n;
	json_t *at = find(root, &skip), *value = make(root, seed * 2654435761u >> 7);

	n = json_is_object(at) ? json_object_size(at) : json_array_size(at);
	if (n > 0 && json_is_array(at)) {
		if (seed & 1 << 20)
			(void)json_array_append(at, value);
		else
			(void)json_array_set(at, (seed >> 8) % n, value);
	} else if (n > 0) {
		void *member = json_object_iter(at);

		for (size_t i = (seed >> 8) % n; i > 0; i--)
			member = json_object_iter_next(at, member);
		if (seed & 1 << 20 && seed & 1 << 21)
			(void)json_object_del(at, json_object_iter_key(member));
		else
			(void)json_object_iter_set(at, member, value);
	}
	json_decref(value);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	json_t *root = seed % 8 ? json_loadb((char *)data, size, 0, NULL) : NULL;
	char *text = NULL, *wide;
	size_t n = 0;

	for (unsigned int i = 0; root && i < 1 + seed % 3; i++)
		change(root, (seed >> 3) * (2 * i + 1));
	if (root)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	while (text && (wide = strstr(text, WIDE)) != NULL) {
		char *longer = malloc(strlen(text) + sizeof(WIDE_NUMBER));

		memcpy(longer, text, (size_t)(wide - text));
		strcpy(longer + (wide - text), WIDE_NUMBER);
		strcat(longer, wide + strlen(WIDE));
		free(text);
		text = longer;
	}
	if (text)
		n = strlen(text);
	if (n > 0 && n <= max)
		memcpy(data, text, n);
	free(text);
	return n > 0 && n <= max ? n : LLVMFuzzerMutate(data, size, max);
}
