#include "dedup/chain.h"

#include "base/map.h"

#include <stdlib.h>

enum { SAME_IDENTITY_MAX = 8 };

struct step {
    const struct identity *identity;
    bool direct;
    bool may_end; /* reached only through messages that may be ended */
};

struct walk {
    struct known *known;
    struct arena *arena;
    chain_may_end_fn may_end;
    void *context;
    struct map *seen;
    struct step *steps;
    size_t step_count;
    size_t step_capacity;
    struct chain *chain;
};

static void push(struct walk *walk, const struct identity *identity, bool direct, bool may_end)
{
    if (walk->step_count >= CHAIN_MESSAGES_MAX) {
        walk->chain->cut = true;
        return;
    }
    if (map_put(walk->seen, identity_key(walk->arena, identity), walk))
        return;
    walk->steps = arena_grow(walk->arena, walk->steps, walk->step_count, &walk->step_capacity,
                             sizeof(*walk->steps));
    walk->steps[walk->step_count++] = (struct step){identity, direct, may_end};
}

static void add_region(struct chain_side *side, struct arena *arena, struct slice region)
{
    size_t at = 0;
    while (at < side->region_count && slice_cmp(side->regions[at], region) < 0)
        at++;
    if (at < side->region_count && slice_eq(side->regions[at], region))
        return;
    side->regions = arena_grow(arena, side->regions, side->region_count, &side->region_capacity,
                               sizeof(*side->regions));
    memmove(side->regions + at + 1, side->regions + at,
            (side->region_count - at) * sizeof(*side->regions));
    side->regions[at] = region;
    side->region_count++;
}

static void add_sent(struct walk *walk, const struct journal_known *row)
{
    for (size_t i = 0; i < row->sent_count; i++) {
        struct chain_side *side = &walk->chain->sides[row->sent[i].side];
        side->went = true;
        for (size_t k = 0; k < row->sent[i].region_count; k++)
            add_region(side, walk->arena, row->sent[i].regions[k]);
    }
}

static void add_end(struct walk *walk, int64_t arrival)
{
    struct chain *chain = walk->chain;
    chain->ends = arena_grow(walk->arena, chain->ends, chain->ends_count, &chain->ends_capacity,
                             sizeof(*chain->ends));
    chain->ends[chain->ends_count++] = arrival;
}

static void add_direct(struct walk *walk, const struct known_message *message)
{
    struct chain *chain = walk->chain;
    chain->direct = arena_grow(walk->arena, chain->direct, chain->direct_count,
                               &chain->direct_capacity, sizeof(*chain->direct));
    chain->direct[chain->direct_count++] = *message;
}

/* Returns whether the message may be ended. */
static bool visit(struct walk *walk, const struct step *step, struct known_message *message)
{
    bool ends = step->may_end && walk->may_end(walk->context, message);
    add_sent(walk, &message->row);
    if (ends && message->row.sent_count)
        add_end(walk, message->row.arrival);
    if (step->direct)
        add_direct(walk, message);
    for (size_t i = 0; i < message->row.reference_count; i++)
        push(walk, &message->row.references[i], false, ends);
    return ends;
}

static void take_step(struct walk *walk, struct step step)
{
    struct known_message messages[SAME_IDENTITY_MAX];
    size_t count = known_find(walk->known, walk->arena, step.identity, messages, SAME_IDENTITY_MAX);
    bool ends = false;
    for (size_t i = 0; i < count; i++)
        ends |= visit(walk, &step, &messages[i]);
    if (!step.direct)
        return;
    if (!count && !walk->chain->unknown_count++)
        walk->chain->unknown = *step.identity;
    if (count && !ends && !walk->chain->foreign_count++)
        walk->chain->foreign = *step.identity;
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = ((const struct known_message *)a)->row.identity.sent_s;
    int64_t y = ((const struct known_message *)b)->row.identity.sent_s;
    return (x < y) - (x > y);
}

void chain_follow(struct known *known, struct arena *arena, const struct identity *self,
                  const struct identity *references, size_t reference_count,
                  chain_may_end_fn may_end, void *context, struct chain *out)
{
    *out = (struct chain){0};
    struct walk walk = {.known = known, .arena = arena, .may_end = may_end, .context = context};
    walk.seen = map_create();
    walk.chain = out;
    map_put(walk.seen, identity_key(arena, self), &walk);
    for (size_t i = 0; i < reference_count; i++)
        push(&walk, &references[i], true, true);
    for (size_t i = 0; i < walk.step_count; i++)
        take_step(&walk, walk.steps[i]);
    map_destroy(walk.seen, NULL);
    if (out->direct_count)
        qsort(out->direct, out->direct_count, sizeof(*out->direct), newest_first);
}
