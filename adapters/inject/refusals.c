#include "adapters/inject/refusals.h"

#include "seal/receipt.h"

#include <inttypes.h>

enum { MINUTE_US = 60 * 1000000 };

static void tell(const struct refusals *refusals, const char *whose, struct refusals_count *count)
{
    if (count->left_out > 0)
        host_log(refusals->host, LOG_LEVEL_WARNING, "inject.refused-more",
                 "of=%s count=%" PRIu64 " text=\"refused in the last minute without a line each\"",
                 whose, count->left_out);
    *count = (struct refusals_count){0};
}

static void minute_is_over(void *context)
{
    struct refusals *refusals = context;
    tell(refusals, "authorities", &refusals->known);
    tell(refusals, "strangers", &refusals->strangers);
}

void refusals_start(struct refusals *refusals, struct host *host)
{
    refusals->host = host;
    if (!refusals->minute)
        refusals->minute = loop_timer_create(host_loop(host), minute_is_over, refusals);
}

void refusals_stop(struct refusals *refusals)
{
    if (!refusals->minute)
        return;
    minute_is_over(refusals);
    loop_timer_destroy(refusals->minute);
    refusals->minute = NULL;
}

/* Whether this line may be written. A door that is shut only answers for what it had taken. */
static bool count_line(struct refusals *refusals, struct refusals_count *count)
{
    if (!refusals->minute)
        return true;
    if (!loop_timer_active(refusals->minute))
        loop_timer_start(refusals->minute, MINUTE_US);
    if (count->lines < REFUSALS_LINES_PER_MINUTE) {
        count->lines++;
        return true;
    }
    count->left_out++;
    return false;
}

void refusals_log(struct refusals *refusals, const struct request *request, const char *reason,
                  const char *text)
{
    if (count_line(refusals, request->known ? &refusals->known : &refusals->strangers))
        host_log(refusals->host, LOG_LEVEL_WARNING, "inject.refused",
                 "authority=%s reason=%s text=%s", log_quote(request->authority).text, reason,
                 log_quote_cstr(text).text);
}

bool refusals_seal(const struct refusals *refusals, const struct request *request,
                   const char *reason, const char *text, struct buf *frame)
{
    struct err err = {0};
    const struct hosts_options *now = host_options(refusals->host);
    const struct receipt_facts facts = {.relay = now->relay_name,
                                        .authority = request->authority,
                                        .digest = request->has_digest ? &request->digest : NULL,
                                        .dry_run = request->dry_run,
                                        .verdict = SLICE("refused"),
                                        .reason = slice_from_cstr(reason),
                                        .text = slice_from_cstr(text),
                                        .time_us = host_now_us(refusals->host)};
    if (receipt_seal(now->actual_key, &facts, frame, &err) == OK)
        return true;
    host_log(refusals->host, LOG_LEVEL_ERROR, "inject.receipt", "error=%s",
             log_quote_cstr(err.text).text);
    return false;
}
