/*
 * commands: what the words of a script do; run.c has the list.
 */
#ifndef CAPRELAY_TESTS_SCENARIOS_COMMANDS_H
#define CAPRELAY_TESTS_SCENARIOS_COMMANDS_H

#include "words.h"
#include "world.h"

/* stage.c: setting the stage */
void do_now(struct world *world, const struct words *words);
void do_clock(struct world *world, const struct words *words);
void do_source(struct world *world, const struct words *words);
void do_authority(struct world *world, const struct words *words);
void do_policy(struct world *world, const struct words *words);
void do_rule(struct world *world, const struct words *words);
void do_boundaries(struct world *world, const struct words *words);
void do_message(struct world *world, const struct words *words);
void do_raw(struct world *world, const struct words *words);
void do_envelope(struct world *world, const struct words *words);

/* play.c: what happens */
void do_deliver(struct world *world, const struct words *words);
void do_collect(struct world *world, const struct words *words);
void do_restart(struct world *world, const struct words *words);
void do_crash(struct world *world, const struct words *words);

/* look.c: what must have become of it */
void do_expect(struct world *world, const struct words *words);
void do_in_force(struct world *world, const struct words *words);
void do_same_derived(struct world *world, const struct words *words);
void do_other_derived(struct world *world, const struct words *words);
void do_counts(struct world *world, const struct words *words);

#endif
