/*
 * subs: how many subscriptions there are to each topic, as the feed's socket reports them. For
 * `status`: an operator sees who listens to what.
 *
 * Bounded: what does not fit is only counted. For one thread.
 */
#ifndef CAPRELAY_PUBLISH_SUBS_H
#define CAPRELAY_PUBLISH_SUBS_H

#include "base/slice.h"

#include <stdint.h>

enum { SUBS_TOPICS_MAX = 4096, SUBS_TOPIC_BYTES_MAX = 128 };

struct subs;

struct subs *subs_create(void);
/* Accepts NULL. */
void subs_destroy(struct subs *subs);

/* One message of an XPUB socket: 1 and the topic, or 0 and the topic. Anything else is ignored. */
void subs_take(struct subs *subs, struct slice message);

/* In no order. */
typedef void (*subs_fn)(void *context, struct slice topic, size_t count);
void subs_each(const struct subs *subs, subs_fn each, void *context);
/* Subscriptions whose topics did not fit. */
size_t subs_uncounted(const struct subs *subs);

#endif
