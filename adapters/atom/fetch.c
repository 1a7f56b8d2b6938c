/*
 * Fetching what entries link to, once, and handing on.
 *
 * An answer that blames the message (404) is asked for again a few times and then given up,
 * loudly; one that blames the server (429, 5xx, no answer) makes all of them wait and counts
 * against none.
 */
#include "adapters/atom/source.h"
#include "adapters/seen.h"
#include "alert/parse.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    DENIALS_MAX = 5,
    DENIED_WAIT_US = 20000000,
    /* What the loop can bear in one turn: each may be a parse, and all that intake does. */
    HELD_PER_TURN = 16,
    HELD_BYTES_PER_TURN = 1024 * 1024
};

/* --- handing on --- */

/* Takes the item's bytes where they are its own. */
static void deliver(struct atom_source *source, struct atom_item *item, struct slice bytes)
{
    struct seen_mark mark;
    struct adapter_document document = {
        .bytes = bytes,
        /* It lives until it is settled, see items.h. */
        .receipt = (uint64_t)(uintptr_t)item,
    };
    seen_make(source->host, slice_from_cstr(item->key), &mark);
    seen_put(&mark, &document);
    item->stage = ATOM_DELIVERED;
    host_deliver(source->host, &document); /* may pause us */
}

static void deliver_held(struct atom_source *source, struct atom_item *item)
{
    struct slice bytes = atom_items_release(&source->items, item);
    deliver(source, item, bytes);
    free((char *)bytes.ptr);
}

static void take_document(struct atom_source *source, struct atom_item *item, struct slice bytes)
{
    char *copy = mem_alloc(bytes.len + 1);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    atom_items_hold(&source->items, item, copy, bytes.len);
    hub_access_blot(&source->access, item->bytes);
    if (source->paused)
        atom_items_queue(&source->items, item);
    else
        deliver_held(source, item);
}

/* --- answers --- */

static struct log_quoted shown(const struct atom_item *item)
{
    struct arena *arena = arena_create();
    struct log_quoted quoted = log_quote(http_url_shown(arena, slice_from_cstr(item->url)));
    arena_destroy(arena);
    return quoted;
}

static void deny(struct atom_source *source, struct atom_item *item, int status)
{
    if (++item->denials < DENIALS_MAX) {
        item->not_before_us = atom_now_us(source) + DENIED_WAIT_US * (int64_t)item->denials;
        atom_items_queue(&source->items, item);
        return;
    }
    atom_items_give_up(&source->items, item);
    host_log(source->host, LOG_LEVEL_ERROR, "atom.missing",
             "url=%s status=%d tries=%u reason=\"linked to, but the server does not give it\"",
             shown(item).text, status, item->denials);
}

static void hold_off(struct atom_source *source, struct atom_item *item,
                     const struct http_result *result)
{
    int64_t now_us = atom_now_us(source);
    if (result->failure != HTTP_ANSWERED)
        snprintf(source->fetch_error, sizeof source->fetch_error, "%s: %.150s",
                 http_failure_name(result->failure), result->error);
    else
        snprintf(source->fetch_error, sizeof source->fetch_error, "the server answers %d",
                 result->status);
    /* Several were on their way: one trouble, one step. */
    if (source->fetch_not_before_us <= now_us)
        source->fetch_not_before_us =
            now_us + backoff_next(&source->fetch_backoff, result->retry_after_us);
    atom_items_queue(&source->items, item);
}

static bool blames_server(const struct http_result *result)
{
    return result->failure != HTTP_ANSWERED || result->status >= 500 || result->status == 429 ||
           result->status == 403 || result->status == 401 || result->status == 408;
}

static void on_document(void *context, const struct http_result *result)
{
    struct atom_item *item = context;
    struct atom_source *source = item->owner;
    item->request = NULL;
    source->asked--;
    bool came = result->failure == HTTP_ANSWERED && result->status == 200;
    /* Too large: what came of it is handed on all the same, so that the journal has a row. */
    if (came || (result->failure == HTTP_FAILED_TOO_LARGE && result->status == 200)) {
        backoff_reset(&source->fetch_backoff);
        source->fetch_error[0] = '\0';
        take_document(source, item, result->body);
    } else if (blames_server(result)) {
        hold_off(source, item, result);
    } else {
        deny(source, item, result->status);
    }
    atom_fetch_more(source);
    atom_tell_state(source);
}

/* --- asking --- */

static void ask(struct atom_source *source, struct atom_item *item)
{
    struct http_call call = {
        .url = item->url,
        .max_body = PARSE_BYTES_MAX + 1 /* one more is refused by its size, in the journal */
    };
    item->stage = ATOM_ASKED;
    source->asked++;
    item->request = atom_ask(source, &call, on_document, item);
}

static void hand_on_and_ask(struct atom_source *source)
{
    int64_t now_us = atom_now_us(source), wait_until_us = INT64_MAX;
    struct atom_item *item;
    size_t held = 0, bytes = 0;
    while (!source->paused) {
        if (held == HELD_PER_TURN || bytes >= HELD_BYTES_PER_TURN) {
            loop_timer_start(source->fetch_timer, 0);
            return;
        }
        bool asking =
            now_us >= source->fetch_not_before_us && source->asked < (size_t)source->parallel;
        if (!(item = atom_items_take(&source->items, asking, now_us, &wait_until_us)))
            break;
        if (!item->bytes.ptr) {
            ask(source, item);
            continue;
        }
        held++;
        bytes += item->bytes.len;
        deliver_held(source, item);
    }
    if (wait_until_us < source->fetch_not_before_us)
        wait_until_us = source->fetch_not_before_us;
    if (source->items.queued > 0 && wait_until_us > now_us && wait_until_us != INT64_MAX)
        loop_timer_start(source->fetch_timer, wait_until_us - now_us);
}

void atom_fetch_more(struct atom_source *source)
{
    if (!source->client)
        return;
    hand_on_and_ask(source);
    atom_poll_go_on(source);
}

/* What was on its way is wanted again. */
void atom_fetch_stop(struct atom_source *source)
{
    size_t position = 0;
    struct slice key;
    void *value;
    while (map_next(source->items.by_key, &position, &key, &value)) {
        struct atom_item *item = value;
        if (item->stage != ATOM_ASKED)
            continue;
        http_cancel(item->request);
        atom_items_queue(&source->items, item);
    }
    source->asked = 0;
}
