#include "alert/envelope.h"

#include "alert/codes.h"
#include "alert/georss.h"
#include "alert/text.h"

enum { SHOWN_MAX = 80, PASSED_ON_MAX = 40 /* for each of up to PARSE_ALERTS_MAX alerts */ };

/* Actual, then exercises, then what is never published. */
static int rank(enum cap_status status)
{
    static const int ranks[] = {
        [STATUS_NONE] = 0, [STATUS_DRAFT] = 1,    [STATUS_SYSTEM] = 1,
        [STATUS_TEST] = 2, [STATUS_EXERCISE] = 2, [STATUS_ACTUAL] = 3,
    };
    return ranks[status];
}

void envelope_bound(struct reader *r, const xmlNode *node, struct slice value,
                    struct envelope *envelope)
{
    enum cap_status status = (enum cap_status)code_find(&codes_status, value);
    if (value.len == 0)
        return;
    if (status == STATUS_NONE)
        reader_find(r, "envelope.status-unknown", FINDING_FATAL, node,
                    "'%.*s' is no status; it is never taken for Actual",
                    SLICE_ARG(text_clip(value, SHOWN_MAX)));
    else if (envelope->status != STATUS_NONE && envelope->status != status)
        reader_find(r, "cap.contradiction", FINDING_FATAL, node,
                    "differs from the first status; only one may be given");
    else
        envelope->status = status;
}

void envelope_attach(xmlNode *node, struct envelope *envelope)
{
    node->_private = envelope;
}

void envelope_pass_on(struct arena *arena, const struct findings *from, struct findings *to,
                      bool at_most_warning)
{
    size_t left_out = from->left_out;
    for (size_t i = 0; i < from->count; i++) {
        const struct finding *finding = &from->items[i];
        enum finding_severity severity = finding->severity;
        if (i >= PASSED_ON_MAX && severity != FINDING_FATAL) {
            left_out++;
            continue;
        }
        if (at_most_warning && severity == FINDING_FATAL)
            severity = FINDING_WARNING;
        struct slice where = arena_copy(arena, finding->where);
        findings_add(to, arena, finding->rule, severity, where.ptr ? where.ptr : "", finding->line,
                     "%.*s", SLICE_ARG(finding->text));
    }
    if (left_out)
        findings_add(to, arena, "envelope.more", FINDING_WARNING, "document", 0,
                     "%zu more findings about the wrapper left out", left_out);
}

/* A fatal finding leaves no status: who writes the alert anew must not write Actual. */
static void apply_status(struct reader *r, const xmlNode *node, const struct envelope *envelope)
{
    struct alert *alert = r->alert;
    if (findings_have_fatal(&envelope->findings)) {
        alert->status = STATUS_NONE;
        alert->reworded = true;
    } else if (envelope->status != STATUS_NONE && rank(envelope->status) < rank(alert->status)) {
        reader_find(r, "envelope.status", FINDING_WARNING, r->root,
                    "the alert says %s, the %s around it %s: the lower holds",
                    cap_status_name(alert->status), (const char *)node->name,
                    cap_status_name(envelope->status));
        alert->status = envelope->status;
        alert->reworded = true;
    }
}

static void apply_confidentiality(struct reader *r, const struct envelope *envelope)
{
    struct alert *alert = r->alert;
    if (!envelope->confidentiality.len)
        return;
    reader_find(r, "envelope.confidential", FINDING_WARNING, r->root,
                "the envelope's confidentiality is '%.*s': not for the public",
                SLICE_ARG(text_clip(envelope->confidentiality, SHOWN_MAX)));
    if (alert->scope != SCOPE_PUBLIC)
        return;
    alert->scope = SCOPE_RESTRICTED;
    alert->reworded = true;
    if (!alert->restriction.len)
        alert->restriction = envelope->confidentiality;
}

static void apply_area(struct reader *r, const xmlNode *node, const struct envelope *envelope)
{
    struct alert *alert = r->alert;
    size_t areas = 0;
    for (size_t i = 0; i < alert->info_count; i++)
        areas += alert->infos[i].area_count;
    if (areas || !alert->info_count || !envelope->area.area_desc.len)
        return;
    for (size_t i = 0; i < alert->info_count; i++) {
        alert->infos[i].areas = arena_alloc(r->arena, sizeof *alert->infos[i].areas);
        alert->infos[i].areas[0] = envelope->area;
        alert->infos[i].area_count = 1;
    }
    alert->reworded = true;
    reader_find(r, "envelope.area", FINDING_WARNING, r->root,
                "the alert names no area: that of the %s around it is taken",
                (const char *)node->name);
}

void envelope_apply(struct reader *r)
{
    bool nearest = true;
    for (const xmlNode *node = r->root->parent; node && node->type == XML_ELEMENT_NODE;
         node = node->parent) {
        const struct envelope *envelope = node->_private;
        if (!envelope)
            continue;
        if (nearest && r->alert->form == FORM_CAP)
            r->alert->form = envelope->form;
        nearest = false;
        envelope_pass_on(r->arena, &envelope->findings, &r->alert->findings, false);
        apply_status(r, node, envelope);
        apply_confidentiality(r, envelope);
        apply_area(r, node, envelope);
    }
    if (nearest && r->alert->form == FORM_CAP && r->root->parent &&
        r->root->parent->type == XML_ELEMENT_NODE)
        r->alert->form = FORM_WRAPPED;
}
