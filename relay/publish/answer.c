#include "publish/answer.h"

#include "base/mem.h"
#include "publish/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void answer_init(struct answer *answer, struct flight *flight, size_t bytes_max)
{
    *answer = (struct answer){.flight = flight, .bytes_max = bytes_max, .digests = json_array()};
}

static void answer_drop_frames(struct answer *answer)
{
    for (size_t i = 0; i < answer->count; i++)
        zmq_msg_close(&answer->frames[i]);
    answer->count = 0;
    answer->bytes = 0;
    answer->more = false;
    json_array_clear(answer->digests);
}

void answer_fini(struct answer *answer)
{
    answer_drop_frames(answer);
    free(answer->frames);
    json_decref(answer->digests);
    json_decref(answer->as_of);
    json_decref(answer->result);
}

bool answer_add(struct answer *answer, struct slice frame)
{
    struct digest digest;
    char hex[DIGEST_HEX_MAX];

    if (answer->count && answer->bytes + frame.len > answer->bytes_max)
        return false;
    answer->frames =
        mem_grow(answer->frames, answer->count, &answer->capacity, sizeof(answer->frames[0]));
    flight_message(answer->flight, frame, &answer->frames[answer->count++]);
    answer->bytes += frame.len;
    digest = digest_of(frame);
    json_append(answer->digests, json_string(digest_hex(&digest, hex)));
    return true;
}

void answer_fail(struct answer *answer, const char *code, const char *format, ...)
{
    va_list args;

    answer_drop_frames(answer);
    answer->error = code;
    va_start(args, format);
    vsnprintf(answer->error_text, sizeof(answer->error_text), format, args);
    va_end(args);
}

void answer_fail_journal(struct answer *answer, const struct err *err)
{
    if (err->code == ERR_NOT_FOUND)
        answer_fail(answer, "not-found", "there is no such thing in the journal");
    else
        answer_fail(answer, "busy", "the journal cannot be read now: %s", err->text);
}

static json_t *answer_error(const struct answer *answer)
{
    json_t *error;

    if (!answer->error)
        return json_null();
    error = json_object();
    json_put_cstr(error, "code", answer->error);
    json_put_text(error, "text", slice_from_cstr(answer->error_text));
    return error;
}

/* Hands a value over to the header, which takes it. */
static json_t *answer_lent(json_t *value)
{
    return value ? json_incref(value) : json_null();
}

static json_t *answer_header(const struct answer *answer, const struct query *query)
{
    const struct queries_options *options = query->options;
    bool failed = answer->error != NULL;
    json_t *header = header_begin(options->view->relay_name, query_key(options, query->class),
                                  query->class, query->now_us);

    json_put_text(header, "verb", query->verb);
    json_put_text(header, "nonce", query->nonce);
    json_put(header, "error", answer_error(answer));
    json_put_number(header, "count", answer->count);
    json_put(header, "digests", json_incref(answer->digests));
    json_put_flag(header, "more", answer->more);
    json_put(header, "head",
             answer->has_head ? facts_head(answer->head.seq, &answer->head.chain) : json_null());
    json_put(header, "as_of", failed ? json_null() : answer_lent(answer->as_of));
    json_put(header, "result", failed ? json_null() : answer_lent(answer->result));
    return header;
}

/* What the snapshot of a page did not bring; null where the journal cannot be read. */
static void add_head(struct answer *answer, const struct query *query)
{
    if (!answer->has_head)
        answer->has_head =
            journal_head(query->options->journal, query->class, &answer->head, NULL) == OK;
}

void answer_seal(struct answer *answer, const struct query *query, struct buf *out)
{
    const struct key *key = query_key(query->options, query->class);
    struct err err = {0};

    add_head(answer, query);
    if (header_seal(answer_header(answer, query), key, SEAL_ANSWER, out, &err) == OK)
        return;
    answer_fail(answer, "too-large", "%s", err.text);
    header_seal(answer_header(answer, query), key, SEAL_ANSWER, out, &err);
}
