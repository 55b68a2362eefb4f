// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a line of a log, as a time, as detach keys: bounded results, or a refusal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/log.h"
#include "runtime/console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char keys[CONSOLE_KEYS_MAX];
	char *text = strndup((const char *)data, size), *buf = NULL;
	struct log_entry l;
	int64_t ns = 0;

	if (log_parse_line((const char *)data, size, &l, &buf) == 0 &&
	    (l.len > size || l.text[l.len] || l.time_ns < 0))
		abort();
	free(buf);
	if (text && log_parse_time(text, INT64_C(1767225600000000000), &ns) == 0 && ns < 0)
		abort();
	if (text && console_keys_parse(text, keys, NULL) > (int)CONSOLE_KEYS_MAX)
		abort();
	free(text);
	return 0;
}
