#include "adapters/eccc/fetches.h"

#include "adapters/backoff.h"
#include "adapters/patience.h"
#include "base/map.h"
#include "base/mem.h"
#include "http/http.h"

#include <stdio.h>
#include <stdlib.h>

/* As many as a broker may give out unacknowledged. */
enum { KEPT_REFUSALS_MAX = 1000 };

struct fetch {
    struct fetch *next;
    struct fetches *fetches;
    struct arena *arena;
    uint64_t number;
    struct slice name;
    const char *url;
    struct http_request *request;
    struct backoff backoff;
    int64_t due_mono_us;
    int64_t absent_mono_us;  /* when the server said first that it has none; 0: it did not */
    int64_t refused_mono_us; /* since then; 0: it is not refused */
    bool failed;             /* once at least: nobody waits for it */
    bool ready;
    struct slice body;
};

struct fetches {
    struct fetches_options options;
    struct http_client *client;
    struct loop_timer *timer;
    struct fetch *first; /* in the order of their announcements */
    size_t count;
    size_t refused;
    /* Since when files are refused that were cleared: name to int64_t, own memory. */
    struct map *refused_before;
    bool paused;
    char trouble[300]; /* of the server; "": none */
    char refusal[300]; /* the last one */
};

static void unrefuse(struct fetch *fetch)
{
    fetch->fetches->refused -= fetch->refused_mono_us != 0;
    fetch->refused_mono_us = 0;
}

static void unlink_fetch(struct fetch *fetch)
{
    unrefuse(fetch);
    struct fetch **place = &fetch->fetches->first;
    while (*place != fetch)
        place = &(*place)->next;
    *place = fetch->next;
    fetch->fetches->count--;
}

static void drop(struct fetch *fetch)
{
    unlink_fetch(fetch);
    http_cancel(fetch->request);
    arena_destroy(fetch->arena);
}

/* A connection that breaks each day must not begin the file's day anew. */
static void keep_refusal(const struct fetch *fetch)
{
    struct map *kept = fetch->fetches->refused_before;
    if (!fetch->refused_mono_us || map_count(kept) >= KEPT_REFUSALS_MAX)
        return;
    int64_t *since = mem_alloc(sizeof *since);
    *since = fetch->refused_mono_us;
    free(map_put(kept, fetch->name, since));
}

/* Since when it is refused, by what was kept of it, which goes. */
static int64_t take_refusal(const struct fetch *fetch, int64_t now_mono_us)
{
    int64_t *kept = map_remove(fetch->fetches->refused_before, fetch->name);
    int64_t since = kept ? *kept : now_mono_us;
    free(kept);
    return since;
}

static void schedule(struct fetches *fetches)
{
    int64_t soonest = INT64_MAX;
    for (const struct fetch *fetch = fetches->first; fetch; fetch = fetch->next)
        if (!fetch->request && !fetch->ready && fetch->due_mono_us < soonest)
            soonest = fetch->due_mono_us;
    if (soonest == INT64_MAX || fetches->paused)
        loop_timer_stop(fetches->timer);
    else
        loop_timer_start_at(fetches->timer, soonest);
}

static void tell_trouble(struct fetches *fetches)
{
    const char *text = fetches->trouble[0]    ? fetches->trouble
                       : fetches->refused > 0 ? fetches->refusal
                                              : NULL;
    fetches->options.trouble(fetches->options.context, text);
}

/* Whether there is an end of it. The file goes on living on the server for weeks; what is asked for
 * too early is there soon. */
static bool note_failure(struct fetch *fetch, const struct http_result *result, const char *text)
{
    struct fetches *fetches = fetch->fetches;
    int64_t now = host_monotonic_us(fetches->options.host);
    enum patience_answer answer = patience_read(result);
    bool server = answer == PATIENCE_TROUBLE;
    snprintf(fetches->trouble, sizeof fetches->trouble, "%s", server ? text : "");
    if (answer == PATIENCE_ABSENT) {
        unrefuse(fetch);
        if (!fetch->absent_mono_us)
            fetch->absent_mono_us = now;
        return now - fetch->absent_mono_us >= fetches->options.give_up_us;
    }
    if (server)
        return false;
    snprintf(fetches->refusal, sizeof fetches->refusal, "%s", text);
    if (!fetch->refused_mono_us) {
        fetch->refused_mono_us = take_refusal(fetch, now);
        fetches->refused++;
    }
    return patience_ends(fetch->refused_mono_us, now);
}

static void try_again(struct fetch *fetch, const struct http_result *result)
{
    struct fetches *fetches = fetch->fetches;
    char text[300];
    patience_words(result, "the file server", text, sizeof text);
    if (note_failure(fetch, result, text)) {
        fetches->options.missing(fetches->options.context, fetch->number, fetch->name, text);
        drop(fetch);
    } else {
        fetch->failed = true;
        fetch->due_mono_us = host_monotonic_us(fetches->options.host) +
                             backoff_next(&fetch->backoff, result->retry_after_us);
    }
    tell_trouble(fetches);
}

/* In the order of announcement, so that an Update does not overtake its Alert; but one that failed
 * holds up nobody. */
static void hand_on(struct fetches *fetches)
{
    for (struct fetch *fetch = fetches->first, *next; fetch && !fetches->paused; fetch = next) {
        next = fetch->next;
        if (!fetch->ready && !fetch->failed)
            return;
        if (!fetch->ready)
            continue;
        struct arena *arena = fetch->arena;
        uint64_t number = fetch->number;
        struct slice body = fetch->body;
        unlink_fetch(fetch);
        fetches->options.document(fetches->options.context, number, body);
        arena_destroy(arena);
    }
}

static void on_answer(void *context, const struct http_result *result)
{
    struct fetch *fetch = context;
    struct fetches *fetches = fetch->fetches;
    bool too_large = result->failure == HTTP_FAILED_TOO_LARGE;
    fetch->request = NULL;
    if (too_large || (result->failure == HTTP_ANSWERED && result->status == 200)) {
        /* What is too large is refused by its size, with a row in the journal. */
        fetch->ready = true;
        fetch->body = arena_copy(fetch->arena, result->body);
        take_refusal(fetch, 0);
        unrefuse(fetch);
        fetches->trouble[0] = '\0';
        tell_trouble(fetches);
    } else {
        try_again(fetch, result);
    }
    hand_on(fetches);
    schedule(fetches);
}

static void on_due(void *context)
{
    struct fetches *fetches = context;
    int64_t now = host_monotonic_us(fetches->options.host);
    for (struct fetch *fetch = fetches->first; fetch; fetch = fetch->next) {
        if (fetch->request || fetch->ready || fetch->due_mono_us > now)
            continue;
        const struct http_call call = {.url = fetch->url};
        fetch->request = http_send(fetches->client, &call, on_answer, fetch);
    }
    schedule(fetches);
}

enum err_code fetches_create(const struct fetches_options *options, struct fetches **out,
                             struct err *err)
{
    struct fetches *fetches = mem_alloc(sizeof *fetches);
    /* One byte more than may be relayed: what is too large arrives as such. */
    const struct http_options http = {.ca_file = options->ca_file,
                                      .timeout_us = options->timeout_us,
                                      .max_body = options->document_max + 1,
                                      .max_parallel = options->parallel};
    fetches->options = *options;
    enum err_code code = http_client_create(host_loop(options->host), &http, &fetches->client, err);
    if (code != OK) {
        free(fetches);
        return code;
    }
    fetches->refused_before = map_create();
    fetches->timer = loop_timer_create(host_loop(options->host), on_due, fetches);
    *out = fetches;
    return OK;
}

void fetches_destroy(struct fetches *fetches)
{
    if (!fetches)
        return;
    fetches_clear(fetches);
    map_destroy(fetches->refused_before, free);
    loop_timer_destroy(fetches->timer);
    http_client_destroy(fetches->client);
    free(fetches);
}

void fetches_add(struct fetches *fetches, uint64_t number, const struct pointer *pointer)
{
    struct arena *arena = arena_create();
    struct fetch *fetch = arena_alloc(arena, sizeof *fetch);
    int64_t now = host_monotonic_us(fetches->options.host);
    *fetch = (struct fetch){.fetches = fetches,
                            .arena = arena,
                            .number = number,
                            .name = arena_copy(arena, pointer->name),
                            .url = arena_cstr(arena, pointer->url),
                            .due_mono_us = now};
    backoff_init(&fetch->backoff, fetches->options.retry_first_us, fetches->options.retry_max_us,
                 backoff_seed(host_relay_name(fetches->options.host), pointer->name,
                              host_now_us(fetches->options.host)));
    struct fetch **place = &fetches->first;
    while (*place)
        place = &(*place)->next;
    *place = fetch;
    fetches->count++;
    schedule(fetches);
}

void fetches_clear(struct fetches *fetches)
{
    while (fetches->first) {
        keep_refusal(fetches->first);
        drop(fetches->first);
    }
    schedule(fetches);
}

void fetches_pause(struct fetches *fetches)
{
    fetches->paused = true;
    schedule(fetches);
}

void fetches_resume(struct fetches *fetches)
{
    fetches->paused = false;
    hand_on(fetches);
    schedule(fetches);
}

size_t fetches_count(const struct fetches *fetches)
{
    return fetches->count;
}
