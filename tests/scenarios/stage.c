/* Setting the stage: time, sources, rules, messages. */
#include "commands.h"

#include <string.h>

void do_now(struct world *world, const struct words *words)
{
    int64_t at_s = 0;
    if (!message_time(words->items[1], world_now_s(world), &at_s))
        world_fail(world, "no time: %s", words->items[1]);
    __atomic_store_n(&world->now_us, at_s * 1000000, __ATOMIC_RELAXED);
}

void do_clock(struct world *world, const struct words *words)
{
    world->unsynchronised = strcmp(words->items[1], "unsynchronised") == 0;
}

void do_source(struct world *world, const struct words *words)
{
    const char *class = word_value(words, "class");
    struct intake_source *source = &world->sources[world->source_count++];
    source->name = kept_word(world->arena, words->items[1]);
    source->country = side_from_name(slice_from_cstr(word_value(words, "country")));
    source->country_else = side_from_name(slice_from_cstr(word_value(words, "else")));
    source->class = class ? alert_class_from_name(slice_from_cstr(class)) : CLASS_ACTUAL;
}

void do_authority(struct world *world, const struct words *words)
{
    struct intake_grants *grants = &world->authorities[world->authority_count++];
    const char *class = word_value(words, "class");
    grants->authority = kept_word(world->arena, words->items[1]);
    grants->actual = !class || strstr(class, "actual");
    grants->exercise = !class || strstr(class, "exercise");
    grants->regions = list_value(world->arena, words, "regions", &grants->region_count);
    grants->events = list_value(world->arena, words, "events", &grants->event_count);
}

void do_policy(struct world *world, const struct words *words)
{
    const char *filter = word_value(words, "filter");
    world->policy.within_km = number_value(words, "within", world->policy.within_km);
    if (filter)
        world->policy.border_filter = strcmp(filter, "on") == 0;
}

static enum cap_severity severity_value(const struct words *words, const char *key)
{
    const char *text = word_value(words, key);
    for (int i = SEVERITY_EXTREME; text && i <= SEVERITY_UNKNOWN; i++)
        if (strcmp(text, cap_severity_name((enum cap_severity)i)) == 0)
            return (enum cap_severity)i;
    return SEVERITY_NONE;
}

static enum cap_status status_value(const struct words *words, const char *key)
{
    const char *text = word_value(words, key);
    for (int i = STATUS_ACTUAL; text && i <= STATUS_DRAFT; i++)
        if (strcmp(text, cap_status_name((enum cap_status)i)) == 0)
            return (enum cap_status)i;
    return STATUS_NONE;
}

void do_rule(struct world *world, const struct words *words)
{
    struct route_rule *rule = &world->rules[world->policy.rule_count++];
    rule->name = kept_word(world->arena, words->items[1]);
    rule->relay = strcmp(words->items[2], "relay") == 0;
    rule->to = side_from_name(slice_from_cstr(word_value(words, "to")));
    rule->status = status_value(words, "status");
    rule->events = list_value(world->arena, words, "event", &rule->event_count);
    rule->sources = list_value(world->arena, words, "source", &rule->source_count);
    rule->severity_at_least = severity_value(words, "severity-at-least");
    rule->severity_at_most = severity_value(words, "severity-at-most");
    rule->within_km = number_value(words, "within", -1);
    rule->beyond_km = number_value(words, "beyond", -1);
}

void do_boundaries(struct world *world, const struct words *words)
{
    world_close(world);
    world->without_geo = strcmp(words->items[1], "off") == 0;
    world_open(world);
}

void do_message(struct world *world, const struct words *words)
{
    const char *fault = message_add(&world->messages, words->items[1], words->items + 2,
                                    words->count - 2, world_now_s(world));
    if (fault)
        world_fail(world, "%s", fault);
}

void do_raw(struct world *world, const struct words *words)
{
    const char *fault =
        message_add_raw(&world->messages, words->items[1], slice_from_cstr(words->items[2]));
    if (fault)
        world_fail(world, "%s", fault);
}

void do_envelope(struct world *world, const struct words *words)
{
    const char *fault =
        message_add_envelope(&world->messages, words->items[1], words->items + 2, words->count - 2);
    if (fault)
        world_fail(world, "%s", fault);
}
