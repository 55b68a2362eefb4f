/* SPDX-License-Identifier: Apache-2.0 */
/* Every bound on what an image, an archive or a user may make the store hold. */
#ifndef DAVIT_STORE_LIMITS_H
#define DAVIT_STORE_LIMITS_H

#define LIMIT_FILE_BYTES     (1ull << 43) /* apparent size of one file, holes included */
#define LIMIT_REF_FILE	      255u /* encoded name, a file name below refs/ */
#define LIMIT_INDEX_BYTES     (4u << 20)
#define LIMIT_INDEX_ENTRIES   4096u
#define LIMIT_MANIFEST_BYTES  (4u << 20)
#define LIMIT_CONFIG_BYTES    (8u << 20)
#define LIMIT_RECORD_BYTES    (10u << 20) /* images/<id>/image.json: a configuration and lists */
#define LIMIT_ARCHIVE_ENTRIES 16384u	  /* of an archive's outer tar */
#define LIMIT_ENTRIES	      2000000u	  /* of one layer */
#define LIMIT_DEPTH	      1024u	  /* directories above an entry */
#define LIMIT_PATH	      4095u
#define LIMIT_NAME	      255u
#define LIMIT_XATTR_BYTES     65536u /* one value: XATTR_SIZE_MAX of Linux */
#define LIMIT_XATTR_TOTAL     (256u << 10) /* all of one entry */
#define LIMIT_XATTRS	      1024u	   /* of one entry */
#define LIMIT_UNPACKED_BYTES  (64ull << 30) /* one image; $DAVIT_MAX_SIZE, --max-size */

#endif
