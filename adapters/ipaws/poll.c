/*
 * Asking each channel for what was sent since its cursor.
 *
 * The cursor is a time of the server's clock, as it says it in its answers (Date): ours may be
 * wrong, and may be set. What is asked for begins some minutes earlier, since an alert may be
 * listed later than it was sent; what came before is told by its bytes. A cursor moves only when an
 * answer was whole and all of it has been handed on, and is stored only when all of that has
 * settled. The URL is another one each time, so that there is nothing to ask conditionally.
 */
#include "adapters/ipaws/ipaws.h"
#include "alert/parse.h"

#include <stdio.h>

enum {
    RETRY_FIRST_US = 5000000,
    RETRY_MAX_US = 300000000,
    FRESH_MAX_US = 600000000,
    /* Of an answer that lists many alerts. */
    ANSWER_BYTES_MAX = 64 * 1024 * 1024,
    /* What is asked for where a cursor cannot be read: longer than anybody keeps it. */
    UNREADABLE_S = 30 * 24 * 3600,
    URL_MAX = 4096
};

static const struct {
    const char *name, *path;
} feeds[IPAWS_FEEDS] = {[IPAWS_PUBLIC] = {"public", "public"},
                        [IPAWS_EAS] = {"eas", "eas"},
                        [IPAWS_WEA] = {"wea", "PublicWEA"},
                        [IPAWS_NWEM] = {"nwem", "nwem"},
                        [IPAWS_PUBLIC_NON_EAS] = {"public_non_eas", "public_non_eas"}};

/* --- the cursor --- */

static struct slice mark_key(struct arena *arena, const struct ipaws_channel *channel)
{
    return arena_printf(arena, "since %s", channel->name);
}

static void read_mark(struct ipaws_channel *channel)
{
    struct arena *arena = arena_create();
    struct slice value;
    unsigned long long seconds;
    if (host_mark(channel->ipaws->host, mark_key(arena, channel), &value)) {
        channel->heard_s = slice_to_u64(value, &seconds) && seconds < INT32_MAX * 64ULL
                               ? (int64_t)seconds
                               : host_now_us(channel->ipaws->host) / 1000000 - UNREADABLE_S;
        channel->stored_s = channel->heard_s;
    }
    arena_destroy(arena);
}

void ipaws_store_marks(struct ipaws *ipaws)
{
    struct arena *arena = arena_create();
    for (size_t i = 0; map_count(ipaws->in_flight) == 0 && i < IPAWS_FEEDS; i++) {
        struct ipaws_channel *channel = &ipaws->channels[i];
        if (!channel->ipaws || channel->heard_s == channel->stored_s)
            continue;
        host_set_mark(ipaws->host, mark_key(arena, channel),
                      arena_printf(arena, "%lld", (long long)channel->heard_s));
        channel->stored_s = channel->heard_s;
    }
    arena_destroy(arena);
}

static int64_t since_s(const struct ipaws_channel *channel)
{
    const struct ipaws *ipaws = channel->ipaws;
    return channel->heard_s ? channel->heard_s - ipaws->overlap_us / 1000000
                            : (host_now_us(ipaws->host) - ipaws->catch_up_us) / 1000000;
}

static void tell_gap(const struct ipaws_channel *channel, int64_t date_s)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    if (channel->heard_s && date_s - channel->heard_s > channel->ipaws->kept_us / 1000000)
        host_log(channel->ipaws->host, LOG_LEVEL_WARNING, "ipaws.gap",
                 "channel=%s from=%s to=%s reason=\"longer than the server keeps alerts: what was "
                 "sent and ended in between did not come\"",
                 channel->name, clock_format_s(channel->heard_s, from), clock_format_s(date_s, to));
}

/* Who was asked for what is in its future has said nothing. */
static void tell_clock(const struct ipaws_channel *channel, int64_t date_s)
{
    char asked[CLOCK_TEXT_MAX], date[CLOCK_TEXT_MAX];
    host_log(channel->ipaws->host, LOG_LEVEL_WARNING, "ipaws.clock",
             "channel=%s asked_since=%s server=%s reason=\"the server's clock has not come there "
             "yet: asked again from earlier\"",
             channel->name, clock_format_s(channel->asked_s, asked), clock_format_s(date_s, date));
}

static void move_cursor(struct ipaws_channel *channel, int64_t date_s)
{
    const struct ipaws *ipaws = channel->ipaws;
    if (date_s < 0) /* it does not say: the same is asked for again */
        return;
    if (date_s <= channel->asked_s) {
        tell_clock(channel, date_s);
        channel->heard_s = date_s - (ipaws->catch_up_us - ipaws->overlap_us) / 1000000;
        return;
    }
    tell_gap(channel, date_s);
    channel->heard_s = date_s;
}

/* The list cannot be had in one piece nor in parts: better the newer half than none for ever. */
static void halve(struct ipaws_channel *channel, int64_t date_s)
{
    const struct ipaws *ipaws = channel->ipaws;
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    int64_t half_s = channel->asked_s + (date_s - channel->asked_s) / 2;
    if (date_s < 0 || half_s > date_s - ipaws->overlap_us / 1000000)
        return;
    host_log(ipaws->host, LOG_LEVEL_ERROR, "ipaws.too-much",
             "channel=%s from=%s to=%s reason=\"too much for one answer: some of what was sent in "
             "between may be missing\"",
             channel->name, clock_format_s(channel->asked_s, from), clock_format_s(half_s, to));
    channel->heard_s = half_s + ipaws->overlap_us / 1000000;
}

/* --- the end of an answer --- */

static void ask_in(struct ipaws_channel *channel, int64_t wait_us)
{
    loop_timer_start(channel->timer, wait_us);
    ipaws_tell_state(channel->ipaws);
}

/* Whoever answers is not asked any sooner for having answered badly. */
static void failed(struct ipaws_channel *channel, bool answered, int64_t retry_after_us)
{
    const struct ipaws *ipaws = channel->ipaws;
    int64_t wait_us = backoff_next(&channel->backoff, retry_after_us);
    if (answered && wait_us < ipaws->interval_us)
        wait_us = backoff_spread(&channel->backoff, ipaws->interval_us);
    host_log(ipaws->host, LOG_LEVEL_INFO, "ipaws.answer",
             "channel=%s error=%s failures=%u again_in_s=%lld", channel->name,
             log_quote_cstr(channel->error).text, channel->backoff.failures,
             (long long)(wait_us / 1000000));
    ask_in(channel, wait_us);
}

static void succeeded(struct ipaws_channel *channel, int64_t date_s, int64_t max_age_us)
{
    struct ipaws *ipaws = channel->ipaws;
    int64_t fresh_us = max_age_us < FRESH_MAX_US ? max_age_us : FRESH_MAX_US;
    channel->error[0] = '\0';
    channel->good_mono_us = host_monotonic_us(ipaws->host);
    backoff_reset(&channel->backoff);
    move_cursor(channel, date_s);
    ipaws_store_marks(ipaws);
    ask_in(channel, backoff_spread(&channel->backoff,
                                   fresh_us > ipaws->interval_us ? fresh_us : ipaws->interval_us));
}

static void drop_answer(struct ipaws_channel *channel)
{
    arena_destroy(channel->answer.arena);
    channel->answer = (struct ipaws_answer){0};
}

void ipaws_answer_over(struct ipaws_channel *channel)
{
    struct ipaws_answer answer = channel->answer;
    drop_answer(channel);
    host_log(channel->ipaws->host, LOG_LEVEL_DEBUG, "ipaws.list", "channel=%s listed=%zu new=%zu",
             channel->name, answer.list.count, answer.fresh);
    if (answer.too_large)
        halve(channel, answer.date_s);
    if (answer.error[0]) {
        snprintf(channel->error, sizeof channel->error, "%s", answer.error);
        failed(channel, true, answer.retry_after_us);
    } else {
        succeeded(channel, answer.date_s, answer.max_age_us);
    }
}

/* --- an answer --- */

static bool is_list(const struct wrapped *list)
{
    return list->count > 0 || slice_eq_cstr(list->root, "alerts");
}

/* What came whole is handed on, also of an answer that is wrong. */
static void take_answer(struct ipaws_channel *channel, const struct http_result *result)
{
    struct ipaws_answer *answer = &channel->answer;
    struct wrapped *list = &answer->list;
    struct err err = {0};
    *answer = (struct ipaws_answer){.arena = arena_create(),
                                    .too_large = result->failure == HTTP_FAILED_TOO_LARGE,
                                    .date_s = result->date_us < 0 ? -1 : result->date_us / 1000000,
                                    .max_age_us = result->max_age_us,
                                    .retry_after_us = result->retry_after_us};
    enum err_code code = wrapped_read(answer->arena, result->body, PARSE_BYTES_MAX, list, &err);
    if (answer->too_large)
        snprintf(answer->error, sizeof answer->error, "the answer has more than %d MiB",
                 ANSWER_BYTES_MAX / 1024 / 1024);
    else if (code != OK)
        snprintf(answer->error, sizeof answer->error, "%.190s", err.text);
    else if (!is_list(list))
        snprintf(answer->error, sizeof answer->error, "the answer is no list of alerts but `%.*s`",
                 SLICE_ARG(slice_sub(list->root, 0, 60)));
    else if (list->count == 0 && list->noise.len > 0)
        snprintf(answer->error, sizeof answer->error, "the list holds no alert but %.*s",
                 SLICE_ARG(list->noise));
    else if (list->noise.len > 0)
        host_log(channel->ipaws->host, LOG_LEVEL_WARNING, "ipaws.noise",
                 "channel=%s alerts=%zu text=%s reason=\"between the alerts, and not one of them\"",
                 channel->name, list->count, log_quote(list->noise).text);
    ipaws_hand_on(channel->ipaws);
}

static void on_answer(void *context, const struct http_result *result)
{
    struct ipaws_channel *channel = context;
    bool answered = result->failure == HTTP_ANSWERED;
    channel->request = NULL;
    if (result->status == 200 && (answered || result->failure == HTTP_FAILED_TOO_LARGE)) {
        take_answer(channel, result);
        return;
    }
    if (answered && result->status == 204) { /* nothing to list */
        succeeded(channel, result->date_us < 0 ? -1 : result->date_us / 1000000,
                  result->max_age_us);
        return;
    }
    if (answered)
        snprintf(channel->error, sizeof channel->error, "the server answers %d%s", result->status,
                 (result->status == 401 || result->status == 403) ? ": see pin_file" : "");
    else
        snprintf(channel->error, sizeof channel->error, "%s: %.200s",
                 http_failure_name(result->failure), result->error);
    failed(channel, result->status > 0, result->retry_after_us);
}

/* --- asking --- */

static void on_time(void *context)
{
    struct ipaws_channel *channel = context;
    struct ipaws *ipaws = channel->ipaws;
    static const char *const headers[] = {"Accept: application/xml"};
    struct arena *arena = arena_create();
    char since[CLOCK_TEXT_MAX];
    channel->asked_s = since_s(channel);
    struct slice url = arena_printf(arena, "%s/%s/recent/%s", ipaws->url.ptr,
                                    feeds[channel - ipaws->channels].path,
                                    clock_format_s(channel->asked_s, since));
    if (ipaws->pin[0])
        url = arena_printf(arena, "%s?pin=%s", url.ptr,
                           http_url_escape(arena, slice_from_cstr(ipaws->pin)).ptr);
    const struct http_call call = {
        .url = url.ptr, .headers = headers, .header_count = 1, .max_body = ANSWER_BYTES_MAX};
    channel->request = http_send(ipaws->client, &call, on_answer, channel);
    arena_destroy(arena);
}

static void start_channel(struct ipaws *ipaws, size_t i, uint64_t seed)
{
    struct ipaws_channel *channel = &ipaws->channels[i];
    channel->ipaws = ipaws;
    channel->name = feeds[i].name;
    channel->timer = loop_timer_create(host_loop(ipaws->host), on_time, channel);
    channel->error[0] = '\0';
    channel->good_mono_us = 0;
    backoff_init(&channel->backoff, RETRY_FIRST_US, RETRY_MAX_US, seed + i);
    if (!ipaws->marks_read)
        read_mark(channel);
    loop_timer_start(channel->timer, 0);
}

void ipaws_poll_start(struct ipaws *ipaws)
{
    uint64_t seed = host_seed(ipaws->host);
    for (size_t i = 0; i < IPAWS_FEEDS; i++)
        if (ipaws->feeds & (1u << i))
            start_channel(ipaws, i, seed);
    ipaws->marks_read = true;
}

/* What was not handed on is asked for again. */
void ipaws_poll_stop(struct ipaws *ipaws)
{
    for (size_t i = 0; i < IPAWS_FEEDS; i++) {
        struct ipaws_channel *channel = &ipaws->channels[i];
        loop_timer_destroy(channel->timer);
        channel->timer = NULL;
        channel->request = NULL;
        drop_answer(channel);
    }
}
