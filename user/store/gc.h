/* SPDX-License-Identifier: Apache-2.0 */
/* Collect what no image mentions. */
#ifndef DAVIT_STORE_GC_H
#define DAVIT_STORE_GC_H

struct err;
struct image_list;
struct store;
struct strv;

/**
 * gc_collect() - move unreferenced layers, blobs and links to the trash
 * @l:	      all images
 * @ret_what: one line for each thing is added here, may be NULL
 *
 * Layers and blobs that a running load has pinned are left alone. Caller holds the store lock
 * exclusively and calls trash_empty() after releasing it.
 */
int gc_collect(const struct store *st, const struct image_list *l, struct strv *ret_what,
	       struct err *e);

#endif
