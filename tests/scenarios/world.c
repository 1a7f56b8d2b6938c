#include "world.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 20000 };

static void remove_folder(const struct world *world)
{
    DIR *folder = world->folder[0] ? opendir(world->folder) : NULL;
    for (struct dirent *item; folder && (item = readdir(folder));) {
        char path[400];
        snprintf(path, sizeof(path), "%s/%s", world->folder, item->d_name);
        if (item->d_name[0] != '.')
            unlink(path);
    }
    if (folder)
        closedir(folder);
    rmdir(world->folder);
}

_Noreturn void world_fail(const struct world *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%u: ", world->script, world->line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    remove_folder(world);
    _exit(1);
}

int64_t world_now_s(const struct world *world)
{
    return world->now_us / 1000000;
}

static int64_t world_now(void *context)
{
    return __atomic_load_n(&((struct world *)context)->now_us, __ATOMIC_RELAXED);
}

static bool world_synchronised(void *context)
{
    return !((struct world *)context)->unsynchronised;
}

static void wake(void *context)
{
    (void)context;
}

static struct slice joined(struct world *world, const struct slice *items, size_t count)
{
    struct slice text = count ? arena_copy(world->arena, items[0]) : SLICE("none");
    for (size_t i = 1; i < count; i++)
        text = arena_printf(world->arena, "%.*s,%.*s", SLICE_ARG(text), SLICE_ARG(items[i]));
    return text;
}

static void settle(void *context, const struct intake_outcome *from)
{
    struct world *world = context;
    struct outcome *to = from->tag;
    /* Alerts of an envelope: LABEL, then LABEL/2, LABEL/3 ... */
    for (unsigned part = 2; to->settled; part++) {
        const char *label =
            arena_printf(world->arena, "%s/%u", ((struct outcome *)from->tag)->label, part).ptr;
        to = NULL;
        for (size_t i = 0; i < world->outcome_count && !to; i++)
            if (strcmp(world->outcomes[i].label, label) == 0)
                to = &world->outcomes[i];
        if (!to) {
            to = &world->outcomes[world->outcome_count++];
            to->label = label;
        }
    }
    to->settled = true;
    to->verdict = arena_copy(world->arena, from->verdict);
    to->reason = arena_copy(world->arena, from->reason);
    to->detail = arena_copy(world->arena, from->detail);
    to->notes = arena_copy(world->arena, from->notes_json);
    to->class = from->class;
    to->arrival = from->arrival;
    to->first_arrival = from->first_arrival;
    to->has_receipt = from->receipt.len > 0;
    to->has_alert = from->alert != NULL;
    to->bulletin_count = from->bulletin_count;
    for (size_t i = 0; i < from->bulletin_count; i++) {
        const struct intake_outcome_bulletin *bulletin = &from->bulletins[i];
        to->sides[bulletin->side].sent = true;
        to->sides[bulletin->side].seq = bulletin->seq;
        to->sides[bulletin->side].regions =
            joined(world, bulletin->regions, bulletin->region_count);
        to->sides[bulletin->side].derived = arena_copy(world->arena, bulletin->derived_identifier);
    }
}

void world_open(struct world *world)
{
    struct err err = {0};
    struct bulletin_options bulletin = {.compress = true, .inline_max_bytes = 512 * 1024};
    struct journal_options journal = {.path = world->path, .clock = &world->clock};
    if (intake_sealer_create(&bulletin, &world->actual, &world->exercise, SLICE("scenario"),
                             &world->sealer, &err) != OK)
        world_fail(world, "sealer: %s", err.text);
    intake_sealer_hooks(world->sealer, &journal.hooks);
    journal.hooks.wake = wake;
    if (journal_open(&journal, &world->journal, &err) != OK)
        world_fail(world, "journal: %s", err.text);
    struct intake_options options = {
        .journal = world->journal,
        .parser = world->parser,
        .geo = world->without_geo ? NULL : world->geo,
        .clock = &world->clock,
        .translate = {.geo = world->without_geo ? NULL : world->geo,
                      .derived_sender = SLICE("caprelay@scenario.example"),
                      .sliver_share = 0.01},
        .policy = &world->policy,
        .in_force_default_hours = 24,
        .relay_name = SLICE("scenario"),
        .bulletin = bulletin,
        .actual_key = &world->actual,
        .exercise_key = &world->exercise,
        .settle = settle,
        .settle_context = world,
    };
    if (intake_create(&options, &world->intake, &err) != OK)
        world_fail(world, "intake: %s", err.text);
}

void world_collect(struct world *world)
{
    if (!journal_wait(world->journal, WAIT_MS))
        world_fail(world, "the journal does not commit: %s", journal_state(world->journal).text);
    while (intake_collect(world->intake, 100))
        ;
}

void world_close(struct world *world)
{
    world_collect(world);
    intake_destroy(world->intake);
    journal_close(world->journal, WAIT_MS, NULL);
    intake_sealer_destroy(world->sealer);
}

void world_start(struct world *world, const char *script)
{
    struct err err = {0};
    world->script = script;
    world->arena = arena_create();
    world->messages.arena = world->arena;
    world->clock = (struct clock){world_now, world_synchronised, world};
    world->now_us = INT64_C(1768219200) * 1000000; /* 2026-01-12T12:00:00Z */
    world->policy =
        (struct route_policy){.border_filter = true, .within_km = 50, .rules = world->rules};
    snprintf(world->folder, sizeof(world->folder), "/tmp/caprelay-scenario-XXXXXX");
    if (!mkdtemp(world->folder))
        world_fail(world, "no temporary folder");
    snprintf(world->path, sizeof(world->path), "%s/journal.db", world->folder);
    if (seal_init(&err) != OK || parser_create(&world->parser, &err) != OK ||
        geo_open(CAPRELAY_BUILD "/boundaries-standard.bin", &world->geo, &err) != OK)
        world_fail(world, "%s", err.text);
    key_new(&world->actual, KEY_ACTUAL);
    key_new(&world->exercise, KEY_EXERCISE);
    world_open(world);
}

void world_end(struct world *world)
{
    world_close(world);
    parser_destroy(world->parser);
    geo_close(world->geo);
    remove_folder(world);
    arena_destroy(world->arena);
}
