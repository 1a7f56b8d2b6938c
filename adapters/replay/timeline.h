/*
 * timeline: what timeline.tsv says of a recorded incident. Pure.
 *
 * UTF-8, tabs between the columns `offset_s`, `file`, `country`, named so in the first line; lines
 * that begin with # are remarks. offset_s: seconds after the start; file: below the folder;
 * country: ca or us.
 */
#ifndef CAPRELAY_ADAPTERS_REPLAY_TIMELINE_H
#define CAPRELAY_ADAPTERS_REPLAY_TIMELINE_H

#include "alert/alert.h"
#include "base/arena.h"
#include "base/err.h"

struct timeline_row {
    double offset_s;
    const char *file;
    enum side country;
};

struct timeline {
    struct timeline_row *rows; /* in the arena, as written */
    size_t count;
};

/* The error names the line. */
enum err_code timeline_read(struct arena *arena, struct slice text, struct timeline *out,
                            struct err *err);

#endif
