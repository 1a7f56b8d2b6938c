/* The stages that ask what was there before. */
#include "intake/passage.h"

#include "alert/identity.h"

enum { REFERENCING_MAX = 32 };

static void remark_conflict(struct passage *passage)
{
    const struct journal_known *first = &passage->dedup.first.row;
    unsigned long long seq = first->sent_count ? first->sent[0].seq : 0;
    struct slice signature = signature_against(passage, &passage->dedup.first);
    if (seq)
        passage_remark(passage, "conflict",
                       "bulletin %llu from %.*s has the same identity and other content; %.*s", seq,
                       SLICE_ARG(first->source), SLICE_ARG(signature));
    else
        passage_remark(passage, "conflict",
                       "arrival %lld from %.*s has the same identity and other content; %.*s",
                       (long long)first->arrival, SLICE_ARG(first->source), SLICE_ARG(signature));
}

static bool stop_duplicate(struct passage *passage)
{
    const struct journal_known *first = &passage->dedup.first.row;
    passage->entry->first_arrival = first->arrival;
    bool by_key = passage->dedup.by_secondary_key;
    return passage_stop(passage, VERDICT_DUPLICATE,
                        by_key ? SLICE("secondary-key") : SLICE("identity"),
                        by_key ? "the same event in another wrapping as arrival %lld from %.*s"
                               : "a copy of arrival %lld from %.*s",
                        (long long)first->arrival, SLICE_ARG(first->source));
}

/* A journal that cannot be read must not silence anybody. */
static void remark_trouble(struct passage *passage)
{
    struct err err;
    if (known_trouble(passage->known, &err))
        passage_remark(passage, "journal-unreadable", "earlier messages could not be looked up: %s",
                       err.text);
}

bool stage_dedup(struct passage *passage)
{
    passage->content = alert_content(passage->alert);
    passage->has_content = true;
    passage->secondary_key = alert_secondary_key(passage->arena, passage->alert);
    struct dedup_question question = {
        .alert = passage->alert,
        .identity = &passage->identity,
        .content = &passage->content,
        /* versions of an incident are never merged, however alike (versions.c) */
        .secondary_key =
            alert_is_entry(passage->alert) ? (struct slice){NULL, 0} : passage->secondary_key,
        .references = passage->references,
        .reference_count = passage->reference_count,
    };
    struct dedup_answer *answer = &passage->dedup;
    dedup_judge(passage->known, passage->arena, &question, answer);
    remark_trouble(passage);
    if (answer->kind == DEDUP_DUPLICATE)
        return stop_duplicate(passage);
    if (answer->kind == DEDUP_CONFLICT) {
        passage->entry->first_arrival = answer->first.row.arrival;
        remark_conflict(passage);
    }
    if (answer->has_similar)
        passage_remark(passage, "possibly-same-event",
                       "%.*s (arrival %lld) has the same event number, but says something else",
                       SLICE_ARG(answer->similar.row.identity.identifier),
                       (long long)answer->similar.row.arrival);
    return true;
}

/* --- chain --- */

/* An authority speaks for its own: another's message under the same sender is not its to end. */
static bool same_speaker(const struct passage *passage, const struct known_message *target)
{
    struct slice sender = passage->identity.sender;
    if (!slice_eq(sender, target->row.identity.sender) && !slice_eq(sender, target->merged_sender))
        return false;
    const struct intake_grants *grants = passage->delivery.grants;
    return !grants || slice_eq(grants->authority, target->row.authority);
}

static bool may_end(void *context, struct known_message *target)
{
    struct passage *passage = context;
    if (same_speaker(passage, target))
        return true;
    const struct intake_grants *grants = passage->delivery.grants;
    if (!grants)
        return false;
    const struct alert *alert = known_alert(passage->known, passage->arena, target);
    if (!alert)
        return false;
    struct route_area area;
    struct slice detail;
    route_area_of(passage->house->geo, passage->arena, alert,
                  profile_recognise(alert) == PROFILE_CAP_CP, &area);
    return grants_cover_area(grants, passage->house->geo, passage->arena, &area, &detail);
}

static void remark_chain(struct passage *passage)
{
    const struct chain *chain = &passage->chain;
    if (chain->unknown_count)
        passage_remark(passage, "unknown-reference",
                       "%zu referenced messages were never seen here, among them %.*s",
                       chain->unknown_count, SLICE_ARG(chain->unknown.identifier));
    if (chain->foreign_count)
        passage_remark(passage, "foreign-reference",
                       "%.*s is of %.*s: it is not this sender's to end and stays as it is",
                       SLICE_ARG(chain->foreign.identifier), SLICE_ARG(chain->foreign.sender));
    if (chain->cut)
        passage_remark(passage, "chain-cut", "references were followed over %d messages only",
                       CHAIN_MESSAGES_MAX);
}

/* Whether an Update or Cancel of the same sender was seen before what it references. */
static bool is_superseded(struct passage *passage)
{
    struct known_message messages[REFERENCING_MAX];
    size_t count = known_find_referencing(passage->known, passage->arena, &passage->identity,
                                          messages, REFERENCING_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct journal_known *row = &messages[i].row;
        bool ends = row->msg_type == MSG_TYPE_UPDATE || row->msg_type == MSG_TYPE_CANCEL;
        struct slice authority = {0};
        if (passage->delivery.grants)
            authority = passage->delivery.grants->authority;
        bool same = slice_eq(row->identity.sender, passage->identity.sender) &&
                    (slice_is_empty(row->authority) || slice_eq(row->authority, authority));
        if (!ends || !same)
            continue;
        passage_remark(passage, "superseded", "%s %.*s (arrival %lld) came before it",
                       cap_msg_type_name(row->msg_type), SLICE_ARG(row->identity.identifier),
                       (long long)row->arrival);
        return true;
    }
    return false;
}

bool stage_chain(struct passage *passage)
{
    if (passage_follows(passage)) {
        chain_follow(passage->known, passage->arena, &passage->identity, passage->references,
                     passage->reference_count, may_end, passage, &passage->chain);
        remark_chain(passage);
    }
    passage->superseded = passage->superseded || is_superseded(passage);
    remark_trouble(passage);
    return true;
}
