/*
 * exercise: what a source of class exercise delivers, made into an exercise before intake sees it
 * (semantics 1 and 7). Pure.
 *
 * Every alert of such a source is rewritten, not only those that say Actual: an Update that says
 * Exercise must meet the Alert that said Actual. The run id is made from the source's name, so that
 * identities and references of one source agree for ever.
 */
#ifndef CAPRELAY_ADAPTERS_EXERCISE_H
#define CAPRELAY_ADAPTERS_EXERCISE_H

#include "alert/parse.h"

/* One document for each alert, in the arena. */
struct exercise_parts {
    struct slice *items;
    size_t count;
};

/* The parts to be delivered in place of the document. None: nothing in it can be an exercise
 * (unreadable, heartbeat, System, Draft), and it goes on as it is. */
struct exercise_parts exercise_rewrite(const struct parser *parser, struct arena *arena,
                                       struct slice bytes, struct slice source);

/* What an alert of that source is called once it is rewritten, in the arena; and back: what it was
 * called before, a part of the text. */
struct slice exercise_identifier(struct arena *arena, struct slice source, struct slice identifier);
struct slice exercise_as_sent(struct slice source, struct slice identifier);

#endif
