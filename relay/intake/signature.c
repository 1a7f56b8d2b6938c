/* The stage that asks who signed it, and what its answer means for another stage. */
#include "intake/passage.h"

/* Reasons and remarks by verdict; the texts are stable names. */
static const struct words {
    const char *reason, *remark;
} words[ORIGIN_VERDICT_COUNT] = {
    [ORIGIN_NONE] = {"signature.none", "signature-none"},
    [ORIGIN_UNCHECKED] = {"signature.unchecked", "signature-unchecked"},
    [ORIGIN_MALFORMED] = {"signature.malformed", "signature-malformed"},
    [ORIGIN_UNSUPPORTED] = {"signature.unsupported", "signature-unsupported"},
    [ORIGIN_DIGEST_MISMATCH] = {"signature.digest-mismatch", "signature-digest-mismatch"},
    [ORIGIN_INVALID] = {"signature.signature-invalid", "signature-invalid"},
    [ORIGIN_UNTRUSTED] = {"signature.untrusted", "signature-untrusted"},
    [ORIGIN_WEAK] = {"signature.weak", "signature-weak"},
    [ORIGIN_EXPIRED] = {"signature.expired-pinned", "signature-expired-pinned"},
    [ORIGIN_VALID] = {"signature.valid", "signature-valid"},
};

/* What costs nothing is told without a policy too. */
static void judge(const struct origin_trust *trust, struct arena *arena, const struct alert *alert,
                  struct slice bytes, int64_t now_s, struct origin *out)
{
    *out = (struct origin){0};
    if (!alert->signature_count)
        return;
    out->verdict = ORIGIN_MALFORMED;
    if (origin_policy_of(trust) == ORIGIN_IGNORE)
        out->verdict = ORIGIN_UNCHECKED;
    else if (alert->repaired)
        out->text = SLICE("what was signed could only be read after a repair");
    else if (alert->reworded)
        out->text = SLICE("the document around the alert changes its status, scope or area, which "
                          "its signature does not cover");
    else
        origin_check(trust, arena, alert->detached.ptr ? alert->detached : bytes, now_s, out);
}

bool stage_signature(struct passage *passage)
{
    const struct origin_trust *trust = passage->delivery.source->trust;
    enum origin_policy policy = origin_policy_of(trust);
    struct origin *origin = &passage->signature;
    judge(trust, passage->arena, passage->alert, passage->entry->bytes, passage_now_s(passage),
          origin);
    passage->has_signature = policy != ORIGIN_IGNORE;
    if (!passage->has_signature)
        return true;
    struct slice text = origin->text.len ? origin->text : SLICE("there is no signature");
    if (policy == ORIGIN_REQUIRE && !origin->accepted)
        return passage_stop(passage, VERDICT_REFUSED,
                            slice_from_cstr(words[origin->verdict].reason), "%.*s",
                            SLICE_ARG(text));
    if (!origin->accepted)
        passage_remark(passage, words[origin->verdict].remark, "%.*s", SLICE_ARG(text));
    return true;
}

static struct slice bytes_of(struct passage *passage, const struct known_message *message)
{
    struct journal_known row;
    struct err err;
    if (message->row.bytes.ptr)
        return message->row.bytes;
    if (journal_find_arrival(passage->house->journal, passage->arena, message->row.arrival, &row,
                             &err) != OK)
        return (struct slice){0};
    return row.bytes;
}

/* Judged as of now, by the pins of its own source. */
static enum origin_verdict verdict_on(struct passage *passage, struct known_message *message)
{
    const struct intake_options *house = passage->house;
    const struct alert *alert = known_alert(passage->known, passage->arena, message);
    struct slice bytes = bytes_of(passage, message);
    struct origin origin;
    if (!alert || !bytes.ptr)
        return ORIGIN_UNCHECKED;
    const struct origin_trust *trust =
        house->trust_of ? house->trust_of(house->trust_context, message->row.source) : NULL;
    judge(trust, passage->arena, alert, bytes, passage_now_s(passage), &origin);
    return origin.verdict;
}

struct slice signature_against(struct passage *passage, struct known_message *first)
{
    enum origin_verdict here = passage->signature.verdict;
    enum origin_verdict there = verdict_on(passage, first);
    int order = origin_compare(here, there);
    const char *better = order > 0   ? "this one has the better origin signature"
                         : order < 0 ? "that one has the better origin signature"
                                     : "neither has the better origin signature";
    return arena_printf(passage->arena, "%s (%s here, %s there)", better, origin_verdict_name(here),
                        origin_verdict_name(there));
}
