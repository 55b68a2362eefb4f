/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of images and layers, <root>:
 *
 *	oci-layout, index.json, blobs/sha256/<hex>   an OCI image layout other tools can read
 *	layers/<diffid>/fs	an unpacked layer in overlay's form: whiteouts are 0:0 devices, opaque
 *				directories carry trusted.overlay.opaque=y
 *	layers/<diffid>/layer.json  its link, entries and bytes
 *	l/<link>		symlink to ../layers/<diffid>/fs; at most four characters, because
 *				fsconfig(2) takes at most 256 bytes of lowerdir
 *	images/<id>/image.json	what a start needs to know of an image, normalised at load time
 *	refs/<name>		symlink to an image id; '/' in the name is written as '+'
 *	refs/@<digest>		the same by the digest of the manifest
 *	tmp/			what a running load builds; locked while in use
 *	trash/			what is being deleted
 *	lock			see base/lock.h
 *
 * Every change is built below tmp/, synced, and then renamed into place in the order blobs, layers,
 * links, image, refs, index. A crash leaves only garbage that store_check() finds: below tmp/ and
 * trash/, or blobs and layers that no image mentions.
 */
#ifndef DAVIT_STORE_STORE_H
#define DAVIT_STORE_STORE_H

struct err;

/**
 * struct store - an open store
 * @fd: <root>, a directory
 */
struct store {
	int fd;
};

#define STORE_INIT { .fd = -1 }

/* store_open() - open @root, making it and its layout when missing */
int store_open(const char *root, struct store *ret, struct err *e);
void store_done(struct store *st);

#endif
