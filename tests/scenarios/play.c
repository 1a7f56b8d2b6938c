/* What happens: deliveries, restarts, crashes. */
#include "commands.h"

#include <string.h>

static const struct intake_source *source_named(const struct world *world, const char *name)
{
    for (size_t i = 0; name && i < world->source_count; i++)
        if (slice_eq_cstr(world->sources[i].name, name))
            return &world->sources[i];
    world_fail(world, "no source %s", name ? name : "(from)");
}

static const struct intake_grants *authority_named(const struct world *world, const char *name)
{
    for (size_t i = 0; name && i < world->authority_count; i++)
        if (slice_eq_cstr(world->authorities[i].authority, name))
            return &world->authorities[i];
    if (name)
        world_fail(world, "no authority %s", name);
    return NULL;
}

static const struct message *message_named(struct world *world, const char *name)
{
    const struct message *message = message_find(&world->messages, name);
    if (!message)
        world_fail(world, "no message %s", name);
    return message;
}

void do_deliver(struct world *world, const struct words *words)
{
    const struct message *message = message_named(world, words->items[1]);
    const char *label = word_after(words, "label");
    struct outcome *outcome = &world->outcomes[world->outcome_count++];
    outcome->label = arena_cstr(world->arena, slice_from_cstr(label ? label : words->items[1]));
    struct intake_delivery delivery = {
        .source = source_named(world, word_after(words, "from")),
        .bytes = message->bytes,
        .received_us = world->now_us,
        .grants = authority_named(world, word_after(words, "as")),
        .tag = outcome,
        .dry_run = strcmp(words->items[words->count - 1], "dry") == 0,
    };
    intake_deliver(world->intake, &delivery);
    if (delivery.dry_run && !outcome->settled)
        world_fail(world, "a dry run has its outcome at once");
}

void do_collect(struct world *world, const struct words *words)
{
    (void)words;
    world_collect(world);
}

void do_restart(struct world *world, const struct words *words)
{
    (void)words;
    world_close(world);
    world_open(world);
}

/* The process dies while it works on that message. */
void do_crash(struct world *world, const struct words *words)
{
    struct digest digest = digest_of(message_named(world, words->items[1])->bytes);
    world_collect(world);
    journal_guard(world->journal, &digest);
    if (strcmp(words->items[0], "crash") == 0)
        journal_fault(world->journal);
    world_close(world);
    world_open(world);
}
