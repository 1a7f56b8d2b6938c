/*
 * Handing alerts on: each once, by whichever channel it comes first, however often it is listed.
 *
 * An alert is known by its bytes: another one under the same identifier is handed on.
 */
#include "adapters/ipaws/ipaws.h"
#include "adapters/seen.h"
#include "base/mem.h"

#include <stdlib.h>

/* What the loop can bear in one turn. A look into the journal is the unit, some tens of
 * microseconds; what is delivered is parsed and goes through all that intake does. */
enum { TURN_COST_MAX = 256, DELIVERY_COST = 16, COST_BYTES = 4096 };

static struct slice key_of(const struct digest *digest)
{
    return slice_of(digest->bytes, sizeof digest->bytes);
}

static void deliver(struct ipaws *ipaws, const struct wrapped_alert *alert)
{
    struct seen_mark mark;
    struct digest *flight = mem_alloc(sizeof *flight);
    *flight = digest_of(alert->bytes);
    struct adapter_document document = {.bytes = alert->document,
                                        .receipt = (uint64_t)(uintptr_t)flight};
    map_put(ipaws->in_flight, key_of(flight), flight);
    seen_make(ipaws->host, alert->bytes, &mark);
    seen_put(&mark, &document);
    host_deliver(ipaws->host, &document); /* may pause us */
}

static bool is_new(const struct ipaws *ipaws, const struct wrapped_alert *alert)
{
    struct digest digest = digest_of(alert->bytes);
    return !map_get(ipaws->in_flight, key_of(&digest)) && !seen_before(ipaws->host, alert->bytes);
}

static void spend(size_t *left, size_t cost)
{
    *left -= cost < *left ? cost : *left;
}

/* False where there is more to do than may be done now. */
static bool hand_on_some(struct ipaws_channel *channel, size_t *left)
{
    struct ipaws_answer *answer = &channel->answer;
    while (answer->next < answer->list.count) {
        if (channel->ipaws->paused || *left == 0)
            return false;
        const struct wrapped_alert *alert = &answer->list.alerts[answer->next++];
        spend(left, 1);
        /* The whole answer brings all of its alerts at once; each is known by a look of its own. */
        bool came = alert->document.ptr == answer->handed_on;
        if (came || !is_new(channel->ipaws, alert))
            continue;
        answer->handed_on = alert->document.ptr;
        answer->fresh++;
        spend(left, DELIVERY_COST + alert->document.len / COST_BYTES);
        deliver(channel->ipaws, alert);
    }
    return true;
}

void ipaws_hand_on(struct ipaws *ipaws)
{
    size_t left = TURN_COST_MAX;
    bool all = true;
    for (size_t i = 0; i < IPAWS_FEEDS; i++) {
        struct ipaws_channel *channel = &ipaws->channels[i];
        if (!channel->answer.arena)
            continue;
        if (hand_on_some(channel, &left))
            ipaws_answer_over(channel);
        else
            all = false;
    }
    if (!all && !ipaws->paused)
        loop_timer_start(ipaws->hand_on, 0);
}

void ipaws_landed(struct ipaws *ipaws, uint64_t receipt)
{
    struct digest *flight = (struct digest *)(uintptr_t)receipt;
    map_remove(ipaws->in_flight, key_of(flight));
    free(flight);
}
