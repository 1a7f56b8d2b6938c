/*
 * rewrite: a recorded alert made into an exercise of one run (semantics 7). Pure.
 */
#ifndef CAPRELAY_ADAPTERS_REPLAY_REWRITE_H
#define CAPRELAY_ADAPTERS_REPLAY_REWRITE_H

#include "alert/alert.h"

#define REWRITE_HEADLINE "EXERCISE / EXERCICE"

struct rewrite_options {
    struct slice run_id;    /* a-z 0-9 - _ . */
    int64_t shift_s;        /* added to every time */
    struct slice recording; /* the recording's name, for the note; the same for all of a run, so
                               that two copies of one alert stay alike */
    const char *told_as;    /* what the note says of it; NULL: "replay of the recording" */
};

/* NULL or why an alert of a recording is not played: unreadable, heartbeat, not public, System,
 * Draft. In the arena. */
const char *rewrite_refusal(struct arena *arena, const struct alert *alert);

/* What an alert of that run is called; in the arena, with a NUL behind it. */
struct slice rewrite_identifier(struct arena *arena, struct slice run_id, struct slice identifier);

/* A new alert in the arena that shares the texts that did not change. Only for a relayable one of
 * status Actual, Exercise or Test. */
struct alert *rewrite_alert(struct arena *arena, const struct alert *alert,
                            const struct rewrite_options *options);

#endif
