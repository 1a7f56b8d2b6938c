#include "adapters/inject/refusals.h"

#include "base/mem.h"
#include "seal/receipt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MINUTE_US = 60 * 1000000, KEY_MAX = 256 };

struct count {
    unsigned lines;    /* written since the minute began */
    uint64_t left_out; /* and these were not */
};

static void tell(const struct refusals *refusals, struct slice key, const struct count *count)
{
    struct slice reason, authority = key;
    if (count->left_out == 0 || !slice_next_part(&authority, ' ', &reason))
        return;
    host_log(refusals->host, LOG_LEVEL_WARNING, "inject.refused-more",
             "of=%s reason=%.*s count=%" PRIu64 " text=\"refused in the last minute without a line "
             "each\"",
             authority.len ? log_quote(authority).text : "strangers", SLICE_ARG(reason),
             count->left_out);
}

static void minute_is_over(void *context)
{
    struct refusals *refusals = context;
    struct slice key;
    void *count;
    for (size_t at = 0; map_next(refusals->counts, &at, &key, &count);)
        tell(refusals, key, count);
    map_destroy(refusals->counts, free);
    refusals->counts = map_create();
}

void refusals_start(struct refusals *refusals, struct host *host)
{
    refusals->host = host;
    if (refusals->minute)
        return;
    refusals->counts = map_create();
    refusals->minute = loop_timer_create(host_loop(host), minute_is_over, refusals);
}

void refusals_stop(struct refusals *refusals)
{
    if (!refusals->minute)
        return;
    minute_is_over(refusals);
    loop_timer_destroy(refusals->minute);
    refusals->minute = NULL;
    map_destroy(refusals->counts, free);
    refusals->counts = NULL;
}

/* Whether this line may be written. A door that is shut only answers for what it had taken. */
static bool count_line(struct refusals *refusals, const struct request *request, const char *reason)
{
    char key[KEY_MAX];
    if (!refusals->minute)
        return true;
    if (!loop_timer_active(refusals->minute))
        loop_timer_start(refusals->minute, MINUTE_US);
    snprintf(key, sizeof key, "%s %s", reason, request->known ? request->known->name.ptr : "");
    struct count *count = map_get(refusals->counts, slice_from_cstr(key));
    if (!count)
        map_put(refusals->counts, slice_from_cstr(key), count = mem_alloc(sizeof *count));
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
    if (count_line(refusals, request, reason))
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
