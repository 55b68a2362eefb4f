/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in single quotes, tables of what they become, tables of what is refused. */
#ifndef DAVIT_TESTS_OCI_HELP_H
#define DAVIT_TESTS_OCI_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/oci_config.h"

struct err;

/* clang-format off */
#define DOC(more) "{'ociVersion':'1.3.0','root':{'path':'rootfs'}" more "}"
#define PROCESS(more) DOC(",'process':{'cwd':'/','args':['true']" more "}")
#define MOUNT(more) DOC(",'mounts':[{'destination':'/m'" more "}]")
/* a "linux" with every namespace but those of users */
#define LINUX(more)                                                                                 \
	DOC(",'linux':{'namespaces':[{'type':'pid'},{'type':'network'},{'type':'mount'},"           \
	    "{'type':'ipc'},{'type':'uts'},{'type':'cgroup'},{'type':'time'}]" more "}")
#define RESOURCES(more) LINUX(",'resources':{" more "}")
/* a "linux" with nothing but what is given */
#define BARE(more) DOC(",'linux':{" more "}")
/* clang-format on */

enum oci_kind { KIND_NUMBER, KIND_TEXT, KIND_TEXTS };

/* One value that a document must lead to. */
struct oci_good {
	const char *text;
	enum oci_kind kind;
	size_t offset, width;
	uint64_t number; /* of strings: how many */
	const char *string; /* of a list: with a comma behind each */
};

/* clang-format off */
#define MEMBER(m) offsetof(struct oci_config, m), sizeof(((struct oci_config *)NULL)->m)
#define IS(text, m, value) { text, KIND_NUMBER, MEMBER(m), (uint64_t)(value), NULL }
#define IS_TEXT(text, m, value) { text, KIND_TEXT, MEMBER(m), 0, value }
#define IS_LIST(text, m, n, value) { text, KIND_TEXTS, MEMBER(m), n, value }
/* clang-format on */

/* One document that must be refused, with these words behind "config.json: ". */
struct oci_bad {
	const char *text;
	int want;
	const char *message;
};

/* config.json in single quotes */
int oci_help_parse(const char *text, struct oci_config *ret, struct err *e);

/* NULL, or what is wrong with row @g; valid until the next call */
const char *oci_help_good(const struct oci_good *g);
const char *oci_help_bad(const struct oci_bad *b);

/* Run both tables in a TEST(). */
/* clang-format off */
#define EXPECT_GOOD(table)                                                    \
	for (size_t i_ = 0; i_ < sizeof(table) / sizeof((table)[0]); i_++) {  \
		const char *wrong_ = oci_help_good(&(table)[i_]);             \
                                                                              \
		EXPECT_EQ(NULL, wrong_) TH_LOG("%s: %s", (table)[i_].text, wrong_); \
	}
#define EXPECT_BAD(table)                                                     \
	for (size_t i_ = 0; i_ < sizeof(table) / sizeof((table)[0]); i_++) {  \
		const char *wrong_ = oci_help_bad(&(table)[i_]);              \
                                                                              \
		EXPECT_EQ(NULL, wrong_) TH_LOG("%s: %s", (table)[i_].text, wrong_); \
	}
/* clang-format on */

#endif
