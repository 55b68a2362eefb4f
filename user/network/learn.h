/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that allow what was seen, and nothing else. */
#ifndef DAVIT_NETWORK_LEARN_H
#define DAVIT_NETWORK_LEARN_H

#include <stddef.h>

struct net_target;
struct strv;

/**
 * learn_rules() - the fewest rules, as policy_parse_rule() takes them, that allow @seen exactly
 * @ret: appended to
 *
 * Addresses that fill a prefix become that prefix, ports that follow each other a range. Return: 0; -ENOMEM.
 */
int learn_rules(const struct net_target *seen, size_t n, struct strv *ret);

#endif
