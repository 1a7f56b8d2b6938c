#include "adapters/naad/archive.h"

#include "base/map.h"
#include "base/mem.h"
#include "http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS_MAX = 4,   /* at all hosts, before an alert that they say they do not have is given up */
    ROUND_GROWTH = 4, /* 10 s, 40 s, 160 s, ... */
    PARALLEL_MAX = 2, /* it is somebody else's archive */
    ASKED_MAX = 10000, /* remembered, so that nothing is asked for at each heartbeat */
};

/* One alert that is not here. */
struct want {
    struct want *next;
    struct arena *arena;
    struct archive *archive;
    struct slice key, path;
    struct cap_reference reference;
    struct http_request *request;
    int64_t due_mono_us;
    size_t base;     /* to be asked next */
    unsigned round;  /* over all hosts */
    bool all_denied; /* every host of this round said that it has none */
    char trouble[200];
};

struct archive {
    struct archive_options options;
    struct http_client *client;
    struct loop_timer *timer;
    struct want *wants; /* in no order; a burst is some hundreds */
    struct map *asked;  /* keys of all wants, and of what was brought or given up; no values */
    bool running, paused;
    struct archive_state state;
};

static void schedule(struct archive *archive);

/* --- names --- */

static void put_name(char *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        out[i] = c == '-' || c == ':' ? '_' : c == '+' ? 'p' : c;
    }
}

static bool has_date(struct slice sent)
{
    static const char form[] = "dddd-dd-ddT";
    bool fits = sent.len >= strlen(form);
    for (size_t i = 0; fits && form[i]; i++)
        fits = form[i] == 'd' ? sent.ptr[i] >= '0' && sent.ptr[i] <= '9' : sent.ptr[i] == form[i];
    return fits;
}

struct slice archive_path(struct arena *arena, struct slice sent, struct slice identifier)
{
    if (!has_date(sent))
        return (struct slice){0};
    char *name = arena_alloc(arena, sent.len + 1 + identifier.len);
    put_name(name, sent);
    name[sent.len] = 'I';
    put_name(name + sent.len + 1, identifier);
    struct slice escaped = http_url_escape(arena, slice_of(name, sent.len + 1 + identifier.len));
    return arena_printf(arena, "%.10s/%.*s.xml", sent.ptr, SLICE_ARG(escaped));
}

/* --- what is wanted --- */

static void drop(struct want *want)
{
    struct archive *archive = want->archive;
    struct want **place = &archive->wants;
    while (*place != want)
        place = &(*place)->next;
    *place = want->next;
    archive->state.waiting--;
    http_cancel(want->request);
    arena_destroy(want->arena);
}

static void forget_asked(struct archive *archive)
{
    map_destroy(archive->asked, NULL);
    archive->asked = map_create();
    for (struct want *want = archive->wants; want; want = want->next)
        map_put(archive->asked, want->key, archive);
}

static void add(struct archive *archive, const struct cap_reference *reference, struct slice path,
                struct slice key, struct arena *arena)
{
    struct want *want = arena_alloc(arena, sizeof *want);
    *want = (struct want){.next = archive->wants,
                          .arena = arena,
                          .archive = archive,
                          .key = key,
                          .path = path,
                          .due_mono_us =
                              host_monotonic_us(archive->options.host) + archive->options.grace_us,
                          .all_denied = true};
    want->reference = (struct cap_reference){.sender = arena_copy(arena, reference->sender),
                                             .identifier = arena_copy(arena, reference->identifier),
                                             .sent = reference->sent};
    want->reference.sent.text = arena_copy(arena, reference->sent.text);
    archive->wants = want;
    archive->state.waiting++;
    if (map_count(archive->asked) >= ASKED_MAX)
        forget_asked(archive);
    map_put(archive->asked, key, archive);
}

/* What was sent then, in so long. */
static bool is_too_old(const struct archive *archive, const struct cap_time *sent, int64_t in_us)
{
    int64_t then_us = host_now_us(archive->options.host) + in_us;
    return then_us / 1000000 - sent->utc_s > archive->options.keep_us / 1000000;
}

bool archive_want(struct archive *archive, const struct cap_reference *reference)
{
    if (!archive->running || !reference->sent.set || is_too_old(archive, &reference->sent, 0))
        return false;
    struct arena *arena = arena_create();
    struct slice key =
        arena_printf(arena, "%.*s,%.*s,%lld", SLICE_ARG(reference->sender),
                     SLICE_ARG(reference->identifier), (long long)reference->sent.utc_s);
    struct slice path = archive_path(arena, reference->sent.text, reference->identifier);
    if (path.len == 0 || map_get(archive->asked, key) ||
        host_knows(archive->options.host, reference)) {
        arena_destroy(arena);
        return false;
    }
    add(archive, reference, path, key, arena);
    schedule(archive);
    return true;
}

/* --- asking --- */

static void give_up(struct want *want)
{
    struct archive *archive = want->archive;
    host_log(archive->options.host, LOG_LEVEL_WARNING, "archive.missing", "id=%s sent=%s reason=%s",
             log_quote(want->reference.identifier).text, log_quote(want->reference.sent.text).text,
             log_quote_cstr(want->trouble).text);
    archive->state.missing++;
    drop(want);
    archive->options.missing(archive->options.context);
}

/* All hosts were asked. One that has no such file may have it later; one that could not be asked
 * says nothing, and is asked for as long as the archive reaches back. */
static void end_round(struct want *want)
{
    const struct archive *archive = want->archive;
    int64_t wait_us = archive->options.grace_us;
    want->round++;
    for (unsigned i = 0; i < want->round && i < ROUNDS_MAX; i++)
        wait_us *= ROUND_GROWTH;
    want->base = 0;
    want->due_mono_us = host_monotonic_us(archive->options.host) + wait_us;
    if (is_too_old(archive, &want->reference.sent, wait_us) ||
        (want->round >= ROUNDS_MAX && want->all_denied))
        give_up(want);
    else
        want->all_denied = true;
}

static void note_trouble(struct want *want, const struct http_result *result)
{
    bool denied =
        result->failure == HTTP_ANSWERED && (result->status == 404 || result->status == 410);
    want->all_denied &= denied;
    if (result->failure == HTTP_ANSWERED)
        snprintf(want->trouble, sizeof want->trouble, "the archive answers %d", result->status);
    else
        snprintf(want->trouble, sizeof want->trouble, "%s", result->error);
}

static void on_answer(void *context, const struct http_result *result)
{
    struct want *want = context;
    struct archive *archive = want->archive;
    want->request = NULL;
    if (result->failure == HTTP_ANSWERED && result->status == 200) {
        archive->state.brought++;
        host_log(archive->options.host, LOG_LEVEL_NOTICE, "archive.brought", "id=%s",
                 log_quote(want->reference.identifier).text);
        drop(want);
        archive->options.document(archive->options.context, result->body);
        return;
    }
    note_trouble(want, result);
    if (++want->base >= archive->options.bases->count)
        end_round(want);
    schedule(archive);
}

static void ask(struct want *want)
{
    struct archive *archive = want->archive;
    struct arena *arena = arena_create();
    struct slice base = archive->options.bases->items[want->base];
    struct slice url = arena_printf(arena, "%.*s/%.*s", SLICE_ARG(base), SLICE_ARG(want->path));
    const struct http_call call = {.url = arena_cstr(arena, url)};
    want->request = http_send(archive->client, &call, on_answer, want);
    arena_destroy(arena);
}

static void on_due(void *context)
{
    struct archive *archive = context;
    int64_t now = host_monotonic_us(archive->options.host);
    for (struct want *want = archive->wants, *next; want; want = next) {
        next = want->next;
        if (want->request || want->due_mono_us > now)
            continue;
        if (host_knows(archive->options.host, &want->reference))
            drop(want);
        else
            ask(want);
    }
    schedule(archive);
}

static void schedule(struct archive *archive)
{
    int64_t soonest = INT64_MAX;
    for (struct want *want = archive->wants; want; want = want->next)
        if (!want->request && want->due_mono_us < soonest)
            soonest = want->due_mono_us;
    if (soonest == INT64_MAX || archive->paused || !archive->running)
        loop_timer_stop(archive->timer);
    else
        loop_timer_start_at(archive->timer, soonest);
}

/* --- life --- */

enum err_code archive_create(const struct archive_options *options, struct archive **out,
                             struct err *err)
{
    struct archive *archive = mem_alloc(sizeof *archive);
    const struct http_options http = {.timeout_us = options->timeout_us,
                                      .max_body = options->document_max,
                                      .max_parallel = PARALLEL_MAX};
    archive->options = *options;
    archive->asked = map_create();
    enum err_code code = http_client_create(host_loop(options->host), &http, &archive->client, err);
    if (code == OK) {
        archive->timer = loop_timer_create(host_loop(options->host), on_due, archive);
        *out = archive;
    } else {
        archive_destroy(archive);
    }
    return code;
}

void archive_destroy(struct archive *archive)
{
    if (!archive)
        return;
    archive_stop(archive);
    loop_timer_destroy(archive->timer);
    http_client_destroy(archive->client);
    map_destroy(archive->asked, NULL);
    free(archive);
}

void archive_start(struct archive *archive)
{
    archive->running = true;
    archive->paused = false;
}

void archive_stop(struct archive *archive)
{
    archive->running = false;
    if (archive->timer)
        loop_timer_stop(archive->timer);
    while (archive->wants)
        drop(archive->wants);
    forget_asked(archive);
}

void archive_pause(struct archive *archive)
{
    archive->paused = true;
    schedule(archive);
}

void archive_resume(struct archive *archive)
{
    archive->paused = false;
    schedule(archive);
}

struct archive_state archive_state(const struct archive *archive)
{
    return archive->state;
}
