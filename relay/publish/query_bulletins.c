/*
 * since, in-force, get: bulletins as they were signed and stored.
 */
#include "publish/answer.h"

#include "base/mem.h"
#include "publish/facts.h"
#include "seal/packet.h"

#include <stdlib.h>

enum {
    TOPICS_MAX = 100,
    TOPIC_BYTES_MAX = 128,
    MERGED_ROWS_MAX = 500, /* a page over several topics reads each bulletin twice */
    SNAPSHOT_TRIES = 20,
    COMPRESS_FROM_BYTES = 512,
};

/* One page being gathered. */
struct page {
    struct answer *answer;
    const struct slice *topics; /* NULL: all */
    size_t topic_count;
    uint64_t after;
    uint64_t max;
};

/* Numbers per topic and the head, of one instant: the writer commits on its own thread, so they are
 * read until the head stood still meanwhile. */
static bool page_snapshot(const struct query *query, struct answer *answer)
{
    struct journal *journal = query->options->journal;
    struct journal_head after;
    struct err err = {0};
    enum err_code code = OK;

    for (int i = 0; i < SNAPSHOT_TRIES; i++) {
        json_decref(answer->as_of);
        answer->as_of = json_object();
        code = journal_head(journal, query->class, &answer->head, &err);
        if (!code)
            code = journal_topics(journal, query->class, facts_take_topic, answer->as_of, &err);
        if (!code)
            code = journal_head(journal, query->class, &after, &err);
        if (code || after.seq == answer->head.seq)
            break;
    }
    if (code)
        answer_fail_journal(answer, &err);
    else if (after.seq != answer->head.seq)
        answer_fail(answer, "busy", "the journal is being written too fast; ask again");
    answer->has_head = !answer->error;
    return answer->has_head;
}

/* The list `topics` of the request; false where the answer failed. */
static bool page_read_topics(const struct query *query, struct page *page)
{
    struct err err = {0};
    struct json_fields fields = {.arena = query->arena, .err = &err};
    const json_t *list = json_object_get(query->json, "topics");

    if (!list || json_is_null(list))
        return true;
    page->topics = json_get_texts(&fields, query->json, "topics", &page->topic_count);
    if (json_failed(&fields)) {
        answer_fail(page->answer, "bad-request", "%s", err.text);
        return false;
    }
    if (page->topic_count < 1 || page->topic_count > TOPICS_MAX) {
        answer_fail(page->answer, "bad-request", "topics: 1 to %d are needed", TOPICS_MAX);
        return false;
    }
    for (size_t i = 0; i < page->topic_count; i++)
        if (page->topics[i].len > TOPIC_BYTES_MAX) {
            answer_fail(page->answer, "bad-request", "topics: longer than %d bytes",
                        TOPIC_BYTES_MAX);
            return false;
        }
    return true;
}

static bool page_has_topic(const struct page *page, struct slice topic)
{
    for (size_t i = 0; i < page->topic_count; i++)
        if (slice_eq(page->topics[i], topic))
            return true;
    return false;
}

/* Both `all` topics are everything: read without an index of topics. */
static void page_widen(struct page *page, enum alert_class class)
{
    struct slice ca = class == CLASS_ACTUAL ? SLICE("actual.ca.all.") : SLICE("exercise.ca.all.");
    struct slice us = class == CLASS_ACTUAL ? SLICE("actual.us.all.") : SLICE("exercise.us.all.");

    if (page_has_topic(page, ca) && page_has_topic(page, us))
        page->topic_count = 0;
}

static bool page_read(const struct query *query, struct page *page)
{
    page->max = ANSWER_FRAMES_MAX;
    if (!page_read_topics(query, page) ||
        !query_number(query, page->answer, "after", INT64_MAX, false, &page->after) ||
        !query_number(query, page->answer, "max", ANSWER_FRAMES_MAX, false, &page->max))
        return false;
    page_widen(page, query->class);
    return page_snapshot(query, page->answer);
}

/* Adds a row within the snapshot, or says that there is more. */
static bool page_take_row(void *context, const struct journal_row *row)
{
    struct page *page = context;
    struct answer *answer = page->answer;

    if (row->seq > answer->head.seq)
        return false;
    if (answer->count < page->max && answer_add(answer, row->frame))
        return true;
    answer->more = true;
    return false;
}

/* --- since, over several topics: first the numbers of each, merged; then the frames --- */

struct numbers {
    uint64_t *items;
    size_t count;
    size_t capacity;
    size_t limit; /* of the topic that is being read */
    uint64_t head;
    bool cut;
};

static bool numbers_take(void *context, const struct journal_row *row)
{
    struct numbers *numbers = context;

    if (row->seq > numbers->head)
        return false;
    if (!numbers->limit) {
        numbers->cut = true;
        return false;
    }
    numbers->limit--;
    numbers->items =
        mem_grow(numbers->items, numbers->count, &numbers->capacity, sizeof(numbers->items[0]));
    numbers->items[numbers->count++] = row->seq;
    return true;
}

static int numbers_compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static void numbers_sort(struct numbers *numbers)
{
    size_t kept = 0;

    if (!numbers->count)
        return;
    qsort(numbers->items, numbers->count, sizeof(numbers->items[0]), numbers_compare);
    for (size_t i = 1; i < numbers->count; i++)
        if (numbers->items[i] != numbers->items[kept])
            numbers->items[++kept] = numbers->items[i];
    numbers->count = kept + 1;
}

/* Each topic gives as many as the page may hold, so the first of the merged ones are right even
 * where a topic was cut. */
static enum err_code page_merge(const struct query *query, struct page *page, struct err *err)
{
    struct journal *journal = query->options->journal;
    size_t limit = page->max < MERGED_ROWS_MAX ? (size_t)page->max : MERGED_ROWS_MAX;
    struct numbers numbers = {.head = page->answer->head.seq};
    enum err_code code = OK;

    for (size_t i = 0; i < page->topic_count && !code; i++) {
        numbers.limit = limit;
        code = journal_since(journal, query->class, page->topics[i], page->after, numbers_take,
                             &numbers, err);
    }
    numbers_sort(&numbers);
    page->max = limit;
    for (size_t i = 0; i < numbers.count && !code && !page->answer->more; i++)
        code = journal_get(journal, query->class, numbers.items[i], page_take_row, page, err);
    if (numbers.cut)
        page->answer->more = true;
    free(numbers.items);
    return code;
}

void query_since(const struct query *query, struct answer *answer)
{
    struct page page = {.answer = answer};
    struct err err = {0};
    struct slice topic = {NULL, 0};
    enum err_code code = OK;

    if (!page_read(query, &page) || !page.max)
        return;
    if (page.topic_count > 1) {
        code = page_merge(query, &page, &err);
    } else {
        if (page.topic_count)
            topic = page.topics[0];
        code = journal_since(query->options->journal, query->class, topic, page.after,
                             page_take_row, &page, &err);
    }
    if (code)
        answer_fail_journal(answer, &err);
}

static bool in_force_take_row(void *context, const struct journal_row *row)
{
    struct page *page = context;
    bool wanted = !page->topic_count;

    if (row->seq <= page->after)
        return true;
    for (size_t i = 0; i < row->topic_count && !wanted; i++)
        wanted = page_has_topic(page, row->topics[i]);
    return wanted ? page_take_row(page, row) : true;
}

void query_in_force(const struct query *query, struct answer *answer)
{
    struct page page = {.answer = answer};
    struct err err = {0};

    if (!page_read(query, &page) || !page.max)
        return;
    if (journal_in_force(query->options->journal, query->class, SIDE_NONE, (struct slice){NULL, 0},
                         query->now_us / 1000000, in_force_take_row, &page, &err))
        answer_fail_journal(answer, &err);
}

/* --- get --- */

static bool get_take_row(void *context, const struct journal_row *row)
{
    answer_add(context, row->frame);
    return false;
}

static void get_by_number(const struct query *query, struct answer *answer)
{
    struct err err = {0};
    uint64_t seq = 0;

    if (!query_number(query, answer, "seq", INT64_MAX, true, &seq))
        return;
    if (journal_get(query->options->journal, query->class, seq, get_take_row, answer, &err))
        answer_fail_journal(answer, &err);
    else if (!answer->count)
        answer_fail(answer, "not-found", "there is no bulletin %llu", (unsigned long long)seq);
}

/* One part, as a packet frame. */
static void get_add_bytes(const struct query *query, struct answer *answer, struct slice bytes)
{
    struct buf packet, frame;
    struct err err = {0};
    bool compress = query->options->compress && bytes.len >= COMPRESS_FROM_BYTES;

    buf_init(&packet, PACKET_BYTES_MAX);
    buf_init(&frame, PACKET_BYTES_MAX);
    packet_put(&packet, bytes);
    if (buf_failed(&packet))
        answer_fail(answer, "too-large", "%zu bytes do not fit into a frame", bytes.len);
    else if (compress && packet_compress(buf_slice(&packet), &frame, &err) != OK)
        answer_fail(answer, "too-large", "%s", err.text);
    else
        answer_add(answer, buf_slice(compress ? &frame : &packet));
    buf_fini(&frame);
    buf_fini(&packet);
}

static void get_by_digest(const struct query *query, struct answer *answer)
{
    struct err err = {0};
    struct json_fields fields = {.arena = query->arena, .err = &err};
    struct digest digest = json_get_digest(&fields, query->json, "digest");
    struct slice bytes;

    if (json_failed(&fields))
        answer_fail(answer, "bad-request", "%s", err.text);
    else if (journal_get_bytes(query->options->journal, query->arena, query->class, &digest, &bytes,
                               &err))
        answer_fail_journal(answer, &err);
    else
        get_add_bytes(query, answer, bytes);
}

void query_get(const struct query *query, struct answer *answer)
{
    if (json_object_get(query->json, "digest"))
        get_by_digest(query, answer);
    else
        get_by_number(query, answer);
}
