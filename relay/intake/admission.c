/* The stages that need nothing but the alert and its source. */
#include "intake/passage.h"

enum { REFERENCES_MAX = 500 };

static const struct finding *first_fatal(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity == FINDING_FATAL)
            return &findings->items[i];
    return NULL;
}

/* A DOCTYPE is no accident of form: it is refused, whatever else the document says. */
static enum verdict verdict_of(const struct finding *fatal)
{
    return slice_ifind(slice_from_cstr(fatal->rule), "doctype") >= 0 ? VERDICT_REFUSED
                                                                     : VERDICT_UNREADABLE;
}

bool stage_read(struct passage *passage)
{
    if (passage->crashes >= JOURNAL_CRASHES_MAX)
        return passage_stop(passage, VERDICT_UNREADABLE, SLICE("crashed"),
                            "the relay died again and again while it worked on this message");
    if (passage->alert->relayable || passage->alert->kind == KIND_HEARTBEAT)
        return true;
    const struct finding *fatal = first_fatal(&passage->alert->findings);
    if (!fatal)
        return passage_stop(passage, VERDICT_UNREADABLE, SLICE("unreadable"),
                            "no alert could be read");
    return passage_stop(passage, verdict_of(fatal), slice_from_cstr(fatal->rule), "%.*s",
                        SLICE_ARG(fatal->text));
}

bool stage_check(struct passage *passage)
{
    passage->profile = profile_recognise(passage->alert);
    if (passage->alert->kind == KIND_ALERT)
        profile_check(passage->alert, passage->arena, profile_of_author(passage->alert));
    return true;
}

static void take_references(struct passage *passage)
{
    const struct alert *alert = passage->alert;
    size_t count =
        alert->reference_count < REFERENCES_MAX ? alert->reference_count : REFERENCES_MAX;
    passage->references = arena_alloc_array(passage->arena, count, sizeof(*passage->references));
    for (size_t i = 0; i < count; i++)
        if (alert->references[i].sent.set)
            passage->references[passage->reference_count++] =
                identity_of_reference(&alert->references[i], passage->class);
    if (passage->reference_count < alert->reference_count)
        passage_remark(
            passage, "reference-unreadable",
            "%zu of %zu references were not followed: no time that can be read, or too many",
            alert->reference_count - passage->reference_count, alert->reference_count);
}

bool stage_origin(struct passage *passage)
{
    enum alert_class class = alert_class_of_status(passage->alert->status);
    bool raised = class == CLASS_ACTUAL && passage->delivery.source->class == CLASS_EXERCISE;
    passage->class = raised ? CLASS_EXERCISE : class;
    passage->identity = identity_of(passage->alert, passage->class);
    passage->has_identity = true;
    if (raised)
        return passage_stop(passage, VERDICT_REFUSED, SLICE("class.exercise-source-sends-actual"),
                            "status Actual from a source that may give exercises only");
    if (passage->class != CLASS_NONE)
        take_references(passage);
    return true;
}

bool stage_loop(struct passage *passage)
{
    if (!profile_is_loop(passage->alert, passage->house->translate.derived_sender))
        return true;
    return passage_stop(passage, VERDICT_LOOP, SLICE("loop"),
                        "made by a relay: mark, sender or "
                        "derived identifier");
}

bool stage_scope(struct passage *passage)
{
    enum cap_scope scope = passage->alert->scope;
    if (scope == SCOPE_PUBLIC || passage->alert->kind == KIND_HEARTBEAT)
        return true;
    return passage_stop(passage, VERDICT_NOT_PUBLISHED,
                        scope == SCOPE_PRIVATE ? SLICE("scope.private") : SLICE("scope.restricted"),
                        "scope %s: only Public crosses", cap_scope_name(scope));
}

bool stage_class(struct passage *passage)
{
    if (passage->alert->kind == KIND_HEARTBEAT)
        return passage_stop(passage, VERDICT_HEARTBEAT, SLICE("heartbeat"),
                            "the source's sign of life");
    if (passage->class != CLASS_NONE)
        return true;
    bool draft = passage->alert->status == STATUS_DRAFT;
    return passage_stop(passage, VERDICT_NOT_PUBLISHED,
                        draft ? SLICE("class.draft") : SLICE("class.system"),
                        "status %s is never published", cap_status_name(passage->alert->status));
}
