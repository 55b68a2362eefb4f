// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a state.json: what parses is printed as a state that parses, too. */
#include "runtime/record.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	_cleanup_str_ struct str state = STR_INIT;
	_cleanup_json_ json_t *j = NULL;

	if (size > RECORD_FILE_MAX || record_parse((const char *)data, size, &r, NULL) < 0)
		return 0;
	record_state_json(&r, RECORD_RUNNING, &state);
	j = json_parse(str_text(&state), state.len, "state", NULL);
	if (!j)
		abort();
	return 0;
}
