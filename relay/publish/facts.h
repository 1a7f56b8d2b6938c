/*
 * facts: the relay's state as JSON, the same words in beats, answers and `status`
 * (docs/protocol.md 3.5, 4). Each result is the caller's.
 */
#ifndef CAPRELAY_PUBLISH_FACTS_H
#define CAPRELAY_PUBLISH_FACTS_H

#include "journal/journal.h"
#include "publish/health.h"
#include "publish/in_force.h"
#include "publish/view.h"

#include <jansson.h>

/* For json_put() of {topic: number}; context is a JSON object. */
void facts_take_topic(void *context, struct slice topic, uint64_t seq);
json_t *facts_head(uint64_t seq, const struct digest *chain);
json_t *facts_in_force(const struct in_force *set);
json_t *facts_journal(const struct journal_state *state);
json_t *facts_clock(bool synchronised);
/* `whole` adds the counters. */
json_t *facts_sources(const struct view *view, bool whole);
/* Those of a class, or with CLASS_NONE all of them with their counters. */
json_t *facts_outlets(const struct view *view, enum alert_class class);
/* {verdict: number} since the start, of that class and of messages without one; the usual verdicts
 * also where they are 0. */
json_t *facts_counts(const struct view *view, enum alert_class class);
json_t *facts_reasons(const struct health *health);
const char *facts_state_name(const struct health *health); /* "ok", "degraded" */

#endif
