/* The journal's hooks. They run on the writer's thread, on entries that nobody changes any more. */
#include "intake/passage.h"

#include "base/mem.h"

#include <stdlib.h>

struct intake_sealer {
    struct bulletin_options bulletin;
    const struct key *actual_key;
    const struct key *exercise_key;
    struct slice relay_name;
};

enum err_code intake_sealer_create(const struct bulletin_options *bulletin,
                                   const struct key *actual_key, const struct key *exercise_key,
                                   struct slice relay_name, struct intake_sealer **out,
                                   struct err *err)
{
    *out = NULL;
    if (!actual_key || key_class(actual_key) != CLASS_ACTUAL || !actual_key->has_secret)
        return err_set(err, ERR_INVALID, "a secret key of purpose actual is needed");
    if (!exercise_key || key_class(exercise_key) != CLASS_EXERCISE || !exercise_key->has_secret)
        return err_set(err, ERR_INVALID, "a secret key of purpose exercise is needed");
    struct intake_sealer *sealer = mem_alloc(sizeof(*sealer));
    *sealer = (struct intake_sealer){*bulletin, actual_key, exercise_key, relay_name};
    *out = sealer;
    return OK;
}

void intake_sealer_destroy(struct intake_sealer *sealer)
{
    free(sealer);
}

static enum err_code seal(void *context, const struct journal_entry *entry,
                          const struct journal_bulletin *bulletin, const uint64_t *topic_prevs,
                          const struct digest *chain_prev, int64_t time_us, uint64_t conflict_seq,
                          const struct slice *copies, size_t copy_count, struct buf *frame,
                          struct digest *chain, struct err *err)
{
    const struct intake_sealer *sealer = context;
    struct bulletin_number number = {
        .seq = bulletin->seq,
        .chain_prev = *chain_prev,
        .topic_prevs = topic_prevs,
        .time_us = time_us,
        .conflict_seq = conflict_seq,
        .copies = copies,
        .copy_count = copy_count,
    };
    const struct key *key =
        entry->class == CLASS_ACTUAL ? sealer->actual_key : sealer->exercise_key;
    return bulletin_seal(&sealer->bulletin, key, bulletin->facts, &number, frame, chain, err);
}

/* What was numbered; of a duplicate, the bulletins of the first. */
static size_t receipt_bulletins(const struct passage *passage,
                                struct receipt_bulletin out[JOURNAL_BULLETINS_MAX])
{
    const struct journal_entry *entry = passage->entry;
    bool copy = slice_eq_cstr(entry->verdict, verdict_name(VERDICT_DUPLICATE));
    const struct journal_bulletin *bulletins = copy ? entry->first : entry->bulletins;
    size_t count = copy ? entry->first_count : entry->bulletin_count;
    for (size_t i = 0; i < count; i++)
        out[i] = (struct receipt_bulletin){
            .seq = !copy && passage->delivery.dry_run ? 0 : bulletins[i].seq,
            .side = bulletins[i].side,
            .regions = bulletins[i].regions,
            .region_count = bulletins[i].region_count,
            .topics = bulletins[i].topics,
            .topic_count = bulletins[i].topic_count,
            .derived_identifier = bulletins[i].derived_identifier,
        };
    return count;
}

enum err_code receipt_make(const struct passage *passage, const struct key *actual_key,
                           const struct key *exercise_key, struct slice relay_name, int64_t time_us,
                           struct buf *out, struct err *err)
{
    const struct journal_entry *entry = passage->entry;
    struct receipt_bulletin bulletins[JOURNAL_BULLETINS_MAX];
    struct receipt_facts facts = {
        .relay = relay_name,
        .class = entry->class,
        .authority = entry->authority,
        .digest = &entry->digest,
        .dry_run = passage->delivery.dry_run,
        .verdict = entry->verdict,
        .reason = entry->reason,
        .text = entry->detail,
        .details_json = entry->notes_json,
        .bulletins = bulletins,
        .bulletin_count = receipt_bulletins(passage, bulletins),
        .time_us = time_us,
    };
    return receipt_seal(entry->class == CLASS_EXERCISE ? exercise_key : actual_key, &facts, out,
                        err);
}

static enum err_code receipt(void *context, const struct journal_entry *entry, int64_t time_us,
                             struct buf *out, struct err *err)
{
    const struct intake_sealer *sealer = context;
    return receipt_make(entry->owner, sealer->actual_key, sealer->exercise_key, sealer->relay_name,
                        time_us, out, err);
}

void intake_sealer_hooks(struct intake_sealer *sealer, struct journal_hooks *hooks)
{
    hooks->seal = seal;
    hooks->receipt = receipt;
    hooks->context = sealer;
}
