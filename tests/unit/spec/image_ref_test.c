// SPDX-License-Identifier: Apache-2.0
/* Image references: Docker's normalisation, what is refused, round trips. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "spec/image_ref.h"
#include "kselftest_harness.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct accepted {
	const char *text, *full, *brief;
};

static const struct accepted accepted[] = {
	{ "web", "docker.io/library/web:latest", "web:latest" },
	{ "web:1.2", "docker.io/library/web:1.2", "web:1.2" },
	{ "team/web", "docker.io/team/web:latest", "team/web:latest" },
	{ "docker.io/web", "docker.io/library/web:latest", "web:latest" },
	{ "index.docker.io/web", "docker.io/library/web:latest", "web:latest" },
	{ "docker.io/library/web", "docker.io/library/web:latest", "web:latest" },
	{ "library/web", "docker.io/library/web:latest", "web:latest" },
	{ "docker.io/a/b/c:x", "docker.io/a/b/c:x", "a/b/c:x" },
	{ "docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest" },
	{ "localhost/web", "localhost/web:latest", "localhost/web:latest" },
	{ "localhost:5000/web", "localhost:5000/web:latest", "localhost:5000/web:latest" },
	{ "localhost:5000/web:t", "localhost:5000/web:t", "localhost:5000/web:t" },
	{ "reg.example/web", "reg.example/web:latest", "reg.example/web:latest" },
	{ "Reg/web", "Reg/web:latest", "Reg/web:latest" },
	{ "[::1]:5000/web", "[::1]:5000/web:latest", "[::1]:5000/web:latest" },
	{ "docker.io/reg.example/web", "docker.io/reg.example/web:latest",
	  "docker.io/reg.example/web:latest" },
	{ "a__b-c.d---e", "docker.io/library/a__b-c.d---e:latest", "a__b-c.d---e:latest" },
	{ "web:_x.Y-1", "docker.io/library/web:_x.Y-1", "web:_x.Y-1" },
	{ "web@sha256:" HEX, "docker.io/library/web@sha256:" HEX, "web@sha256:" HEX },
	{ "web:1@sha256:" HEX, "docker.io/library/web:1@sha256:" HEX, "web:1@sha256:" HEX },
};

TEST(normalises_as_docker_does)
{
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		char text[IMAGE_REF_TEXT_MAX];
		struct image_ref ref, again;

		ASSERT_EQ(0, image_ref_parse(accepted[i].text, &ref, NULL))
		{
			TH_LOG("%s", accepted[i].text);
		}
		EXPECT_STREQ(accepted[i].full, image_ref_text(&ref, text));
		EXPECT_STREQ(accepted[i].brief, image_ref_short(&ref, text));
		/* the short name means the same */
		ASSERT_EQ(0, image_ref_parse(text, &again, NULL));
		EXPECT_EQ(0, memcmp(ref.name, again.name, strlen(ref.name) + 1));
		EXPECT_STREQ(ref.tag, again.tag);
	}
}

TEST(refuses_what_is_no_reference)
{
	static const char *const refused[] = {
		"",
		":",
		"/",
		"@",
		"web:",
		":tag",
		"Web",
		"web/",
		"/web",
		"a//b",
		"-web",
		"web-",
		".web",
		"a..b",
		"a___b",
		"web:-x",
		"web:.x",
		"web tag",
		"web@",
		"web@sha256:1234",
		"web@sha512:" HEX,
		"web@sha256:" HEX "0",
		HEX,
		"../x",
		"a/../b",
		"reg.example:port/web",
		"reg.example:123456/web",
		"-reg.example/web",
		"[::1/web",
		"web:a/b",
		"w\303\251b",
		"web\n",
		"http://reg.example/web",
		"sha256:abc",
		"sha256",
	};
	struct image_ref ref;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(-EINVAL, image_ref_parse(refused[i], &ref, NULL))
		{
			TH_LOG("accepted '%s'", refused[i]);
		}
	}
}

TEST(keeps_to_the_limits)
{
	char text[600];
	struct image_ref ref;

	/* "docker.io/library/" has 18 */
	memset(text, 'a', sizeof(text));
	text[IMAGE_REF_NAME_MAX - 18] = '\0';
	EXPECT_EQ(0, image_ref_parse(text, &ref, NULL));
	EXPECT_EQ(IMAGE_REF_NAME_MAX, strlen(ref.name));
	text[IMAGE_REF_NAME_MAX - 18] = 'a';
	text[IMAGE_REF_NAME_MAX - 17] = '\0';
	EXPECT_EQ(-EINVAL, image_ref_parse(text, &ref, NULL));
	memset(text, 'a', sizeof(text));
	text[1] = ':';
	text[2 + IMAGE_REF_TAG_MAX] = '\0';
	EXPECT_EQ(0, image_ref_parse(text, &ref, NULL));
	text[2 + IMAGE_REF_TAG_MAX] = 'a';
	text[3 + IMAGE_REF_TAG_MAX] = '\0';
	EXPECT_EQ(-EINVAL, image_ref_parse(text, &ref, NULL));
}

TEST(leaves_the_result_alone_on_failure)
{
	struct image_ref ref = { .name = "before" };
	struct err e = ERR_INIT;

	EXPECT_EQ(-EINVAL, image_ref_parse("No", &ref, &e));
	EXPECT_STREQ("before", ref.name);
	EXPECT_STREQ("'No' is not an image name", e.msg);
}

TEST_HARNESS_MAIN
