/* Bulletins: heads, topics, since, in force, one. */
#include "base/mem.h"
#include "journal/internal.h"

#include <stdlib.h>

enum err_code journal_head(struct journal *journal, enum alert_class class,
                           struct journal_head *out, struct err *err)
{
    return store_head(&journal->reader, class, out, err);
}

enum err_code journal_topics(struct journal *journal, enum alert_class class, journal_topic_fn each,
                             void *context, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_TOPICS);
    query_name(&query, alert_class_name(class));
    while (query_row(&query))
        each(context, query_slice_at(&query, 0), (uint64_t)query_int_at(&query, 1));
    return query_end(&query, "topics", err);
}

static struct slice *room_for_topics(struct journal *journal, size_t count)
{
    if (count > journal->topic_capacity) {
        journal->topics = mem_realloc(journal->topics, count * sizeof *journal->topics);
        journal->topic_capacity = count;
    }
    return journal->topics;
}

/* Gives out the row that the query is at. */
static bool give_row(struct journal *journal, struct query *query, journal_row_fn each,
                     void *context)
{
    struct slice topics = query_slice_at(query, 2);
    size_t count = words_count(topics);
    struct slice *words = room_for_topics(journal, count);

    words_split(topics, words);
    struct journal_row row = {
        .seq = (uint64_t)query_int_at(query, 0),
        .side = side_from_name(query_slice_at(query, 1)),
        .topics = words,
        .topic_count = count,
        .frame = query_slice_at(query, 3),
        .until_s = query_int_at(query, 4),
    };
    return each(context, &row);
}

enum err_code journal_since(struct journal *journal, enum alert_class class, struct slice topic,
                            uint64_t after, journal_row_fn each, void *context, struct err *err)
{
    struct query query;
    int64_t above = after > INT64_MAX ? INT64_MAX : (int64_t)after;

    query_begin(&query, &journal->reader, topic.ptr ? SELECT_SINCE_TOPIC : SELECT_SINCE);
    query_name(&query, alert_class_name(class));
    query_int(&query, above);
    if (topic.ptr)
        query_text(&query, topic);
    while (query_row(&query) && give_row(journal, &query, each, context))
        continue;
    return query_end(&query, "since", err);
}

/* Whether there was such a bulletin; *going is what the callback said. */
static enum err_code give_number(struct journal *journal, enum alert_class class, uint64_t seq,
                                 journal_row_fn each, void *context, bool *going, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_BULLETIN);
    query_name(&query, alert_class_name(class));
    query_int(&query, seq > INT64_MAX ? INT64_MAX : (int64_t)seq);
    bool found = query_row(&query);
    if (found)
        *going = give_row(journal, &query, each, context);
    enum err_code code = query_end(&query, "bulletins", err);
    if (code == OK && !found)
        code = err_set(err, ERR_NOT_FOUND, "no bulletin %llu of class %s", (unsigned long long)seq,
                       alert_class_name(class));
    return code;
}

enum err_code journal_get(struct journal *journal, enum alert_class class, uint64_t seq,
                          journal_row_fn each, void *context, struct err *err)
{
    bool going;

    return give_number(journal, class, seq, each, context, &going, err);
}

enum err_code journal_in_force_numbers(struct journal *journal, struct arena *arena,
                                       enum alert_class class, enum side side, struct slice region,
                                       int64_t now_s, uint64_t **seqs, size_t *count,
                                       struct err *err)
{
    struct query query;
    size_t capacity = 0;

    *seqs = NULL;
    *count = 0;
    query_begin(&query, &journal->reader, SELECT_IN_FORCE);
    query_name(&query, alert_class_name(class));
    query_int(&query, now_s);
    while (query_row(&query)) {
        struct slice regions = query_slice_at(&query, 2);
        if (side != SIDE_NONE && side_from_name(query_slice_at(&query, 1)) != side)
            continue;
        if (region.ptr && !words_have(regions, region) && !words_have(regions, SLICE("--")))
            continue;
        *seqs = arena_grow(arena, *seqs, *count, &capacity, sizeof **seqs);
        (*seqs)[(*count)++] = (uint64_t)query_int_at(&query, 0);
    }
    return query_end(&query, "in force", err);
}

/* Numbers first: sorting the bulletins themselves would carry every frame through the sorter. */
enum err_code journal_in_force(struct journal *journal, enum alert_class class, enum side side,
                               struct slice region, int64_t now_s, journal_row_fn each,
                               void *context, struct err *err)
{
    struct arena *arena = arena_create();
    uint64_t *seqs = NULL;
    size_t count = 0;
    bool going = true;

    enum err_code code =
        journal_in_force_numbers(journal, arena, class, side, region, now_s, &seqs, &count, err);
    for (size_t i = 0; code == OK && going && i < count; i++)
        code = give_number(journal, class, seqs[i], each, context, &going, err);
    arena_destroy(arena);
    return code;
}
