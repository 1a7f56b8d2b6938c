/*
 * Looking at the list of alerts in force, and after an outage at the list of what was sent
 * meanwhile: alerts that came and ended are in no list of active ones.
 */
#include "adapters/nws/listing.h"
#include "adapters/nws/nws.h"
#include "adapters/seen.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LISTING_BYTES_MAX = 32 * 1024 * 1024, /* the nation's is some megabytes */
    FRESH_MAX_US = 600000000,
    SWEEP_EVERY_US = 600000000,
    OVERLAP_US = 300000000 /* of what was missed with what was seen: clocks differ */
};

static void on_page(void *context, const struct http_result *result);

static void replace(char **place, struct slice text)
{
    free(*place);
    *place = NULL;
    if (text.len > 0) {
        *place = mem_alloc(text.len + 1);
        memcpy(*place, text.ptr, text.len);
    }
}

/* --- addresses --- */

static struct slice put_texts(struct arena *arena, struct slice url, const char *name,
                              const struct conf_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        struct slice value = http_url_escape(arena, texts->items[i]);
        const char *before = i > 0 ? "," : slice_find(url, "?") < 0 ? "?" : "&";
        url = arena_printf(arena, "%s%s%s%s%s", url.ptr, before, i > 0 ? "" : name,
                           i > 0 ? "" : "=", value.ptr);
    }
    return url;
}

static void set_first_page(struct nws *nws)
{
    struct arena *arena = arena_create();
    char start[CLOCK_TEXT_MAX];
    struct slice url;
    if (nws->catching_up)
        url = arena_printf(arena, "%s/alerts?start=%s", nws->url.ptr,
                           clock_format_s(nws->missed_from_us / 1000000, start));
    else if (nws->format == NWS_GEOJSON)
        url = arena_printf(arena, "%s/alerts/active", nws->url.ptr);
    else if (nws->areas.count + nws->zones.count == 0)
        url = arena_printf(arena, "%s/alerts/active.atom", nws->url.ptr);
    else /* /alerts/active.atom?area= is answered with 400 */
        url = arena_printf(arena, "%s/alerts.atom?active=1", nws->url.ptr);
    url = put_texts(arena, url, "area", &nws->areas);
    url = put_texts(arena, url, "zone", &nws->zones);
    replace(&nws->page_url, url);
    nws->pages = 0;
    nws->nameless = 0;
    arena_destroy(arena);
}

static bool is_atom(const struct nws *nws)
{
    return nws->format == NWS_ATOM && !nws->catching_up;
}

static void ask_page(struct nws *nws)
{
    static const char *const geojson[] = {"Accept: application/geo+json"};
    static const char *const atom[] = {"Accept: application/atom+xml"};
    bool conditional = !nws->catching_up && nws->pages == 0;
    const struct http_call call = {.url = nws->page_url,
                                   .headers = is_atom(nws) ? atom : geojson,
                                   .header_count = 1,
                                   .if_none_match = conditional ? nws->etag : NULL,
                                   .if_modified_since = conditional ? nws->last_modified : NULL,
                                   .max_body = LISTING_BYTES_MAX};
    nws->pages++;
    http_send(nws->client, &call, on_page, nws);
}

static void look(struct nws *nws, bool catching_up)
{
    nws->catching_up = catching_up;
    set_first_page(nws);
    ask_page(nws);
}

/* --- the end of a look --- */

static void poll_after(struct nws *nws, int64_t wait_us)
{
    loop_timer_start(nws->poll_timer, wait_us);
}

static void poll_next(struct nws *nws)
{
    int64_t wait_us = nws->interval_us > nws->fresh_us ? nws->interval_us : nws->fresh_us;
    poll_after(nws, backoff_spread(&nws->poll_backoff, wait_us));
}

__attribute__((format(printf, 3, 4))) static void
look_failed(struct nws *nws, int64_t retry_after_us, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(nws->poll_error, sizeof nws->poll_error, format, args);
    va_end(args);
    int64_t wait_us = backoff_next(&nws->poll_backoff, retry_after_us);
    host_log(nws->host, LOG_LEVEL_INFO, "nws.list", "error=%s failures=%u again_in_s=%lld",
             log_quote_cstr(nws->poll_error).text, nws->poll_backoff.failures,
             (long long)(wait_us / 1000000));
    poll_after(nws, wait_us);
    nws_tell_state(nws);
}

/* How long ago that was: by the clock on the wall where it says longer, since the other one stands
 * still while a machine is suspended. */
static int64_t swept_ago_us(const struct nws *nws, int64_t now_us, int64_t now_mono_us)
{
    int64_t ago_us = now_mono_us - nws->swept_mono_us, wall_us = now_us - nws->swept_us;
    return wall_us > ago_us ? wall_us : ago_us;
}

/* At the start, after longer than the intervals between looks explain, and every now and then:
 * what is issued and replaced between two looks is in no list of active ones either. */
static void note_gap(struct nws *nws, int64_t now_us, int64_t now_mono_us)
{
    int64_t expected_us = 2 * (nws->interval_us + nws->fresh_us) + nws->timeout_us;
    int64_t ago_us = swept_ago_us(nws, now_us, now_mono_us);
    bool gap = !nws->good_mono_us || now_mono_us - nws->good_mono_us > expected_us;
    if (nws->catch_up_us == 0 || nws->no_history || (!gap && ago_us <= SWEEP_EVERY_US))
        return;
    bool all = !nws->swept_us || ago_us > nws->catch_up_us - OVERLAP_US;
    nws->missed_from_us = now_us - (all ? nws->catch_up_us : ago_us + OVERLAP_US);
    nws->sweep_began_us = now_us;
    nws->sweep_began_mono_us = now_mono_us;
}

static void look_over(struct nws *nws)
{
    int64_t now_mono_us = host_monotonic_us(nws->host);
    nws->poll_error[0] = '\0';
    backoff_reset(&nws->poll_backoff);
    if (nws->catching_up) {
        host_log(nws->host, LOG_LEVEL_DEBUG, "nws.caught-up", "wanted=%zu",
                 nws->gather.list.queued);
        nws->missed_from_us = 0;
        nws->swept_us = nws->sweep_began_us;
        nws->swept_mono_us = nws->sweep_began_mono_us;
    } else {
        note_gap(nws, nws->answered_us, now_mono_us);
        nws->good_mono_us = now_mono_us;
    }
    if (nws->nameless > 0)
        host_log(
            nws->host, LOG_LEVEL_WARNING, "nws.nameless",
            "count=%zu reason=\"listed without an identifier, so that they cannot be fetched\"",
            nws->nameless);
    if (nws->missed_from_us)
        look(nws, true);
    else
        poll_next(nws);
    nws_tell_state(nws);
}

/* --- a page --- */

static void take_entries(struct nws *nws, const struct nws_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct nws_entry *entry = &listing->entries[i];
        if (listed_see(&nws->gather.list, entry->id))
            continue;
        bool seen = seen_before(nws->host, entry->id);
        listed_add(&nws->gather.list, entry->id, seen ? LISTED_SETTLED : LISTED_WANTED)->time_s =
            entry->sent_s;
    }
    nws->nameless += listing->nameless;
}

static bool same_server(struct slice url, struct slice base)
{
    return url.len > base.len && memcmp(url.ptr, base.ptr, base.len) == 0 &&
           strchr("/?", url.ptr[base.len]);
}

/* False where there is none, or none that may be asked for. */
static bool set_next_page(struct nws *nws, struct arena *arena, struct slice next)
{
    if (next.len == 0)
        return false;
    struct slice url = http_url_join(arena, slice_from_cstr(nws->page_url), next);
    if (same_server(url, nws->url) && !slice_eq_cstr(url, nws->page_url) &&
        nws->pages < NWS_PAGES_MAX) {
        replace(&nws->page_url, url);
        return true;
    }
    host_log(nws->host, LOG_LEVEL_WARNING, "nws.pages",
             "pages=%u next=%s reason=\"the list goes on where it is not followed\"", nws->pages,
             log_quote(next).text);
    return false;
}

static void take_page(struct nws *nws, const struct http_result *result)
{
    struct arena *arena = arena_create();
    struct nws_listing listing;
    struct err err = {0};
    bool only = nws->pages == 1, more = false;
    bool good = (is_atom(nws) ? nws_listing_read_atom : nws_listing_read)(arena, result->body,
                                                                          &listing, &err) == OK;
    if (only && !nws->catching_up)
        listed_look(&nws->gather.list);
    if (good) {
        take_entries(nws, &listing);
        more = set_next_page(nws, arena, listing.next);
    }
    if (good && !nws->catching_up) {
        /* A list of several pages says nothing of the others by its first one's tag. */
        replace(&nws->etag, only && !more ? result->etag : (struct slice){0});
        replace(&nws->last_modified, only && !more ? result->last_modified : (struct slice){0});
        if (!more)
            listed_looked(&nws->gather.list);
    }
    if (!good)
        look_failed(nws, -1, "%s", err.text);
    else if (more)
        ask_page(nws);
    else
        look_over(nws);
    arena_destroy(arena);
}

/* A server without that query is not asked again: an alarm, and not a reason to be down. */
static void give_up_catching_up(struct nws *nws, int status)
{
    host_log(nws->host, LOG_LEVEL_ERROR, "nws.missed",
             "status=%d reason=\"what was sent and ended during the outage cannot be asked for\"",
             status);
    nws->missed_from_us = 0;
    nws->no_history = true;
    poll_next(nws);
    nws_tell_state(nws);
}

static void on_page(void *context, const struct http_result *result)
{
    struct nws *nws = context;
    int64_t fresh_us = result->max_age_us;
    nws->answered_us = host_now_us(nws->host);
    if (result->date_us >= 0 && result->date_us < nws->answered_us)
        nws->answered_us = result->date_us;
    if (result->failure != HTTP_ANSWERED) {
        look_failed(nws, -1, "%s: %s", http_failure_name(result->failure), result->error);
        return;
    }
    if (!nws->catching_up && fresh_us >= 0)
        nws->fresh_us = fresh_us < FRESH_MAX_US ? fresh_us : FRESH_MAX_US;
    if (result->status == 200)
        take_page(nws, result);
    else if (result->status == 304 && !nws->catching_up && nws->pages == 1)
        look_over(nws);
    else if (nws->catching_up && (result->status == 400 || result->status == 404))
        give_up_catching_up(nws, result->status);
    else
        look_failed(nws, result->retry_after_us, "the server answers %d%s", result->status,
                    result->status == 403 ? ": see user_agent" : "");
    gather_more(&nws->gather);
}

/* --- start, stop --- */

static void on_time(void *context)
{
    struct nws *nws = context;
    look(nws, false);
}

void nws_poll_start(struct nws *nws)
{
    nws->poll_timer = loop_timer_create(host_loop(nws->host), on_time, nws);
    nws->fresh_us = 0;
    loop_timer_start(nws->poll_timer, 0);
}

void nws_poll_stop(struct nws *nws)
{
    loop_timer_destroy(nws->poll_timer);
    nws->poll_timer = NULL;
    replace(&nws->page_url, (struct slice){0});
    replace(&nws->etag, (struct slice){0});
    replace(&nws->last_modified, (struct slice){0});
}
