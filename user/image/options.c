// SPDX-License-Identifier: Apache-2.0
/* Options of load and import. */
#include "image/options.h"

/* clang-format off */
const struct opt load_options[] = {
	OPT_STR('i',  "input", struct load_opts, input, "FILE",         "archive or layout directory (default: standard input)"),
	OPT_BOOL('q', "quiet", struct load_opts, quiet,                 "no progress"),
	OPT_STR(0,    "platform", struct load_opts, platform, "OS/ARCH[/VARIANT]", "which image of a multi-platform archive (default: this host's)"),
	OPT_STR('t',  "tag", struct load_opts, tag, "NAME[:TAG]",       "name of the image instead of the one in the archive"),
	OPT_SIZE(0,   "max-size", struct load_opts, max_size, "BYTES",  "refuse what unpacks to more (default 64g, or $DAVIT_MAX_SIZE)"),
	OPT_END
};

const struct opt import_options[] = {
	OPT_LIST('c', "change", struct import_opts, changes, "INSTRUCTION", "CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME or WORKDIR of a Dockerfile"),
	OPT_STR('m',  "message", struct import_opts, message, "TEXT",       "comment in the image's history"),
	OPT_STR(0,    "platform", struct import_opts, platform, "OS/ARCH[/VARIANT]", "platform of the image (default: this host's)"),
	OPT_SIZE(0,   "max-size", struct import_opts, max_size, "BYTES",    "refuse what unpacks to more (default 64g, or $DAVIT_MAX_SIZE)"),
	OPT_END
};
/* clang-format on */
