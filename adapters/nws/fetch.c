/*
 * Fetching each alert's CAP, once, and handing it on.
 *
 * An answer that blames the alert (404) is asked for again a few times and then given up, loudly;
 * one that blames the server (429, 5xx, no answer) makes all of them wait and counts against none.
 */
#include "adapters/nws/nws.h"
#include "adapters/seen.h"
#include "alert/parse.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum { DENIALS_MAX = 5, DENIED_WAIT_US = 20000000 };

/* --- handing on --- */

static void deliver(struct nws *nws, struct nws_alert *alert, struct slice bytes)
{
    struct seen_mark mark;
    struct adapter_document document = {
        .bytes = bytes,
        /* It lives until it is settled, see alerts.h. */
        .receipt = (uint64_t)(uintptr_t)alert,
    };
    seen_make(nws->host, slice_from_cstr(alert->id), &mark);
    seen_put(&mark, &document);
    alert->stage = NWS_DELIVERED;
    if (alert->sent_s && log_wants(LOG_LEVEL_DEBUG))
        host_log(nws->host, LOG_LEVEL_DEBUG, "nws.fetched", "id=%s lag_s=%lld",
                 log_quote_cstr(alert->id).text,
                 (long long)(nws_now_us(nws) / 1000000 - alert->sent_s));
    host_deliver(nws->host, &document); /* may pause us */
}

static void deliver_held(struct nws *nws)
{
    struct nws_alert *alert;
    while (!nws->paused && (alert = nws_alerts_take_held(&nws->alerts))) {
        struct slice bytes = alert->bytes;
        alert->bytes = (struct slice){0};
        deliver(nws, alert, bytes);
        free((char *)bytes.ptr);
    }
}

static void take_document(struct nws *nws, struct nws_alert *alert, struct slice bytes)
{
    if (!nws->paused) {
        deliver(nws, alert, bytes);
        return;
    }
    char *copy = mem_alloc(bytes.len + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    alert->bytes = slice_of(copy, bytes.len);
    nws_alerts_queue(&nws->alerts, alert);
}

/* --- answers --- */

static void deny(struct nws *nws, struct nws_alert *alert, int status)
{
    if (++alert->denials < DENIALS_MAX) {
        alert->not_before_us = nws_now_us(nws) + DENIED_WAIT_US * (int64_t)alert->denials;
        nws_alerts_queue(&nws->alerts, alert);
        return;
    }
    nws_alerts_give_up(&nws->alerts, alert);
    host_log(nws->host, LOG_LEVEL_ERROR, "nws.missing",
             "id=%s status=%d tries=%u reason=\"listed, but the server does not give it\"",
             log_quote_cstr(alert->id).text, status, alert->denials);
}

static void hold_off(struct nws *nws, struct nws_alert *alert, const struct http_result *result)
{
    int64_t now_us = nws_now_us(nws);
    if (result->failure != HTTP_ANSWERED)
        snprintf(nws->fetch_error, sizeof nws->fetch_error, "%s: %.150s",
                 http_failure_name(result->failure), result->error);
    else
        snprintf(nws->fetch_error, sizeof nws->fetch_error, "the server answers %d",
                 result->status);
    /* Several were on their way: one trouble, one step. */
    if (nws->fetch_not_before_us <= now_us)
        nws->fetch_not_before_us =
            now_us + backoff_next(&nws->fetch_backoff, result->retry_after_us);
    nws_alerts_queue(&nws->alerts, alert);
}

static bool blames_server(const struct http_result *result)
{
    return result->failure != HTTP_ANSWERED || result->status >= 500 || result->status == 429 ||
           result->status == 403 || result->status == 408;
}

static void on_document(void *context, const struct http_result *result)
{
    struct nws_alert *alert = context;
    struct nws *nws = alert->owner;
    alert->request = NULL;
    nws->asked--;
    bool came = result->failure == HTTP_ANSWERED && result->status == 200;
    /* Too large: what came of it is handed on all the same, so that the journal has a row. */
    if (came || (result->failure == HTTP_FAILED_TOO_LARGE && result->status == 200)) {
        backoff_reset(&nws->fetch_backoff);
        nws->fetch_error[0] = '\0';
        take_document(nws, alert, result->body);
    } else if (blames_server(result)) {
        hold_off(nws, alert, result);
    } else {
        deny(nws, alert, result->status);
    }
    nws_fetch_more(nws);
    nws_tell_state(nws);
}

/* --- asking --- */

static void ask(struct nws *nws, struct nws_alert *alert)
{
    static const char *const headers[] = {"Accept: application/cap+xml"};
    struct arena *arena = arena_create();
    const struct http_call call = {
        .url = arena_printf(arena, "%s/alerts/%s.cap", nws->url.ptr, alert->id).ptr,
        .headers = headers,
        .header_count = 1,
        .max_body = PARSE_BYTES_MAX + 1 /* one more is refused by its size, in the journal */
    };
    alert->stage = NWS_ASKED;
    nws->asked++;
    alert->request = http_send(nws->client, &call, on_document, alert);
    arena_destroy(arena);
}

void nws_fetch_more(struct nws *nws)
{
    int64_t now_us = nws_now_us(nws), wait_until_us = nws->fetch_not_before_us;
    if (!nws->client)
        return;
    deliver_held(nws);
    if (nws->paused)
        return;
    while (now_us >= nws->fetch_not_before_us && nws->asked < (size_t)nws->parallel) {
        struct nws_alert *alert = nws_alerts_take_wanted(&nws->alerts, now_us, &wait_until_us);
        if (!alert)
            break;
        ask(nws, alert);
    }
    if (nws->alerts.queued > 0 && wait_until_us > now_us && wait_until_us != INT64_MAX)
        loop_timer_start(nws->fetch_timer, wait_until_us - now_us);
}

/* What was on its way is wanted again. */
void nws_fetch_stop(struct nws *nws)
{
    size_t position = 0;
    struct slice id;
    void *value;
    while (map_next(nws->alerts.by_id, &position, &id, &value)) {
        struct nws_alert *alert = value;
        if (alert->stage != NWS_ASKED)
            continue;
        http_cancel(alert->request);
        nws_alerts_queue(&nws->alerts, alert);
    }
    nws->asked = 0;
}
