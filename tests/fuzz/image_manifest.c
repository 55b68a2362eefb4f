// SPDX-License-Identifier: Apache-2.0
/* Manifests, indexes and docker's manifest.json from arbitrary JSON. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "spec/image_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	json_t *j = json_parse((const char *)data, size, "input", &e), *back;
	struct manifest m;
	struct manifest_index x;
	struct docker_archive a;

	if (!j)
		return 0;
	if (manifest_parse(j, &m, &e) == 0) {
		back = manifest_to_json(&m);
		manifest_done(&m);
		if (!back || manifest_parse(back, &m, &e) < 0)
			abort();
		manifest_done(&m);
		json_decref(back);
	}
	if (manifest_index_parse(j, &x, &e) == 0)
		manifest_index_done(&x);
	if (docker_archive_parse(j, &a, &e) == 0)
		docker_archive_done(&a);
	json_decref(j);
	return 0;
}
