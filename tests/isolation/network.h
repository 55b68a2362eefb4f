/* SPDX-License-Identifier: Apache-2.0 */
/* What probes of the network share. */
#ifndef DAVIT_ISOLATION_NETWORK_H
#define DAVIT_ISOLATION_NETWORK_H

#include <stdbool.h>

struct facts;
struct seen;

/* network_is_shared() - the host's network was asked for, or nobody knows; then @s is the answer */
bool network_is_shared(const struct facts *f, struct seen *s);

#endif
