// SPDX-License-Identifier: Apache-2.0
/* Manifests, indexes, docker's manifest.json. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "spec/image_manifest.h"
#include "kselftest_harness.h"

#define HEX    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONFIG "\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG "\",\"digest\":\"sha256:" HEX "\",\"size\":3}"
#define LAYER  "{\"mediaType\":\"" MEDIA_OCI_LAYER "+gzip\",\"digest\":\"sha256:" HEX "\",\"size\":9}"

static int parse(const char *text, struct manifest *m, struct err *e)
{
	_cleanup_json_ json_t *j = json_parse(text, strlen(text), "text", e);

	return j ? manifest_parse(j, m, e) : -EBADMSG;
}

TEST(reads_a_manifest_and_writes_it_again)
{
	struct manifest m, again;
	struct err e = ERR_INIT;
	_cleanup_json_ json_t *j = NULL;

	ASSERT_EQ(0, parse("{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER "," LAYER "]}", &m, &e))
	{
		TH_LOG("%s", e.msg);
	}
	EXPECT_EQ(2, m.n_layers);
	EXPECT_EQ(9, m.layers[1].size);
	EXPECT_STREQ(HEX, m.config.digest);
	j = manifest_to_json(&m);
	ASSERT_EQ(0, manifest_parse(j, &again, NULL));
	EXPECT_EQ(2, again.n_layers);
	EXPECT_STREQ(MEDIA_OCI_MANIFEST, again.media_type);
	manifest_done(&m);
	manifest_done(&again);
}

TEST(refuses_bad_manifests)
{
	static const char *const refused[] = {
		"[]",
		"{}",
		"{\"schemaVersion\":1," CONFIG ",\"layers\":[]}",
		"{\"schemaVersion\":2,\"layers\":[]}",
		"{\"schemaVersion\":2," CONFIG "}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":{}}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[],\"manifests\":[]}",
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\"," CONFIG ",\"layers\":[]}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[1]}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[{}]}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		"\",\"digest\":\"sha256:" HEX "\"}]}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		"\",\"digest\":\"sha256:" HEX "\",\"size\":-1}]}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		"\",\"digest\":\"sha512:" HEX "\",\"size\":1}]}",
		"{\"schemaVersion\":2," CONFIG ",\"layers\":[{\"mediaType\":\"x\",\"digest\":\"sha256:" HEX
		"\",\"size\":1}]}",
	};
	struct manifest m;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(-EBADMSG, parse(refused[i], &m, NULL))
		{
			TH_LOG("accepted %s", refused[i]);
		}
	}
}

TEST(counts_layers)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct manifest m;

	for (unsigned int n = MANIFEST_LAYERS_MAX; n <= MANIFEST_LAYERS_MAX + 1; n++) {
		str_truncate(&s, 0);
		str_add(&s, "{\"schemaVersion\":2," CONFIG ",\"layers\":[");
		for (unsigned int i = 0; i < n; i++)
			str_addf(&s, "%s%s", i ? "," : "", LAYER);
		str_add(&s, "]}");
		if (n == MANIFEST_LAYERS_MAX) {
			ASSERT_EQ(0, parse(s.p, &m, NULL));
			manifest_done(&m);
		} else {
			EXPECT_EQ(-E2BIG, parse(s.p, &m, NULL));
		}
	}
}

TEST(reads_an_index)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"manifests\":["
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":1,"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"},"
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"tag\","
		"\"io.containerd.image.name\":\"docker.io/library/web:1\"}},"
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX "\",\"size\":1,"
		"\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}}]}";
	_cleanup_json_ json_t *j = json_parse(text, strlen(text), "text", NULL);
	struct manifest_index x;

	ASSERT_EQ(0, manifest_index_parse(j, &x, NULL));
	ASSERT_EQ(2, x.n);
	EXPECT_STREQ("docker.io/library/web:1", x.entries[0].name);
	EXPECT_STREQ("v7", x.entries[0].variant);
	EXPECT_FALSE(x.entries[0].is_attestation);
	EXPECT_TRUE(x.entries[1].is_attestation);
	manifest_index_done(&x);
}

TEST(reads_a_docker_archive)
{
	static const char text[] = "[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"a\",\"b\"]}]";
	_cleanup_json_ json_t *j = json_parse(text, strlen(text), "text", NULL);
	_cleanup_json_ json_t *bad = json_parse("[{}]", 4, "text", NULL);
	struct docker_archive a;

	ASSERT_EQ(0, docker_archive_parse(j, &a, NULL));
	ASSERT_EQ(1, a.n);
	EXPECT_EQ(2, a.images[0].layers.n);
	EXPECT_EQ(0, a.images[0].tags.n);
	docker_archive_done(&a);
	EXPECT_EQ(-EBADMSG, docker_archive_parse(bad, &a, NULL));
}

TEST_HARNESS_MAIN
