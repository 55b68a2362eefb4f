/* SPDX-License-Identifier: Apache-2.0 */
/* <root>/containers/<id>/end.json: how the last run of a kept container ended. */
#ifndef DAVIT_ENGINE_END_RECORD_H
#define DAVIT_ENGINE_END_RECORD_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct err;
struct run_state;

/**
 * struct end_record - @is_known false: nobody saw the end (its parent was killed)
 * @exit_code: as a shell has it: status, or 128 + signal
 */
struct end_record {
	int64_t started_ns, finished_ns;
	int exit_code;
	bool is_known, oom_killed;
};

/* end_record_write() - @is_known false: it ends now or later, and nobody knows how */
int end_record_write(struct engine *en, const char *id, const struct run_state *s, bool is_known,
		     struct err *e);
void end_record_remove(struct engine *en, const char *id);
/* end_record_read() - -ENOENT: it never ran to an end */
int end_record_read(struct engine *en, const char *id, struct end_record *ret, struct err *e);

#endif
