#include "dedup/dedup.h"

enum { IDENTITY_MAX = 16, SECONDARY_MAX = 16 };

static bool went_somewhere(const struct known_message *message)
{
    return message->row.sent_count > 0;
}

static bool same_content(const struct known_message *message, const struct digest *content)
{
    return digest_eq(&message->row.content, content);
}

static void by_identity(struct known *known, struct arena *arena,
                        const struct dedup_question *question, struct dedup_answer *out)
{
    struct known_message messages[IDENTITY_MAX];
    size_t count = known_find(known, arena, question->identity, messages, IDENTITY_MAX);
    for (size_t i = 0; i < count; i++) {
        if (same_content(&messages[i], question->content)) {
            if (!went_somewhere(&messages[i]))
                continue;
            out->kind = DEDUP_DUPLICATE;
            out->first = messages[i];
            return;
        }
        /* A merged message stands here under another identity, and then says nothing else. */
        if (!identity_eq(&messages[i].row.identity, question->identity))
            continue;
        if (out->kind == DEDUP_NEW ||
            (!went_somewhere(&out->first) && went_somewhere(&messages[i])))
            out->first = messages[i];
        out->kind = DEDUP_CONFLICT;
    }
}

static bool references(const struct dedup_question *question, const struct identity *identity)
{
    for (size_t i = 0; i < question->reference_count; i++)
        if (identity_eq(&question->references[i], identity))
            return true;
    return false;
}

/* What can be told without reading the other message again. */
static bool may_be_same(const struct dedup_question *question, const struct journal_known *row)
{
    return row->msg_type == question->alert->msg_type &&
           row->identity.sent_s / 60 == question->identity->sent_s / 60;
}

static void by_secondary_key(struct known *known, struct arena *arena,
                             const struct dedup_question *question, struct dedup_answer *out)
{
    struct known_message messages[SECONDARY_MAX];
    size_t count = known_find_secondary(known, arena, question->identity->class,
                                        question->secondary_key, messages, SECONDARY_MAX);
    for (size_t i = 0; i < count; i++) {
        struct known_message *message = &messages[i];
        if (references(question, &message->row.identity))
            continue;
        if (!out->has_similar)
            out->similar = *message;
        out->has_similar = true;
        if (!may_be_same(question, &message->row))
            continue;
        const struct alert *other = known_alert(known, arena, message);
        if (!other || !alert_same_event(question->alert, other))
            continue;
        out->kind = DEDUP_DUPLICATE;
        out->by_secondary_key = true;
        out->has_similar = false;
        out->first = *message;
        return;
    }
}

void dedup_judge(struct known *known, struct arena *arena, const struct dedup_question *question,
                 struct dedup_answer *out)
{
    *out = (struct dedup_answer){0};
    by_identity(known, arena, question, out);
    if (out->kind == DEDUP_NEW && !slice_is_empty(question->secondary_key))
        by_secondary_key(known, arena, question, out);
}
