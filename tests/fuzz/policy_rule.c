// SPDX-License-Identifier: Apache-2.0
/* Fuzz target: a network rule either fails with a reason or survives formatting and parsing again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "network/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is a flow is a rule of one address and at most one port. */
static void check_flow(const char *text)
{
	struct net_target t;
	struct err e = ERR_INIT;
	struct net_policy_rule rule;
	int r = policy_parse_flow(text, &t, &e);

	if (r < 0 && (!e.code || !e.msg[0]))
		abort();
	if (r == 0 && (policy_parse_rule(text, true, &rule, NULL) < 0 || rule.family != t.family ||
		       rule.proto != t.proto || rule.port_lo != t.port))
		abort();
}

static void check_rule(const char *text)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct net_policy_rule rule, again;
	struct err e = ERR_INIT;

	check_flow(text);
	if (policy_parse_rule(text, true, &rule, &e) < 0) {
		if (!e.code || !e.msg[0])
			abort();
		return;
	}
	policy_format_rule(&rule, &s);
	if (policy_parse_rule(str_text(&s), true, &again, NULL) < 0 ||
	    memcmp(&rule, &again, sizeof(rule)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_rule(text);
	return 0;
}
