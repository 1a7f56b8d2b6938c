#include "publish/health.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void health_add(struct health *health, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The last place tells that there are more, so that a beat never grows without bound. */
static void health_add(struct health *health, const char *format, ...)
{
    va_list args;

    if (health->reason_count == HEALTH_REASONS_MAX) {
        snprintf(health->reasons[HEALTH_REASONS_MAX - 1], HEALTH_REASON_BYTES, "more");
        return;
    }
    va_start(args, format);
    vsnprintf(health->reasons[health->reason_count++], HEALTH_REASON_BYTES, format, args);
    va_end(args);
}

void health_add_journal(struct health *health, const struct journal_state *state, int64_t now_us)
{
    int64_t idle_us = now_us - state->progress_us;
    bool stuck = state->condition == JOURNAL_STUCK;

    if (stuck)
        health_add(health, "journal-stuck: %s", state->text);
    else if (state->condition == JOURNAL_LOW)
        health_add(health, "journal-low: %lld bytes free", (long long)state->free_bytes);
    if (!state->queued || idle_us <= HEALTH_STALL_US)
        return;
    if (!stuck)
        health_add(health, "journal-stalled: nothing committed for %lld s",
                   (long long)(idle_us / 1000000));
    health->hung = !stuck || idle_us > HEALTH_STUCK_US;
}

void health_add_source(struct health *health, struct slice name, const char *state,
                       struct slice reason)
{
    if (strcmp(state, "down") != 0 && strcmp(state, "degraded") != 0)
        return;
    health_add(health, "source-%s: %.*s%s%.*s", state, SLICE_ARG(name), reason.len ? ": " : "",
               SLICE_ARG(reason));
}

void health_add_feed(struct health *health, bool blocked, size_t in_flight_bytes)
{
    if (blocked)
        health_add(health, "feed-blocked: subscribers hold %zu bytes", in_flight_bytes);
}

void health_add_key(struct health *health, const char *purpose, int64_t not_after_us,
                    int64_t now_us)
{
    if (not_after_us && now_us >= not_after_us)
        health_add(health, "key-ended: %s", purpose);
}
