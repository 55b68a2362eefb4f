// SPDX-License-Identifier: Apache-2.0
/* davit-probe: one program for both sides. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "canary.h"
#include "host.h"
#include "inside.h"
#include "probe.h"
#include "report.h"

static int list_main(int argc, char *argv[])
{
	bool is_json = argc == 3 && strcmp(argv[1], "--format") == 0 &&
		       strcmp(argv[2], "json") == 0;
	struct outcomes o;
	int r;

	if (argc != 1 && !is_json) {
		(void)fprintf(stderr, "davit-probe: 'list' takes --format json, or nothing\n");
		return HOST_FAILED;
	}
	if (outcomes_init(&o) < 0) {
		(void)fprintf(stderr, "davit-probe: no memory\n");
		return HOST_FAILED;
	}
	r = report_list(&o, is_json);
	outcomes_done(&o);
	return r < 0 ? HOST_FAILED : 0;
}

int main(int argc, char *argv[])
{
	const char *verb = argc > 1 ? argv[1] : "";

	/* what we open must not become 0, 1 or 2; what is written to a closed 1 is lost, and is an error */
	for (int fd = 0; fd < 3; fd++) {
		int flags = fd == 1 ? O_RDONLY : O_RDWR;

		// NOLINTNEXTLINE(android-cloexec-open)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) < 0)
			return HOST_FAILED;
	}
	if (strcmp(verb, "host") == 0)
		return host_main(argc - 1, argv + 1);
	if (strcmp(verb, "list") == 0)
		return list_main(argc - 1, argv + 1);
	if ((strcmp(verb, "inside") == 0 || strcmp(verb, "alone") == 0) && argc >= 4)
		return inside_main(argv[2], (const char *const *)argv + 4, (size_t)argc - 4,
				   *verb == 'i');
	if (strcmp(verb, "hold") == 0 && argc == 4)
		return hold_main(argv[2], argv[3]);
	if (strcmp(verb, CANARY_VERB) == 0 && argc == 3)
		return canary_main();
	(void)fprintf(stderr, "usage: davit-probe host [OPTIONS] | list [--format json] |\n"
			      "       inside|alone DIR TOKEN [NAME...] | hold DIR TOKEN\n");
	return HOST_FAILED;
}
