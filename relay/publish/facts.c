#include "publish/facts.h"

#include "seal/json.h"

#include <string.h>

/* A topic or verdict as a key: bounded, and always UTF-8 (topics are ASCII; what is not is left
 * out). */
static bool facts_key(struct slice name, char *out, size_t size)
{
    if (name.len >= size)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || (unsigned char)name.ptr[i] >= 0x7f)
            return false;
    if (name.len)
        memcpy(out, name.ptr, name.len);
    out[name.len] = '\0';
    return true;
}

void facts_take_topic(void *context, struct slice topic, uint64_t seq)
{
    char name[128];

    if (facts_key(topic, name, sizeof(name)))
        json_put_number(context, name, seq);
}

json_t *facts_head(uint64_t seq, const struct digest *chain)
{
    json_t *object = json_object();

    json_put_number(object, "seq", seq);
    json_put_digest(object, "chain", chain);
    return object;
}

json_t *facts_in_force(const struct in_force *set)
{
    json_t *object = json_object();

    json_put_number(object, "count", set->count);
    json_put_digest(object, "digest", &set->digest);
    return object;
}

static const char *facts_condition_name(enum journal_condition condition)
{
    static const char *const names[] = {"good", "low", "stuck"};

    return names[condition];
}

json_t *facts_journal(const struct journal_state *state)
{
    json_t *object = json_object();
    struct slice text = slice_from_cstr(state->text[0] ? state->text : NULL);

    json_put(object, "state", json_string(facts_condition_name(state->condition)));
    json_put_text(object, "text", text);
    json_put_number(object, "queued", state->queued);
    json_put_time_us(object, "oldest", state->oldest_us);
    json_put_number(object, "free_bytes", (uint64_t)state->free_bytes);
    json_put_number(object, "arrivals", (uint64_t)state->arrivals);
    return object;
}

json_t *facts_clock(bool synchronised)
{
    json_t *object = json_object();

    json_put_flag(object, "synchronised", synchronised);
    return object;
}

struct facts_sources_walk {
    json_t *list;
    bool whole;
};

static void facts_add_counters(json_t *object, const struct view_source *source)
{
    json_put_flag(object, "paused", source->paused);
    json_put_number(object, "received", source->received);
    json_put_number(object, "relayed", source->relayed);
    json_put_number(object, "duplicate", source->duplicate);
    json_put_number(object, "unreadable", source->unreadable);
    json_put_number(object, "refused", source->refused);
    json_put_number(object, "other", source->other);
    json_put_number(object, "in_flight", source->in_flight);
}

static void facts_add_signature(json_t *object, const struct view_source *source)
{
    json_t *signature = json_object();

    json_put(signature, "policy", json_string(source->signature ? source->signature : "ignore"));
    json_put_text(signature, "pin", source->pin);
    json_put_time_us(signature, "pin_ends", source->pin_ends_us);
    json_put(object, "signature", signature);
}

static void facts_take_source(void *context, const struct view_source *source)
{
    struct facts_sources_walk *walk = context;
    json_t *object = json_object();
    struct slice reason = source->reason.len ? source->reason : (struct slice){NULL, 0};

    json_put_text(object, "name", source->name);
    json_put_text(object, "adapter", source->adapter);
    json_put(object, "class", json_string(alert_class_name(source->class)));
    json_put(object, "state", json_string(source->state));
    json_put_text(object, "reason", reason);
    json_put_time_us(object, "since", source->since_us);
    json_put_time_us(object, "last_message", source->last_message_us);
    json_put(object, "lag_ms", source->has_lag ? json_integer(source->lag_us / 1000) : json_null());
    if (walk->whole) {
        facts_add_counters(object, source);
        facts_add_signature(object, source);
    }
    json_append(walk->list, object);
}

json_t *facts_sources(const struct view *view, bool whole)
{
    struct facts_sources_walk walk = {json_array(), whole};

    view->sources(view->context, facts_take_source, &walk);
    return walk.list;
}

struct facts_outlets_walk {
    json_t *list;
    enum alert_class class;
};

static void facts_take_outlet(void *context, const struct view_outlet *outlet)
{
    struct facts_outlets_walk *walk = context;
    struct slice reason = outlet->reason.len ? outlet->reason : (struct slice){NULL, 0};

    if (walk->class != CLASS_NONE && walk->class != outlet->class)
        return;
    json_t *object = json_object();
    json_put_text(object, "name", outlet->name);
    json_put_text(object, "kind", outlet->kind);
    json_put(object, "class", json_string(alert_class_name(outlet->class)));
    json_put(object, "state", json_string(outlet->state));
    json_put_text(object, "reason", reason);
    json_put_time_us(object, "since", outlet->since_us);
    json_put_time_us(object, "last_delivered", outlet->last_delivered_us);
    json_put_number(object, "number", outlet->cursor);
    json_put_number(object, "behind", outlet->behind);
    if (walk->class == CLASS_NONE) {
        json_put_number(object, "delivered", outlet->delivered);
        json_put_number(object, "skipped", outlet->skipped);
    }
    json_append(walk->list, object);
}

json_t *facts_outlets(const struct view *view, enum alert_class class)
{
    struct facts_outlets_walk walk = {json_array(), class};

    if (view->outlets)
        view->outlets(view->context, facts_take_outlet, &walk);
    return walk.list;
}

struct facts_counts_walk {
    json_t *object;
    const char *class_name;
};

/* Adds to the number that is there. */
static void facts_add(json_t *object, const char *name, uint64_t count)
{
    json_int_t before = json_integer_value(json_object_get(object, name));

    json_put_number(object, name, (uint64_t)before + count);
}

static void facts_take_count(void *context, const char *class_name, const char *verdict,
                             struct slice reason, uint64_t count)
{
    struct facts_counts_walk *walk = context;

    (void)reason;
    if (class_name[0] && strcmp(class_name, walk->class_name) != 0)
        return;
    facts_add(walk->object, verdict, count);
    if (strcmp(verdict, "duplicate") == 0)
        facts_add(walk->object, "copies", count);
}

json_t *facts_counts(const struct view *view, enum alert_class class)
{
    static const char *const usual[] = {"relayed",    "duplicate",  "conflict",
                                        "expired",    "irrelevant", "refused",
                                        "unreadable", "held",       "copies"};
    struct facts_counts_walk walk = {json_object(), alert_class_name(class)};

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        facts_add(walk.object, usual[i], 0);
    view->counts(view->context, facts_take_count, &walk);
    return walk.object;
}

json_t *facts_reasons(const struct health *health)
{
    json_t *list = json_array();

    for (size_t i = 0; i < health->reason_count; i++)
        json_append(list, json_text(slice_from_cstr(health->reasons[i])));
    return list;
}

const char *facts_state_name(const struct health *health)
{
    return health->reason_count ? "degraded" : "ok";
}
