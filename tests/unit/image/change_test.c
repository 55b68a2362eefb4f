// SPDX-License-Identifier: Apache-2.0
/* Dockerfile instructions of `import --change`. */
#include "image/change.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "kselftest_harness.h"
#include "spec/image_config.h"

TEST(applies_instructions)
{
	struct image_config c = { .created_ns = 0 };

	ASSERT_EQ(0, change_apply(&c, "CMD [\"a\",\"b c\"]", NULL));
	EXPECT_EQ(2, c.cmd.n);
	EXPECT_STREQ("b c", c.cmd.v[1]);
	ASSERT_EQ(0, change_apply(&c, "cmd echo hi", NULL));
	EXPECT_EQ(3, c.cmd.n);
	EXPECT_STREQ("echo hi", c.cmd.v[2]);
	ASSERT_EQ(0, change_apply(&c, "ENTRYPOINT []", NULL));
	EXPECT_EQ(0, c.entrypoint.n);
	ASSERT_EQ(0, change_apply(&c, "ENV A=1 B=\"x y\" C='\\' D=a\\ b E=", NULL));
	EXPECT_EQ(5, c.env.n);
	EXPECT_STREQ("B=x y", c.env.v[1]);
	EXPECT_STREQ("C=\\", c.env.v[2]);
	EXPECT_STREQ("D=a b", c.env.v[3]);
	ASSERT_EQ(0, change_apply(&c, "ENV A two words", NULL));
	EXPECT_STREQ("A=two words", c.env.v[0]);
	ASSERT_EQ(0, change_apply(&c, "EXPOSE 80 53/udp 80/tcp", NULL));
	EXPECT_EQ(2, c.exposed_ports.n);
	EXPECT_STREQ("80/tcp", c.exposed_ports.v[0]);
	ASSERT_EQ(0, change_apply(&c, "LABEL a=b", NULL));
	ASSERT_EQ(0, change_apply(&c, "USER 1:2", NULL));
	EXPECT_STREQ("1:2", c.user);
	ASSERT_EQ(0, change_apply(&c, "WORKDIR /a", NULL));
	ASSERT_EQ(0, change_apply(&c, "WORKDIR b", NULL));
	EXPECT_STREQ("/a/b", c.working_dir);
	ASSERT_EQ(0, change_apply(&c, "VOLUME [\"/x\"]", NULL));
	ASSERT_EQ(0, change_apply(&c, "VOLUME /y /x", NULL));
	EXPECT_EQ(2, c.volumes.n);
	ASSERT_EQ(0, change_apply(&c, "STOPSIGNAL SIGINT", NULL));
	EXPECT_STREQ("SIGINT", c.stop_signal);
	image_config_done(&c);
}

TEST(refuses_nonsense)
{
	static const char *const refused[] = {
		"", "RUN x", "CMD", "ENV", "ENV =x", "ENV A=b C", "ENV A=\"b", "EXPOSE 0", "EXPOSE 65536",
		"EXPOSE 80/icmp", "EXPOSE x", "VOLUME relative", "STOPSIGNAL SIGNOT", "CMDx y",
	};
	struct image_config c = { .created_ns = 0 };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		EXPECT_EQ(-EINVAL, change_apply(&c, refused[i], NULL))
		{
			TH_LOG("accepted '%s'", refused[i]);
		}
	}
	image_config_done(&c);
}

TEST_HARNESS_MAIN
