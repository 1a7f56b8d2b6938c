/*
 * beat: the relay's own signed heartbeat on the feed, one for each class (docs/protocol.md).
 *
 * Every interval, and at once when the journal's condition changes. It tells only numbers that are
 * committed, and the truth about journal, sources and clock: silence of a relay that beats `ok`
 * means that nothing happened. For the loop's thread.
 */
#ifndef CAPRELAY_PUBLISH_BEAT_H
#define CAPRELAY_PUBLISH_BEAT_H

#include "publish/feed.h"
#include "publish/health.h"
#include "publish/in_force.h"
#include "publish/view.h"
#include "seal/key.h"

struct beats;

struct beats_options {
    struct loop *loop;
    struct journal *journal;
    struct feed *feed;
    const struct key *actual_key; /* lent */
    const struct key *exercise_key;
    const struct view *view; /* lent */
    int64_t interval_us;
};

/* Started at once: the first beats go out when the loop runs. */
struct beats *beats_create(const struct beats_options *options);
/* Accepts NULL. */
void beats_destroy(struct beats *beats);

void beats_set_interval(struct beats *beats, int64_t interval_us);
/* Something about the journal may have changed: beats now if it did. */
void beats_pulse(struct beats *beats);
/* How the relay is now. */
void beats_health(struct beats *beats, struct health *out);
/* What is in force now. Lent until the loop goes on. */
enum err_code beats_in_force(struct beats *beats, enum alert_class class,
                             const struct in_force **out, struct err *err);

#endif
