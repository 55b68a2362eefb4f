/* SPDX-License-Identifier: Apache-2.0 */
/* index.json: how other tools find the images of the layout. */
#ifndef DAVIT_STORE_INDEX_H
#define DAVIT_STORE_INDEX_H

struct err;
struct image_list;
struct store;

/* index_write() - write index.json anew from the list, atomically, by way of the directory @tmp.
 * Nothing is written if it would not change. Return: 1 if it was written, 0 if not. Caller holds
 * the store lock exclusively. */
int index_write(const struct store *st, int tmp, const struct image_list *l, struct err *e);

#endif
