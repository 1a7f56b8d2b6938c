#include "client/follow.h"

#include "base/mem.h"

#include <stdlib.h>

void follow_init(struct follow *follow, const struct slice *topics, size_t topic_count, bool whole)
{
    *follow = (struct follow){.topic_count = topic_count, .whole = whole};
    follow->topics = mem_alloc_array(topic_count, sizeof *follow->topics);
    for (size_t i = 0; i < topic_count; i++)
        follow->topics[i].name = topics[i];
}

void follow_fini(struct follow *follow)
{
    free(follow->topics);
    free(follow->ahead);
    *follow = (struct follow){0};
}

void follow_start(struct follow *follow, uint64_t position)
{
    follow->position = position;
    follow->chain_known = position == 0;
    follow->chain = (struct digest){0};
    for (size_t i = 0; i < follow->topic_count; i++) {
        follow->topics[i].known = position == 0;
        follow->topics[i].last = 0;
    }
}

/* 0 where the topic is not there: never used. */
static uint64_t number_on(const struct topic_number *numbers, size_t count, struct slice topic)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(numbers[i].topic, topic))
            return numbers[i].seq;
    return 0;
}

static void drop_passed(struct follow *follow)
{
    size_t kept = 0;

    for (size_t i = 0; i < follow->ahead_count; i++)
        if (follow->ahead[i] > follow->position)
            follow->ahead[kept++] = follow->ahead[i];
    follow->ahead_count = kept;
}

void follow_settle(struct follow *follow, const struct verified_answer *answer)
{
    for (size_t i = 0; i < follow->topic_count; i++) {
        follow->topics[i].last =
            number_on(answer->as_of, answer->as_of_count, follow->topics[i].name);
        follow->topics[i].known = true;
    }
    follow->position = answer->head.seq;
    follow->chain = answer->head.chain;
    follow->chain_known = true;
    drop_passed(follow);
}

static const struct topic_number *own_entry(const struct verified_bulletin *bulletin,
                                            struct slice topic)
{
    for (size_t i = 0; i < bulletin->topic_count; i++)
        if (slice_eq(bulletin->topics[i].topic, topic))
            return &bulletin->topics[i];
    return NULL;
}

static enum follow_verdict judge_topic(const struct follow *follow,
                                       const struct follow_topic *topic, uint64_t prev)
{
    if (!topic->known)
        return prev <= follow->position ? FOLLOW_NEXT : FOLLOW_GAP;
    if (prev == topic->last)
        return FOLLOW_NEXT;
    return prev > topic->last ? FOLLOW_GAP : FOLLOW_CONTRADICTION;
}

static enum follow_verdict judge_chain(const struct follow *follow,
                                       const struct verified_bulletin *bulletin)
{
    if (!follow->whole)
        return FOLLOW_NEXT;
    if (bulletin->seq != follow->position + 1)
        return FOLLOW_GAP;
    if (follow->chain_known && !digest_eq(&bulletin->chain_prev, &follow->chain))
        return FOLLOW_CONTRADICTION;
    return FOLLOW_NEXT;
}

enum follow_verdict follow_judge(const struct follow *follow,
                                 const struct verified_bulletin *bulletin)
{
    enum follow_verdict worst;

    if (bulletin->seq <= follow->position)
        return FOLLOW_REPEAT;
    worst = judge_chain(follow, bulletin);
    for (size_t i = 0; i < follow->topic_count; i++) {
        const struct topic_number *entry = own_entry(bulletin, follow->topics[i].name);
        enum follow_verdict verdict =
            entry ? judge_topic(follow, &follow->topics[i], entry->seq) : FOLLOW_NEXT;
        if (verdict > worst)
            worst = verdict;
    }
    return worst;
}

static void take_topics(struct follow *follow, const struct verified_bulletin *bulletin)
{
    for (size_t i = 0; i < follow->topic_count; i++) {
        struct follow_topic *topic = &follow->topics[i];
        if (!own_entry(bulletin, topic->name))
            continue;
        topic->last = bulletin->seq;
        topic->known = true;
    }
}

void follow_take(struct follow *follow, const struct verified_bulletin *bulletin)
{
    take_topics(follow, bulletin);
    follow->position = bulletin->seq;
    follow->chain = bulletin->chain;
    follow->chain_known = true;
    drop_passed(follow);
}

void follow_take_live(struct follow *follow, const struct verified_bulletin *bulletin)
{
    if (follow->whole || follow->topic_count == 1) {
        follow_take(follow, bulletin);
        return;
    }
    take_topics(follow, bulletin);
    follow_take_ahead(follow, bulletin->seq);
}

void follow_rewind(struct follow *follow)
{
    for (size_t i = 0; i < follow->topic_count; i++)
        if (follow->topics[i].last > follow->position)
            follow->topics[i].known = false;
}

/* Where the number stands, or would. */
static size_t place_ahead(const struct follow *follow, uint64_t seq)
{
    size_t low = 0, high = follow->ahead_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (follow->ahead[middle] < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool follow_was_ahead(const struct follow *follow, uint64_t seq)
{
    size_t place = place_ahead(follow, seq);

    return place < follow->ahead_count && follow->ahead[place] == seq;
}

void follow_take_ahead(struct follow *follow, uint64_t seq)
{
    size_t place = place_ahead(follow, seq);

    follow->ahead = mem_grow(follow->ahead, follow->ahead_count, &follow->ahead_capacity,
                             sizeof *follow->ahead);
    memmove(&follow->ahead[place + 1], &follow->ahead[place],
            (follow->ahead_count - place) * sizeof *follow->ahead);
    follow->ahead[place] = seq;
    follow->ahead_count++;
}

bool follow_beat(struct follow *follow, const struct verified_beat *beat)
{
    for (size_t i = 0; i < follow->topic_count; i++) {
        const struct follow_topic *topic = &follow->topics[i];
        uint64_t told = number_on(beat->topics, beat->topic_count, topic->name);
        if (told > (topic->known ? topic->last : follow->position))
            return true;
    }
    /* Who takes everything moves only by bulletins, or the chain would have a hole. */
    if (follow->whole)
        return beat->head.seq > follow->position;
    if (beat->head.seq > follow->position) {
        follow->position = beat->head.seq;
        follow->chain_known = false;
        drop_passed(follow);
    }
    return false;
}

bool follow_gone_back(const struct follow *follow, const struct verified_answer *answer)
{
    if (answer->head.seq < follow->position)
        return true;
    for (size_t i = 0; i < follow->topic_count; i++)
        if (follow->topics[i].known && number_on(answer->as_of, answer->as_of_count,
                                                 follow->topics[i].name) < follow->topics[i].last)
            return true;
    return false;
}

bool follow_complete(const struct follow *follow, const struct verified_answer *answer)
{
    for (size_t i = 0; i < follow->topic_count; i++) {
        const struct follow_topic *topic = &follow->topics[i];
        uint64_t told = number_on(answer->as_of, answer->as_of_count, topic->name);
        if (told > (topic->known ? topic->last : follow->position))
            return false;
    }
    return !follow->whole || answer->head.seq == follow->position;
}
