// SPDX-License-Identifier: Apache-2.0
/* Image configurations: what is accepted must survive being written and read. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "spec/image_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	json_t *j = json_parse((const char *)data, size, "input", &e), *back;
	struct image_config c;

	if (j && image_config_parse(j, &c, &e) == 0) {
		back = image_config_to_json(&c);
		image_config_done(&c);
		if (!back || image_config_parse(back, &c, &e) < 0)
			abort();
		image_config_done(&c);
		json_decref(back);
	}
	json_decref(j);
	return 0;
}
