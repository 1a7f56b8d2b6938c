/*
 * fake_ipaws_feed: FEMA's feed in memory, behind fake_http.h: what was posted since an instant of
 * its own clock, in a wrapper.
 */
#ifndef CAPRELAY_TESTS_FAKE_IPAWS_FEED_H
#define CAPRELAY_TESTS_FAKE_IPAWS_FEED_H

#include "tests/support/fake_http.h"

#include <stdbool.h>

enum { FAKE_FEED_MAX = 4000, FAKE_FEED_BODY_MAX = 100 * 1024 * 1024 };

#define FAKE_FEED_OPEN                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"                                \
    "<ns1:alerts xmlns:ns1=\"http://gov.fema.ipaws.services/feed\">"
#define FAKE_FEED_CLOSE "</ns1:alerts>"

struct fake_feed_alert {
    char *text;
    int64_t sent_us, listed_us; /* by its clock: what it says, and when it can be had */
    const char *channel;        /* the path; NULL: all */
};

static struct {
    struct fake_feed_alert alerts[FAKE_FEED_MAX];
    size_t count;
    const int64_t *now_us; /* the loop's, that nobody sets */
    int64_t behind_us;     /* its clock is late by so much */
    bool dateless;
    int64_t kept_us; /* what is older is not listed; 0: all is */
    int status;      /* 0: 200 */
    int64_t retry_after_us, max_age_us;
    const char *answer;          /* in place of a list */
    const char *failing_channel; /* answers 503 */
    int cuts;                    /* so many answers are cut off */
    int asked, asked_of[5];
    int64_t last_us, gap_us; /* of requests: the latest, and the least between two of one channel */
    int64_t channel_last_us[5];
    char since[40], query[200], date[40];
    char *body;
} fake_feed;

static struct fake_feed_alert *fake_feed_add(const char *text)
{
    struct fake_feed_alert *alert = &fake_feed.alerts[fake_feed.count++];
    if (fake_feed.count > FAKE_FEED_MAX)
        abort();
    *alert = (struct fake_feed_alert){.text = mem_strdup(text)};
    alert->sent_us = alert->listed_us = *fake_feed.now_us - fake_feed.behind_us;
    return alert;
}

static void fake_feed_clear(void)
{
    for (size_t i = 0; i < fake_feed.count; i++)
        free(fake_feed.alerts[i].text);
    free(fake_feed.body);
    memset(&fake_feed, 0, sizeof fake_feed);
    memset(&fake_http, 0, sizeof fake_http);
}

/* ".../CHANNEL/recent/TIME[?QUERY]" */
static int64_t fake_feed_read_url(const char *url, char channel[40])
{
    const char *recent = strstr(url, "/recent/"), *begin = recent;
    int y, mo, d, h, mi, s;
    while (begin && begin[-1] != '/')
        begin--;
    if (!begin || sscanf(recent, "/recent/%d-%d-%dT%d:%d:%dZ", &y, &mo, &d, &h, &mi, &s) != 6)
        abort();
    snprintf(channel, 40, "%.*s", (int)(recent - begin), begin);
    snprintf(fake_feed.since, sizeof fake_feed.since, "%.20s", recent + 8);
    snprintf(fake_feed.query, sizeof fake_feed.query, "%s", recent + 28);
    return (clock_days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s) * 1000000;
}

static void fake_feed_count(const char *channel)
{
    static const char *const names[] = {"public", "eas", "PublicWEA", "nwem", "public_non_eas"};
    size_t i = 0;
    while (strcmp(names[i], channel) != 0)
        i++; /* an unknown one runs over the end, and the sanitizer or the crash says so */
    fake_feed.asked++;
    fake_feed.asked_of[i]++;
    int64_t now_us = *fake_feed.now_us, gap_us = now_us - fake_feed.channel_last_us[i];
    if (fake_feed.channel_last_us[i] && (!fake_feed.gap_us || gap_us < fake_feed.gap_us))
        fake_feed.gap_us = gap_us;
    fake_feed.channel_last_us[i] = now_us;
}

static size_t fake_feed_list(const char *channel, int64_t since_us, int64_t clock_us)
{
    size_t len = strlen(FAKE_FEED_OPEN);
    memcpy(fake_feed.body, FAKE_FEED_OPEN, len);
    for (size_t i = 0; i < fake_feed.count; i++) {
        const struct fake_feed_alert *alert = &fake_feed.alerts[i];
        bool old = fake_feed.kept_us && alert->listed_us < clock_us - fake_feed.kept_us;
        if (alert->sent_us < since_us || alert->listed_us > clock_us || old ||
            (alert->channel && strcmp(alert->channel, channel) != 0))
            continue;
        size_t size = strlen(alert->text);
        if (len + size + 100 > FAKE_FEED_BODY_MAX)
            abort();
        memcpy(fake_feed.body + len, alert->text, size);
        len += size;
    }
    memcpy(fake_feed.body + len, FAKE_FEED_CLOSE, sizeof FAKE_FEED_CLOSE);
    return len + strlen(FAKE_FEED_CLOSE);
}

static void fake_feed_answer(const struct http_call *call, struct http_result *result)
{
    char channel[40];
    int64_t clock_us = *fake_feed.now_us - fake_feed.behind_us;
    int64_t since_us = fake_feed_read_url(call->url, channel);
    fake_feed_count(channel);
    result->date_us = fake_feed.dateless ? -1 : clock_us / 1000000 * 1000000;
    result->retry_after_us = fake_feed.retry_after_us ? fake_feed.retry_after_us : -1;
    result->max_age_us = fake_feed.max_age_us ? fake_feed.max_age_us : -1;
    if (fake_feed.status)
        result->status = fake_feed.status;
    if (fake_feed.failing_channel && strcmp(fake_feed.failing_channel, channel) == 0)
        result->status = 503;
    if (result->status != 200)
        return;
    size_t len = fake_feed_list(channel, since_us, clock_us);
    if (fake_feed.cuts > 0) {
        fake_feed.cuts--;
        len = len * 2 / 3;
    }
    result->body =
        fake_feed.answer ? slice_from_cstr(fake_feed.answer) : slice_of(fake_feed.body, len);
}

static inline void fake_feed_open(const struct loop *loop)
{
    fake_feed_clear();
    fake_feed.body = mem_alloc(FAKE_FEED_BODY_MAX);
    fake_feed.now_us = &loop->now_us;
    fake_http.answer = fake_feed_answer;
}

#endif
