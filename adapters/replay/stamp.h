/*
 * stamp: times inside the texts of parameters, moved. Pure.
 */
#ifndef CAPRELAY_ADAPTERS_REPLAY_STAMP_H
#define CAPRELAY_ADAPTERS_REPLAY_STAMP_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdint.h>

/* Every date and time of the form 2026-04-15T20:51[:47[.123]] in the text, whatever stands before
 * and behind it, moved by that many seconds; what follows (fraction, offset from UTC) stays as it
 * was written. The text itself where there is none. */
struct slice stamp_shift_times(struct arena *arena, struct slice text, int64_t shift_s);

/* The product class of every P-VTEC becomes T (test), and the times in it and in an H-VTEC move by
 * whole minutes; all-zero ones stay (NWS Instruction 10-1703). Without a VTEC in it the text
 * itself. */
struct slice stamp_exercise_vtec(struct arena *arena, struct slice text, int64_t shift_s);

#endif
