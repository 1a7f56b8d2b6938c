/* The last stage: everything that the journal keeps of a message, and what its writer seals. */
#include "intake/passage.h"

#include "alert/lifecycle.h"

#include <stdlib.h>

/* What the header of a bulletin has room for. */
enum { GEOCODES_KEPT_MAX = 5000 };

/* --- the entry --- */

static void decide(struct passage *passage)
{
    if (passage->verdict == VERDICT_NONE)
        passage->verdict =
            passage->dedup.kind == DEDUP_CONFLICT ? VERDICT_CONFLICT : VERDICT_RELAYED;
    struct journal_entry *entry = passage->entry;
    entry->class = passage->class;
    entry->verdict = verdict_slice(passage->verdict);
    entry->reason = passage->reason;
    entry->detail = passage->detail;
}

static void find_identity(struct passage *passage)
{
    const struct alert *alert = passage->alert;
    if (passage->has_identity || !alert)
        return;
    passage->identity = identity_of(alert, passage->class);
    passage->has_identity = alert->sender.len && alert->identifier.len && alert->sent.set;
}

static void record_alert(struct passage *passage)
{
    struct journal_entry *entry = passage->entry;
    const struct alert *alert = passage->alert;
    find_identity(passage);
    entry->has_identity = passage->has_identity;
    entry->identity = passage->identity;
    if (!alert)
        return;
    entry->msg_type = alert->msg_type;
    entry->status = alert->status;
    if (alert->info_count)
        entry->event = alert->infos[0].event;
    if (passage->has_identity)
        entry->content = passage->has_content ? passage->content : alert_content(alert);
    entry->secondary_key = passage->secondary_key;
    entry->references = passage->references;
    entry->reference_count = passage->reference_count;
}

static void record_delivery(struct passage *passage)
{
    struct journal_entry *entry = passage->entry;
    const struct intake_delivery *delivery = &passage->delivery;
    entry->received_us = delivery->received_us;
    entry->source = arena_copy(passage->arena, delivery->source->name);
    if (delivery->grants)
        entry->authority = arena_copy(passage->arena, delivery->grants->authority);
    /* The source's cursor moves when the whole document is in the journal. */
    if (!passage->last)
        return;
    entry->mark_key = arena_copy(passage->arena, delivery->mark_key);
    entry->mark_value = arena_copy(passage->arena, delivery->mark_value);
}

/* --- the bulletins --- */

static int geocode_order(const void *a, const void *b)
{
    const struct bulletin_geocode *x = a, *y = b;
    int order = slice_cmp(x->scheme, y->scheme);
    return order ? order : slice_cmp(x->code, y->code);
}

/* The header's name of the scheme; absent for what was not found on that side: the source's own
 * codes, which a derived message may still carry, and `none`. */
static struct slice found_scheme(const struct cap_pair *geocode, enum side side)
{
    struct slice absent = {0};
    if (side == SIDE_US) {
        bool known = slice_eq_cstr(geocode->name, "SAME") || slice_eq_cstr(geocode->name, "UGC");
        return known ? geocode->name : absent;
    }
    bool known = slice_istarts_with(geocode->name, "profile:CAP-CP:Location") &&
                 !slice_eq_cstr(geocode->value, "none");
    return known ? SLICE("SGC") : absent;
}

static void take_geocodes(struct bulletin_facts *facts, struct arena *arena)
{
    struct bulletin_geocode *codes = NULL;
    size_t count = 0, capacity = 0, kept = 0;
    for (size_t i = 0; i < facts->derived->info_count; i++)
        for (size_t k = 0; k < facts->derived->infos[i].area_count; k++) {
            const struct cap_pairs *pairs = &facts->derived->infos[i].areas[k].geocodes;
            for (size_t n = 0; n < pairs->count; n++) {
                struct slice scheme = found_scheme(&pairs->items[n], facts->side);
                if (!scheme.ptr)
                    continue;
                codes = arena_grow(arena, codes, count, &capacity, sizeof(*codes));
                codes[count++] = (struct bulletin_geocode){scheme, pairs->items[n].value};
            }
        }
    if (count)
        qsort(codes, count, sizeof(*codes), geocode_order);
    for (size_t i = 0; i < count && kept < GEOCODES_KEPT_MAX; i++)
        if (!kept || geocode_order(&codes[kept - 1], &codes[i]))
            codes[kept++] = codes[i];
    facts->geocodes = codes;
    facts->geocode_count = kept;
}

static void take_notes(struct bulletin_facts *facts, struct arena *arena, const struct notes *notes)
{
    struct bulletin_note *items = arena_alloc_array(arena, notes->count, sizeof(*items));
    for (size_t i = 0; i < notes->count; i++)
        items[i] = (struct bulletin_note){
            notes->items[i].where, slice_from_cstr(notes->items[i].code), notes->items[i].text};
    facts->notes = items;
    facts->note_count = notes->count;
}

static void take_origin(struct bulletin_facts *facts, struct passage *passage)
{
    const struct intake_delivery *delivery = &passage->delivery;
    facts->original = passage->alert;
    facts->original_bytes = passage->entry->bytes;
    facts->source = passage->entry->source;
    facts->signature_verdict = slice_from_cstr(origin_verdict_name(passage->signature.verdict));
    facts->signature_signer = passage->signature.signer;
    if (!delivery->recording)
        return;
    struct digest *recording = arena_alloc(passage->arena, sizeof(*recording));
    *recording = *delivery->recording;
    facts->recording = recording;
    facts->recording_name = arena_copy(passage->arena, delivery->recording_name);
}

static void take_area(struct bulletin_facts *facts, const struct passage *passage)
{
    const struct route_box *box = &passage->area.box;
    facts->has_bbox = box->set;
    facts->bbox[0] = box->west;
    facts->bbox[1] = box->south;
    facts->bbox[2] = box->east;
    facts->bbox[3] = box->north;
    facts->boundary_grade = passage->house->geo ? geo_grade(passage->house->geo) : SLICE("none");
}

static int64_t in_force_until(const struct passage *passage)
{
    int64_t until_s = 0;
    if (passage->superseded ||
        !alert_in_force_until(passage->alert, passage->house->in_force_default_hours, &until_s))
        return 0;
    return until_s;
}

static const struct bulletin_facts *facts_of(struct passage *passage, const struct leg *leg)
{
    struct bulletin_facts *facts = arena_alloc(passage->arena, sizeof(*facts));
    facts->relay = passage->house->relay_name;
    facts->class = passage->class;
    facts->side = leg->side;
    facts->regions = leg->border.regions;
    facts->region_count = leg->border.region_count;
    facts->topics = leg->border.topics;
    facts->topic_count = leg->border.topic_count;
    facts->derived = leg->translation.derived;
    facts->target = slice_from_cstr(target_name(target_of_side(leg->side)));
    facts->derived_xml = leg->translation.xml;
    facts->remarks = passage->remarks;
    facts->remark_count = passage->remark_count;
    facts->tables_version = slice_from_cstr(translate_tables_version());
    facts->relay_version = SLICE(CAPRELAY_VERSION);
    facts->in_force_until_s = in_force_until(passage);
    take_origin(facts, passage);
    take_notes(facts, passage->arena, &leg->translation.notes);
    take_geocodes(facts, passage->arena);
    take_area(facts, passage);
    return facts;
}

static void record_bulletins(struct passage *passage)
{
    struct journal_entry *entry = passage->entry;
    for (size_t i = 0; i < passage->leg_count; i++) {
        struct leg *leg = &passage->legs[i];
        if (!leg->crosses)
            continue;
        const struct bulletin_facts *facts = facts_of(passage, leg);
        entry->bulletins[entry->bulletin_count++] = (struct journal_bulletin){
            .side = leg->side,
            .topics = leg->border.topics,
            .topic_count = leg->border.topic_count,
            .regions = leg->border.regions,
            .region_count = leg->border.region_count,
            .derived_identifier = leg->translation.identifier,
            .in_force_until_s = facts->in_force_until_s,
            .facts = facts,
        };
    }
    entry->ends = passage->chain.ends;
    entry->ends_count = passage->chain.ends_count;
}

/* A dry run that repeats what was relayed is told where it is; for all others the journal says it,
 * which knows the numbers of those still in flight too. */
static void name_the_first(struct passage *passage)
{
    const struct journal_known *known = &passage->dedup.first.row;
    bool conflict = slice_eq_cstr(known->verdict, verdict_name(VERDICT_CONFLICT));
    struct journal_entry *entry = passage->entry;
    for (size_t i = 0; i < known->sent_count; i++) {
        struct border_answer names = {0};
        border_topics(passage->arena, known->identity.class, known->sent[i].side,
                      known->sent[i].regions, known->sent[i].region_count, &names);
        entry->first[entry->first_count++] = (struct journal_bulletin){
            .seq = known->sent[i].seq,
            .side = known->sent[i].side,
            .regions = names.regions,
            .region_count = names.region_count,
            .topics = names.topics,
            .topic_count = names.topic_count,
            .derived_identifier =
                identity_derived(passage->arena, &known->identity, known->sent[i].side,
                                 conflict ? &known->content : NULL),
        };
    }
}

bool stage_record(struct passage *passage)
{
    decide(passage);
    record_delivery(passage);
    record_alert(passage);
    if (passage->verdict == VERDICT_RELAYED || passage->verdict == VERDICT_CONFLICT)
        record_bulletins(passage);
    if (passage->verdict == VERDICT_DUPLICATE && passage->delivery.dry_run)
        name_the_first(passage);
    passage->entry->notes_json = notes_json(passage);
    passage->entry->owner = passage;
    return true;
}
