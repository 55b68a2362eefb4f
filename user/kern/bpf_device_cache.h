/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded device programs that further containers with the same list attach: verifier and compiler are a
 * seventh of what a start costs otherwise. They are pinned in <bpffs>/davit-oci/, each under its list in
 * letters, so that a name cannot stand for another list.
 */
#ifndef DAVIT_KERN_BPF_DEVICE_CACHE_H
#define DAVIT_KERN_BPF_DEVICE_CACHE_H

#include <stddef.h>

struct device_rule;

#define DEVICE_CACHE_MAX 32 /* programs kept; a list beyond is loaded anew each time */

/* bpf_device_cache_find() - the program of an equal list.
 * @bpffs: where a bpf file system may be; NULL = no cache
 * Return: descriptor of the program; -ENOENT when there is none, or when the list is too long for a name. */
int bpf_device_cache_find(const char *bpffs, const struct device_rule *rules, size_t n);

/* bpf_device_cache_keep() - pin @prog for later. What keeps it from that is no error: the container has
 * the program in any case. */
void bpf_device_cache_keep(const char *bpffs, const struct device_rule *rules, size_t n, int prog);

#endif
