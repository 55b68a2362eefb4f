// SPDX-License-Identifier: Apache-2.0
/*
 * davit-bpf: loads the BPF programs of a slice, once per boot, for the davit that found none. That
 * davit holds the load lock and has given it to us, too. libbpf lives here so that no container's
 * start carries it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/env.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "load.h"

int main(int argc, char *argv[])
{
	struct err e = ERR_INIT;
	uint32_t slice_fd;

	if (argc != 4 || fmt_parse_u32(argv[3], &slice_fd) < 0) {
		(void)fputs("usage: davit-bpf BPFFS SLICE FD\n"
			    "Loads the BPF programs; davit starts it by itself.\n",
			    stderr);
		return 125;
	}
	if (load_set(&(const struct env){ .bpffs = argv[1], .slice = argv[2] }, (int)slice_fd,
		     &e) >= 0)
		return 0;
	/* davit reads the struct; it is the same on both sides of one build */
	(void)io_write_full(STDOUT_FILENO, &e, sizeof(e)); /* the exit status says it too */
	return 125;
}
