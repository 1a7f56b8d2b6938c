#include "intake/intake.h"

#include "base/mem.h"
#include "intake/counts.h"
#include "intake/passage.h"
#include "intake/stages.h"

#include <stdlib.h>

enum { RECEIPT_BYTES_MAX = 2 * 1024 * 1024 };

struct intake {
    struct intake_options options;
    struct known *known;
    struct counts *counts;
};

enum err_code intake_create(const struct intake_options *options, struct intake **out,
                            struct err *err)
{
    *out = NULL;
    if (!options->actual_key || !options->exercise_key)
        return err_set(err, ERR_INVALID, "keys for both classes are needed");
    struct intake *intake = mem_alloc(sizeof(*intake));
    intake->options = *options;
    intake->known = known_create(options->journal, options->parser);
    intake->counts = counts_create();
    *out = intake;
    return OK;
}

void intake_destroy(struct intake *intake)
{
    if (!intake)
        return;
    known_destroy(intake->known);
    counts_destroy(intake->counts);
    free(intake);
}

/* One that was refused, for its signature say, is not what was asked for: the archive may have the
 * true one. */
static bool is_in_journal(struct intake *intake, struct arena *arena,
                          const struct identity *identity)
{
    struct journal_known row;
    struct err err;
    enum err_code code =
        journal_find_reference(intake->options.journal, arena, identity, &row, &err);
    if (code == OK)
        return verdict_from_name(row.verdict) != VERDICT_REFUSED;
    return code != ERR_NOT_FOUND;
}

bool intake_knows(struct intake *intake, const struct cap_reference *reference)
{
    static const enum alert_class classes[] = {CLASS_ACTUAL, CLASS_EXERCISE};
    struct arena *arena = arena_create();
    bool known = false;
    for (size_t i = 0; i < 2 && !known; i++) {
        struct identity identity = identity_of_reference(reference, classes[i]);
        struct known_message in_flight;
        known = known_find(intake->known, arena, &identity, &in_flight, 1) > 0 ||
                is_in_journal(intake, arena, &identity);
    }
    arena_destroy(arena);
    return known;
}

bool intake_has_signed(struct intake *intake, struct slice identifier)
{
    bool found = false;
    struct err err;
    return journal_has_signed(intake->options.journal, identifier, &found, &err) == OK && found;
}

void intake_set_policy(struct intake *intake, const struct route_policy *policy)
{
    intake->options.policy = policy;
}

void intake_counts(const struct intake *intake, intake_count_fn each, void *context)
{
    counts_each(intake->counts, each, context);
}

/* --- what comes back --- */

static void settle(struct intake *intake, const struct passage *passage)
{
    const struct journal_entry *entry = passage->entry;
    struct intake_outcome_bulletin bulletins[JOURNAL_BULLETINS_MAX];
    for (size_t i = 0; i < entry->bulletin_count; i++) {
        const struct journal_bulletin *bulletin = &entry->bulletins[i];
        bulletins[i] = (struct intake_outcome_bulletin){
            .seq = bulletin->seq,
            .side = bulletin->side,
            .regions = bulletin->regions,
            .region_count = bulletin->region_count,
            .topics = bulletin->topics,
            .topic_count = bulletin->topic_count,
            .derived_identifier = bulletin->derived_identifier,
        };
    }
    bool readable = passage->alert && passage->alert->kind != KIND_UNREADABLE;
    struct intake_outcome outcome = {
        .tag = passage->delivery.tag,
        .source = passage->delivery.source,
        .verdict = entry->verdict,
        .reason = entry->reason,
        .detail = entry->detail,
        .notes_json = entry->notes_json,
        .receipt = entry->receipt,
        .alert = readable ? passage->alert : NULL,
        .class = entry->class,
        .arrival = entry->arrival,
        .first_arrival = entry->first_arrival,
        .bulletins = bulletins,
        .bulletin_count = entry->bulletin_count,
        .last = passage->last,
    };
    intake->options.settle(intake->options.settle_context, &outcome);
}

/* What was committed: the journal may have had to refuse what the stages let pass. */
static void count_entry(struct intake *intake, const struct journal_entry *entry)
{
    counts_add(intake->counts, alert_class_name(entry->class),
               verdict_name(verdict_from_name(entry->verdict)), entry->reason);
}

size_t intake_collect(struct intake *intake, size_t max)
{
    size_t count = 0;
    while (count < max) {
        struct journal_entry *entry = journal_collect(intake->options.journal);
        if (!entry)
            break;
        known_remove(intake->known, entry->arrival);
        count_entry(intake, entry);
        settle(intake, entry->owner);
        journal_entry_destroy(entry);
        count++;
    }
    return count;
}

/* --- one alert --- */

/* Everything but the journal; a receipt that cannot be made is absent, and the caller says so. */
static void answer_dry_run(struct intake *intake, struct passage *passage)
{
    const struct intake_options *house = &intake->options;
    struct journal_entry *entry = passage->entry;
    struct buf receipt;
    struct err err;
    buf_init(&receipt, RECEIPT_BYTES_MAX);
    if (passage->delivery.grants &&
        receipt_make(passage, house->actual_key, house->exercise_key, house->relay_name,
                     clock_now_us(house->clock), &receipt, &err) == OK)
        entry->receipt = buf_slice(&receipt);
    settle(intake, passage);
    buf_fini(&receipt);
    journal_entry_destroy(entry);
}

static void commit(struct intake *intake, struct passage *passage)
{
    struct journal_entry *entry = passage->entry;
    known_add(intake->known, entry, passage->alert);
    /* What was lent by the caller is gone from here on. */
    passage->delivery =
        (struct intake_delivery){.source = passage->delivery.source, .tag = passage->delivery.tag};
    journal_append(intake->options.journal, &entry);
}

/* --- one document --- */

struct document {
    const struct intake_delivery *delivery;
    struct slice bytes;
    struct digest digest;
    unsigned crashes;
    struct parsed parsed;
    size_t count;
};

static void pass_alert(struct intake *intake, const struct document *document, size_t index,
                       struct journal_entry *entry)
{
    struct journal *journal = intake->options.journal;
    struct passage *passage = arena_alloc(entry->arena, sizeof(*passage));
    passage->house = &intake->options;
    passage->known = intake->known;
    passage->delivery = *document->delivery;
    passage->last = index + 1 == document->count;
    passage->entry = entry;
    passage->arena = entry->arena;
    passage->crashes = document->crashes;
    if (document->parsed.count)
        passage->alert = document->parsed.alerts[index];
    entry->bytes = document->bytes;
    entry->digest = document->digest;
    journal_guard(journal, &document->digest);
    stages_run(passage);
    journal_unguard(journal);
    if (document->delivery->dry_run)
        answer_dry_run(intake, passage);
    else
        commit(intake, passage);
}

static void read_document(struct intake *intake, struct arena *arena,
                          const struct intake_delivery *delivery, struct document *out)
{
    struct journal *journal = intake->options.journal;
    *out = (struct document){.delivery = delivery, .count = 1};
    out->bytes = arena_copy(arena, delivery->bytes);
    out->digest = digest_of(out->bytes);
    out->crashes = journal_crashes(journal, &out->digest);
    if (out->crashes >= JOURNAL_CRASHES_MAX)
        return;
    journal_guard(journal, &out->digest);
    out->parsed = parser_read(intake->options.parser, arena, out->bytes);
    out->count = out->parsed.count;
}

/*
 * Bytes and parsed alerts of an envelope are shared by its entries: they live in the arena of the
 * last one, which the journal's order keeps until the others are gone.
 */
void intake_deliver(struct intake *intake, const struct intake_delivery *delivery)
{
    struct journal_entry *entry = journal_entry_create(intake->options.journal);
    struct document document;
    read_document(intake, entry->arena, delivery, &document);
    struct arena *shared = NULL;
    if (document.count > 1) {
        shared = entry->arena;
        entry->arena = arena_create();
    }
    for (size_t i = 0; i < document.count; i++) {
        if (i)
            entry = journal_entry_create(intake->options.journal);
        if (shared && i + 1 == document.count) {
            arena_destroy(entry->arena);
            entry->arena = shared;
        }
        pass_alert(intake, &document, i, entry);
    }
}
