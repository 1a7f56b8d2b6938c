/* Infos: which ones, and all of them but event codes, areas, parameters, resources and times. */
#include "translate/internal.h"

static bool is_referenced_by(const struct alert *by, const struct identity *identity)
{
    for (size_t i = 0; i < by->reference_count; i++) {
        struct identity other = identity_of_reference(&by->references[i], identity->class);
        if (by->references[i].sent.set && identity_eq(&other, identity))
            return true;
    }
    return false;
}

/* The newest of each chain: referenced by the Cancel, of its class, and by no other that is known.
 */
static bool is_cancelled(const struct work *work, const struct alert *candidate)
{
    const struct translate_input *input = work->input;
    if (alert_class_of_status(candidate->status) != input->class)
        return false;
    struct identity identity = identity_of(candidate, input->class);
    if (!is_referenced_by(work->source, &identity))
        return false;
    for (size_t i = 0; i < input->referenced_count; i++) {
        if (input->referenced[i] != candidate && is_referenced_by(input->referenced[i], &identity))
            return false;
    }
    return true;
}

static size_t cancelled_count(const struct work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->input->referenced_count; i++) {
        const struct alert *candidate = work->input->referenced[i];
        count += is_cancelled(work, candidate) ? candidate->info_count : 0;
    }
    return count;
}

/*
 * What is cancelled as an ending: Past, and without what it asked people to do, which no longer
 * holds. No AllClear takes its place: a Cancel may also mean an error or an upgrade, and only the
 * source can say that the danger has passed.
 */
static const struct cap_info *ended_info(struct work *work, const struct cap_info *given)
{
    struct cap_info *past = arena_alloc(work->arena, sizeof(*past));
    *past = *given;
    past->urgency = URGENCY_PAST;
    past->response_types = NULL;
    past->response_type_count = 0;
    past->instruction = (struct slice){0};
    return past;
}

/* Told of by what the cancelled alert says, not by what ended_info() leaves of it. */
static void trace_ended(struct work *work, size_t i, const struct cap_info *given)
{
    if (!work->trace)
        return;
    const char *urgency = path_info(work, i, "urgency");
    if (given->urgency != URGENCY_PAST)
        trace_add(work->trace, work->arena,
                  given->urgency == URGENCY_NONE ? TRACE_ADDED : TRACE_MAPPED,
                  given->urgency == URGENCY_NONE ? "" : urgency, urgency, "rule: a Cancel is Past");
    if (given->response_type_count > 0)
        trace_add(work->trace, work->arena, TRACE_DROPPED, path_info(work, i, "responseType"), "",
                  "rule: what is cancelled asks for nothing any more");
    if (!slice_is_empty(given->instruction))
        trace_add(work->trace, work->arena, TRACE_DROPPED, path_info(work, i, "instruction"), "",
                  "rule: what is cancelled asks for nothing any more");
}

/* What the paths of the trace count. */
static void trace_infos(struct work *work, const struct cap_info *const *infos)
{
    if (!work->trace)
        return;
    work->trace->infos = infos;
    work->trace->info_count = work->info_count;
}

static void infos_of_cancelled(struct work *work)
{
    size_t count = cancelled_count(work);
    if (count == 0) {
        notes_add(work->notes, work->arena, NOTE_INFO_NONE, "alert",
                  "A Cancel without info, and what it cancels is not known.");
        return;
    }
    const struct cap_info **infos = arena_alloc_array(work->arena, count, sizeof(*infos));
    const struct cap_info **given = arena_alloc_array(work->arena, count, sizeof(*given));
    for (size_t i = 0; i < work->input->referenced_count; i++) {
        const struct alert *candidate = work->input->referenced[i];
        if (!is_cancelled(work, candidate))
            continue;
        for (size_t j = 0; j < candidate->info_count; j++) {
            trace_ended(work, work->info_count, &candidate->infos[j]);
            given[work->info_count] = &candidate->infos[j];
            infos[work->info_count++] = ended_info(work, &candidate->infos[j]);
        }
        notes_add(work->notes, work->arena, NOTE_INFOS_FROM_REFERENCED, "alert",
                  "Infos are those of the cancelled %.*s, with urgency Past and without "
                  "responseType and instruction, which no longer hold.",
                  SLICE_ARG(text_short(candidate->identifier, 120)));
    }
    work->infos = infos;
    trace_infos(work, given);
}

enum err_code step_choose_infos(struct work *work, struct err *err)
{
    (void)err;
    const struct alert *source = work->source;
    if (source->info_count > 0) {
        const struct cap_info **infos =
            arena_alloc_array(work->arena, source->info_count, sizeof(*infos));
        for (size_t i = 0; i < source->info_count; i++)
            infos[i] = &source->infos[i];
        work->infos = infos;
        work->info_count = source->info_count;
        trace_infos(work, infos);
    } else if (source->msg_type == MSG_TYPE_CANCEL && !work_to_us(work)) {
        infos_of_cancelled(work);
    } else if (source->msg_type == MSG_TYPE_ALERT || source->msg_type == MSG_TYPE_UPDATE) {
        notes_add(work->notes, work->arena, NOTE_INFO_NONE, "alert",
                  "The message has no info; there is nothing to translate but itself.");
    }
    return OK;
}

static void note_filled(struct work *work, size_t i, const char *element, const char *value)
{
    notes_add(work->notes, work->arena, NOTE_ELEMENT_FILLED, path_info(work, i, element),
              "Mandatory, and missing in the source: %s.", value);
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_ADDED, "", path_info(work, i, element),
                  "rule: mandatory, and missing in the source");
}

static void fill_category(struct work *work, size_t i, struct cap_info *info)
{
    if (info->category_count > 0)
        return;
    info->categories = arena_alloc(work->arena, sizeof(*info->categories));
    info->categories[0] = CATEGORY_OTHER;
    info->category_count = 1;
    note_filled(work, i, "category", "Other");
}

/* Unknown is the weakest value of each scale: filling in never raises. */
static void fill_scales(struct work *work, size_t i, struct cap_info *info)
{
    if (info->urgency == URGENCY_NONE) {
        info->urgency = URGENCY_UNKNOWN;
        note_filled(work, i, "urgency", "Unknown");
    }
    if (info->severity == SEVERITY_NONE) {
        info->severity = SEVERITY_UNKNOWN;
        note_filled(work, i, "severity", "Unknown");
    }
    if (info->certainty == CERTAINTY_NONE) {
        info->certainty = CERTAINTY_UNKNOWN;
        note_filled(work, i, "certainty", "Unknown");
    }
}

static void fill_event(struct work *work, size_t i, struct cap_info *info)
{
    if (!slice_is_empty(info->event))
        return;
    info->event = SLICE("Unspecified event");
    note_filled(work, i, "event", "Unspecified event");
}

/* A pair without a name says nothing; a parameter without a value still does. */
static struct cap_pairs given_pairs(struct work *work, size_t i, const struct cap_pairs *given,
                                    const char *element, bool needs_value)
{
    struct pair_list list = {0};
    for (size_t j = 0; j < given->count; j++) {
        const struct cap_pair *pair = &given->items[j];
        if (pair_is_given(pair, needs_value)) {
            pair_list_add(work, &list, pair->name, pair->value);
            continue;
        }
        const char *path = path_item(work, i, element, j);
        notes_add(work->notes, work->arena, NOTE_PARAMETER_EMPTY, path,
                  "No name or no value: %.*s%.*s.", SLICE_ARG(text_short(pair->name, 80)),
                  SLICE_ARG(text_short(pair->value, 80)));
        trace_add(work->trace, work->arena, TRACE_DROPPED, path, "",
                  "rule: a pair without name or value says nothing");
    }
    return list.pairs;
}

/* What NWS no longer lists in `references` because it has lapsed; by derived identity like those.
 */
static void rewrite_expired_references(struct work *work, size_t i)
{
    const struct cap_pairs *parameters = &work->derived->infos[i].parameters;
    for (size_t j = 0; j < parameters->count; j++) {
        struct cap_pair *pair = &parameters->items[j];
        if (!slice_ieq_cstr(pair->name, "expiredReferences"))
            continue;
        pair->value = references_rewrite(work, pair->value, path_kept(work, i, "parameter", j));
    }
}

enum err_code step_infos(struct work *work, struct err *err)
{
    (void)err;
    work->derived->info_count = work->info_count;
    work->derived->infos =
        arena_alloc_array(work->arena, work->info_count, sizeof(*work->derived->infos));
    for (size_t i = 0; i < work->info_count; i++) {
        struct cap_info *info = &work->derived->infos[i];
        *info = *work->infos[i];
        info->line = 0;
        fill_category(work, i, info);
        fill_scales(work, i, info);
        fill_event(work, i, info);
        uri_correct(work, &info->web, path_info(work, i, "web"));
        info->event_codes = given_pairs(work, i, &info->event_codes, "eventCode", true);
        info->parameters = given_pairs(work, i, &info->parameters, "parameter", false);
        rewrite_expired_references(work, i);
        ending_mark_info(work, i);
    }
    return OK;
}
