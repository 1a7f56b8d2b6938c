/*
 * Looking at the feed.
 *
 * A plain feed is read whole each time. A hub is asked by `dtsince` for all that changed, so that
 * what was withdrawn is seen although it is current no more. That time stands still for a while, so
 * that a look can be conditional, and while looks fail: what an outage hid lies behind it. At the
 * start, and every now and then, all that is current is looked at as well.
 *
 * While the journal is full, or too much waits for it or to be fetched, the look stands still where
 * it is: nothing is passed over, and a hub is asked for the same time on.
 */
#include "adapters/atom/source.h"
#include "alert/parse.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    FRESH_MAX_US = 600000000,
    SINCE_EVERY_US = 600000000, /* dtsince moves on */
    OVERLAP_US = 300000000      /* of what changed with what was seen: clocks differ */
};
#define ALL_EVERY_US 3600000000

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

/* --- asking --- */

/* A tag is for the address that it came from. */
static const struct atom_tag *tag_of_page(const struct atom_source *source)
{
    const struct atom_tag *tag = &source->tags[source->look];
    bool same = source->pages == 0 && tag->url && strcmp(tag->url, source->page_url) == 0;
    return same ? tag : NULL;
}

static void ask_page(struct atom_source *source)
{
    const struct atom_tag *tag = tag_of_page(source);
    struct http_call call = {.url = source->page_url,
                             .if_none_match = tag ? tag->etag : NULL,
                             .if_modified_since = tag ? tag->last_modified : NULL,
                             .max_body = PARSE_BYTES_MAX};
    source->pages++;
    source->page_due = false;
    atom_ask(source, &call, on_page, source);
}

static void look(struct atom_source *source, enum atom_look kind)
{
    struct arena *arena = arena_create();
    int64_t now_us = host_now_us(source->host);
    if (!source->since_us || now_us < source->since_set_us) {
        source->since_us = now_us - source->catch_up_us;
        source->since_set_us = now_us;
    }
    source->look = kind;
    source->pages = 0;
    source->page_due = false;
    source->tries = 0;
    source->elsewhere = 0;
    source->look_began_us = now_us;
    replace(&source->page_url, atom_look_url(source, arena, kind));
    if (kind == ATOM_LOOK_ALL) {
        listed_look(&source->gather.list);
        atom_incidents_look(&source->incidents);
    }
    ask_page(source);
    arena_destroy(arena);
}

static bool knows_since(const struct atom_source *source)
{
    return source->hub != ATOM_PLAIN && source->catch_up_us > 0;
}

static void look_next(struct atom_source *source)
{
    bool all = !knows_since(source) || !source->all_mono_us ||
               host_monotonic_us(source->host) - source->all_mono_us >= ALL_EVERY_US;
    look(source, all ? ATOM_LOOK_ALL : ATOM_LOOK_SINCE);
}

/* --- the end of a look --- */

__attribute__((format(printf, 3, 4))) static void
look_failed(struct atom_source *source, int64_t retry_after_us, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(source->poll_error, sizeof source->poll_error, format, args);
    va_end(args);
    listed_queue_fresh(&source->gather.list);
    source->tries = source->pages > 1 ? source->tries + 1 : 0;
    int64_t wait_us = backoff_next(&source->poll_backoff, retry_after_us);
    host_log(source->host, LOG_LEVEL_INFO, "atom.feed", "error=%s failures=%u again_in_s=%lld",
             log_quote_cstr(source->poll_error).text, source->poll_backoff.failures,
             (long long)(wait_us / 1000000));
    loop_timer_start(source->poll_timer, wait_us);
    atom_tell_state(source);
}

static void move_since(struct atom_source *source)
{
    int64_t now_us = host_now_us(source->host);
    if (source->look != ATOM_LOOK_SINCE || now_us - source->since_set_us < SINCE_EVERY_US)
        return;
    source->since_us = source->look_began_us - OVERLAP_US;
    source->since_set_us = now_us;
}

static void look_over(struct atom_source *source)
{
    int64_t wait_us =
        source->interval_us > source->fresh_us ? source->interval_us : source->fresh_us;
    bool first_all = source->look == ATOM_LOOK_ALL && knows_since(source);
    source->good_mono_us = host_monotonic_us(source->host);
    if (source->look == ATOM_LOOK_ALL)
        source->all_mono_us = source->good_mono_us;
    source->poll_error[0] = '\0';
    backoff_reset(&source->poll_backoff);
    listed_queue_fresh(&source->gather.list);
    move_since(source);
    /* After the first what ended meanwhile, at once. */
    loop_timer_start(source->poll_timer,
                     first_all ? 0 : backoff_spread(&source->poll_backoff, wait_us));
    atom_tell_state(source);
}

/* --- a page --- */

/* False where there is none, or none that may be asked for. */
static bool set_next_page(struct atom_source *source, struct arena *arena, struct slice next)
{
    if (next.len == 0)
        return false;
    struct slice url = http_url_join(arena, slice_from_cstr(source->page_url), next);
    bool same_server = url.ptr && hub_access_is_own(&source->access, url);
    if (same_server && !slice_eq_cstr(url, source->page_url) && source->pages < ATOM_PAGES_MAX) {
        replace(&source->page_url, url);
        return true;
    }
    host_log(source->host, LOG_LEVEL_WARNING, "atom.pages",
             "pages=%u next=%s reason=\"the feed goes on where it is not followed\"", source->pages,
             log_quote(http_url_shown(arena, url.ptr ? url : SLICE("-"))).text);
    return false;
}

/* A feed of several pages says nothing of the others by its first one's tag. */
static void keep_tag(struct atom_source *source, const struct http_result *result, bool only)
{
    struct atom_tag *tag = &source->tags[source->look];
    replace(&tag->url, only ? slice_from_cstr(source->page_url) : (struct slice){0});
    replace(&tag->etag, only ? result->etag : (struct slice){0});
    replace(&tag->last_modified, only ? result->last_modified : (struct slice){0});
}

static bool can_be_cut(const struct atom_feed *feed)
{
    for (size_t i = 0; i < feed->count; i++)
        if (!feed->entries[i].bytes.ptr)
            return false;
    return true;
}

static void take_unreadable(struct atom_source *source, struct arena *arena, struct slice body,
                            const char *fault)
{
    bool taken = atom_take_whole(source, arena, body);
    look_failed(source, -1, "%s%s", fault,
                taken ? "; it was handed on whole, for what can be read of it" : "");
}

static void take_more(struct atom_source *source)
{
    bool more = source->page.more;
    if (!atom_take_some(source)) {
        loop_timer_start(source->poll_timer, 0);
        return;
    }
    if (!more && source->look == ATOM_LOOK_ALL)
        listed_looked(&source->gather.list);
    if (!more)
        source->elsewhere_known = source->elsewhere;
    source->page_due = more;
    if (more)
        loop_timer_start(source->poll_timer, 0);
    else
        look_over(source);
}

/* The feed is lent from the body, and that ends with this turn. */
static void take_page(struct atom_source *source, const struct http_result *result)
{
    struct arena *arena = arena_create();
    struct atom_page *page = &source->page;
    struct slice body = arena_copy(arena, result->body);
    struct err err = {0};
    *page = (struct atom_page){.arena = arena};
    if (atom_read(arena, body, &page->feed, &err) != OK) {
        take_unreadable(source, arena, body, err.text);
        atom_take_stop(source);
        return;
    }
    source->tries = 0;
    backoff_reset(&source->poll_backoff);
    if (!can_be_cut(&page->feed)) {
        atom_take_whole(source, arena, body);
        page->feed.count = page->feed.deleted_count = page->feed.left_out = 0;
    }
    bool first = source->pages == 1;
    page->url = arena_copy(arena, slice_from_cstr(source->page_url));
    page->more = set_next_page(source, arena, page->feed.next);
    if (first)
        keep_tag(source, result, !page->more);
    loop_timer_start(source->poll_timer, 0);
}

static const char *advice(int status, const struct atom_source *source)
{
    if (status == 401 || status == 403)
        return source->access.secret[0] ? ": it does not take the access code of secret_file"
                                        : ": it may want secret_file or user_agent";
    return status == 404 || status == 410 ? ": there is no such feed; see url" : "";
}

static void on_page(void *context, const struct http_result *result)
{
    struct atom_source *source = context;
    if (result->failure == HTTP_FAILED_TOO_LARGE) {
        look_failed(source, -1, "a page is larger than 8 MiB; bbox can narrow it");
        return;
    }
    if (result->failure != HTTP_ANSWERED) {
        look_failed(source, -1, "%s: %s", http_failure_name(result->failure), result->error);
        return;
    }
    if (result->max_age_us >= 0)
        source->fresh_us = result->max_age_us < FRESH_MAX_US ? result->max_age_us : FRESH_MAX_US;
    if (source->pages == 1 && result->date_us >= 0 && result->date_us < source->look_began_us)
        source->look_began_us = result->date_us;
    if (result->status == 200)
        take_page(source, result);
    else if (result->status == 304 && source->pages == 1)
        look_over(source);
    else
        look_failed(source, result->retry_after_us, "the server answers %d%s", result->status,
                    advice(result->status, source));
    gather_more(&source->gather);
}

/* --- start, stop --- */

/* Of a long feed a page that fails is asked for again, not all of them: else the more pages there
 * are, the less likely is it that one look gets through. */
static void go_on(struct atom_source *source)
{
    bool again = source->tries > 0 && source->tries <= ATOM_PAGE_TRIES_MAX;
    if (source->page.arena) {
        take_more(source);
    } else if (source->page_due || again) {
        source->pages -= again;
        ask_page(source);
    } else {
        look_next(source);
    }
}

/* What waits too much already goes out before the look is over, and then newer ones may go before
 * older ones of the pages behind. */
static void on_time(void *context)
{
    struct atom_source *source = context;
    if (atom_may_take(source))
        go_on(source);
    else
        source->poll_waits = true;
    if (source->poll_waits)
        atom_tell_state(source);
    if (source->gather.list.bytes >= ATOM_HELD_BYTES_MAX)
        listed_queue_fresh(&source->gather.list);
    gather_more(&source->gather);
}

void atom_poll_go_on(struct atom_source *source)
{
    if (!source->poll_waits || !atom_may_take(source))
        return;
    source->poll_waits = false;
    loop_timer_start(source->poll_timer, 0);
}

void atom_poll_start(struct atom_source *source)
{
    source->poll_timer = loop_timer_create(host_loop(source->host), on_time, source);
    source->fresh_us = 0;
    source->all_mono_us = 0;
    source->tries = 0;
    source->page_due = source->poll_waits = false;
    loop_timer_start(source->poll_timer, 0);
}

void atom_poll_stop(struct atom_source *source)
{
    loop_timer_destroy(source->poll_timer);
    source->poll_timer = NULL;
    atom_take_stop(source);
    replace(&source->page_url, (struct slice){0});
    for (size_t i = 0; i < ATOM_LOOKS; i++) {
        replace(&source->tags[i].url, (struct slice){0});
        replace(&source->tags[i].etag, (struct slice){0});
        replace(&source->tags[i].last_modified, (struct slice){0});
    }
}
