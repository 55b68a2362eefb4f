// SPDX-License-Identifier: Apache-2.0
/* Any text as an exit record: what is accepted is within its bounds. */
#include "kern/exit_record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct exit_record r;

	if (text && exit_record_parse(text, &r) == 0 &&
	    (r.status < 0 || r.status > 255 || r.signal < 0 || r.signal > 127 || r.finished_ns < 0))
		abort();
	free(text);
	return 0;
}
