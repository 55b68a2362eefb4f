// SPDX-License-Identifier: Apache-2.0
/* Image references: what is accepted must survive its short form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "spec/image_ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), brief[IMAGE_REF_TEXT_MAX];
	struct image_ref ref, again;
	struct err e = ERR_INIT;

	if (text && image_ref_parse(text, &ref, &e) == 0) {
		(void)image_ref_short(&ref, brief);
		if (image_ref_parse(brief, &again, &e) < 0 || strcmp(ref.name, again.name) != 0 ||
		    strcmp(ref.tag, again.tag) != 0 || strcmp(ref.digest, again.digest) != 0)
			abort();
	}
	free(text);
	return 0;
}
