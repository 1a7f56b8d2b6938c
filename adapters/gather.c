#include "adapters/gather.h"

#include "adapters/patience.h"
#include "adapters/seen.h"
#include "alert/parse.h"
#include "base/mem.h"

#include <stdlib.h>

enum {
    RETRY_FIRST_US = 2000000,
    RETRY_MAX_US = 300000000,
    DENIALS_MAX = 5,
    DENIED_WAIT_US = 20000000,
    /* What the loop can bear in one turn: each may be a parse, and all that intake does. */
    HELD_PER_TURN = 16,
    HELD_BYTES_PER_TURN = 1024 * 1024
};

/* --- handing on --- */

static void deliver_held(struct gather *gather, struct listed_item *item)
{
    struct seen_mark mark;
    struct slice bytes = listed_release(&gather->list, item);
    struct adapter_document document = {
        .bytes = bytes,
        /* It lives until it is settled, see listed.h. */
        .receipt = (uint64_t)(uintptr_t)item,
    };
    seen_make(gather->host, slice_from_cstr(item->key), &mark);
    seen_put(&mark, &document);
    host_deliver(gather->host, &document); /* may pause us */
    free((char *)bytes.ptr);
}

static void take_document(struct gather *gather, struct listed_item *item, struct slice bytes)
{
    char *copy = mem_alloc(bytes.len + 1);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    listed_hold(&gather->list, item, copy, bytes.len);
    if (gather->ops->came)
        gather->ops->came(gather->source, item);
    if (gather->paused)
        listed_queue(&gather->list, item);
    else
        deliver_held(gather, item);
}

/* --- answers --- */

static void give_up(struct gather *gather, struct listed_item *item,
                    const struct http_result *result)
{
    char words[200];
    listed_give_up(&gather->list, item);
    gather->ops->missing(gather->source, item,
                         patience_words(result, "the server", words, sizeof words));
}

static void deny(struct gather *gather, struct listed_item *item, const struct http_result *result)
{
    gather->error[0] = '\0'; /* the server answers */
    listed_unrefuse(&gather->list, item);
    if (++item->denials >= DENIALS_MAX) {
        give_up(gather, item, result);
        return;
    }
    item->not_before_mono_us =
        host_monotonic_us(gather->host) + DENIED_WAIT_US * (int64_t)item->denials;
    listed_queue(&gather->list, item);
}

/* Several were on their way: one trouble, one step. */
static void wait_longer(struct gather *gather, const struct http_result *result)
{
    int64_t now_mono_us = host_monotonic_us(gather->host);
    struct listed *list = &gather->list;
    if (list->again_mono_us <= now_mono_us)
        list->again_mono_us = now_mono_us + backoff_next(&gather->backoff, result->retry_after_us);
    if (result->status == 429 || result->retry_after_us > 0)
        gather->not_before_mono_us = list->again_mono_us;
}

static void refuse(struct gather *gather, struct listed_item *item,
                   const struct http_result *result)
{
    int64_t now_mono_us = host_monotonic_us(gather->host);
    int64_t wait_us = DENIED_WAIT_US * (int64_t)item->tries;
    gather->error[0] = '\0';
    patience_words(result, "the server", gather->refusal, sizeof gather->refusal);
    listed_refuse(&gather->list, item, now_mono_us);
    wait_longer(gather, result);
    if (patience_ends(item->refused_mono_us, now_mono_us)) {
        give_up(gather, item, result);
        return;
    }
    item->not_before_mono_us = now_mono_us + (wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US);
    listed_queue(&gather->list, item);
}

static void hold_off(struct gather *gather, struct listed_item *item,
                     const struct http_result *result)
{
    patience_words(result, "the server", gather->error, sizeof gather->error);
    wait_longer(gather, result);
    listed_queue(&gather->list, item);
}

static void not_given(struct gather *gather, struct listed_item *item,
                      const struct http_result *result)
{
    item->tries++;
    switch (patience_read(result)) {
    case PATIENCE_ABSENT:
        deny(gather, item, result);
        break;
    case PATIENCE_REFUSED:
        refuse(gather, item, result);
        break;
    case PATIENCE_TROUBLE:
        hold_off(gather, item, result);
        break;
    }
}

/* It can be worth the while of the others too. */
static void server_gives(struct gather *gather)
{
    int64_t soon_us = host_monotonic_us(gather->host) + RETRY_FIRST_US;
    backoff_reset(&gather->backoff);
    gather->error[0] = '\0';
    if (gather->list.again_mono_us > soon_us)
        gather->list.again_mono_us = soon_us;
}

static void on_document(void *context, const struct http_result *result)
{
    struct listed_item *item = context;
    struct gather *gather = item->owner;
    item->request = NULL;
    gather->asked--;
    bool came = result->failure == HTTP_ANSWERED && result->status == 200;
    /* Too large: what came of it is handed on all the same, so that the journal has a row. */
    if (came || (result->failure == HTTP_FAILED_TOO_LARGE && result->status == 200)) {
        server_gives(gather);
        take_document(gather, item, result->body);
    } else {
        not_given(gather, item, result);
    }
    gather_more(gather);
    gather->ops->tell(gather->source);
}

/* --- asking --- */

static void ask(struct gather *gather, struct listed_item *item)
{
    item->stage = LISTED_ASKED;
    gather->asked++;
    /* One byte more than intake takes is refused by its size, in the journal. */
    item->request = gather->ops->ask(gather->source, item, PARSE_BYTES_MAX + 1, on_document);
}

static void hand_on_and_ask(struct gather *gather)
{
    int64_t now_mono_us = host_monotonic_us(gather->host), until_mono_us = INT64_MAX;
    struct listed_item *item;
    size_t held = 0, bytes = 0;
    while (!gather->paused) {
        if (held == HELD_PER_TURN || bytes >= HELD_BYTES_PER_TURN) {
            loop_timer_start(gather->timer, 0);
            return;
        }
        bool asking = now_mono_us >= gather->not_before_mono_us && gather->asked < gather->parallel;
        if (!(item = listed_take(&gather->list, asking, now_mono_us, &until_mono_us)))
            break;
        if (!item->bytes.ptr) {
            ask(gather, item);
            continue;
        }
        held++;
        bytes += item->bytes.len;
        deliver_held(gather, item);
    }
    if (until_mono_us < gather->not_before_mono_us)
        until_mono_us = gather->not_before_mono_us;
    if (gather->list.queued > 0 && until_mono_us > now_mono_us && until_mono_us != INT64_MAX)
        loop_timer_start_at(gather->timer, until_mono_us);
}

void gather_more(struct gather *gather)
{
    if (!gather->timer)
        return;
    hand_on_and_ask(gather);
    if (gather->ops->room)
        gather->ops->room(gather->source);
}

/* --- life --- */

static void on_time(void *context)
{
    gather_more(context);
}

void gather_init(struct gather *gather, struct host *host, void *source,
                 const struct gather_ops *ops)
{
    *gather = (struct gather){.host = host, .source = source, .ops = ops};
    listed_init(&gather->list, gather);
}

void gather_fini(struct gather *gather)
{
    listed_fini(&gather->list);
}

void gather_start(struct gather *gather, size_t parallel, uint64_t seed)
{
    backoff_init(&gather->backoff, RETRY_FIRST_US, RETRY_MAX_US, seed);
    gather->error[0] = '\0';
    gather->not_before_mono_us = gather->list.again_mono_us = 0;
    gather->parallel = parallel;
    gather->timer = loop_timer_create(host_loop(gather->host), on_time, gather);
}

void gather_stop(struct gather *gather)
{
    size_t position = 0;
    struct slice key;
    void *value;
    while (gather->timer && map_next(gather->list.by_key, &position, &key, &value)) {
        struct listed_item *item = value;
        if (item->stage != LISTED_ASKED)
            continue;
        http_cancel(item->request);
        listed_queue(&gather->list, item);
    }
    gather->asked = 0;
    loop_timer_destroy(gather->timer);
    gather->timer = NULL;
    gather->paused = false;
}

void gather_pause(struct gather *gather)
{
    gather->paused = true;
}

void gather_resume(struct gather *gather)
{
    gather->paused = false;
    gather_more(gather);
}

const char *gather_trouble(const struct gather *gather)
{
    if (gather->error[0])
        return gather->error;
    return gather->list.refused > 0 ? gather->refusal : NULL;
}

void gather_settled(const struct adapter_outcome *outcome)
{
    struct listed_item *item = (struct listed_item *)(uintptr_t)outcome->receipt;
    item->stage = LISTED_SETTLED;
}
