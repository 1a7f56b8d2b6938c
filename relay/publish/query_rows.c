/*
 * why, copies: what became of a message, from the journal's rows.
 */
#include "publish/answer.h"

#include "seal/packet.h"

enum {
    WHY_TEXT_MIN = 3,
    WHY_TEXT_MAX = 512,
    WHY_ROWS_MAX = 100,
    WHY_ROWS = 20,                      /* where the request does not say */
    WHY_DETAILS_BYTES_MAX = 128 * 1024, /* of one row */
    WHY_BYTES_MAX = 512 * 1024,         /* of all rows' details: the header has a bound */
    COPIES_MAX = 2000,
};

struct why {
    json_t *rows;
    size_t details_bytes;
};

/* Findings and remarks as intake wrote them; null where there are none, or too many. */
static json_t *why_details(struct why *why, struct slice notes)
{
    json_t *details;

    if (!notes.len || notes.len > WHY_DETAILS_BYTES_MAX ||
        why->details_bytes + notes.len > WHY_BYTES_MAX)
        return json_null();
    details = json_loadb(notes.ptr, notes.len, JSON_REJECT_DUPLICATES, NULL);
    why->details_bytes += notes.len;
    return details ? details : json_null();
}

static json_t *why_numbers(const struct journal_why *row)
{
    json_t *numbers = json_array();

    for (size_t i = 0; i < row->seq_count; i++)
        json_append(numbers, json_integer((json_int_t)row->seqs[i]));
    return numbers;
}

static struct slice why_maybe(struct slice text)
{
    return text.len ? text : (struct slice){NULL, 0};
}

static bool why_take_row(void *context, const struct journal_why *row)
{
    struct why *why = context;
    json_t *object = json_object();
    bool named = row->identifier.len > 0;

    json_put_number(object, "arrival", (uint64_t)row->arrival);
    json_put_time_us(object, "received", row->received_us);
    json_put_text(object, "source", row->source);
    json_put_text(object, "authority", why_maybe(row->authority));
    json_put_text(object, "class", why_maybe(row->class_name));
    json_put_text(object, "verdict", row->verdict);
    json_put_text(object, "reason", why_maybe(row->reason));
    json_put_text(object, "detail", why_maybe(row->detail));
    json_put_text(object, "sender", why_maybe(row->sender));
    json_put_text(object, "identifier", why_maybe(row->identifier));
    json_put_time_us(object, "sent", named ? row->sent_s * 1000000 : 0);
    json_put_digest(object, "digest", &row->digest);
    json_put(object, "first_arrival",
             row->first_arrival ? json_integer(row->first_arrival) : json_null());
    json_put(object, "bulletins", why_numbers(row));
    json_put(object, "details", why_details(why, row->notes_json));
    json_append(why->rows, object);
    return true;
}

void query_why(const struct query *query, struct answer *answer)
{
    struct err err = {0};
    struct json_fields fields = {.arena = query->arena, .err = &err};
    struct slice text = json_get_text(&fields, query->json, "text");
    struct why why = {0};
    uint64_t max = WHY_ROWS;

    if (json_failed(&fields) || text.len < WHY_TEXT_MIN || text.len > WHY_TEXT_MAX) {
        answer_fail(answer, "bad-request", "text: %d to %d characters are needed", WHY_TEXT_MIN,
                    WHY_TEXT_MAX);
        return;
    }
    if (!query_number(query, answer, "max", WHY_ROWS_MAX, false, &max))
        return;
    why.rows = json_array();
    answer->result = json_object();
    json_put(answer->result, "rows", why.rows);
    if (journal_why(query->options->journal, text, (size_t)max, why_take_row, &why, &err))
        answer_fail_journal(answer, &err);
}

/* --- copies --- */

static bool copies_take_row(void *context, const struct journal_why *row)
{
    json_t *list = context;
    json_t *object = json_object();

    json_put_number(object, "arrival", (uint64_t)row->arrival);
    json_put_time_us(object, "received", row->received_us);
    json_put_text(object, "source", row->source);
    json_put_digest(object, "digest", &row->digest);
    json_append(list, object);
    return json_array_size(list) < COPIES_MAX;
}

static void copies_seal(const struct query *query, struct answer *answer, uint64_t seq,
                        json_t *list)
{
    const struct key *key = query_key(query->options, query->class);
    json_t *header =
        header_begin(query->options->view->relay_name, key, query->class, query->now_us);
    struct buf frame;
    struct err err = {0};

    json_put_number(header, "seq", seq);
    json_put(header, "copies", json_incref(list));
    buf_init(&frame, PACKET_HEADER_BYTES_MAX + 1024);
    if (header_seal(header, key, SEAL_COPIES, &frame, &err))
        answer_fail(answer, "too-large", "%s", err.text);
    else
        answer_add(answer, buf_slice(&frame));
    buf_fini(&frame);
}

static bool copies_find_row(void *context, const struct journal_row *row)
{
    (void)row;
    *(bool *)context = true;
    return false;
}

void query_copies(const struct query *query, struct answer *answer)
{
    struct journal *journal = query->options->journal;
    struct err err = {0};
    json_t *list = json_array();
    uint64_t seq = 0;
    bool found = false;

    if (!query_number(query, answer, "seq", INT64_MAX, true, &seq))
        goto out;
    if (journal_get(journal, query->class, seq, copies_find_row, &found, &err) ||
        (found && journal_copies(journal, query->class, seq, copies_take_row, list, &err)))
        answer_fail_journal(answer, &err);
    else if (!found)
        answer_fail(answer, "not-found", "there is no bulletin %llu", (unsigned long long)seq);
    else
        copies_seal(query, answer, seq, list);
out:
    json_decref(list);
}
