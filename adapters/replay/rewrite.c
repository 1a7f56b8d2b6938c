#include "adapters/replay/rewrite.h"

#include "adapters/replay/stamp.h"
#include "alert/identity.h"

const char *rewrite_refusal(struct arena *arena, const struct alert *alert)
{
    if (alert->kind == KIND_HEARTBEAT)
        return "heartbeat";
    if (alert->kind == KIND_UNREADABLE || !alert->relayable) {
        for (size_t i = 0; i < alert->findings.count; i++)
            if (alert->findings.items[i].severity == FINDING_FATAL)
                return arena_printf(arena, "unreadable: %.*s (%s)",
                                    SLICE_ARG(alert->findings.items[i].text),
                                    alert->findings.items[i].rule)
                    .ptr;
        return "unreadable";
    }
    if (alert->scope != SCOPE_PUBLIC)
        return "not public";
    if (alert_class_of_status(alert->status) == CLASS_NONE)
        return arena_printf(arena, "status %s is never published", cap_status_name(alert->status))
            .ptr;
    return NULL;
}

struct rewriting {
    struct arena *arena;
    const struct rewrite_options *options;
};

/* A time that could not be read stays as it was written: it is no time for anybody. */
static struct cap_time moved(const struct rewriting *r, struct cap_time time)
{
    if (!time.set)
        return time;
    return cap_time_make(r->arena, time.utc_s + r->options->shift_s, time.offset_min);
}

struct slice rewrite_identifier(struct arena *arena, struct slice run_id, struct slice identifier)
{
    return arena_printf(arena, "%.*s.x%.*s", SLICE_ARG(identifier), SLICE_ARG(run_id));
}

static struct slice suffixed(const struct rewriting *r, struct slice identifier)
{
    return rewrite_identifier(r->arena, r->options->run_id, identifier);
}

static struct slice exercise_text(const struct rewriting *r, struct slice text)
{
    if (slice_starts_with(text, REWRITE_HEADLINE))
        return text;
    return arena_printf(r->arena, REWRITE_HEADLINE "%s%.*s", text.len ? ": " : "", SLICE_ARG(text));
}

/* What a phone, a radio or a television would show of a message: it must not read as real either.
 */
static bool is_shown_text(struct slice name)
{
    static const char *const names[] = {"CMAMtext",
                                        "CMAMlongtext",
                                        "EASText",
                                        "WEAText",
                                        "layer:SOREM:1.0:Broadcast_Text",
                                        "layer:SOREM:2.0:WirelessText",
                                        NULL};
    for (size_t i = 0; names[i]; i++)
        if (slice_ieq_cstr(name, names[i]))
            return true;
    return false;
}

static struct slice parameter_value(const struct rewriting *r, const struct cap_pair *pair)
{
    if (slice_ieq_cstr(pair->name, "VTEC"))
        return stamp_exercise_vtec(r->arena, pair->value, r->options->shift_s);
    /* `Actual` alone as a value can only be meant as a status. */
    if (slice_ieq_cstr(pair->value, "Actual"))
        return SLICE("Exercise");
    struct slice value = stamp_shift_times(r->arena, pair->value, r->options->shift_s);
    return is_shown_text(pair->name) ? exercise_text(r, value) : value;
}

static struct cap_pairs parameters(const struct rewriting *r, const struct cap_pairs *from)
{
    struct cap_pairs to = {.count = from->count};
    to.items = arena_alloc_array(r->arena, from->count, sizeof *to.items);
    for (size_t i = 0; i < from->count; i++) {
        to.items[i] = from->items[i];
        to.items[i].value = parameter_value(r, &from->items[i]);
    }
    return to;
}

static void rewrite_info(const struct rewriting *r, struct cap_info *info)
{
    info->effective = moved(r, info->effective);
    info->onset = moved(r, info->onset);
    info->expires = moved(r, info->expires);
    info->headline = exercise_text(r, info->headline.len ? info->headline : info->event);
    info->parameters = parameters(r, &info->parameters);
}

static struct slice note(const struct rewriting *r, struct slice old)
{
    const char *told_as = r->options->told_as;
    return arena_printf(r->arena, REWRITE_HEADLINE ": %s %.*s (run %.*s)%s%.*s",
                        told_as ? told_as : "replay of the recording",
                        SLICE_ARG(r->options->recording), SLICE_ARG(r->options->run_id),
                        old.len ? ". " : "", SLICE_ARG(old));
}

static void rewrite_references(const struct rewriting *r, struct alert *alert)
{
    struct cap_reference *to = arena_alloc_array(r->arena, alert->reference_count, sizeof *to);
    for (size_t i = 0; i < alert->reference_count; i++) {
        to[i] = alert->references[i];
        to[i].identifier = suffixed(r, to[i].identifier);
        to[i].sent = moved(r, to[i].sent);
    }
    alert->references = to;
}

static void rewrite_infos(const struct rewriting *r, struct alert *alert)
{
    struct cap_info *to = arena_alloc_array(r->arena, alert->info_count, sizeof *to);
    for (size_t i = 0; i < alert->info_count; i++) {
        to[i] = alert->infos[i];
        rewrite_info(r, &to[i]);
    }
    alert->infos = to;
}

/* So that a later version is still one of the same entry. */
static struct cap_texts codes(const struct rewriting *r, const struct alert *alert)
{
    if (alert->form != FORM_ATOM_ENTRY)
        return alert->codes;
    struct cap_texts to = {.count = alert->codes.count + 1};
    to.items = arena_alloc_array(r->arena, to.count, sizeof *to.items);
    for (size_t i = 0; i < alert->codes.count; i++)
        to.items[i] = alert->codes.items[i];
    to.items[alert->codes.count] = SLICE(ALERT_ENTRY_CODE);
    return to;
}

struct alert *rewrite_alert(struct arena *arena, const struct alert *alert,
                            const struct rewrite_options *options)
{
    const struct rewriting r = {.arena = arena, .options = options};
    struct alert *out = arena_alloc(arena, sizeof *out);
    *out = *alert;
    out->version = CAP_1_2;
    out->status = alert->status == STATUS_TEST ? STATUS_TEST : STATUS_EXERCISE;
    out->identifier = suffixed(&r, alert->identifier);
    out->sent = moved(&r, alert->sent);
    out->note = note(&r, alert->note);
    out->codes = codes(&r, alert);
    out->signature_count = 0;
    rewrite_references(&r, out);
    rewrite_infos(&r, out);
    return out;
}
