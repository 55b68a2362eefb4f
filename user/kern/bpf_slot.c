// SPDX-License-Identifier: Apache-2.0
/* Slots of the counters, in memory that the programs share. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

int bpf_set_read_meta(struct bpf_set *s, struct err *e)
{
	union {
		struct filter_meta meta;
		char slot[FILTER_SLOT_SIZE_MAX];
	} first;
	const struct filter_meta *meta = &first.meta;
	uint32_t key = 0;
	int r = bpf_sys_lookup(s->fds[MAP_COUNTERS], &key, &first);

	if (r < 0)
		return err_set(e, r, "read '%s/counters'", s->dir);
	if (meta->magic != FILTER_MAGIC)
		return err_plain(e, -EUCLEAN, "'%s/counters' was not made by davit", s->dir);
	s->slots = meta->slots;
	s->stripe_bits = meta->stripe_bits;
	s->slot_size = meta->slot_size;
	return 0;
}

static uint32_t slots_per_page(const struct bpf_set *s)
{
	return (uint32_t)getpagesize() / s->slot_size;
}

static struct filter_slot *in_page(const struct bpf_set *s, uint32_t i)
{
	return (struct filter_slot *)(void *)(s->page + (size_t)i * s->slot_size);
}

static int map_page(struct bpf_set *s, uint32_t number, struct err *e)
{
	size_t size = (size_t)getpagesize();
	void *p;

	if (s->page && s->page_number == number)
		return 0;
	/* a page, not all: the kernel fills the page tables of such a map at once */
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fds[MAP_COUNTERS],
		 (off_t)(number * size));
	if (p == MAP_FAILED)
		return err_set(e, errno, "map '%s/counters'", s->dir);
	if (s->page)
		(void)munmap(s->page, size);
	s->page = p;
	s->page_number = number;
	return 0;
}

int bpf_set_slot(struct bpf_set *s, uint32_t slot, struct filter_slot **ret, struct err *e)
{
	uint32_t per_page = slots_per_page(s);
	int r;

	if (slot >= s->slots)
		return err_plain(e, -EUCLEAN, "row in '%s/rows' speaks of slot %u of %u", s->dir,
				 slot, s->slots);
	r = map_page(s, slot / per_page, e);
	if (r < 0)
		return r;
	*ret = in_page(s, slot % per_page);
	return 0;
}

/* All but the owner. */
static void zero_slot(const struct bpf_set *s, struct filter_slot *slot)
{
	size_t owner = sizeof(slot->head.owner);

	memset((char *)slot + owner, 0, s->slot_size - owner);
}

int bpf_set_free_slot(struct bpf_set *s, uint32_t number, struct err *e)
{
	struct filter_slot *slot;
	int r = bpf_set_slot(s, number, &slot, e);

	if (r < 0)
		return r;
	zero_slot(s, slot);
	__atomic_store_n(&slot->head.owner, 0, __ATOMIC_RELEASE);
	return 0;
}

/* cgroup ids count up; neighbours shall not fight for one page */
static uint32_t home_page(uint64_t id, uint32_t n_pages)
{
	id *= 0x9e3779b97f4a7c15ull;
	return (uint32_t)(id >> 32) % n_pages;
}

/*
 * A slot is taken by compare-and-swap of its owner in shared memory: no call, no lock, and what a
 * killed process leaves names the cgroup that it was for.
 */
int bpf_set_claim_slot(struct bpf_set *s, uint64_t id, uint32_t *ret, struct err *e)
{
	uint32_t per_page = slots_per_page(s), n_pages = s->slots / per_page;
	uint32_t first = home_page(id, n_pages);

	for (uint32_t i = 0; i < n_pages; i++) {
		uint32_t number = (first + i) % n_pages;
		int r = map_page(s, number, e);

		if (r < 0)
			return r;
		for (uint32_t j = 0; j < per_page; j++) {
			struct filter_slot *slot = in_page(s, j);
			uint64_t nobody = 0;

			if (!__atomic_compare_exchange_n(&slot->head.owner, &nobody, id, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
				continue;
			zero_slot(s, slot);
			*ret = number * per_page + j;
			return 0;
		}
	}
	err_hint(e, "'davit system check' frees those of dead containers");
	return err_set(e, ENOSPC, "find a free one of %u network counters", s->slots);
}
