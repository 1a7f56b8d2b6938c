/* What became of a message, for the operator's question. */
#include "base/mem.h"
#include "journal/internal.h"

#include <stdlib.h>

/* A part of an identifier has no index; so many of the newest messages are looked through, which
 * takes less than the loop can spare (100 ms). */
enum { SEARCHED_MAX = 50000 };

struct found {
    int64_t *arrivals;
    size_t count;
    size_t capacity;
};

static enum err_code collect_arrivals(struct query *query, struct found *found, struct err *err)
{
    while (query_row(query)) {
        found->arrivals =
            mem_grow(found->arrivals, found->count, &found->capacity, sizeof *found->arrivals);
        found->arrivals[found->count++] = query_int_at(query, 0);
    }
    return query_end(query, "why", err);
}

static enum err_code load_numbers(struct journal *journal, struct journal_why *row, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, SELECT_NUMBERS);
    query_int(&query, row->arrival);
    while (row->seq_count < JOURNAL_BULLETINS_MAX && query_row(&query))
        row->seqs[row->seq_count++] = (uint64_t)query_int_at(&query, 0);
    return query_end(&query, "numbers", err);
}

static struct journal_why why_at(struct query *query)
{
    return (struct journal_why){
        .arrival = query_int_at(query, 0),
        .received_us = query_int_at(query, 1),
        .first_arrival = query_int_at(query, 2),
        .source = query_slice_at(query, 3),
        .class_name = query_slice_at(query, 4),
        .verdict = query_slice_at(query, 5),
        .reason = query_slice_at(query, 6),
        .detail = query_slice_at(query, 7),
        .notes_json = query_slice_at(query, 8),
        .sender = query_slice_at(query, 9),
        .identifier = query_slice_at(query, 10),
        .authority = query_slice_at(query, 11),
        .sent_s = query_int_at(query, 12),
        .digest = query_digest_at(query, 13),
    };
}

static enum err_code give_all(struct journal *journal, const struct found *found,
                              journal_why_fn each, void *context, struct err *err)
{
    enum err_code code = OK;
    bool going = true;

    for (size_t i = 0; code == OK && going && i < found->count; i++) {
        struct query query;
        query_begin(&query, &journal->reader, SELECT_WHY);
        query_int(&query, found->arrivals[i]);
        if (query_row(&query)) {
            struct journal_why row = why_at(&query);
            code = load_numbers(journal, &row, err);
            going = code == OK && each(context, &row);
        }
        enum err_code end = query_end(&query, "why", err);
        code = code == OK ? end : code;
    }
    return code;
}

static enum err_code find_whole(struct journal *journal, struct slice text, size_t max,
                                struct found *found, struct err *err)
{
    struct query query;
    struct digest digest;

    query_begin(&query, &journal->reader, FIND_WHOLE);
    query_text(&query, text);
    if (hex_decode(text, digest.bytes, DIGEST_BYTES))
        query_digest(&query, &digest);
    else
        query_optional(&query, 0);
    query_int(&query, (int64_t)max);
    return collect_arrivals(&query, found, err);
}

static enum err_code find_part(struct journal *journal, struct slice text, size_t max,
                               struct found *found, struct err *err)
{
    struct query query;

    query_begin(&query, &journal->reader, FIND_PART);
    query_int(&query, journal->next_arrival - SEARCHED_MAX);
    query_text(&query, text);
    query_int(&query, (int64_t)max);
    return collect_arrivals(&query, found, err);
}

enum err_code journal_why(struct journal *journal, struct slice text, size_t max,
                          journal_why_fn each, void *context, struct err *err)
{
    struct found found = {0};

    if (slice_is_empty(text))
        return err_set(err, ERR_INVALID, "why needs an identifier or a part of one");
    enum err_code code = find_whole(journal, text, max, &found, err);
    if (code == OK && found.count == 0)
        code = find_part(journal, text, max, &found, err);
    if (code == OK)
        code = give_all(journal, &found, each, context, err);
    free(found.arrivals);
    return code;
}

enum err_code journal_copies(struct journal *journal, enum alert_class class, uint64_t seq,
                             journal_why_fn each, void *context, struct err *err)
{
    struct found found = {0};
    struct query query;

    query_begin(&query, &journal->reader, FIND_COPIES);
    query_name(&query, alert_class_name(class));
    query_int(&query, (int64_t)seq);
    enum err_code code = collect_arrivals(&query, &found, err);
    if (code == OK)
        code = give_all(journal, &found, each, context, err);
    free(found.arrivals);
    return code;
}
