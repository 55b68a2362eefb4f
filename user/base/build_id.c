// SPDX-License-Identifier: Apache-2.0
/* The note that ld(1) leaves in the program. */
#include "base/build_id.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#define ALIGN4(n) (((size_t)(n) + 3) & ~(size_t)3)

struct found {
	uint8_t *id;
	int n;
};

static void search_notes(const uint8_t *p, size_t n, struct found *f)
{
	ElfW(Nhdr) h;

	for (size_t len; n > sizeof(h); p += len, n -= len) {
		const uint8_t *name = p + sizeof(h), *id;

		memcpy(&h, p, sizeof(h));
		id = name + ALIGN4(h.n_namesz);
		len = sizeof(h) + ALIGN4(h.n_namesz) + ALIGN4(h.n_descsz);
		if (len > n)
			return;
		if (h.n_type != NT_GNU_BUILD_ID || h.n_namesz != sizeof("GNU") ||
		    memcmp(name, "GNU", sizeof("GNU")) != 0)
			continue;
		if (h.n_descsz >= BUILD_ID_MIN && h.n_descsz <= BUILD_ID_SIZE) {
			memcpy(f->id, id, h.n_descsz);
			f->n = (int)h.n_descsz;
		}
		return;
	}
}

static int search_program(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type == PT_NOTE)
			search_notes((const uint8_t *)(info->dlpi_addr + h->p_vaddr), h->p_memsz,
				     data);
	}
	return 1; /* the program comes first, then its libraries */
}

int build_id(uint8_t ret[static BUILD_ID_SIZE])
{
	struct found f = { .id = ret, .n = -ENOENT };

	memset(ret, 0, BUILD_ID_SIZE);
	(void)dl_iterate_phdr(search_program, &f);
	return f.n;
}
